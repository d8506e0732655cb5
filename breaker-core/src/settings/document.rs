//! What a text says, and where it says each thing: what the formats are read into.

mod json;
mod toml;
mod variables;
mod yaml;

use std::collections::BTreeMap;
use std::path::Path;

use figment::value::{Dict, Value};

pub(super) use variables::read as read_variables;

/// Names from the root to a value.
pub(super) type Steps = Vec<String>;

/// A tree of values with the place of each.
#[derive(Clone, Debug, Default)]
pub(super) struct Document {
    pub(super) table: Dict,
    pub(super) marks: BTreeMap<Steps, Mark>,
}

/// Where a value stands in its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A line of a text, from 1.
    Line(usize),
    /// An environment variable.
    Variable(String),
}

/// Why a text is no document.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) steps: Steps,
    pub(super) line: Option<usize>,
    pub(super) message: String,
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

    pub(super) fn read(self, text: &str) -> Result<Document, Vec<Fault>> {
        // Some editors begin a file with a byte-order mark, which is no part of any of the formats.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut scribe = Scribe::default();
        let table = match self {
            Self::Toml => toml::read(text, &mut scribe),
            Self::Json => json::read(text, &mut scribe),
            Self::Yaml => yaml::read(text, &mut scribe),
        };
        if scribe.faults.is_empty() { Ok(Document { table, marks: scribe.marks }) } else { Err(scribe.faults) }
    }
}

/// Notes where a reader is and what it met.
#[derive(Debug, Default)]
struct Scribe {
    steps: Steps,
    marks: BTreeMap<Steps, Mark>,
    faults: Vec<Fault>,
}

impl Scribe {
    /// Reads the value of a key that stands on `line`, into `table`.
    fn entry(&mut self, table: &mut Dict, name: String, line: usize, read: impl FnOnce(&mut Self) -> Value) {
        if self.steps.len() == DEEPEST {
            return;
        }
        self.steps.push(name);
        self.marks.insert(self.steps.clone(), Mark::Line(line));
        let value = match read(self) {
            // A table without entries: as nothing it would hide the one of an earlier source.
            Value::Empty(..) if self.is_table() => Value::from(Dict::new()),
            value => value,
        };
        if let Some(name) = self.steps.pop() {
            table.insert(name, value);
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
        self.faults.push(Fault { steps: self.steps.clone(), line, message: message.into() });
    }
}

/// Levels of tables that are read. Settings have four; one more is enough to refuse it, and no text can exhaust the stack.
const DEEPEST: usize = 5;

/// What stands for a list. No option takes one, so that nobody asks for its items.
fn list() -> Value {
    Value::from(Vec::<Value>::new())
}

/// The line, from 1, on which the byte at `offset` stands.
fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    before.iter().fold(1, |line, byte| line + usize::from(*byte == b'\n'))
}
