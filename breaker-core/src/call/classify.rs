//! What the result of a call means: by its type, or by a user's classifier.

use crate::call::admission::{Admission, Classifier};
use crate::outcome::Outcome;

/// `Ok` is a success, `Err` a failure without a reason.
pub(crate) struct ByResult;

impl<T, E> Classifier<Result<T, E>> for ByResult {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a function of its own would get the result through memory")]
    fn settle(self, admission: Admission<'_>, result: Result<T, E>) -> Result<T, E> {
        if result.is_ok() {
            admission.succeed();
        } else {
            admission.fail();
        }
        result
    }
}

/// A user's classifier. If it panics, nothing is counted, the slot is released, and the panic
/// propagates.
pub(crate) struct ByClassifier<C>(pub(crate) C);

impl<R, C, O> Classifier<R> for ByClassifier<C>
where
    C: FnOnce(&R) -> O,
    O: Into<Outcome>,
{
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "shared by call sites, it would get its admission through memory, which takes longer than all it does"
    )]
    fn settle(self, admission: Admission<'_>, result: R) -> R {
        admission.settle_by(|| (self.0)(&result).into());
        result
    }
}
