//! What the reader of a text found: values with their lines, and problems.

use std::sync::Arc;

use crate::options::problem::{Place, Problems, SettingsProblem};
use crate::options::text::dotted;
use crate::options::value::{Entries, Location, Node, Value};

/// The maximum size of a text, in bytes.
pub(super) const MAX_BYTES: usize = 64 << 20;

/// The problem of a text that is larger.
pub(super) fn too_large() -> String {
    format!("is larger than {} MiB, the most that is read: divide it into several files", MAX_BYTES >> 20)
}

/// Records where a reader is and what it finds.
#[derive(Debug)]
pub(super) struct Recorder {
    /// The number of the source, and its name.
    source: usize,
    origin: Arc<str>,
    /// The names from the root to where the reader is.
    pub(super) key_path: Vec<String>,
    problems: Problems,
}

impl Recorder {
    pub(super) fn new(source: usize, origin: Arc<str>) -> Self {
        Self { source, origin, key_path: Vec::new(), problems: Problems::default() }
    }

    /// From here on the reader reads the value of `name`.
    pub(super) fn begin(&mut self, name: String) {
        self.key_path.push(name);
    }

    /// Inserts the value that was read since [`begin`](Self::begin) under its name, which is on
    /// `line`.
    pub(super) fn finish(&mut self, table: &mut Entries, line: usize, value: Value) {
        let value = match value {
            // A table without entries. As nothing, it would hide the table of an earlier source.
            Value::Nothing if self.is_table() => Value::Table(Entries::new()),
            value => value,
        };
        if self.key_path.last().is_some_and(|name| table.contains_key(name)) {
            self.error(Some(line), "is given twice; remove one of the two");
        }
        if let Some(name) = self.key_path.pop() {
            table.insert(name, Node { value, location: Location::Line { source: self.source, line } });
        }
    }

    /// Whether settings have a table here.
    fn is_table(&self) -> bool {
        match self.key_path.as_slice() {
            [_] => true,
            [section, _] => section != "defaults",
            [_, _, name] => name == "metadata",
            _ => false,
        }
    }

    /// Records a problem with the value that is being read, or with the whole text.
    pub(super) fn error(&mut self, line: Option<usize>, message: impl Into<String>) {
        let key = dotted(self.key_path.iter().map(String::as_str));
        let place = Place { source: self.source, key, origin: Arc::clone(&self.origin), line };
        self.problems.push(SettingsProblem::new(place, message.into()));
    }

    pub(super) fn into_problems(self) -> Problems {
        self.problems
    }
}

/// Where the lines of a text end, so that the line of a value is found by binary search instead of
/// scanning the text.
pub(super) struct Lines {
    ends: Vec<usize>,
}

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        Self { ends: text.bytes().enumerate().filter_map(|(at, byte)| (byte == b'\n').then_some(at)).collect() }
    }

    /// The line, from 1, of the byte at `offset`.
    pub(super) fn at(&self, offset: usize) -> usize {
        self.ends.partition_point(|end| *end < offset) + 1
    }
}
