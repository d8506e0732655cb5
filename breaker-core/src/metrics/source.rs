//! A registry whose circuits are shown, and the labels of their series.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::families::Occupied;
use super::groups::Groups;
use super::selection::{Place, Selection};
use super::values::Values;
use crate::circuit::Circuit;
use crate::fleet::FleetStatus;
use crate::key::{AsKey as _, Key, KeyRef};
use crate::registry::Registry;
use crate::state::State;

/// A registry, with a label that distinguishes it from others.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Never empty.
    pub(super) label: Option<Arc<str>>,
    pub(super) registry: Registry,
    selection: Selection,
    groups: Option<Arc<Groups>>,
}

impl Source {
    pub(super) fn new(label: Option<Arc<str>>, registry: Registry, selection: &Selection) -> Self {
        let groups = selection.has_groups().then(|| Groups::of(&registry, selection));
        Self { label, registry, selection: selection.clone(), groups }
    }

    /// The circuits that are selected.
    pub(super) fn circuits(&self, max_circuits: usize) -> Circuits {
        let mut reading = self.groups.as_ref().map(|groups| groups.begin());
        let mut circuits = self.registry.circuits();
        let mut elsewhere = Vec::new();
        circuits.retain(|circuit| {
            match (self.selection.place(circuit.key().as_key()), &mut reading) {
                (Place::ByItself, _) => return true,
                (Place::InGroup(label), Some(reading)) => reading.add(label, circuit),
                (Place::InGroup(_) | Place::Nowhere, _) => {}
            }
            elsewhere.push(Arc::clone(circuit));
            false
        });
        let groups = self.groups.as_ref().zip(reading).map(|(groups, reading)| groups.end(reading));
        let (shown, left_out) = by_themselves(circuits, max_circuits);
        Circuits { shown, left_out, elsewhere, groups: groups.unwrap_or_default() }
    }

    /// The occupancy of the registry; `None` if it has no limit and every call had its own circuit.
    pub(super) fn occupied(&self, left_out: usize) -> Option<Occupied> {
        let registry = self.registry.occupancy();
        let past = registry.unguarded_as_full + registry.unguarded_as_invalid + registry.overflowed;
        let has_news = registry.max_circuits.is_some() || past > 0 || left_out > 0;
        has_news.then_some(Occupied { registry, left_out })
    }

    /// The status of the fleet that the registry has joined, if it has joined one.
    pub(super) fn fleet(&self) -> Option<FleetStatus> {
        self.registry.peer().map(|peer| peer.status())
    }

    /// The label of the registry's series, if it has one.
    pub(super) fn own_label(&self) -> Option<(&'static str, &Arc<str>)> {
        Some(("registry", self.label.as_ref()?))
    }

    /// The labels of a circuit's series.
    pub(super) fn labels<'a>(&'a self, key: &'a Key) -> impl Iterator<Item = (&'static str, &'a Arc<str>)> {
        key.named_parts().chain(self.own_label()).filter(|(_, value)| !value.is_empty())
    }

    /// The labels of a group's series.
    pub(super) fn group_labels<'a>(
        &'a self,
        group: &'a Arc<str>,
    ) -> impl Iterator<Item = (&'static str, &'a Arc<str>)> {
        [("group", group)].into_iter().chain(self.own_label())
    }
}

/// The circuits of a registry.
pub(super) struct Circuits {
    /// Those that are shown by themselves, sorted by key, no two of them with the same labels.
    pub(super) shown: Vec<Arc<Circuit>>,
    /// Circuits that exceed the limit.
    pub(super) left_out: Vec<Arc<Circuit>>,
    /// Circuits that are in a group, or not selected.
    pub(super) elsewhere: Vec<Arc<Circuit>>,
    /// The groups, by label.
    pub(super) groups: BTreeMap<Arc<str>, Values>,
}

/// The circuits that are shown by themselves, and those that exceed the limit.
fn by_themselves(mut circuits: Vec<Arc<Circuit>>, max_circuits: usize) -> (Vec<Arc<Circuit>>, Vec<Arc<Circuit>>) {
    // The key decides between two that look the same: the one without the empty part comes first
    // and is shown.
    circuits.sort_by(|a, b| shown(a.key()).cmp(&shown(b.key())).then_with(|| a.key().cmp(b.key())));
    circuits.dedup_by(|b, a| shown(a.key()) == shown(b.key()));
    if circuits.len() <= max_circuits {
        return (circuits, Vec::new());
    }
    // Names from untrusted input must hide neither circuits named in code nor circuits that are
    // open.
    let rank = |circuit: &Arc<Circuit>| {
        if circuit.is_wanted() { 0 } else { 1 + u8::from(circuit.state() == State::Closed) }
    };
    circuits.sort_by_cached_key(rank);
    let left_out = circuits.split_off(max_circuits);
    circuits.sort_by(|a, b| shown(a.key()).cmp(&shown(b.key())));
    (circuits, left_out)
}

/// The key as labels show it: for Prometheus an empty label is the same as no label.
fn shown(key: &Key) -> KeyRef<'_> {
    let filled = |part: &&str| !part.is_empty();
    KeyRef::of(key.kind().filter(filled), key.scope().filter(filled), key.identifier())
}
