//! Which circuits are called.

use std::collections::HashMap;
use std::time::Duration;

use breaker_core::{Key, Registry, State, Status};

use crate::link::Time;

/// How far back a call counts, at least.
const PERIOD: Duration = Duration::from_secs(15);
/// In larger registries only a survey itself looks at all circuits.
const MOST: usize = 10_000;

/// Compares the totals of circuits with those of some time ago.
#[derive(Default)]
pub(super) struct Surveyor {
    /// The totals at least one period ago, unless this is younger than that.
    before: HashMap<Key, u64>,
    /// The totals at `noted`.
    latest: HashMap<Key, u64>,
    noted: Time,
}

impl Surveyor {
    /// Notes the totals, once in each period.
    pub(super) fn look_around(&mut self, registry: &Registry, now: Time) {
        if now.since(self.noted) >= PERIOD && registry.len() <= MOST {
            self.note(registry.list(), now);
        }
    }

    fn note(&mut self, list: Vec<Status>, now: Time) {
        let totals = list.into_iter().map(|status| (calls(&status), status.key)).map(|(calls, key)| (key, calls));
        self.before = std::mem::replace(&mut self.latest, totals.collect());
        self.noted = now;
    }

    /// The circuits that were called in the last one or two periods, or are not closed.
    pub(super) fn active(&mut self, registry: &Registry, now: Time) -> Vec<Key> {
        let list = registry.list();
        let called = |status: &&Status| calls(status) > self.before.get(&status.key).copied().unwrap_or(0);
        let active = list.iter().filter(|status| status.state != State::Closed || called(status));
        let active = active.map(|status| status.key.clone()).collect();
        if now.since(self.noted) >= PERIOD {
            self.note(list, now);
        }
        active
    }
}

/// The calls that were let through.
fn calls(status: &Status) -> u64 {
    status.totals.successes + status.totals.failures + status.totals.ignored + status.totals.cancelled
}
