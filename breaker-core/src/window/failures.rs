//! The failures in a window of time: exact up to 1,024 of them, in ten buckets above that.

use std::collections::VecDeque;
use std::time::Duration;

use super::buckets::Buckets;
use super::record::Record;
use crate::clock::tick::Tick;

/// Up to this limit the instant of every failure is kept, in at most eight kilobytes.
const EXACT: u32 = 1_024;

/// The failures of the last `window`, counted up to `limit`.
#[derive(Debug)]
pub(super) struct FailuresWithin {
    limit: u32,
    window: Duration,
    memory: Memory,
}

#[derive(Debug)]
enum Memory {
    /// The window has no beginning: no failure is ever too old.
    SinceReset(u32),
    /// The newest instants, at most `limit`, oldest first.
    Instants(VecDeque<Tick>),
    /// Boxed, because it is ten times the size of the others and rarely used.
    Buckets(Box<Buckets>),
}

impl FailuresWithin {
    pub(super) fn new(limit: u32, window: Duration, now: Tick) -> Self {
        let memory = if window == Duration::MAX {
            Memory::SinceReset(0)
        } else if limit <= EXACT {
            Memory::Instants(VecDeque::new())
        } else {
            Memory::Buckets(Box::new(Buckets::new(window, 0, now)))
        };
        Self { limit, window, memory }
    }

    pub(super) fn record(&mut self, now: Tick) {
        match &mut self.memory {
            Memory::SinceReset(count) => *count = count.saturating_add(1),
            Memory::Instants(instants) => {
                if instants.len() >= self.limit as usize {
                    instants.pop_front();
                }
                instants.push_back(now);
            }
            Memory::Buckets(buckets) => {
                buckets.record(Record { failure: true, slow: false, successes: 0, now });
            }
        }
    }

    /// Until when it makes no difference at what time a failure comes.
    #[inline]
    pub(super) fn end(&self) -> Tick {
        match &self.memory {
            Memory::SinceReset(_) => Tick::MAX,
            Memory::Instants(_) => Tick::from_nanos(0),
            Memory::Buckets(buckets) => buckets.end(),
        }
    }

    /// The failures in the window; up to the limit, if their instants are kept.
    pub(super) fn count(&mut self, now: Tick) -> u32 {
        match &mut self.memory {
            Memory::SinceReset(count) => *count,
            Memory::Instants(instants) => {
                // A failure that is exactly as old as the window is no longer in it.
                while instants.front().is_some_and(|oldest| now.since(*oldest) >= self.window) {
                    instants.pop_front();
                }
                u32::try_from(instants.len()).unwrap_or(u32::MAX)
            }
            Memory::Buckets(buckets) => u32::try_from(buckets.counts(0, now).1).unwrap_or(u32::MAX),
        }
    }

    pub(super) fn clear(&mut self, now: Tick) {
        match &mut self.memory {
            Memory::SinceReset(count) => *count = 0,
            Memory::Instants(instants) => instants.clear(),
            Memory::Buckets(buckets) => buckets.clear(0, now),
        }
    }

    /// Takes over the failures of an earlier window, as far as their times are known.
    pub(super) fn take_over(&mut self, old: &Self, now: Tick) {
        match (&mut self.memory, &old.memory) {
            (Memory::SinceReset(count), Memory::SinceReset(known)) => *count = *known,
            (Memory::Instants(instants), Memory::Instants(known)) => {
                let surplus = known.len().saturating_sub(self.limit as usize);
                instants.extend(known.iter().skip(surplus));
            }
            (Memory::SinceReset(count), Memory::Instants(known)) => {
                *count = u32::try_from(known.len()).unwrap_or(u32::MAX);
            }
            (Memory::Buckets(buckets), Memory::Instants(known)) => {
                **buckets = Buckets::new(self.window, 0, known.front().copied().unwrap_or(now));
                for at in known {
                    buckets.record(Record { failure: true, slow: false, successes: 0, now: *at });
                }
            }
            (Memory::Buckets(buckets), Memory::Buckets(known)) if self.window == old.window => {
                buckets.clone_from(known);
            }
            // Failures counted without instants have no time.
            _ => self.clear(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Tick {
        Tick::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn a_failure_exactly_as_old_as_the_window_is_out() {
        let mut within = FailuresWithin::new(3, Duration::from_millis(10), at(0));
        within.record(at(0));
        within.record(at(4));
        assert_eq!(within.count(at(9)), 2);
        assert_eq!(within.count(at(10)), 1);
        assert_eq!(within.count(at(14)), 0);
    }

    #[test]
    fn without_end_all_count_until_cleared() {
        let mut within = FailuresWithin::new(3, Duration::MAX, at(0));
        within.record(at(0));
        within.record(Tick::MAX);
        assert_eq!(within.count(Tick::MAX), 2);
        within.clear(Tick::MAX);
        assert_eq!(within.count(Tick::MAX), 0);
    }

    #[test]
    fn a_million_are_counted_in_buckets() {
        let mut within = FailuresWithin::new(1_000_000, Duration::from_millis(100), at(0));
        for _ in 0..1_000_000 {
            within.record(at(5));
        }
        assert_eq!(within.count(at(99)), 1_000_000);
        assert_eq!(within.count(at(105)), 0);
    }

    #[test]
    fn memory_stays_at_the_limit() {
        let mut within = FailuresWithin::new(2, Duration::from_millis(100), at(0));
        for _ in 0..1_000 {
            within.record(at(1));
        }
        assert_eq!(within.count(at(1)), 2);
    }
}
