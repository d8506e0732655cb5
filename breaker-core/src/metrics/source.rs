//! A registry whose circuits are shown, and the labels they are shown by.

use std::sync::Arc;

use crate::circuit::Circuit;
use crate::key::{AsKey as _, Key, KeyRef};
use crate::registry::Registry;

/// A registry, with a label that tells it from others.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Never empty.
    pub(super) label: Option<Arc<str>>,
    pub(super) registry: Registry,
}

impl Source {
    /// Its circuits, sorted by name, no two with the same labels.
    pub(super) fn circuits(&self) -> Vec<Arc<Circuit>> {
        let mut circuits = self.registry.circuits();
        // The key decides between two that look the same: the one without the empty part comes first and is shown.
        circuits.sort_by(|a, b| shown(a.key()).cmp(&shown(b.key())).then_with(|| a.key().cmp(b.key())));
        circuits.dedup_by(|b, a| shown(a.key()) == shown(b.key()));
        circuits
    }

    /// What a circuit's series are labelled with.
    pub(super) fn labels<'a>(&'a self, key: &'a Key) -> impl Iterator<Item = (&'static str, &'a Arc<str>)> {
        let parts = [
            ("identifier", Some(&key.identifier)),
            ("scope", key.scope.as_ref()),
            ("kind", key.kind.as_ref()),
            ("registry", self.label.as_ref()),
        ];
        parts.into_iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)))
    }
}

/// The key as labels show it: to Prometheus an empty label is one that is not there.
fn shown(key: &Key) -> KeyRef<'_> {
    let KeyRef { kind, scope, identifier } = key.as_key();
    KeyRef { kind: kind.filter(|kind| !kind.is_empty()), scope: scope.filter(|scope| !scope.is_empty()), identifier }
}
