//! A call between its admission and its settlement. Whatever happens to it, it is settled exactly
//! once.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::call::error::CircuitOpenError;
use crate::call::reference::{Holder, Reference};
use crate::circuit::{Circuit, Completion, Inside, NotAdmitted, RunsOn, Ticket};
use crate::key::Key;
use crate::outcome::Outcome;
use crate::reason::Reason;

/// An admitted call and its circuit. Without a circuit it runs unguarded, because no circuit could
/// be created or because it is part of a probe.
///
/// For calls that cannot be dropped half-way: whoever [begins](Self::begin) one settles it on every
/// path. What can be dropped owns its admission.
#[derive(Clone, Copy, Debug)]
pub struct Admission<'a> {
    pub(super) circuit: Option<&'a Circuit>,
    pub(super) ticket: Ticket,
}

/// Decides what the result of a call means.
pub trait Classifier<R> {
    /// Settles the call by its result, once. It gets the result itself and returns it, because
    /// whatever is passed by reference has to be in memory.
    fn settle(self, admission: Admission<'_>, result: R) -> R;
}

impl<'a> Admission<'a> {
    /// A call that runs and is not counted.
    pub(crate) const UNGUARDED: Self = Self { circuit: None, ticket: Ticket::UNGUARDED };

    #[inline]
    pub(crate) const fn new(circuit: Option<&'a Circuit>, ticket: Ticket) -> Self {
        Self { circuit, ticket }
    }

    /// Takes it apart, for functions that get it in registers.
    #[inline]
    pub(crate) const fn parts(self) -> (Option<&'a Circuit>, Ticket) {
        (self.circuit, self.ticket)
    }

    /// Admits a call, or says why not.
    #[inline]
    pub(crate) fn request<P: RunsOn>(holder: &'a Holder) -> Result<Self, CircuitOpenError> {
        let circuit = holder.circuit();
        match circuit.admit_fast() {
            Some(ticket) => Ok(Self { circuit: Some(circuit), ticket }),
            None => Self::request_slow::<P>(holder),
        }
    }

    #[inline(never)]
    fn request_slow<P: RunsOn>(holder: &'a Holder) -> Result<Self, CircuitOpenError> {
        let circuit = holder.circuit();
        let rejected = circuit.reject_fast().or_else(|| circuit.reject_probe_fast()).map(NotAdmitted::Rejected);
        match rejected.map_or_else(|| circuit.admit_slow::<P>(), Err) {
            Ok(ticket) => Ok(Self { circuit: Some(circuit), ticket }),
            Err(NotAdmitted::Nested) => Ok(Self::UNGUARDED),
            Err(NotAdmitted::Rejected(rejection)) => Err(CircuitOpenError::new(holder.reference(), rejection)),
        }
    }

    /// Runs the body and settles the call by its result.
    #[inline]
    pub(crate) fn run<R>(self, body: impl FnOnce() -> R, classifier: impl Classifier<R>) -> R {
        let result = self.begin(body);
        classifier.settle(self, result)
    }

    /// Runs the body, or the part of it that makes a future. The call is settled only if it
    /// panics.
    #[inline]
    pub fn begin<R>(self, body: impl FnOnce() -> R) -> R {
        // The panic resumes with its original payload, so nothing can observe what it left
        // half-done.
        match catch_unwind(AssertUnwindSafe(body)) {
            Ok(result) => result,
            Err(payload) => {
                settle_panic(self.circuit, self.ticket, &*payload);
                resume_unwind(payload)
            }
        }
    }

    /// Runs a part of the body, if this thread does not run all of it.
    #[inline]
    pub(crate) fn scope<R>(self, work: impl FnOnce() -> R) -> R {
        let _inside = self.inside();
        work()
    }

    /// Only the bodies of probes are recorded.
    #[inline]
    fn inside(self) -> Option<Inside<'a>> {
        if self.ticket.is_plain() { None } else { self.circuit.map(|circuit| circuit.inside(self.ticket)) }
    }

    /// The key of its circuit, if it has one.
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

    /// Settles the call with the outcome that `classify` returns. If it panics, nothing is counted,
    /// the slot is released, and the panic propagates.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "see `ByClassifier`; elsewhere it is outlined")]
    pub(crate) fn settle_by(self, classify: impl FnOnce() -> Outcome) {
        let Some(circuit) = self.circuit else {
            // The classifier still runs, so that an unguarded call behaves the same to an observer.
            return drop(classify());
        };
        let unsettled = UnknownOnUnwind { circuit, ticket: self.ticket };
        let outcome = classify();
        std::mem::forget(unsettled);
        self.settle_as(outcome);
    }

    /// Settles the call with an outcome that is known.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "callers often know the outcome")]
    pub(crate) fn settle_as(self, outcome: Outcome) {
        let Some(circuit) = self.circuit else { return };
        match outcome {
            Outcome::Success => circuit.succeed(self.ticket),
            Outcome::Failure(None) => circuit.fail(self.ticket),
            Outcome::Failure(Some(reason)) => circuit.fail_because(self.ticket, reason),
            outcome => circuit.settle(self.ticket, Completion::Returned(outcome)),
        }
    }

    /// Settles the call with how it ended.
    pub(crate) fn settle(self, completion: Completion) {
        if let Some(circuit) = self.circuit {
            circuit.settle(self.ticket, completion);
        }
    }

    /// Runs `work`, which is not part of the call. If it panics, nothing is counted and the slot is
    /// released.
    pub(crate) fn release_on_panic(self, work: impl FnOnce()) {
        let unsettled = self.circuit.map(|circuit| UnknownOnUnwind { circuit, ticket: self.ticket });
        work();
        std::mem::forget(unsettled);
    }

    pub(crate) fn settle_panic(self, payload: &(dyn Any + Send)) {
        self.settle(Completion::Panicked(message(payload)));
    }
}

/// It takes the admission apart, because whatever is passed by reference is stored in memory by
/// every call.
#[cold]
#[inline(never)]
fn settle_panic(circuit: Option<&Circuit>, ticket: Ticket, payload: &(dyn Any + Send)) {
    Admission { circuit, ticket }.settle_panic(payload);
}

/// Releases the slot of a call whose classifier panics.
struct UnknownOnUnwind<'a> {
    circuit: &'a Circuit,
    ticket: Ticket,
}

impl Drop for UnknownOnUnwind<'_> {
    fn drop(&mut self) {
        self.circuit.settle(self.ticket, Completion::Unknown);
    }
}

/// How an [`OwnedAdmission`] refers to its circuit: borrowed or shared.
pub(crate) trait CircuitRef {
    /// The circuit; `None` means that the call runs unguarded.
    fn circuit(&self) -> Option<&Circuit>;
}

impl CircuitRef for Option<&Circuit> {
    #[inline]
    fn circuit(&self) -> Option<&Circuit> {
        *self
    }
}

impl CircuitRef for Option<Reference> {
    #[inline]
    fn circuit(&self) -> Option<&Circuit> {
        self.as_deref()
    }
}

/// The admission of something that may be dropped before it ends, such as a future or a permit. Its
/// owner has to settle the call when dropped.
pub(crate) struct OwnedAdmission<C: CircuitRef> {
    pub(super) circuit: C,
    // Separate from the circuit, although a call without one has no ticket: its niche distinguishes
    // the stages of a guarded future.
    pub(super) ticket: Ticket,
}

impl<C: CircuitRef> fmt::Debug for OwnedAdmission<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedAdmission").field("key", &self.admission().key()).finish_non_exhaustive()
    }
}

impl<C: CircuitRef> OwnedAdmission<C> {
    #[inline]
    pub(crate) const fn new(circuit: C, ticket: Ticket) -> Self {
        Self { circuit, ticket }
    }

    /// A poll begins. If the call is a probe, calls that this thread makes are part of it until the
    /// poll ends.
    #[inline]
    pub(crate) fn begin_poll(&mut self) {
        if !self.ticket.is_plain() {
            self.enter();
        }
    }

    /// The poll ends, and the call goes on.
    #[inline]
    pub(crate) fn end_poll(&mut self) {
        if self.ticket.is_entered() {
            self.leave();
        }
    }

    /// From now on this thread runs the body. If the call is a probe, calls that the thread makes
    /// are part of it.
    #[cold]
    fn enter(&mut self) {
        if let Some(circuit) = self.circuit.circuit() {
            self.ticket = circuit.enter_body(self.ticket);
        }
    }

    /// This thread does not run the body until it enters again.
    #[cold]
    fn leave(&mut self) {
        if let Some(circuit) = self.circuit.circuit() {
            self.ticket = circuit.leave_body(self.ticket);
        }
    }

    /// The admission, which settles the call once.
    #[inline]
    pub(crate) fn admission(&self) -> Admission<'_> {
        Admission { circuit: self.circuit.circuit(), ticket: self.ticket }
    }
}

impl<'a> From<Admission<'a>> for OwnedAdmission<Option<&'a Circuit>> {
    /// The caller no longer uses the other one.
    #[inline]
    fn from(admission: Admission<'a>) -> Self {
        Self { circuit: admission.circuit, ticket: admission.ticket }
    }
}

/// The message of a panic, if its payload is a string.
fn message(payload: &(dyn Any + Send)) -> Reason {
    if let Some(text) = payload.downcast_ref::<&'static str>() {
        Reason::from_static(text)
    } else if let Some(text) = payload.downcast_ref::<String>() {
        Reason::from(text.as_str())
    } else {
        Reason::from_static("a panic whose payload is not a string")
    }
}
