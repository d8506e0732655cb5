//! All families of the settings, and which of them wins for a circuit.

use std::cmp::Reverse;
use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::family::{FamilySettings, Members};
use crate::key::KeyRef;

/// Families, found by the part of their identifiers before the first `*`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Families {
    /// A family wins over those after it.
    ranked: Vec<FamilySettings>,
    /// The families with each prefix, the first one first.
    by_prefix: HashMap<Box<str>, Vec<usize>, RandomState>,
    /// Each length that a prefix has, in bytes.
    lengths: Vec<usize>,
}

impl Families {
    /// Among the families of a circuit, the one with the longest literal part wins. If there are
    /// several, that which names a scope and a kind, or only a scope, or only a kind; then the one
    /// with the longest part before its `*`; then the one whose identifier comes first.
    pub(super) fn new(mut families: Vec<FamilySettings>) -> Self {
        families.sort_by_cached_key(|family| {
            let Members { pattern, scope, kind } = &family.members;
            let named = u8::from(scope.is_some()) + u8::from(kind.is_some());
            let length = pattern.literal_length();
            Reverse((length, named, scope.is_some(), pattern.prefix().len(), Reverse(family.members.clone())))
        });
        let mut by_prefix = HashMap::<Box<str>, Vec<usize>, _>::default();
        for (rank, family) in families.iter().enumerate() {
            by_prefix.entry(family.members.pattern.prefix().into()).or_default().push(rank);
        }
        let mut lengths: Vec<_> = by_prefix.keys().map(|prefix| prefix.len()).collect();
        lengths.sort_unstable();
        lengths.dedup();
        Self { ranked: families, by_prefix, lengths }
    }

    /// The families, the one that wins first.
    pub(crate) fn ranked(&self) -> &[FamilySettings] {
        &self.ranked
    }

    /// The rank of the family that wins for a circuit, if it belongs to any.
    pub(crate) fn find(&self, key: KeyRef<'_>) -> Option<usize> {
        let prefixes = self.lengths.iter().map_while(|length| {
            // A length that is inside a character is not that of a prefix of this name.
            (*length <= key.identifier().len()).then(|| key.identifier().get(..*length))
        });
        let families = prefixes.flatten().filter_map(|prefix| self.by_prefix.get(prefix));
        let first =
            |ranks: &Vec<usize>| ranks.iter().copied().find(|rank| self.ranked[*rank].contains_after_prefix(key));
        families.filter_map(first).min()
    }
}
