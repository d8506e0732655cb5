//! Settlement: applying how a call ended.

mod counted;
mod listed;
mod windowed;

use super::Circuit;
use super::completion::Completion;
use super::word::Ticket;
use crate::outcome::Outcome;

impl Circuit {
    /// Settles a call, however it ended.
    pub(crate) fn settle(&self, ticket: Ticket, completion: Completion) {
        match completion {
            Completion::Returned(Outcome::Success) => return self.succeed(ticket),
            Completion::Returned(Outcome::Failure(None)) => return self.fail(ticket),
            Completion::Returned(Outcome::Failure(Some(reason))) => return self.fail_because(ticket, reason),
            Completion::Returned(Outcome::Ignore) if self.ignore_without_lock(ticket) => {}
            completion => self.settle_locked(ticket, completion, self.elapsed(ticket)),
        }
        self.untrack(ticket);
    }

    /// Reports a call made elsewhere.
    pub(crate) fn report(&self, outcome: Outcome) {
        self.note_call();
        self.report_locked(Completion::Returned(outcome));
    }
}
