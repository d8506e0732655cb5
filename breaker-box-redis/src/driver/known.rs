//! The records of the fleet, for circuits that are created later and for the panel.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use breaker_core::fleet::{Publisher, Shared};
use breaker_core::{Reason, State};

use crate::link::Time;
use crate::protocol::{Name, Record};

/// The records of circuits that are not plainly closed. Read while a circuit is made, so the lock
/// is never held for longer than a look-up.
#[derive(Default)]
pub(crate) struct Known(Mutex<HashMap<Name, Entry>>);

struct Entry {
    record: Record,
    /// When the open period is over, by the clock of this process.
    until: Option<Time>,
}

impl Known {
    fn lock(&self) -> MutexGuard<'_, HashMap<Name, Entry>> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn remember(&self, name: Name, record: Record, until: Option<Time>) {
        self.lock().insert(name, Entry { record, until });
    }

    pub(crate) fn forget(&self, name: &Name) {
        self.lock().remove(name);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// The state in which a circuit begins that is created now.
    pub(crate) fn initial(&self, name: &Name, now: Time) -> Option<Shared> {
        let known = self.lock();
        let Entry { record, until } = known.get(name).filter(|entry| entry.record.state != State::Closed)?;
        let mut shared = Shared::new(record.state).openings(record.openings);
        if record.state == State::Open {
            shared = shared.left(until.map_or(record.left, |until| until.since(now)));
        }
        if let Some(reason) = &record.reason {
            shared = shared.reason(Reason::from(reason.to_string()));
        }
        Some(shared)
    }

    /// Who published the state of a circuit.
    pub(crate) fn publisher(&self, name: &Name) -> Option<Publisher> {
        let known = self.lock();
        let Entry { record, .. } = known.get(name).filter(|entry| entry.record.state != State::Closed)?;
        Some(Publisher::new(record.instance.to_string(), record.cause.to_string()))
    }
}
