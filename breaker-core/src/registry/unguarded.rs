//! Calls whose circuit cannot be created. They are counted and logged, and go through the overflow
//! circuit if there is one.

use super::Registry;
use super::error::{KeyProblem, Refusal};
use crate::call::reference::Reference;
use crate::event::{EventKind, EventType};
use crate::key::{AsKey as _, KeyRef};
use crate::log;

/// How full a registry is, and how many calls had no circuit of their own.
#[cfg(feature = "metrics")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occupancy {
    pub(crate) circuits: usize,
    pub(crate) max_circuits: Option<usize>,
    pub(crate) unguarded_as_full: u64,
    pub(crate) unguarded_as_invalid: u64,
    pub(crate) overflowed: u64,
}

impl Registry {
    /// Returns the overflow circuit for a call whose own circuit cannot be created. Without one the
    /// call runs unguarded.
    #[cold]
    pub(super) fn without_circuit(&self, key: KeyRef<'_>, refusal: &Refusal) -> Option<Reference> {
        let now = self.inner.environment.clock.now();
        let unguarded = &self.inner.unguarded;
        let calls = match refusal {
            Refusal::Full { .. } => {
                // It may have been unregistered.
                let circuit = self.inner.overflow.as_ref().and_then(|key| self.inner.circuits.reference(key.as_key()));
                if let Some(circuit) = circuit {
                    if let Some(calls) = unguarded.overflow.add(now) {
                        log::overflowed(key, circuit.key(), &refusal.of(key.to_key()), calls);
                    }
                    return Some(circuit);
                }
                &unguarded.full
            }
            // The policy of a call site is never invalid.
            Refusal::InvalidKey | Refusal::InvalidPolicy(_) => &unguarded.invalid_key,
        };
        if let Some(calls) = calls.add(now) {
            match refusal {
                Refusal::InvalidKey => log::unguarded(key, &KeyProblem(key), calls),
                other => log::unguarded(key, &other.of(key.to_key()), calls),
            }
        }
        if self.inner.environment.events.wants(EventType::Unguarded) {
            self.inner.environment.push(&key.shortened(), EventKind::Unguarded);
            self.inner.environment.events.deliver();
        }
        None
    }

    #[cfg(feature = "metrics")]
    pub(crate) fn occupancy(&self) -> Occupancy {
        let unguarded = &self.inner.unguarded;
        Occupancy {
            circuits: self.len(),
            max_circuits: Some(self.inner.max_circuits).filter(|n| *n < usize::MAX),
            unguarded_as_full: unguarded.full.get(),
            unguarded_as_invalid: unguarded.invalid_key.get(),
            overflowed: unguarded.overflow.get(),
        }
    }
}
