//! Circuits that leave a registry, for what keeps their counts.

use std::sync::{Arc, Weak};

use crate::circuit::Circuit;
use crate::primitive::Mutex;

/// Keeps the counts of circuits that leave.
pub(crate) trait Departures: Send + Sync {
    /// A circuit has left. Called after it can no longer be found, and outside every lock.
    fn departed(&self, circuit: &Circuit);
}

/// All that keep the counts of circuits that leave one registry.
#[derive(Default)]
pub(crate) struct Keepers(Mutex<Vec<Weak<dyn Departures>>>);

impl Keepers {
    /// Adds one, until it is dropped.
    pub(crate) fn add(&self, keeper: Weak<dyn Departures>) {
        let mut keepers = self.0.lock();
        keepers.retain(|other| other.strong_count() > 0);
        keepers.push(keeper);
    }

    pub(super) fn report(&self, circuits: &[Arc<Circuit>]) {
        if circuits.is_empty() {
            return;
        }
        // They run code of the user's, so not under the lock.
        let keepers: Vec<_> = self.0.lock().iter().filter_map(Weak::upgrade).collect();
        for keeper in keepers {
            for circuit in circuits {
                keeper.departed(circuit);
            }
        }
    }
}
