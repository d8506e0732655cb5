//! A reference to a registry that does not keep it.

use std::fmt;
use std::sync::{Arc, Weak};

use super::{Inner, Registry};

/// A reference to a [`Registry`] that does not keep it in memory, for background work that must not
/// outlive the registry. [`Registry::downgrade`] creates it.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::Registry;
///
/// let registry = Registry::new();
/// let weak = registry.downgrade();
/// assert!(weak.upgrade().is_some());
/// drop(registry);
/// assert!(weak.upgrade().is_none());
/// ```
#[derive(Clone)]
pub struct WeakRegistry(Weak<Inner>);

impl WeakRegistry {
    /// Returns the registry, or `None` if its last handle is gone.
    #[must_use]
    pub fn upgrade(&self) -> Option<Registry> {
        self.0.upgrade().map(|inner| Registry { inner })
    }
}

impl Registry {
    /// Returns a reference that does not keep the registry in memory.
    #[must_use]
    pub fn downgrade(&self) -> WeakRegistry {
        WeakRegistry(Arc::downgrade(&self.inner))
    }
}

impl fmt::Debug for WeakRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakRegistry").finish_non_exhaustive()
    }
}
