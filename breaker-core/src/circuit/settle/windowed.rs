//! The short path of a failure that goes into the windows and opens nothing: the usual failure of a
//! circuit with a rate.
//!
//! It does the same as [`counted`](super::counted), but leaves out what cannot matter. The machine
//! decides only if a condition holds, or if more than the windows matters.

use crate::circuit::Circuit;
use crate::circuit::atomics::FailureStamp;
use crate::circuit::locked::{Locked, WindowedConditions};
use crate::circuit::word::{Flags, Ticket};
use crate::counters::Count;
use crate::event::EventType;
use crate::machine::Observation;
use crate::machine::conditions::{Tally, opens_by_windows};
use crate::primitive::MutexGuard;

impl Circuit {
    /// Returns false, without having done anything, if the failure needs more than that.
    #[inline]
    pub(in crate::circuit) fn fail_in_windows(&self, ticket: Ticket) -> bool {
        let mut guard = self.locked.lock();
        let locked = &mut *guard;
        let word = self.atomics.word();
        if !(word.same_kind(ticket.word) && word.only_fills_windows()) || locked.awaits_next() {
            return false;
        }
        let Some(WindowedConditions { windows, limits }) = locked.windowed.as_deref_mut() else { return false };
        if !limits.only_windows_matter() || self.wants(EventType::Failure) {
            return false;
        }
        // If no window is a window of time, the time is only displayed.
        let clock = &self.environment.clock;
        let now = if limits.is_time_based() { clock.now() } else { clock.coarse() };
        self.counters.add(Count::Failures);
        let tally = windows.fail(self.successes(), now);
        let opens = opens_by_windows(limits, &tally).is_some();
        // The window holds a failure now. Below the minimum of calls, the next success could open
        // the circuit.
        let watch = limits.is_below_minimum(&tally);
        if word.has(Flags::BUCKETED) {
            if let Some(end) = windows.bucket_end() {
                self.cold().set_bucket_end(end);
            }
        }
        self.cold().note_failure(FailureStamp::new(now, false));
        if opens {
            self.evaluate_failure(guard, ticket, tally);
        } else if watch != word.has(Flags::WATCHED) {
            self.watch_successes(watch);
        }
        true
    }

    /// Outlined, like the next one, so that rare cases cost the others no registers.
    #[cold]
    #[inline(never)]
    fn evaluate_failure(&self, locked: MutexGuard<'_, Locked>, ticket: Ticket, tally: Tally) {
        self.transact_with(locked, |transaction| {
            transaction.evaluate(Observation::Failure, tally, Some(ticket), None);
        });
    }

    /// The lock is held.
    #[cold]
    #[inline(never)]
    fn watch_successes(&self, watch: bool) {
        self.atomics
            .change_word(|word| word.with_flags(word.flags().without(Flags::WATCHED).with(Flags::WATCHED.when(watch))));
    }
}
