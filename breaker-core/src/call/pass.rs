//! A call between its admission and its settlement: whatever happens to it, it is settled once.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::breaker::CircuitBreaker;
use crate::call::error::CircuitOpenError;
use crate::circuit::{Circuit, Completion, NotAdmitted, ThisThread, Ticket};
use crate::key::Key;
use crate::outcome::Outcome;
use crate::reason::Reason;

/// An admitted call and its circuit; no circuit where none could be made, and where the call is
/// part of a probe: then it runs unguarded.
///
/// It is for calls that cannot be dropped half-way: [`run`](Self::run), which stands beside the
/// judges, catches what could keep it from being settled. Whatever can be dropped keeps an
/// [`Admission`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pass<'a> {
    circuit: Option<&'a Circuit>,
    ticket: Ticket,
}

impl<'a> Pass<'a> {
    /// A call that runs and counts nothing.
    pub(crate) const UNGUARDED: Self = Self { circuit: None, ticket: Ticket::UNGUARDED };

    #[inline]
    pub(crate) const fn new(circuit: Option<&'a Circuit>, ticket: Ticket) -> Self {
        Self { circuit, ticket }
    }

    /// The ticket, and whether there is a circuit: for whoever keeps the circuit otherwise.
    #[inline]
    pub(crate) const fn parts(self) -> (Ticket, bool) {
        (self.ticket, self.circuit.is_some())
    }

    /// Asks for a call to be let through.
    #[inline]
    pub(crate) fn ask(breaker: &'a CircuitBreaker) -> Result<Self, CircuitOpenError> {
        let circuit = breaker.circuit();
        match circuit.admit_fast() {
            Some(ticket) => Ok(Self { circuit: Some(circuit), ticket }),
            None => Self::ask_slow(breaker),
        }
    }

    #[inline(never)]
    fn ask_slow(breaker: &'a CircuitBreaker) -> Result<Self, CircuitOpenError> {
        let circuit = breaker.circuit();
        let rejected = circuit.reject_fast().map(NotAdmitted::Rejected);
        match rejected.map_or_else(|| circuit.admit_slow::<ThisThread>(), Err) {
            Ok(ticket) => Ok(Self { circuit: Some(circuit), ticket }),
            Err(NotAdmitted::Nested) => Ok(Self::UNGUARDED),
            Err(NotAdmitted::Rejected(rejection)) => Err(CircuitOpenError::new(circuit, rejection)),
        }
    }

    /// The name of its circuit, if it has one.
    pub(crate) fn key(self) -> Option<&'a Key> {
        self.circuit.map(Circuit::key)
    }

    #[inline]
    pub(crate) fn succeed(self) {
        if let Some(circuit) = self.circuit {
            circuit.succeed(self.ticket);
        }
    }

    #[inline]
    pub(crate) fn fail(self) {
        if let Some(circuit) = self.circuit {
            circuit.fail(self.ticket);
        }
    }

    /// Settles the call as `outcome` says. If that panics, nothing is counted, the slot is freed,
    /// and the panic goes on.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "see `ByClassifier`; elsewhere it is behind `settle_outlined`")]
    pub(crate) fn settle_by(self, outcome: impl FnOnce() -> Outcome) {
        let Some(circuit) = self.circuit else {
            // The classifier still runs: an unguarded call behaves the same for whoever watches it.
            return drop(outcome());
        };
        let unsettled = UnknownOnUnwind { circuit, ticket: self.ticket };
        let outcome = outcome();
        std::mem::forget(unsettled);
        match outcome {
            Outcome::Success => circuit.succeed(self.ticket),
            Outcome::Failure(None) => circuit.fail(self.ticket),
            outcome => circuit.settle(self.ticket, Completion::Returned(outcome)),
        }
    }

    /// The same apart and behind a pointer, so that nothing of it is compiled into every call site.
    #[cold]
    #[inline(never)]
    pub(crate) fn settle_outlined(self, outcome: &dyn Fn() -> Outcome) {
        self.settle_by(outcome);
    }

    /// Settles the call as it was found.
    pub(crate) fn settle(self, completion: Completion) {
        if let Some(circuit) = self.circuit {
            circuit.settle(self.ticket, completion);
        }
    }

    /// Does something that is none of the call's business; if that panics, nothing is counted and
    /// the slot is freed.
    pub(crate) fn meanwhile(self, work: impl FnOnce()) {
        let unsettled = self.circuit.map(|circuit| UnknownOnUnwind { circuit, ticket: self.ticket });
        work();
        std::mem::forget(unsettled);
    }

    #[cold]
    pub(crate) fn settle_panic(self, payload: &(dyn Any + Send)) {
        self.settle(Completion::Panicked(message(payload)));
    }
}

/// Frees the slot of a call whose classifier panics.
struct UnknownOnUnwind<'a> {
    circuit: &'a Circuit,
    ticket: Ticket,
}

impl Drop for UnknownOnUnwind<'_> {
    fn drop(&mut self) {
        self.circuit.settle(self.ticket, Completion::Unknown);
    }
}

/// How a call that can be dropped holds on to its circuit: borrowed, owned, or not at all where
/// none could be made.
pub(crate) trait Hold {
    /// The circuit; `None` means that the call runs unguarded.
    fn circuit(&self) -> Option<&Circuit>;
}

impl Hold for Option<&Circuit> {
    #[inline]
    fn circuit(&self) -> Option<&Circuit> {
        *self
    }
}

impl Hold for Option<Arc<Circuit>> {
    #[inline]
    fn circuit(&self) -> Option<&Circuit> {
        self.as_deref()
    }
}

/// An admitted call of something that may be dropped before it has ended; who keeps it settles it
/// then.
pub(crate) struct Admission<H: Hold> {
    hold: H,
    ticket: Ticket,
}

impl<H: Hold> fmt::Debug for Admission<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission").field("key", &self.pass().key()).finish_non_exhaustive()
    }
}

impl<H: Hold> Admission<H> {
    #[inline]
    pub(crate) const fn new(hold: H, ticket: Ticket) -> Self {
        Self { hold, ticket }
    }

    /// The same call while it is polled: only then are calls that this thread makes part of it, if
    /// it is a probe.
    #[inline]
    pub(crate) fn polled(self) -> Self {
        if self.ticket.is_plain() { self } else { self.enter() }
    }

    /// The same call between two polls.
    #[inline]
    pub(crate) fn between_polls(self) -> Self {
        if self.ticket.is_entered() { self.leave() } else { self }
    }

    /// From now on this thread runs its body: calls that it makes are part of it, if it is a probe.
    #[cold]
    pub(crate) fn enter(mut self) -> Self {
        if let Some(circuit) = self.hold.circuit() {
            self.ticket = circuit.enter_body(self.ticket);
        }
        self
    }

    /// Until it enters again, this thread does not run its body.
    #[cold]
    pub(crate) fn leave(mut self) -> Self {
        if let Some(circuit) = self.hold.circuit() {
            self.ticket = circuit.leave_body(self.ticket);
        }
        self
    }

    /// Runs a part of its body.
    pub(crate) fn inside<R>(&self, work: impl FnOnce() -> R) -> R {
        match self.hold.circuit() {
            Some(circuit) => circuit.inside(self.ticket, work),
            None => work(),
        }
    }

    /// What settles it, once.
    #[inline]
    pub(crate) fn pass(&self) -> Pass<'_> {
        Pass { circuit: self.hold.circuit(), ticket: self.ticket }
    }
}

impl Admission<Option<Arc<Circuit>>> {
    /// A call that runs and counts nothing.
    pub(crate) const UNGUARDED: Self = Self { hold: None, ticket: Ticket::UNGUARDED };
}

impl<'a> Admission<Option<&'a Circuit>> {
    /// The call of a pass, which is not used otherwise.
    #[inline]
    pub(crate) const fn of(pass: Pass<'a>) -> Self {
        Self { hold: pass.circuit, ticket: pass.ticket }
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
