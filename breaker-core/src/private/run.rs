//! Running the body of an annotated function, and classifying its result if there is no handler.
//!
//! The default is found by autoref specialization:
//! `(&&&&Classify(&result)).breaker_box_succeeded()` and, if that is false,
//! `.breaker_box_outcome()` resolve to the first trait whose bounds hold, in this order:
//! [`ClassifyReported`] (an error with `Display`, and `Option`), [`ClassifyDebug`] (an error with
//! `Debug`), [`ClassifyPlain`] (any `Result`), [`ClassifyAny`]. As for any method call, the bounds
//! declared at the call site count.

use std::fmt::{Debug, Display};
use std::future::Future;

use super::entry::Entered;
use crate::call::admission::{Admission, Classifier};
use crate::call::classify::ByClassifier;
use crate::call::guarded::Admitted;
use crate::circuit::Circuit;
use crate::outcome::Outcome;
use crate::reason::Reason;

/// Runs a body and settles the call by what a handler returns for its result.
#[inline]
pub fn run<R, C, O>(entered: Entered<'_>, body: impl FnOnce() -> R, handler: C) -> R
where
    C: FnOnce(&R) -> O,
    O: Into<Outcome>,
{
    entered.0.run(body, ByClassifier(handler))
}

/// Runs a body and settles the call by default: `succeeded` says whether the result is a success,
/// `outcome` what it is otherwise.
#[inline]
pub fn run_by_default<R, S, O>(entered: Entered<'_>, body: impl FnOnce() -> R, succeeded: S, outcome: O) -> R
where
    S: FnOnce(&R) -> bool,
    O: Fn(&R) -> Outcome,
{
    entered.0.run(body, ByDefault(succeeded, outcome))
}

/// Guards a future that was admitted, as [`run`] does a body.
#[inline]
pub fn run_async<F, C, O>(entered: Entered<'_>, body: F, handler: C) -> impl Future<Output = F::Output>
where
    F: Future,
    C: FnOnce(&F::Output) -> O,
    O: Into<Outcome>,
{
    guarded(entered, body, ByClassifier(handler))
}

/// Guards a future that was admitted, as [`run_by_default`] does a body.
#[inline]
pub fn run_async_by_default<F, S, O>(
    entered: Entered<'_>,
    body: F,
    succeeded: S,
    outcome: O,
) -> impl Future<Output = F::Output>
where
    F: Future,
    S: FnOnce(&F::Output) -> bool,
    O: Fn(&F::Output) -> Outcome,
{
    guarded(entered, body, ByDefault(succeeded, outcome))
}

#[inline]
fn guarded<F, C>(entered: Entered<'_>, body: F, classifier: C) -> Admitted<F, C, Option<&Circuit>> {
    Admitted::new(entered.0.into(), body, classifier)
}

/// Default classification: an infallible success test, then the outcome for the rest.
pub(super) struct ByDefault<S, O>(pub(super) S, pub(super) O);

impl<R, S, O> Classifier<R> for ByDefault<S, O>
where
    S: FnOnce(&R) -> bool,
    O: Fn(&R) -> Outcome,
{
    #[inline]
    fn settle(self, admission: Admission<'_>, result: &R) {
        if (self.0)(result) { admission.succeed() } else { admission.settle_outlined(&|| (self.1)(result)) }
    }
}

/// A result to be classified.
#[derive(Debug)]
pub struct Classify<'a, R>(pub &'a R);

/// A `Result` whose error implements `Display`, and `Option`.
pub trait ClassifyReported {
    /// Whether the result is a success. Does not compute a reason.
    fn breaker_box_succeeded(&self) -> bool;
    /// What the result means.
    fn breaker_box_outcome(&self) -> Outcome;
}

impl<T, E: Display> ClassifyReported for &&&Classify<'_, Result<T, E>> {
    #[inline]
    fn breaker_box_succeeded(&self) -> bool {
        self.0.is_ok()
    }

    #[inline]
    fn breaker_box_outcome(&self) -> Outcome {
        match self.0 {
            Ok(_) => Outcome::Success,
            Err(error) => failed(format_args!("{error}")),
        }
    }
}

impl<T> ClassifyReported for &&&Classify<'_, Option<T>> {
    #[inline]
    fn breaker_box_succeeded(&self) -> bool {
        self.0.is_some()
    }

    #[inline]
    fn breaker_box_outcome(&self) -> Outcome {
        if self.0.is_some() { Outcome::Success } else { Outcome::Ignore }
    }
}

/// A `Result` whose error implements `Debug`.
pub trait ClassifyDebug {
    /// Whether the result is a success. Does not compute a reason.
    fn breaker_box_succeeded(&self) -> bool;
    /// What the result means.
    fn breaker_box_outcome(&self) -> Outcome;
}

impl<T, E: Debug> ClassifyDebug for &&Classify<'_, Result<T, E>> {
    #[inline]
    fn breaker_box_succeeded(&self) -> bool {
        self.0.is_ok()
    }

    #[inline]
    fn breaker_box_outcome(&self) -> Outcome {
        match self.0 {
            Ok(_) => Outcome::Success,
            Err(error) => failed(format_args!("{error:?}")),
        }
    }
}

/// A `Result` with any error.
pub trait ClassifyPlain {
    /// Whether the result is a success. Does not compute a reason.
    fn breaker_box_succeeded(&self) -> bool;
    /// What the result means.
    fn breaker_box_outcome(&self) -> Outcome;
}

impl<T, E> ClassifyPlain for &Classify<'_, Result<T, E>> {
    #[inline]
    fn breaker_box_succeeded(&self) -> bool {
        self.0.is_ok()
    }

    #[inline]
    fn breaker_box_outcome(&self) -> Outcome {
        self.0.is_ok().into()
    }
}

/// Any other value: the call returned, which is a success.
pub trait ClassifyAny {
    /// Whether the result is a success. Does not compute a reason.
    fn breaker_box_succeeded(&self) -> bool;
    /// What the result means.
    fn breaker_box_outcome(&self) -> Outcome;
}

impl<R> ClassifyAny for Classify<'_, R> {
    #[inline]
    fn breaker_box_succeeded(&self) -> bool {
        true
    }

    #[inline]
    fn breaker_box_outcome(&self) -> Outcome {
        Outcome::Success
    }
}

#[cold]
fn failed(reason: std::fmt::Arguments<'_>) -> Outcome {
    Outcome::Failure(Some(Reason::from_arguments(reason)))
}
