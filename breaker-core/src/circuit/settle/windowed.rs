//! The short path of a failure that takes the lock and opens nothing: the usual failure of a
//! circuit with a rate, and of any circuit that keeps a reason.
//!
//! It does the same as [`counted`](super::counted), but leaves out what cannot matter. The machine
//! decides only if a condition holds, or if more than the windows or the count matters.

use crate::circuit::Circuit;
use crate::circuit::failure_stamp::FailureStamp;
use crate::circuit::locked::{Locked, WindowedConditions};
use crate::circuit::word::{Flags, Ticket, Word};
use crate::clock::Clock;
use crate::counters::Count;
use crate::event::EventType;
use crate::machine::Observation;
use crate::machine::conditions::{Tally, opens_by_windows};
use crate::primitive::MutexGuard;
use crate::reason::Reason;

impl Circuit {
    /// Settles a failure that goes into the windows, and takes its reason if it has one. Returns
    /// false, without having done anything, if the failure needs more than that.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "in two places only: failures with a reason, and the others")]
    pub(in crate::circuit) fn fail_in_windows(&self, ticket: Ticket, reason: Option<&mut Option<Reason>>) -> bool {
        if self.wants(EventType::Failure) {
            return false;
        }
        let clock = &self.environment.clock;
        // Before the lock, which another thread may be waiting for.
        let coarse = clock.coarse();
        let mut guard = self.locked.lock();
        let locked = &mut *guard;
        let word = self.atomics.word();
        if !(word.same_kind_and_timing(ticket.word) && word.only_fills_windows()) || locked.awaits_next() {
            return false;
        }
        let Some(conditions) = locked.windowed.as_deref_mut() else { return false };
        let WindowedConditions { windows, limits, failures, last_failure } = conditions;
        if !limits.only_windows_matter() {
            return false;
        }
        // Usually it is certain which bucket the failure belongs to. In a window of calls only the
        // order matters, and the time is only displayed.
        let now = if Clock::is_well_before(coarse, windows.end()) { coarse } else { clock.now() };
        *failures += 1;
        *last_failure = FailureStamp::new(now, reason.is_some());
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
        if opens {
            self.evaluate_failure(guard, ticket, tally, reason.and_then(Option::take));
            return true;
        }
        if watch != word.has(Flags::WATCHED) {
            self.watch_successes(watch);
        }
        if let Some(reason) = reason {
            let before = locked.set_last_reason(reason.take());
            // Freed after the lock is released.
            drop(guard);
            drop(before);
        }
        true
    }

    /// Settles a failure that otherwise only adds to the count, and takes its reason. Returns
    /// false, without having done anything, if the failure needs more than that.
    #[inline]
    pub(in crate::circuit) fn fail_in_count_because(&self, ticket: Ticket, reason: &mut Option<Reason>) -> bool {
        if self.wants(EventType::Failure) {
            return false;
        }
        let coarse = self.environment.clock.coarse();
        let mut locked = self.locked.lock();
        let word = self.atomics.word();
        if !word.only_counts_failures() || locked.awaits_next() || !self.add_to_count(ticket, word) {
            return false;
        }
        self.cold().note_failure(FailureStamp::new(coarse, true));
        let before = locked.set_last_reason(reason.take());
        // Freed after the lock is released.
        drop(locked);
        drop(before);
        self.counters.add(Count::Failures);
        true
    }

    /// Outlined, like the next one, so that rare cases cost the others no registers.
    #[cold]
    #[inline(never)]
    fn evaluate_failure(&self, locked: MutexGuard<'_, Locked>, ticket: Ticket, tally: Tally, reason: Option<Reason>) {
        self.transact_with(locked, |transaction| {
            transaction.evaluate(Observation::Failure, tally, Some(ticket), reason);
        });
    }

    /// The lock is held.
    #[cold]
    #[inline(never)]
    fn watch_successes(&self, watch: bool) {
        self.atomics
            .change_word(|word| word.with_flags(word.flags().without(Flags::WATCHED).with(Flags::WATCHED.when(watch))));
    }

    /// Adds a failure to the count of this word or of a later one of its kind, if that leaves the
    /// count below the threshold.
    #[inline]
    pub(in crate::circuit) fn add_to_count(&self, ticket: Ticket, mut word: Word) -> bool {
        loop {
            let threshold = self.atomics.threshold();
            let count = word.failures_in_row() + 1;
            if !word.same_kind_and_timing(ticket.word) || count >= threshold {
                return false;
            }
            match self.atomics.swap_word(word, word.with_failures_in_row(count)) {
                Ok(()) => return true,
                Err(found) if found.only_counts_failures() => word = found,
                Err(_) => return false,
            }
        }
    }
}
