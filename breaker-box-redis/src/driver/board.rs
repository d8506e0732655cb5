//! The state of the fleet's thread, for other threads to read and to wait for.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use breaker_core::fleet::FleetStatus;

#[derive(Default)]
pub(crate) struct Board {
    shown: Mutex<Shown>,
    changed: Condvar,
}

#[derive(Clone, Default)]
pub(crate) struct Shown {
    pub(crate) status: FleetStatus,
    /// The last thing in the registry that the link has heard of.
    pub(crate) handled: u64,
    /// The store was read, and the circuits of the registry have what it knows.
    pub(crate) ready: bool,
    /// Everything that the link has heard of is in the store.
    pub(crate) settled: bool,
    /// The thread has ended, and the circuits follow local rules.
    pub(crate) ended: bool,
}

impl Board {
    fn lock(&self) -> MutexGuard<'_, Shown> {
        // Nothing panics while it is held.
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn update(&self, update: impl FnOnce(&mut Shown)) {
        update(&mut self.lock());
        self.changed.notify_all();
    }

    pub(crate) fn status(&self) -> FleetStatus {
        self.lock().status.clone()
    }

    /// Waits until what is shown satisfies this; returns what is shown then, or after the time-out.
    pub(crate) fn wait(&self, timeout: Duration, satisfied: impl Fn(&Shown) -> bool) -> Shown {
        let until = Instant::now().checked_add(timeout);
        let mut shown = self.lock();
        while !satisfied(&shown) {
            let Some(left) = until.map_or(Some(timeout), |until| until.checked_duration_since(Instant::now())) else {
                break;
            };
            shown = self.changed.wait_timeout(shown, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        shown.clone()
    }
}
