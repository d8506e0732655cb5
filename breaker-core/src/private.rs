//! What the attribute's expansion names. Not for people: it changes without notice.

mod classify;
mod entry;
mod handlers;
mod made;
mod returned;
mod site;
mod window;

use std::future::Future;

pub use classify::{Classify, ClassifyAny, ClassifyDebug, ClassifyPlain, ClassifyReported};
pub use entry::{Admission, Found, enter, enter_formatted, enter_global, enter_named, identifier_of};
pub use handlers::{AnswerFor, IntoOutcome, Rejected, outcome_of};
pub use made::{Either, Kept, Pledge, RejectedLater, reject_later, run_made, run_made_by_default};
pub use returned::{Returned, ReturnsFuture, ReturnsPlainly, WrittenAsFuture};
pub use site::Site;
pub use window::WindowOf;
pub use {core, std};

pub use crate::{Cancellation, CircuitOpenError, FromCircuitOpen, Outcome, Policy, Registry, Window};

use crate::call::classify::{ByClassifier, ByDefault};
use crate::call::guarded::Admitted;
use crate::call::pass::Admission as InnerAdmission;
use crate::circuit::Circuit;

/// Runs a body and settles it by what a handler makes of its result.
#[inline]
pub fn run<R, C, O>(admission: Admission<'_>, body: impl FnOnce() -> R, handler: C) -> R
where
    C: FnOnce(&R) -> O,
    O: Into<Outcome>,
{
    admission.0.run(body, ByClassifier(handler))
}

/// Runs a body and settles it by default: `succeeded` says whether all is well, `outcome` what is
/// not.
#[inline]
pub fn run_by_default<R, S, O>(admission: Admission<'_>, body: impl FnOnce() -> R, succeeded: S, outcome: O) -> R
where
    S: FnOnce(&R) -> bool,
    O: Fn(&R) -> Outcome,
{
    admission.0.run(body, ByDefault(succeeded, outcome))
}

/// Guards a future that was admitted, as [`run`] does.
#[inline]
pub fn run_async<F, C, O>(admission: Admission<'_>, body: F, handler: C) -> impl Future<Output = F::Output>
where
    F: Future,
    C: FnOnce(&F::Output) -> O,
    O: Into<Outcome>,
{
    guarded(admission, body, ByClassifier(handler))
}

/// Guards a future that was admitted, as [`run_by_default`] does.
#[inline]
pub fn run_async_by_default<F, S, O>(
    admission: Admission<'_>,
    body: F,
    succeeded: S,
    outcome: O,
) -> impl Future<Output = F::Output>
where
    F: Future,
    S: FnOnce(&F::Output) -> bool,
    O: Fn(&F::Output) -> Outcome,
{
    guarded(admission, body, ByDefault(succeeded, outcome))
}

#[inline]
fn guarded<F, J>(admission: Admission<'_>, body: F, judge: J) -> Admitted<F, J, Option<&Circuit>> {
    Admitted::new(InnerAdmission::of(admission.0), body, judge)
}

/// A type by another way of writing it.
pub trait Is {
    /// The same type.
    type Type: ?Sized;
}

impl<T: ?Sized> Is for T {
    type Type = T;
}

/// What a function without a fallback returns when its circuit is open.
#[inline]
#[must_use]
pub fn reject<R: FromCircuitOpen>(open: CircuitOpenError) -> R {
    R::from_circuit_open(open)
}

/// Asks an `async` fallback; gives its closure the type of its parameter.
#[inline]
pub fn answer<R, F: FnOnce(CircuitOpenError) -> R>(fallback: F, open: CircuitOpenError) -> R {
    fallback(open)
}

/// The policy, if it can be meant; else a compile error.
///
/// # Panics
///
/// If the policy is invalid. The expansion calls this in constants only.
#[must_use]
#[track_caller]
pub const fn checked(policy: Policy) -> Policy {
    match policy.validate() {
        Ok(()) => policy,
        Err(error) => panic!("{}", error.constant_text()),
    }
}

/// A scope or kind that is a constant, if it can be one; else a compile error.
///
/// # Panics
///
/// If the text is empty. The expansion calls this in constants only.
#[must_use]
#[track_caller]
pub const fn label(text: &'static str) -> &'static str {
    assert!(!text.is_empty(), "the string is empty; remove the option, or write a name");
    text
}

/// The global registry.
#[must_use]
pub fn global() -> &'static Registry {
    Registry::global()
}

/// A value of any type, where none is ever needed: its type is all that generated code is after.
///
/// # Panics
///
/// If it is called, which no expansion does.
#[cold]
#[must_use]
pub fn never<R>() -> R {
    unreachable!("generated code calls this in branches that are never taken")
}
