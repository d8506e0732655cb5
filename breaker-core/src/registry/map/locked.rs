//! Replaces the map of the circuits under the model checker, which cannot check the real one. It
//! behaves the same, behind a lock. The checker checks how the registry uses it.

use std::sync::Arc;

use crate::call::reference::{Holder, Reference};
use crate::circuit::Circuit;
use crate::key::{AsKey as _, KeyRef};
use crate::primitive::Mutex;

/// The circuits of a registry by their keys.
pub(super) struct Map(Mutex<Vec<Holder>>);

impl Map {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    pub(super) fn len(&self) -> usize {
        self.0.lock().len()
    }

    pub(super) fn get(&self, key: KeyRef<'_>) -> Option<Arc<Circuit>> {
        self.find(key, |holder| Arc::clone(holder.circuit()))
    }

    pub(super) fn reference(&self, key: KeyRef<'_>) -> Option<Reference> {
        self.find(key, Holder::reference)
    }

    fn find<R>(&self, key: KeyRef<'_>, work: impl FnOnce(&Holder) -> R) -> Option<R> {
        self.0.lock().iter().find(|holder| holder.circuit().key().as_key() == key).map(work)
    }

    pub(super) fn insert(&self, circuit: &Arc<Circuit>) {
        let mut circuits = self.0.lock();
        circuits.retain(|other| other.circuit().key() != circuit.key());
        circuits.push(Holder::new(Arc::clone(circuit)));
    }

    pub(super) fn remove(&self, key: KeyRef<'_>) -> Option<Arc<Circuit>> {
        let mut circuits = self.0.lock();
        let place = circuits.iter().position(|holder| holder.circuit().key().as_key() == key)?;
        Some(Arc::clone(circuits.remove(place).circuit()))
    }

    /// All circuits at this moment.
    pub(super) fn all(&self) -> Vec<Arc<Circuit>> {
        self.0.lock().iter().map(|holder| Arc::clone(holder.circuit())).collect()
    }
}
