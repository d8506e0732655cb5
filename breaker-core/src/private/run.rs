//! Running the body of an annotated function, and settling its call.

use std::future::Future;

use super::by_type::{Classify, Kind};
use crate::call::admission::{Admission, Classifier};
use crate::call::classify::ByClassifier;
use crate::call::guarded::Admitted;
use crate::outcome::Outcome;

/// Settles a call by what a handler returns for its result.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a function of its own would get the result through memory")]
pub fn settle<R, C>(admission: Admission<'_>, result: R, handler: C) -> R
where
    C: FnOnce(&R) -> Outcome,
{
    ByClassifier(handler).settle(admission, result)
}

/// Guards a future that was admitted, and settles the call by what a handler returns for its
/// result.
#[inline]
pub fn run_async<F, C>(admission: Admission<'_>, body: F, handler: C) -> impl Future<Output = F::Output>
where
    F: Future,
    C: FnOnce(&F::Output) -> Outcome,
{
    Admitted::running(admission, body, ByClassifier(handler))
}

/// Guards a future that was admitted, and settles the call by what its result means by its type.
/// `_kind` is never called: only its type says which that is.
#[inline]
pub fn run_async_by_default<F, K>(
    admission: Admission<'_>,
    body: F,
    _kind: impl FnOnce(Classify<F::Output>) -> K,
) -> impl Future<Output = F::Output>
where
    F: Future,
    K: Classifier<F::Output> + Kind,
{
    Admitted::running(admission, body, K::ONLY)
}
