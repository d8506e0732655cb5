//! What the attribute's expansion names. Not for people: it changes without notice.

mod classify;
mod entry;
mod site;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

pub use classify::{Classify, ClassifyAny, ClassifyDebug, ClassifyPlain, ClassifyReported};
pub use entry::{Admission, enter, enter_formatted, enter_global, enter_named, identifier_of};
pub use site::Site;
pub use {core, std};

pub use crate::{Cancellation, CircuitOpenError, FromCircuitOpen, Outcome, Policy, Registry, Window};

use crate::guarded::Guarded as InnerGuarded;
use entry::Held;

/// Runs a body and settles it.
#[inline]
pub fn run<R, C, O>(admission: Admission, body: impl FnOnce() -> R, classify: C) -> R
where
    C: FnOnce(&R) -> O,
    O: Into<Outcome>,
{
    admission.0.run(body, classify)
}

/// Guards a future that was admitted.
#[inline]
pub fn run_async<F, C, O>(admission: Admission, body: F, classify: C) -> Guarded<F, C>
where
    F: Future,
    C: FnOnce(&F::Output) -> O,
    O: Into<Outcome>,
{
    Guarded { inner: InnerGuarded::new(Some(admission.0), body, classify) }
}

pin_project! {
    /// A future that was admitted.
    #[must_use = "futures do nothing unless polled"]
    pub struct Guarded<F, C> {
        #[pin]
        inner: InnerGuarded<F, C, Held>,
    }
}

impl<F, C, O> Future for Guarded<F, C>
where
    F: Future,
    C: FnOnce(&F::Output) -> O,
    O: Into<Outcome>,
{
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.project().inner.poll(context)
    }
}

impl<F, C> std::fmt::Debug for Guarded<F, C> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Guarded").finish_non_exhaustive()
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
