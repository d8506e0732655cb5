//! What says how a call ended, by its result.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::call::pass::Pass;
use crate::outcome::Outcome;

/// Settles a call by its result.
pub(crate) trait Judge<R> {
    /// Settles it, once.
    fn settle(self, pass: Pass<'_>, result: &R);
}

/// A `Result` as it is: an error is a failure, and its reason is not kept.
pub(crate) struct ByResult;

impl<T, E> Judge<Result<T, E>> for ByResult {
    #[inline]
    fn settle(self, pass: Pass<'_>, result: &Result<T, E>) {
        if result.is_ok() { pass.succeed() } else { pass.fail() }
    }
}

/// What annotated functions do where they name no handler: the first says whether all is well and
/// cannot panic, the second what is not.
pub(crate) struct ByDefault<S, O>(pub(crate) S, pub(crate) O);

impl<R, S, O> Judge<R> for ByDefault<S, O>
where
    S: FnOnce(&R) -> bool,
    O: Fn(&R) -> Outcome,
{
    #[inline]
    fn settle(self, pass: Pass<'_>, result: &R) {
        if (self.0)(result) { pass.succeed() } else { pass.settle_outlined(&|| (self.1)(result)) }
    }
}

/// A classifier of the user. If it panics, nothing is counted, the slot is freed, and the panic
/// goes on.
pub(crate) struct ByClassifier<C>(pub(crate) C);

impl<R, C, O> Judge<R> for ByClassifier<C>
where
    C: FnOnce(&R) -> O,
    O: Into<Outcome>,
{
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "shared by call sites, it would get its pass through memory, which takes longer than all it does"
    )]
    fn settle(self, pass: Pass<'_>, result: &R) {
        pass.settle_by(|| (self.0)(result).into());
    }
}

impl Pass<'_> {
    /// Runs a body and settles it by its result.
    #[inline]
    pub(crate) fn run<R>(self, body: impl FnOnce() -> R, judge: impl Judge<R>) -> R {
        let result = self.begin(body);
        judge.settle(self, &result);
        result
    }

    /// Runs a body, or the part of it that makes a future. It is settled only if it panics.
    #[inline]
    pub(crate) fn begin<R>(self, body: impl FnOnce() -> R) -> R {
        // A panic goes on with its payload untouched, so that nobody can see what it left
        // half-done.
        match catch_unwind(AssertUnwindSafe(body)) {
            Ok(result) => result,
            Err(payload) => {
                self.settle_panic(&*payload);
                resume_unwind(payload)
            }
        }
    }
}
