//! The records of the fleet, for circuits that are created later and for the panel.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use breaker_core::fleet::{Publisher, Shared};
use breaker_core::{Reason, State};

use crate::link::{SHORTEST, Time};
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
            let left = until.map_or(record.left, |until| until.since(now));
            // Long enough that its probes can be held before it is half-open.
            shared = shared.left(left.max(SHORTEST));
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::protocol::{StoreTime, Version};

    const SECOND: u64 = 1_000_000;

    fn record(state: State) -> Record {
        Record {
            version: Version(7),
            state,
            left: Duration::from_secs(30),
            period: Duration::from_secs(60),
            openings: 2,
            instance: "web-3-1f".into(),
            cause: "consecutive_failures".into(),
            ordered: StoreTime(0),
            reason: Some("timed out".into()),
            full_name: None,
        }
    }

    fn known(state: State) -> (Known, Name) {
        let (known, name) = (Known::default(), Name("api".into()));
        assert!(known.is_empty());
        known.remember(name.clone(), record(state), Some(Time(40 * SECOND)));
        (known, name)
    }

    #[test]
    fn an_open_circuit_begins_with_what_is_left() {
        let (known, name) = known(State::Open);
        let at = |seconds| known.initial(&name, Time(seconds * SECOND)).unwrap();
        let shared = at(15);
        assert_eq!((shared.state, shared.left, shared.openings), (State::Open, Some(Duration::from_secs(25)), 2));
        assert_eq!(shared.reason.as_deref(), Some("timed out"));
        // The first call must not be a probe that nobody granted.
        assert_eq!(at(50).left, Some(SHORTEST));
    }

    #[test]
    fn the_publisher_of_a_state_is_known_until_it_is_forgotten() {
        let (known, name) = known(State::ForcedOpen);
        let publisher = known.publisher(&name).unwrap();
        assert_eq!((publisher.instance.as_str(), publisher.cause.as_str()), ("web-3-1f", "consecutive_failures"));
        assert_eq!(known.initial(&name, Time(0)).unwrap().left, None);
        known.forget(&name);
        assert!(known.publisher(&name).is_none() && known.initial(&name, Time(0)).is_none());
    }

    #[test]
    fn a_closed_circuit_begins_as_any_other() {
        let (known, name) = known(State::Closed);
        assert!(known.initial(&name, Time(0)).is_none() && known.publisher(&name).is_none());
    }
}
