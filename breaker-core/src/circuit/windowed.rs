//! A failure that goes into the windows and opens nothing: what a circuit with a rate sees all day, kept short.
//!
//! It does what [`Session::count`](super::session::Session) would do and leaves out what cannot matter: the machine is asked only
//! where a condition holds, or a success will have to be looked at.

use super::{Circuit, Ticket};
use crate::event::EventType;
use crate::machine::{CallResult, opens};
use crate::totals::Count;
use crate::window::Record;
use crate::word::Flags;

impl Circuit {
    /// False if the failure is more than that, and nothing was done.
    pub(super) fn fail_in_windows(&self, ticket: Ticket) -> bool {
        let mut guard = self.ledger.lock();
        let ledger = &mut *guard;
        let word = self.word();
        let plain = word.same_generation(ticket.word)
            && word.only_fills_windows()
            && ledger.policy.debounce.is_zero()
            && !self.hub.wants(EventType::Failure);
        let Some(windows) = ledger.windows.as_mut().filter(|_| plain) else { return false };
        // Where no window asks for the time, it is only shown.
        let clock = self.hub.clock();
        let now = if windows.ask_for_time() { clock.now() } else { clock.coarse() };
        let forget_reason = self.note_failure(now);
        self.totals.add(Count::Failures);
        let successes = self.successes();
        windows.record(Record { failure: true, slow: false, successes, now });
        let tally = windows.tally(successes, now);
        if word.has(Flags::BUCKETED) {
            self.publish_bucket_end(windows);
        }
        if forget_reason {
            ledger.set_last_reason(None);
        }
        let counts_in_row = ledger.policy.consecutive_failures.is_some();
        let policy = &ledger.policy;
        if counts_in_row || tally.below_minimum(policy) || opens(policy, 0, &tally).is_some() {
            let generation = Some(ticket.word.generation());
            self.session_with(guard, |session| {
                session.judge(CallResult::Failure, tally, generation, None);
            });
        }
        true
    }
}
