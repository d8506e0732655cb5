//! Sources on top of each other, merged into one tree whose values know where they stand.

use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::document::{Entries, Mark, Node, Value};
use super::error::Place;
use super::shown::dotted;

/// Sources in the order they were added; what a later one names wins.
#[derive(Clone, Debug, Default)]
pub(super) struct Layers {
    merged: Entries,
    /// Their names, by number.
    sources: Vec<Arc<str>>,
}

impl Layers {
    pub(super) fn add(&mut self, name: &str, entries: Entries) {
        merge(&mut self.merged, entries);
        self.sources.push(name.into());
    }

    /// How many there are, which is the number of the next.
    pub(super) fn len(&self) -> usize {
        self.sources.len()
    }

    /// What all of them say together.
    pub(super) fn merged(&self) -> &Entries {
        &self.merged
    }

    /// Where the value of that name and mark came from.
    pub(super) fn place(&self, steps: &[&str], mark: &Mark) -> Place {
        let key = dotted(steps.iter().copied());
        match mark {
            Mark::Unknown => Place { key, ..Place::default() },
            Mark::Line { source, line } => {
                let origin = self.sources.get(*source).cloned().unwrap_or_default();
                Place { source: *source, key, origin, line: Some(*line) }
            }
            Mark::Variable { source, name } => {
                let origin = format!("environment variable `{name}`").into();
                Place { source: *source, key, origin, line: None }
            }
        }
    }
}

/// Tables are merged entry by entry, and stand where the later one does; of other values the later
/// one stays.
fn merge(table: &mut Entries, later: Entries) {
    for (name, node) in later {
        match table.entry(name) {
            Entry::Vacant(entry) => {
                entry.insert(node);
            }
            Entry::Occupied(mut entry) => match (&mut entry.get_mut().value, node) {
                (Value::Table(table), Node { value: Value::Table(later), mark }) => {
                    merge(table, later);
                    entry.get_mut().mark = mark;
                }
                (_, node) => *entry.get_mut() = node,
            },
        }
    }
}
