//! The settings that a registry was last brought to, by the names of circuits.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::circuit::chosen::{Chosen, Override};
use crate::key::{AsKey as _, Key};
use crate::settings::{Families, Settings};

/// What settings say about circuits, those that exist and those that are created later.
#[derive(Debug, Default)]
pub(super) struct Overrides {
    circuits: HashMap<Key, Arc<Override>, RandomState>,
    families: Arc<Families>,
    /// By the rank of the family.
    of_families: Vec<Arc<Override>>,
    /// Choices of circuits of families, newest first, so that equal ones are shared.
    choices: Vec<Arc<Chosen>>,
}

impl Overrides {
    /// How many choices are remembered for sharing. Beyond this number equal ones only cost memory.
    const REMEMBERED: usize = 32;

    pub(super) fn new(settings: &Settings) -> Self {
        let mut circuits = HashMap::<Key, Arc<Override>, RandomState>::default();
        // Equal tables without metadata share one.
        let mut last: Option<Arc<Override>> = None;
        for circuit in settings.circuits() {
            let (policy, mode) = (circuit.policy(), circuit.begins_in());
            let is_like = |other: &&Arc<Override>| {
                (other.policy, other.mode) == (policy, mode)
                    && other.metadata.is_empty()
                    && circuit.metadata().is_empty()
            };
            let by = last.as_ref().filter(is_like).cloned().unwrap_or_else(|| {
                Arc::new(Override { policy, mode, metadata: circuit.metadata().clone(), is_exact: true })
            });
            last = Some(Arc::clone(&by));
            circuits.insert(circuit.key().clone(), by);
        }
        let families = settings.shared_families();
        let of_families = families.ranked().iter().map(|family| {
            let (policy, mode, metadata) = (family.policy(), family.begins_in(), family.metadata().clone());
            Arc::new(Override { policy, mode, metadata, is_exact: false })
        });
        Self { of_families: of_families.collect(), circuits, families: Arc::clone(families), choices: Vec::new() }
    }

    pub(super) fn have_families(&self) -> bool {
        !self.of_families.is_empty()
    }

    /// The circuits that are named one by one.
    pub(super) fn named(&self) -> impl Iterator<Item = &Key> {
        self.circuits.keys()
    }

    /// What the settings say about a circuit: by its exact name, or by the family that wins.
    pub(super) fn find(&self, key: &Key) -> Option<&Arc<Override>> {
        let of_family = || self.of_families.get(self.families.find(key.as_key())?);
        self.circuits.get(key).or_else(of_family)
    }

    /// Returns one shared copy for all circuits of families with the same choice.
    pub(super) fn share(&mut self, chosen: Chosen) -> Arc<Chosen> {
        if chosen.overridden().is_none_or(|overridden| overridden.by.is_exact) {
            return Arc::new(chosen);
        }
        if let Some(known) = self.choices.iter().find(|known| known.is_same(&chosen)) {
            return Arc::clone(known);
        }
        let shared = Arc::new(chosen);
        self.choices.insert(0, Arc::clone(&shared));
        self.choices.truncate(Self::REMEMBERED);
        shared
    }
}
