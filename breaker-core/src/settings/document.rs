//! What a text says, and where it says each thing: what the formats are read into.

mod embedded;
mod json;
mod toml;
mod variables;
mod yaml;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

pub(super) use embedded::read as read_embedded;
pub(super) use variables::read as read_variables;

use super::Settings;
use super::problems::KEPT;
use super::shown::dotted;

/// The names of a table, and what each of them stands for.
pub(super) type Entries = BTreeMap<String, Node>;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) mark: Mark,
}

/// What can be written, whatever the format. No value is deeper than [`DEEPEST`], so that to copy
/// or to drop it is to recurse a few times only.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Nothing,
    Flag(bool),
    Whole(i128),
    Fraction(f64),
    Text(String),
    /// No option takes a list, so that nobody asks for its items.
    List,
    Table(Entries),
}

/// Where a value stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Mark {
    /// In what somebody else read.
    #[default]
    Unknown,
    /// A line, from 1, of the source of that number.
    Line { source: usize, line: usize },
    /// An environment variable, in the source of that number.
    Variable { source: usize, name: Arc<str> },
}

/// Why a text is no document.
#[derive(Debug)]
pub(super) struct Fault {
    /// The dotted name of what is wrong; empty for the text as such.
    pub(super) key: String,
    pub(super) line: Option<usize>,
    pub(super) message: String,
}

/// All that is wrong with a text, as far as it is kept.
#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) kept: Vec<Fault>,
    pub(super) omitted: usize,
}

impl Faults {
    pub(super) fn of_text(line: Option<usize>, message: impl Into<String>) -> Self {
        Self { kept: vec![Fault { key: String::new(), line, message: message.into() }], omitted: 0 }
    }

    fn push(&mut self, fault: Fault) {
        if self.kept.len() < KEPT {
            self.kept.push(fault);
        } else {
            self.omitted += 1;
        }
    }
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Toml,
    Json,
    Yaml,
}

impl Format {
    /// By the extension of the file.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "toml" => Some(Self::Toml),
            "json" => Some(Self::Json),
            "yaml" | "yml" => Some(Self::Yaml),
            _ => None,
        }
    }

    /// What a text without a file is called in errors.
    pub(super) const fn text_name(self) -> &'static str {
        match self {
            Self::Toml => "TOML text",
            Self::Json => "JSON text",
            Self::Yaml => "YAML text",
        }
    }

    /// Reads a text, which is the source of that number.
    pub(super) fn read(self, text: &str, source: usize) -> Result<Entries, Faults> {
        if text.len() > Settings::MAX_BYTES {
            return Err(Faults::of_text(None, too_large()));
        }
        // Some editors begin a file with a byte-order mark, which is no part of any of the formats.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut scribe = Scribe { source, steps: Vec::new(), faults: Faults::default() };
        let table = match self {
            Self::Toml => toml::read(text, &mut scribe),
            Self::Json => json::read(text, &mut scribe),
            Self::Yaml => yaml::read(text, &mut scribe),
        };
        if scribe.faults.kept.is_empty() { Ok(table) } else { Err(scribe.faults) }
    }
}

/// Notes where a reader is and what it met.
#[derive(Debug)]
struct Scribe {
    source: usize,
    /// Names from the root to where the reader is.
    steps: Vec<String>,
    faults: Faults,
}

impl Scribe {
    /// What is read from here on is the value of `name`.
    fn begin(&mut self, name: String) {
        self.steps.push(name);
    }

    /// Puts the value that was read since [`begin`](Self::begin) under its name, which stands on
    /// `line`.
    fn finish(&mut self, table: &mut Entries, line: usize, value: Value) {
        let value = match value {
            // A table without entries: as nothing it would hide the one of an earlier source.
            Value::Nothing if self.is_table() => Value::Table(Entries::new()),
            value => value,
        };
        if self.steps.last().is_some_and(|name| table.contains_key(name)) {
            self.fault(Some(line), "is given twice; remove one of the two");
        }
        if let Some(name) = self.steps.pop() {
            table.insert(name, Node { value, mark: Mark::Line { source: self.source, line } });
        }
    }

    /// Whether settings have a table here.
    fn is_table(&self) -> bool {
        match self.steps.as_slice() {
            [_] => true,
            [section, _] => section != "defaults",
            [_, _, name] => name == "metadata",
            _ => false,
        }
    }

    fn fault(&mut self, line: Option<usize>, message: impl Into<String>) {
        let key = dotted(self.steps.iter().map(String::as_str));
        self.faults.push(Fault { key, line, message: message.into() });
    }
}

/// Levels of tables and lists that are read: what nests deeper is refused before anything recurses
/// into it. Settings have four levels; a few more leave room for errors that name the place where a
/// text goes astray.
const DEEPEST: usize = 16;

/// What is wrong with a text that nests deeper.
const TOO_DEEP: &str = "nests more than 16 levels, and settings have four, as in `circuits.payment_api.metadata.team`: write \
                        what stands here without nesting it";

/// What is wrong with a text that is longer than [`Settings::MAX_BYTES`].
pub(super) fn too_large() -> String {
    format!("is larger than {} MiB, the most that is read: divide it into several files", Settings::MAX_BYTES >> 20)
}

/// Where the lines of a text end, so that to find the line of a value takes a search and no walk
/// through the text.
struct Lines {
    ends: Vec<usize>,
}

impl Lines {
    fn of(text: &str) -> Self {
        Self { ends: text.bytes().enumerate().filter_map(|(at, byte)| (byte == b'\n').then_some(at)).collect() }
    }

    /// The line, from 1, on which the byte at `offset` stands.
    fn at(&self, offset: usize) -> usize {
        self.ends.partition_point(|end| *end < offset) + 1
    }
}
