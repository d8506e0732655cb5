//! The registry's side of metrics.

use std::sync::Arc;

use super::Registry;
use crate::circuit::Circuit;
use crate::primitive::MutexGuard;
use crate::registry::recorded::Published;

impl Registry {
    /// What a recorder was told, held while it is told more.
    pub(crate) fn published(&self) -> MutexGuard<'_, Published> {
        self.inner.published.lock()
    }

    /// All circuits at this moment.
    pub(crate) fn circuits(&self) -> Vec<Arc<Circuit>> {
        self.inner.circuits.all()
    }

    /// Whether both are the same registry.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }
}
