//! Several sources merged into one tree, whose values record where they came from.

use std::collections::btree_map::Entry;
use std::sync::Arc;

use crate::options::problem::Place;
use crate::options::text::dotted;
use crate::options::value::{Entries, Location, Node, Value};

/// Sources in the order in which they were added. A later one wins.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    merged: Entries,
    /// The names of the sources, by number.
    names: Vec<Arc<str>>,
}

impl Sources {
    pub(super) fn add(&mut self, name: Arc<str>, entries: Entries) {
        merge(&mut self.merged, entries);
        self.names.push(name);
    }

    /// The number of sources, which is the number of the next one.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// The content of all sources together.
    pub(super) fn merged(&self) -> &Entries {
        &self.merged
    }

    /// Where a value came from, for error messages.
    pub(super) fn place(&self, key_path: &[&str], location: &Location) -> Place {
        let key = dotted(key_path.iter().copied());
        match location {
            Location::Unknown => Place::of_key(key),
            Location::Line { source, line } => {
                let origin = self.names.get(*source).cloned().unwrap_or_default();
                Place { source: *source, key, origin, line: Some(*line) }
            }
            Location::Variable { source, name } => {
                let origin = format!("environment variable `{name}`").into();
                Place { source: *source, key, origin, line: None }
            }
        }
    }
}

/// Merges tables entry by entry; a merged table takes the later location. Of other values the later
/// one wins.
fn merge(table: &mut Entries, later: Entries) {
    for (name, node) in later {
        match table.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(node);
            }
            Entry::Occupied(mut entry) => match (&mut entry.get_mut().value, node) {
                (Value::Table(table), Node { value: Value::Table(later), location }) => {
                    merge(table, later);
                    entry.get_mut().location = location;
                }
                (_, node) => *entry.get_mut() = node,
            },
        }
    }
}
