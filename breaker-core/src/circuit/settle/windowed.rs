//! A failure that goes into the windows and opens nothing: what a circuit with a rate sees all day,
//! kept short.
//!
//! It does what [`Session::count`](crate::circuit::transaction::Session) would do and leaves out
//! what cannot matter: the machine is asked only where a condition holds, or more than the windows
//! has to be looked at.

use crate::circuit::locked::Ledger;
use crate::circuit::word::Flags;
use crate::circuit::{Circuit, Ticket};
use crate::counters::totals::Count;
use crate::event::EventType;
use crate::machine::conditions::Tally;
use crate::machine::{CallResult, opens_by_windows};
use crate::primitive::MutexGuard;

impl Circuit {
    /// False if the failure is more than that, and nothing was done.
    #[inline]
    pub(super) fn fail_in_windows(&self, ticket: Ticket) -> bool {
        let mut guard = self.ledger.lock();
        let ledger = &mut *guard;
        let word = self.word();
        if !(word.same_generation(ticket.word) && word.only_fills_windows()) || ledger.awaits_next() {
            return false;
        }
        let Some(windows) = &mut ledger.windows else { return false };
        if !windows.limits().are_alone() || self.wants(EventType::Failure) {
            return false;
        }
        // Where no window asks for the time, it is only shown.
        let clock = &self.environment.clock;
        let now = if windows.limits().ask_for_time() { clock.now() } else { clock.coarse() };
        self.totals.add(Count::Failures);
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
    fn judge_failure(&self, ledger: MutexGuard<'_, Ledger>, ticket: Ticket, tally: Tally) {
        self.session_with(ledger, |session| session.judge(CallResult::Failure, tally, Some(ticket), None));
    }

    /// The lock is held.
    #[cold]
    #[inline(never)]
    fn watch_successes(&self, watch: bool) {
        self.change_word(|word| word.with_flags(word.flags().without(Flags::WATCHED).with(Flags::WATCHED.when(watch))));
    }
}
