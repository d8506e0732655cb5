//! How deep a TOML text nests, determined before anything is built that would have to be dropped
//! recursively.

use toml_parser::decoder::Encoding;
use toml_parser::parser::{EventReceiver, parse_document};
use toml_parser::{ErrorSink, Source, Span};

use crate::options::value::MAX_DEPTH;

/// Where the text begins to nest more than [`MAX_DEPTH`] levels, if it does.
pub(super) fn exceeded(text: &str) -> Option<usize> {
    let tokens = Source::new(text).lex().into_vec();
    let mut depth = Depth::default();
    // Syntax errors are left to the reader that follows, which sees the same events.
    parse_document(&tokens, &mut depth, &mut ());
    depth.exceeded
}

/// Counts the parts of headers and of dotted keys, lists, and inline tables.
#[derive(Default)]
struct Depth {
    /// Levels around the current key: those of the header, and of the brackets that are open.
    around: usize,
    /// Parts of the current key.
    parts: usize,
    /// The next part belongs to the same key.
    is_dotted: bool,
    is_header: bool,
    /// What was around at each bracket that is open.
    open: Vec<usize>,
    exceeded: Option<usize>,
}

impl Depth {
    fn header(&mut self) {
        *self = Self { is_header: true, exceeded: self.exceeded, ..Self::default() };
    }

    fn header_ends(&mut self) {
        if self.is_header {
            self.around = self.parts;
            self.is_header = false;
        }
        self.parts = 0;
    }

    /// Whether the parser may enter.
    fn enter(&mut self, span: Span) -> bool {
        self.open.push(self.around);
        self.around += self.parts.max(1);
        self.parts = 0;
        self.check(span);
        self.exceeded.is_none()
    }

    fn leave(&mut self) {
        self.around = self.open.pop().unwrap_or_default();
        self.parts = 0;
    }

    fn check(&mut self, span: Span) {
        if self.around + self.parts > MAX_DEPTH {
            self.exceeded.get_or_insert(span.start());
        }
    }
}

impl EventReceiver for Depth {
    fn std_table_open(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.header();
    }

    fn std_table_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.header_ends();
    }

    fn array_table_open(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.header();
    }

    fn array_table_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.header_ends();
    }

    fn inline_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.enter(span)
    }

    fn inline_table_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.leave();
    }

    fn array_open(&mut self, span: Span, _: &mut dyn ErrorSink) -> bool {
        self.enter(span)
    }

    fn array_close(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.leave();
    }

    fn simple_key(&mut self, span: Span, _: Option<Encoding>, _: &mut dyn ErrorSink) {
        self.parts = if self.is_dotted { self.parts + 1 } else { 1 };
        self.is_dotted = false;
        self.check(span);
    }

    fn key_sep(&mut self, _: Span, _: &mut dyn ErrorSink) {
        self.is_dotted = true;
    }
}
