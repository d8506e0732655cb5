//! A registry whose circuits are shown, and the labels of their series.

use std::sync::Arc;

use crate::circuit::Circuit;
use crate::fleet::FleetStatus;
use crate::key::{Key, KeyRef};
use crate::registry::{Occupancy, Registry};
use crate::state::State;

/// A registry, with a label that distinguishes it from others.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Never empty.
    pub(super) label: Option<Arc<str>>,
    pub(super) registry: Registry,
}

impl Source {
    /// The circuits, sorted by key, no two of them with the same labels; at most `max_circuits` are
    /// shown.
    pub(super) fn circuits(&self, max_circuits: usize) -> Circuits {
        let mut circuits = self.registry.circuits();
        // The key decides between two that look the same: the one without the empty part comes
        // first and is shown.
        circuits.sort_by(|a, b| shown(a.key()).cmp(&shown(b.key())).then_with(|| a.key().cmp(b.key())));
        circuits.dedup_by(|b, a| shown(a.key()) == shown(b.key()));
        if circuits.len() <= max_circuits {
            return Circuits { shown: circuits, left_out: Vec::new() };
        }
        // Names from untrusted input must hide neither circuits named in code nor circuits that are
        // open.
        let rank = |circuit: &Arc<Circuit>| {
            if circuit.is_wanted() { 0 } else { 1 + u8::from(circuit.state() == State::Closed) }
        };
        circuits.sort_by_cached_key(rank);
        let left_out = circuits.split_off(max_circuits);
        circuits.sort_by(|a, b| shown(a.key()).cmp(&shown(b.key())));
        Circuits { shown: circuits, left_out }
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
}

/// The circuits of a registry.
pub(super) struct Circuits {
    pub(super) shown: Vec<Arc<Circuit>>,
    /// Circuits that exceed the limit.
    pub(super) left_out: Vec<Arc<Circuit>>,
}

/// How full a registry is, and how many circuits are not shown.
pub(super) struct Occupied {
    pub(super) registry: Occupancy,
    pub(super) left_out: usize,
}

/// The key as labels show it: for Prometheus an empty label is the same as no label.
fn shown(key: &Key) -> KeyRef<'_> {
    let filled = |part: &&str| !part.is_empty();
    KeyRef::of(key.kind().filter(filled), key.scope().filter(filled), key.identifier())
}
