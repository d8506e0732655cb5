//! A call between its admission and its settlement: whatever happens to it, it is settled once.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::breaker::CircuitBreaker;
use crate::circuit::{Circuit, Finding, Ticket};
use crate::error::CircuitOpenError;
use crate::outcome::Outcome;
use crate::reason::Reason;

/// How a call holds on to its breaker: borrowed, owned, or not at all where none could be made.
pub(crate) trait Hold {
    /// The breaker; `None` means that the call runs unguarded.
    fn breaker(&self) -> Option<&CircuitBreaker>;
}

impl Hold for CircuitBreaker {
    #[inline]
    fn breaker(&self) -> Option<&CircuitBreaker> {
        Some(self)
    }
}

impl Hold for &CircuitBreaker {
    #[inline]
    fn breaker(&self) -> Option<&CircuitBreaker> {
        Some(self)
    }
}

impl Hold for Option<CircuitBreaker> {
    #[inline]
    fn breaker(&self) -> Option<&CircuitBreaker> {
        self.as_ref()
    }
}

/// An admitted call. Dropped before it is settled, it was cancelled.
#[derive(Debug)]
pub(crate) struct Admission<H: Hold> {
    hold: H,
    ticket: Ticket,
}

impl<H: Hold> Admission<H> {
    /// Asks for a call to be let through.
    #[inline]
    pub(crate) fn ask(hold: H) -> Result<Self, CircuitOpenError> {
        let Some(breaker) = hold.breaker() else {
            return Ok(Self { hold, ticket: Ticket::SETTLED });
        };
        match breaker.circuit().admit() {
            Ok(ticket) => Ok(Self { hold, ticket }),
            Err(rejection) => Err(CircuitOpenError::new(breaker, rejection)),
        }
    }

    pub(crate) const fn hold(&self) -> &H {
        &self.hold
    }

    /// The same admission, held in another way.
    pub(crate) fn map_hold<G: Hold>(mut self, map: impl FnOnce(H) -> G) -> Admission<G>
    where
        H: Clone,
    {
        let ticket = self.take_ticket();
        Admission { hold: map(self.hold.clone()), ticket }
    }

    /// Whether the circuit had left its registry when the call came in, where that is tracked.
    pub(crate) fn missed_its_circuit(&self) -> bool {
        self.ticket.is_tracked() && self.hold.breaker().is_some_and(|breaker| breaker.circuit().is_retired())
    }

    /// A call that was admitted by other means.
    #[inline]
    pub(crate) const fn with_ticket(hold: H, ticket: Ticket) -> Self {
        Self { hold, ticket }
    }

    /// Runs a body and settles it by what `classify` makes of its result.
    #[inline]
    pub(crate) fn run<R, O: Into<Outcome>>(self, body: impl FnOnce() -> R, classify: impl FnOnce(&R) -> O) -> R {
        // A panic goes on with its payload untouched, so that nobody can see what it left half-done.
        match catch_unwind(AssertUnwindSafe(body)) {
            Ok(result) => {
                self.settle_by(&result, classify);
                result
            }
            Err(payload) => {
                self.settle_panic(&*payload);
                resume_unwind(payload)
            }
        }
    }

    /// Settles the call by its result. If `classify` panics, nothing is counted, the slot is freed, and the panic goes on.
    #[inline]
    pub(crate) fn settle_by<R, O: Into<Outcome>>(mut self, result: &R, classify: impl FnOnce(&R) -> O) {
        let ticket = self.take_ticket();
        match self.hold.breaker() {
            Some(breaker) => {
                let unsettled = UnknownOnUnwind { circuit: breaker.circuit(), ticket };
                let outcome = classify(result).into();
                std::mem::forget(unsettled);
                // Apart, so that only the success is compiled into the caller.
                match outcome {
                    Outcome::Success => breaker.circuit().succeed(ticket),
                    Outcome::Failure(None) => breaker.circuit().fail(ticket),
                    outcome => breaker.circuit().settle(ticket, Finding::Returned(outcome)),
                }
            }
            // The classifier still runs: an unguarded call behaves the same for whoever watches it.
            None => drop::<Outcome>(classify(result).into()),
        }
    }

    /// Settles the call as it was found.
    pub(crate) fn settle(mut self, finding: Finding) {
        let ticket = self.take_ticket();
        self.settle_ticket(ticket, finding);
    }

    #[cold]
    pub(crate) fn settle_panic(self, payload: &(dyn Any + Send)) {
        self.settle(Finding::Panicked(message(payload)));
    }

    #[inline]
    const fn take_ticket(&mut self) -> Ticket {
        std::mem::replace(&mut self.ticket, Ticket::SETTLED)
    }

    fn settle_ticket(&self, ticket: Ticket, finding: Finding) {
        if let Some(breaker) = self.hold.breaker() {
            if !ticket.is_settled() {
                breaker.circuit().settle(ticket, finding);
            }
        }
    }
}

impl<H: Hold> Drop for Admission<H> {
    #[inline]
    fn drop(&mut self) {
        if !self.ticket.is_settled() {
            let ticket = self.take_ticket();
            self.settle_ticket(ticket, Finding::Cancelled);
        }
    }
}

/// Frees the slot of a call whose classifier panics.
struct UnknownOnUnwind<'a> {
    circuit: &'a Circuit,
    ticket: Ticket,
}

impl Drop for UnknownOnUnwind<'_> {
    fn drop(&mut self) {
        self.circuit.settle(self.ticket, Finding::Unknown);
    }
}

/// The message of a panic, if its payload is a text.
fn message(payload: &(dyn Any + Send)) -> Reason {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        Reason::from_static(text)
    } else if let Some(text) = payload.downcast_ref::<String>() {
        Reason::from(text.as_str())
    } else {
        Reason::from_static("a panic whose payload is no text")
    }
}
