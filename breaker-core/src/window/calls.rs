//! The last n calls, exactly.
//!
//! Only failures and slow calls are recorded. The number of successes between two of them follows
//! from the sum of all successes.

use super::record::Record;
use super::ring::BitRing;

/// The last n calls: which failed, and which were slow.
#[derive(Debug)]
pub(super) struct CallWindow {
    len: u32,
    failures: BitRing,
    slow: Option<BitRing>,
    /// The successes that the rings have seen, and those that do not belong in them.
    seen: u64,
    /// The calls since the window began, as far as the rings have seen them.
    calls: u64,
}

impl CallWindow {
    pub(super) fn new(len: u32, counts_slow: bool, successes: u64) -> Self {
        Self {
            len,
            failures: BitRing::new(len),
            slow: counts_slow.then(|| BitRing::new(len)),
            seen: successes,
            calls: 0,
        }
    }

    #[inline(never)]
    pub(super) fn record(&mut self, record: Record) {
        if record.failure {
            self.fail(record.successes);
        } else {
            self.catch_up(record.successes);
        }
        if record.slow {
            if let Some(slow) = &mut self.slow {
                slow.set_newest();
            }
        }
    }

    /// Records a failure that was not slow.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "in three places only, of which two are short paths")]
    pub(super) fn fail(&mut self, successes: u64) {
        self.catch_up(successes);
        self.calls += 1;
        self.failures.push_set();
        if let Some(slow) = &mut self.slow {
            slow.push_unset(1);
        }
    }

    pub(super) fn skip_success(&mut self) {
        self.seen = self.seen.wrapping_add(1);
    }

    pub(super) fn clear(&mut self, successes: u64) {
        self.failures.clear();
        if let Some(slow) = &mut self.slow {
            slow.clear();
        }
        self.seen = successes;
        self.calls = 0;
    }

    /// Takes over calls and failures, but not which calls were slow. Both must have the same
    /// length.
    pub(super) fn take_over_failures(&mut self, old: &mut Self, successes: u64) {
        old.catch_up(successes);
        std::mem::swap(&mut self.failures, &mut old.failures);
        (self.seen, self.calls) = (old.seen, old.calls);
    }

    /// Calls, failures and slow calls among the last n.
    pub(super) fn counts(&mut self, successes: u64) -> (u64, u64, u64) {
        self.catch_up(successes);
        self.caught_up()
    }

    /// The same, if the window is up to date.
    #[inline]
    pub(super) fn caught_up(&self) -> (u64, u64, u64) {
        let slow = self.slow.as_ref().map_or(0, BitRing::set);
        (self.calls.min(self.len.into()), self.failures.set().into(), slow.into())
    }

    /// Applies the successes since the last update, which push old bits out.
    #[inline]
    fn catch_up(&mut self, successes: u64) {
        let passed = successes.saturating_sub(self.seen);
        if passed > 0 {
            self.failures.push_unset(passed);
            if let Some(slow) = &mut self.slow {
                slow.push_unset(passed);
            }
            self.calls += passed;
            self.seen = successes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::tick::Tick;

    fn record(failure: bool, slow: bool, successes: u64) -> Record {
        Record { failure, slow, successes, now: Tick::from_nanos(0) }
    }

    #[test]
    fn successes_push_failures_out_without_being_written() {
        let mut window = CallWindow::new(10, false, 100);
        window.record(record(true, false, 103));
        assert_eq!(window.counts(103), (4, 1, 0));
        assert_eq!(window.counts(112), (10, 1, 0));
        assert_eq!(window.counts(113), (10, 0, 0));
    }

    #[test]
    fn a_slow_success_and_a_slow_failure_are_one_call_each() {
        let mut window = CallWindow::new(4, true, 0);
        window.record(record(false, true, 1));
        window.record(record(true, true, 1));
        assert_eq!(window.counts(1), (2, 1, 2));
        assert_eq!(window.counts(4), (4, 1, 1));
    }

    #[test]
    fn a_success_that_is_not_for_the_window_does_not_move_it() {
        let mut window = CallWindow::new(4, false, 0);
        window.record(record(true, false, 0));
        window.skip_success();
        assert_eq!(window.counts(1), (1, 1, 0));
    }
}
