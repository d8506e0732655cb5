//! A failure that goes into the windows and opens nothing: what a circuit with a rate sees all day,
//! kept short.
//!
//! It does what [`Transaction::count`](crate::circuit::transaction::Transaction) would do and leaves out
//! what cannot matter: the machine is asked only where a condition holds, or more than the windows
//! has to be looked at.

use crate::circuit::locked::Locked;
use crate::circuit::word::Flags;
use crate::circuit::{Circuit, Ticket};
use crate::counters::Count;
use crate::event::EventType;
use crate::machine::conditions::Tally;
use crate::machine::{Observation, opens_by_windows};
use crate::primitive::MutexGuard;

impl Circuit {
    /// False if the failure is more than that, and nothing was done.
    #[inline]
    pub(super) fn fail_in_windows(&self, ticket: Ticket) -> bool {
        let mut guard = self.locked.lock();
        let locked = &mut *guard;
        let word = self.word();
        if !(word.same_generation(ticket.word) && word.only_fills_windows()) || locked.awaits_next() {
            return false;
        }
        let Some(windows) = &mut locked.windows else { return false };
        if !windows.limits().only_windows_matter() || self.wants(EventType::Failure) {
            return false;
        }
        // Where no window asks for the time, it is only shown.
        let clock = &self.environment.clock;
        let now = if windows.limits().is_time_based() { clock.now() } else { clock.coarse() };
        self.counters.add(Count::Failures);
        let tally = windows.fail(self.successes(), now);
        if word.has(Flags::BUCKETED) {
            self.publish_bucket_end(windows);
        }
        let opens = opens_by_windows(windows.limits(), &tally).is_some();
        // The window holds something now, and what the next success could reach is the minimum.
        let watch = windows.limits().is_below_minimum(&tally);
        self.note_failure(now);
        if opens {
            self.judge_failure(guard, ticket, tally);
        } else if watch != word.has(Flags::WATCHED) {
            self.watch_successes(watch);
        }
        true
    }

    /// Apart, as the next one, so that what happens rarely costs the others no registers.
    #[cold]
    #[inline(never)]
    fn judge_failure(&self, locked: MutexGuard<'_, Locked>, ticket: Ticket, tally: Tally) {
        self.transact_with(locked, |transaction| transaction.judge(Observation::Failure, tally, Some(ticket), None));
    }

    /// The lock is held.
    #[cold]
    #[inline(never)]
    fn watch_successes(&self, watch: bool) {
        self.change_word(|word| word.with_flags(word.flags().without(Flags::WATCHED).with(Flags::WATCHED.when(watch))));
    }
}
