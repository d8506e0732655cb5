//! What the attribute's expansion names. Not for people: it changes without notice.

mod classify;
mod entry;
mod site;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

pub use classify::{Classify, ClassifyAny, ClassifyDebug, ClassifyPlain, ClassifyReported};
pub use entry::{Admission, Found, enter, enter_formatted, enter_global, enter_named, identifier_of};
pub use site::Site;
pub use {core, std};

pub use crate::{Cancellation, CircuitOpenError, FromCircuitOpen, Outcome, Policy, Registry, Window};

use crate::admission::Admission as InnerAdmission;
use crate::circuit::Circuit;
use crate::guarded::{Asked, Guarded};
use crate::judge::{ByClassifier, ByDefault, Judge};

/// Runs a body and settles it by what a handler makes of its result.
#[inline]
pub fn run<R, C, O>(admission: Admission<'_>, body: impl FnOnce() -> R, handler: C) -> R
where
    C: FnOnce(&R) -> O,
    O: Into<Outcome>,
{
    admission.0.run(body, ByClassifier(handler))
}

/// Runs a body and settles it by default: `succeeded` says whether all is well, `outcome` what is not.
#[inline]
pub fn run_by_default<R>(
    admission: Admission<'_>,
    body: impl FnOnce() -> R,
    succeeded: impl FnOnce(&R) -> bool,
    outcome: impl Fn(&R) -> Outcome,
) -> R {
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
fn guarded<F, J>(admission: Admission<'_>, body: F, judge: J) -> Admitted<'_, F, J> {
    Admitted { inner: Guarded::admitted(InnerAdmission::of(admission.0), body, judge) }
}

pin_project! {
    /// A future that was admitted.
    #[must_use = "futures do nothing unless polled"]
    struct Admitted<'a, F, J> {
        #[pin]
        inner: Guarded<F, Asked, J, Option<&'a Circuit>>,
    }
}

impl<F: Future, J: Judge<F::Output>> Future for Admitted<'_, F, J> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.project().inner.poll(context).map(|Ok(result)| result)
    }
}

/// Calls a body once: a closure handed to this parameter is inferred as `FnOnce`, so that it may return what it captured.
#[inline]
pub fn once<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// What a function without a fallback returns when its circuit is open.
#[inline]
#[must_use]
pub fn reject<R: FromCircuitOpen>(open: CircuitOpenError) -> R {
    R::from_circuit_open(open)
}

/// Asks a fallback; gives its closure the type of its parameter.
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
