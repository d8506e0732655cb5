//! YAML 1.2, read from the events of `saphyr`, because its own tree is built and dropped by
//! unlimited recursion.

use std::collections::HashMap;
use std::rc::Rc;

use saphyr::Scalar;
use saphyr_parser::{Event, Parser, ScanError, Span, StrInput};

use crate::options::value::{Entries, MAX_DEPTH, Node, TOO_DEEP, Value};
use crate::settings::recorder::{MAX_BYTES, Recorder};

pub(super) fn read(text: &str, recorder: &mut Recorder) -> Entries {
    let mut reader = Reader { parser: Parser::new_from_str(text), recorder, anchors: HashMap::new(), expanded: 0 };
    // If it stops, the recorder has the reason.
    reader.document().unwrap_or_default()
}

struct Reader<'t, 's> {
    parser: Parser<'t, StrInput<'t>>,
    recorder: &'s mut Recorder,
    anchors: HashMap<usize, Rc<Anchored>>,
    /// How much memory all anchors and aliases take so far, in bytes.
    expanded: usize,
}

/// What an alias stands for.
struct Anchored {
    value: Value,
    bytes: usize,
    levels: usize,
}

/// The text cannot be read any further. The recorder has the reason.
struct Stop;

impl<'t> Reader<'t, '_> {
    fn document(&mut self) -> Result<Entries, Stop> {
        let mut root = None;
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing, _) => {}
                // A file of comments alone is valid.
                (Event::StreamEnd, _) => return Ok(root.unwrap_or_default()),
                (_, span) if root.is_some() => {
                    let message = "a second document begins; write all settings in one, without `---` between them";
                    return Err(self.stop(span, message));
                }
                (event, span) => match self.value(event, span, 0)? {
                    Value::Table(table) => root = Some(table),
                    Value::Nothing => root = Some(Entries::new()),
                    _ => return Err(self.stop(span, "expected a mapping: write `circuits:` and what follows it")),
                },
            }
        }
    }

    /// The value that begins with `event`, inside `around` levels of others.
    fn value(&mut self, event: Event<'t>, span: Span, around: usize) -> Result<Value, Stop> {
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                // Tags outside the core schema are ignored.
                let tag = tag.filter(|tag| tag.is_yaml_core_schema());
                let scalar = Scalar::parse_from_cow_and_metadata(text, style, tag.as_ref());
                if scalar.is_none() {
                    self.error(span, "this value cannot be read; write it without a tag");
                }
                (scalar.map_or(Value::Nothing, of_scalar), anchor)
            }
            Event::SequenceStart(anchor, _) => (self.list(span, around)?, anchor),
            Event::MappingStart(anchor, _) => (self.table(span, around)?, anchor),
            Event::Alias(anchor) => return self.alias(anchor, span, around),
            _ => return Err(self.stop(span, "a value was expected here")),
        };
        if anchor != 0 {
            let (bytes, levels) = extent(&value);
            self.expand(bytes, span)?;
            self.anchors.insert(anchor, Rc::new(Anchored { value: value.clone(), bytes, levels }));
        }
        Ok(value)
    }

    /// The items are read only for the anchors in them.
    fn list(&mut self, span: Span, around: usize) -> Result<Value, Stop> {
        let inside = self.inside(span, around)?;
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Value::List),
                (event, span) => {
                    self.value(event, span, inside)?;
                }
            }
        }
    }

    fn table(&mut self, span: Span, around: usize) -> Result<Value, Stop> {
        let inside = self.inside(span, around)?;
        let mut table = Entries::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(Value::Table(table));
            }
            let name = name_of(self.value(event, span, inside)?);
            let (event, value_span) = self.next()?;
            if let Some(name) = name {
                self.recorder.begin(name);
                let value = self.value(event, value_span, inside)?;
                self.recorder.finish(&mut table, span.start.line(), value);
            } else {
                self.error(span, "a key must be a plain name");
                self.value(event, value_span, inside)?;
            }
        }
    }

    /// Another copy of what the anchor names.
    fn alias(&mut self, anchor: usize, span: Span, around: usize) -> Result<Value, Stop> {
        let Some(anchored) = self.anchors.get(&anchor).cloned() else {
            return Err(self.stop(span, "this alias is inside what it refers to; write the value itself"));
        };
        if around + anchored.levels > MAX_DEPTH {
            return Err(self.stop(span, TOO_DEEP));
        }
        self.expand(anchored.bytes, span)?;
        Ok(anchored.value.clone())
    }

    /// A few aliases of aliases could fill any memory, so everything that is copied is limited.
    fn expand(&mut self, bytes: usize, span: Span) -> Result<(), Stop> {
        self.expanded = self.expanded.saturating_add(bytes);
        if self.expanded > MAX_EXPANDED {
            let message = "with all aliases written out, the text is too large from here on: let circuits inherit from a template \
                           instead";
            return Err(self.stop(span, message));
        }
        Ok(())
    }

    fn inside(&mut self, span: Span, around: usize) -> Result<usize, Stop> {
        if around == MAX_DEPTH { Err(self.stop(span, TOO_DEEP)) } else { Ok(around + 1) }
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), Stop> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                self.recorder.key_path.clear();
                self.recorder.error(Some(error.marker().line()), message(&error));
                Err(Stop)
            }
            None => Err(Stop),
        }
    }

    fn stop(&mut self, span: Span, message: &str) -> Stop {
        self.error(span, message);
        Stop
    }

    fn error(&mut self, span: Span, message: &str) {
        self.recorder.error(Some(span.start.line()), message);
    }
}

/// The scanner's message. It looks ahead of its events, so it reaches its own limit of brackets
/// before they reach ours.
fn message(error: &ScanError) -> &str {
    if error.info().starts_with("recursion limit") { TOO_DEEP } else { error.info() }
}

/// How much memory anchors and aliases may take, in bytes: that of about 200,000 circuits.
const MAX_EXPANDED: usize = 4 * MAX_BYTES;

/// How many bytes of memory a value takes, and how many levels.
fn extent(value: &Value) -> (usize, usize) {
    match value {
        Value::Text(text) => (text.len(), 0),
        Value::Table(table) => {
            // A map has room for eleven entries, and at most twice as much.
            let room = size_of::<(String, Node)>() * table.len().next_multiple_of(11);
            table.iter().fold((room, 1), |(bytes, levels), (name, node)| {
                let (more, inside) = extent(&node.value);
                (bytes + name.len() + more, levels.max(inside + 1))
            })
        }
        _ => (0, 0),
    }
}

fn of_scalar(scalar: Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::Nothing,
        Scalar::Boolean(flag) => Value::Flag(flag),
        Scalar::Integer(number) => Value::Whole(number.into()),
        Scalar::FloatingPoint(number) => Value::Fraction(number.into_inner()),
        Scalar::String(text) => Value::Text(text.into_owned()),
    }
}

/// In YAML any value may be a key: a circuit may be called `404`.
fn name_of(value: Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text),
        Value::Whole(number) => Some(number.to_string()),
        Value::Flag(flag) => Some(flag.to_string()),
        _ => None,
    }
}
