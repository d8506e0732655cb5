//! Running the body of an annotated function.

use std::future::Future;

use super::entry::Entered;
use crate::call::admission::{Admission, Classifier};
use crate::call::classify::ByClassifier;
use crate::call::guarded::Admitted;
use crate::circuit::Circuit;
use crate::outcome::Outcome;

/// Runs a body and settles the call by what a handler returns for its result.
#[inline]
pub fn run<R, C>(entered: Entered<'_>, body: impl FnOnce() -> R, handler: C) -> R
where
    C: FnOnce(&R) -> Outcome,
{
    entered.0.run(body, ByClassifier(handler))
}

/// Runs a body. What `settle` finds by the type of the result settles the call.
#[inline]
pub fn run_by_default<R, S>(entered: Entered<'_>, body: impl FnOnce() -> R, settle: S) -> R
where
    S: FnOnce(Settling<'_>, R) -> R,
{
    entered.0.run(body, ByType(settle))
}

/// Guards a future that was admitted, as [`run`] does a body.
#[inline]
pub fn run_async<F, C>(entered: Entered<'_>, body: F, handler: C) -> impl Future<Output = F::Output>
where
    F: Future,
    C: FnOnce(&F::Output) -> Outcome,
{
    guarded(entered, body, ByClassifier(handler))
}

/// Guards a future that was admitted, as [`run_by_default`] does a body.
#[inline]
pub fn run_async_by_default<F, S>(entered: Entered<'_>, body: F, settle: S) -> impl Future<Output = F::Output>
where
    F: Future,
    S: FnOnce(Settling<'_>, F::Output) -> F::Output,
{
    guarded(entered, body, ByType(settle))
}

#[inline]
fn guarded<F, C>(entered: Entered<'_>, body: F, classifier: C) -> Admitted<F, C, Option<&Circuit>> {
    Admitted::new(entered.0.into(), body, classifier)
}

/// An admitted call whose result is there.
#[derive(Clone, Copy, Debug)]
pub struct Settling<'a>(pub(super) Admission<'a>);

/// See [`by_type`](super::by_type).
pub(super) struct ByType<S>(pub(super) S);

impl<R, S> Classifier<R> for ByType<S>
where
    S: FnOnce(Settling<'_>, R) -> R,
{
    #[inline]
    fn settle(self, admission: Admission<'_>, result: R) -> R {
        (self.0)(Settling(admission), result)
    }
}
