//! Calling handlers and fallbacks. Each has one bound, in a function that returns a plain type, so
//! that a mismatch is a single error. (The bounds of a function that returns a hidden future are
//! checked again wherever that future is awaited.)

use std::marker::PhantomData;

use crate::call::error::CircuitOpenError;
use crate::outcome::Outcome;

/// Returns the outcome that a handler returns for a result; gives its closure the type of its
/// parameter.
#[inline]
pub fn outcome_of<R, C, O>(result: &R, handler: C) -> Outcome
where
    C: FnOnce(&R) -> O,
    O: IntoOutcome,
{
    handler(result).into_outcome()
}

/// What a handler may return.
#[diagnostic::on_unimplemented(
    message = "the handler returns `{Self}`, which does not say how the call went",
    label = "expected a handler that returns an `Outcome` or a `bool`",
    note = "write an expression for the outcome, such as `|result| result.is_ok()`; a handler cannot be `async`"
)]
pub trait IntoOutcome {
    /// The outcome.
    fn into_outcome(self) -> Outcome;
}

#[diagnostic::do_not_recommend]
impl<T: Into<Outcome>> IntoOutcome for T {
    #[inline]
    fn into_outcome(self) -> Outcome {
        self.into()
    }
}

/// A rejected call of a function that returns `R`, and has a fallback.
#[derive(Debug)]
pub struct Rejected<R>(CircuitOpenError, PhantomData<fn() -> R>);

impl<R> Rejected<R> {
    /// The call that was rejected with this error.
    #[must_use]
    #[inline]
    pub fn new(open: CircuitOpenError) -> Self {
        Self(open, PhantomData)
    }

    /// The answer of a closure, whose value is coerced to the type.
    #[inline]
    pub fn answered_by(self, fallback: impl FnOnce(CircuitOpenError) -> R) -> R {
        fallback(self.0)
    }

    /// The answer of a function.
    #[inline]
    pub fn answered_by_function<A: AnswerFor<R>>(self, fallback: impl FnOnce(CircuitOpenError) -> A) -> R {
        fallback(self.0).answer()
    }
}

/// What a fallback may return where `R` is expected.
#[diagnostic::on_unimplemented(
    message = "the fallback returns `{Self}`, where `{R}` is expected",
    label = "expected a function that returns `{R}`",
    note = "if its value is only a part of that, write a closure: `fallback = |open| Ok(answer(open))`",
    note = "what an `async fn` returns has to be awaited, in an `async` closure and in a function that is async itself: write \
        `fallback = async |open| answer(open).await`"
)]
pub trait AnswerFor<R> {
    /// The value itself.
    fn answer(self) -> R;
}

#[diagnostic::do_not_recommend]
impl<R> AnswerFor<R> for R {
    #[inline]
    fn answer(self) -> R {
        self
    }
}
