//! Calls whose circuit cannot be made: counted, told, and sent through one circuit that they share,
//! where there is one.

use std::sync::Arc;
use std::time::Duration;

use super::Registry;
use super::error::{Refusal, WhatIsWrong};
use crate::circuit::Circuit;
use crate::clock::tick::Tick;
use crate::event::{EventKind, EventType};
use crate::key::{AsKey as _, KeyRef};
use crate::log;
use crate::primitive::{AtomicU64, Ordering};

/// How often the log says that calls run without a circuit of their own, for each reason.
const BETWEEN_LINES: Duration = Duration::from_secs(60);

/// The calls that had no circuit of their own, by what became of them.
#[derive(Default)]
pub(super) struct Unguarded {
    full: Calls,
    invalid_key: Calls,
    overflow: Calls,
}

/// How many calls there were, and when the log spoke of them last.
#[derive(Default)]
struct Calls {
    so_far: AtomicU64,
    told: AtomicU64,
    next_line: AtomicU64,
}

impl Calls {
    /// Counts one. If a line in the log is due: the calls since the last one.
    fn count(&self, now: Tick) -> Option<u64> {
        // Relaxed, all: numbers to show, on which nothing hangs; the exchange makes one thread
        // write the line.
        let calls = self.so_far.fetch_add(1, Ordering::Relaxed) + 1;
        let due = self.next_line.load(Ordering::Relaxed);
        let next = now.after(BETWEEN_LINES).as_nanos();
        if now.as_nanos() < due
            || self.next_line.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_err()
        {
            return None;
        }
        Some(calls.saturating_sub(self.told.swap(calls, Ordering::Relaxed)))
    }

    #[cfg(feature = "metrics")]
    fn number(&self) -> u64 {
        // Relaxed: a number to show.
        self.so_far.load(Ordering::Relaxed)
    }
}

/// How full a registry is, and the calls that it had no circuit for.
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
    /// What a call goes through whose circuit cannot be made. `None`: it runs unguarded.
    #[cold]
    pub(super) fn without_circuit(&self, key: KeyRef<'_>, refusal: &Refusal) -> Option<Arc<Circuit>> {
        let now = self.inner.environment.clock.now();
        let unguarded = &self.inner.unguarded;
        let calls = match refusal {
            Refusal::Full { .. } => {
                // It is gone where somebody has unregistered it.
                let circuit = self.inner.overflow.as_ref().and_then(|key| self.inner.circuits.get(key.as_key()));
                if let Some(circuit) = circuit {
                    if let Some(calls) = unguarded.overflow.count(now) {
                        log::overflowed(key, circuit.key(), &refusal.of(key.to_key()), calls);
                    }
                    return Some(circuit);
                }
                &unguarded.full
            }
            // Sites bring no policy that could not be meant.
            Refusal::InvalidKey | Refusal::InvalidPolicy(_) => &unguarded.invalid_key,
        };
        if let Some(calls) = calls.count(now) {
            match refusal {
                Refusal::InvalidKey => log::unguarded(key, &WhatIsWrong(key), calls),
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
            unguarded_as_full: unguarded.full.number(),
            unguarded_as_invalid: unguarded.invalid_key.number(),
            overflowed: unguarded.overflow.number(),
        }
    }
}
