//! Results that take effect first and are counted a moment later, for the tests with threads.

use breaker_box::{State, Totals};

use super::super::outcomes::Part;
use super::super::terms::Ending;
use super::{Model, Ticket};

/// # In two halves
///
/// Where threads meet, some results take effect first and are counted a moment later. The tests of
/// linearizability step through these halves; see there for which results that are.
#[allow(dead_code, reason = "not every test binary has threads")]
impl Model {
    pub(crate) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Whether the ticket is of this stay, and the circuit is closed. Where calls in flight are
    /// known, each result takes effect at once.
    pub(crate) fn may_be_counted_later(&self, ticket: Ticket) -> bool {
        let in_flight = self.plan.hung_calls.is_some() || ticket.flight.is_some();
        self.state == State::Closed && ticket.generation == self.generation && !in_flight
    }

    /// Whether a success now would only end a row of failures and be counted.
    pub(crate) fn takes_success_lightly(&self, ticket: Ticket) -> bool {
        let mut after = self.clone();
        after.settle(ticket, Ending::Success);
        self.may_be_counted_later(ticket)
            && after.state == State::Closed
            && after.openings == self.openings
            && after.totals.slow == self.totals.slow
    }

    /// The first half of such a success.
    pub(crate) fn end_row(&mut self) {
        self.outcomes.add_part(self.now, Part::Row);
    }

    /// The second half: whatever has become of the circuit, the success is in the totals.
    pub(crate) fn count_success(&mut self) {
        self.totals.successes += 1;
    }

    /// And in the window that is there when it hears of it.
    pub(crate) fn hear_of_success(&mut self) {
        self.outcomes.add_part(self.now, Part::Window);
    }

    /// Whether a failure now would only lengthen a row and be counted.
    pub(crate) fn takes_failure_lightly(&self, ticket: Ticket) -> bool {
        let mut after = self.clone();
        after.settle(ticket, Ending::Failure { because: None });
        let only_rows = !self.plan.has_rate() && self.plan.failures_within.is_none() && self.plan.debounce.is_zero();
        self.may_be_counted_later(ticket) && only_rows && after.state == State::Closed
    }

    pub(crate) fn totals(&self) -> Totals {
        self.totals
    }

    /// Puts the totals to what they are not yet, or are now.
    pub(crate) fn set_totals(&mut self, totals: Totals) {
        self.totals = totals;
    }
}
