//! Groups of circuits that are shown together.
//!
//! Counters must not decrease, so a group keeps the counts of circuits that have left. No lock is
//! held while the circuits are read, so one may leave meanwhile. It is never counted twice, because
//! the counts of those that have left are read before the circuits are listed. But a sum may be
//! lower than the one before: by a circuit that was removed and is yet to be added to those that
//! have left, or by calls that ended after their circuit was added. Then the earlier sum is shown
//! again.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::{self, Debug, Formatter};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};

use super::selection::{Place, Selection};
use super::values::{Counts, Values};
use crate::circuit::Circuit;
use crate::key::AsKey as _;
use crate::log;
use crate::primitive::Mutex;
use crate::registry::Registry;
use crate::registry::departures::Departures;

/// How many groups there are at most. A group keeps its counts for ever, so it must not be made for
/// each name that a user sends.
const MOST_GROUPS: usize = 1_000;

/// The group of the circuits whose own would be one too many.
const OTHER: &str = "other";

/// The groups of one registry.
pub(super) struct Groups {
    selection: Selection,
    groups: Mutex<BTreeMap<Arc<str>, Group>>,
}

#[derive(Default)]
struct Group {
    /// The counts of the circuits that have left.
    left: Counts,
    /// What was last shown.
    shown: Counts,
}

/// A reading of all groups, by label.
pub(super) struct Reading(BTreeMap<Arc<str>, Values>);

impl Groups {
    /// Counts the circuits that leave the registry from now on.
    pub(super) fn of(registry: &Registry, selection: &Selection) -> Arc<Self> {
        let groups = Arc::new(Self { selection: selection.clone(), groups: Mutex::default() });
        let keeper: Weak<Self> = Arc::downgrade(&groups);
        registry.departures().add(keeper);
        groups
    }

    /// Begins a reading. Must be called before the circuits are listed.
    pub(super) fn begin(&self) -> Reading {
        let groups = self.groups.lock();
        Reading(
            groups.iter().map(|(label, group)| (label.clone(), Values::of_empty_group(group.left.clone()))).collect(),
        )
    }

    /// Ends a reading.
    pub(super) fn end(&self, Reading(mut reading): Reading) -> BTreeMap<Arc<str>, Values> {
        let mut groups = self.groups.lock();
        for (label, values) in &mut reading {
            let shown = &mut groups.entry(label.clone()).or_default().shown;
            values.counts.raise_to(shown);
            shown.clone_from(&values.counts);
        }
        reading
    }
}

impl Reading {
    pub(super) fn add(&mut self, label: Arc<str>, circuit: &Circuit) {
        let empty = || Values::of_empty_group(Counts::default());
        of_label(&mut self.0, label).or_insert_with(empty).add(&Values::of(circuit));
    }
}

impl Departures for Groups {
    fn departed(&self, circuit: &Circuit) {
        // On the thread of whoever has removed the circuit, which may be a call.
        match catch_unwind(AssertUnwindSafe(|| self.selection.place(circuit.key().as_key()))) {
            Ok(Place::InGroup(label)) => {
                let counts = Values::of(circuit).counts;
                of_label(&mut self.groups.lock(), label).or_default().left.add(&counts);
            }
            Ok(Place::ByItself | Place::Nowhere) => {}
            Err(_) => log::metrics_selection_panicked(),
        }
    }
}

/// Where the group is or will be.
fn of_label<T>(groups: &mut BTreeMap<Arc<str>, T>, label: Arc<str>) -> Entry<'_, Arc<str>, T> {
    let has_room = groups.len() < MOST_GROUPS || groups.contains_key(&label);
    groups.entry(if has_room { label } else { OTHER.into() })
}

impl Debug for Groups {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Groups").field("groups", &self.groups.lock().len()).finish_non_exhaustive()
    }
}
