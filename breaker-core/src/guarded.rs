//! Futures that are guarded while they run. They need no runtime.

use std::convert::Infallible;
use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::admission::{Admission, Hold};
use crate::circuit::Finding;
use crate::error::{CallError, CircuitOpenError};
use crate::outcome::Outcome;

/// How a guarded future comes to its admission.
pub(crate) trait Ask<H: Hold> {
    /// Why it may not.
    type Error;

    fn ask(self) -> Result<Admission<H>, Self::Error>;
}

impl<H: Hold, F: FnOnce() -> Result<Admission<H>, CircuitOpenError>> Ask<H> for F {
    type Error = CircuitOpenError;

    #[inline]
    fn ask(self) -> Result<Admission<H>, CircuitOpenError> {
        self()
    }
}

/// It has it already.
#[derive(Debug)]
pub(crate) enum Asked {}

impl<H: Hold> Ask<H> for Asked {
    type Error = Infallible;

    fn ask(self) -> Result<Admission<H>, Infallible> {
        match self {}
    }
}

/// What judges a result: `succeeded` and `outcome`, see [`Pass::run`](crate::admission::Pass::run).
type Judges<S, O> = (S, O);

/// How far a guarded future is. Dropped while it runs, it was cancelled.
struct Progress<A, S, O, H: Hold>(Stage<A, S, O, H>);

enum Stage<A, S, O, H: Hold> {
    Asking(A, Judges<S, O>),
    Running(Admission<H>, Judges<S, O>),
    Ended,
}

impl<A, S, O, H: Hold> Drop for Progress<A, S, O, H> {
    #[inline]
    fn drop(&mut self) {
        if let Stage::Running(admission, _) = &self.0 {
            admission.pass().settle(Finding::Cancelled);
        }
    }
}

pin_project! {
    /// A body that is admitted when it is polled for the first time: a future that is never polled holds nothing. Dropped
    /// unfinished, it was cancelled; a panic in it is recorded and goes on.
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct Guarded<F, A, S, O, H: Hold> {
        // First, so that it is dropped first: the body is gone when its slot is freed.
        #[pin]
        body: F,
        progress: Progress<A, S, O, H>,
    }
}

impl<F, A, S, O, H: Hold> Guarded<F, A, S, O, H> {
    /// A body that is still to be admitted.
    #[inline]
    pub(crate) const fn new(ask: A, body: F, succeeded: S, outcome: O) -> Self {
        Self { body, progress: Progress(Stage::Asking(ask, (succeeded, outcome))) }
    }
}

impl<F, S, O, H: Hold> Guarded<F, Asked, S, O, H> {
    /// A body that is admitted.
    #[inline]
    pub(crate) const fn admitted(admission: Admission<H>, body: F, succeeded: S, outcome: O) -> Self {
        Self { body, progress: Progress(Stage::Running(admission, (succeeded, outcome))) }
    }
}

impl<F, A, S, O, H> Future for Guarded<F, A, S, O, H>
where
    F: Future,
    A: Ask<H>,
    S: FnOnce(&F::Output) -> bool,
    O: FnOnce(&F::Output) -> Outcome,
    H: Hold,
{
    type Output = Result<F::Output, A::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        // It stays ended also after a panic or a rejection: nobody shall see what the body left half-done, and nothing shall run
        // unguarded.
        let stage = &mut this.progress.0;
        let (admission, judges) = match mem::replace(stage, Stage::Ended) {
            Stage::Running(admission, judges) => (admission, judges),
            Stage::Asking(ask, judges) => match ask.ask() {
                Ok(admission) => (admission, judges),
                Err(rejected) => return Poll::Ready(Err(rejected)),
            },
            Stage::Ended => panic!("a guarded future was polled after it had ended"),
        };
        match catch_unwind(AssertUnwindSafe(|| this.body.poll(context))) {
            Ok(Poll::Ready(result)) => {
                let (succeeded, outcome) = judges;
                admission.pass().settle_by(&result, succeeded, outcome);
                Poll::Ready(Ok(result))
            }
            Ok(Poll::Pending) => {
                *stage = Stage::Running(admission, judges);
                Poll::Pending
            }
            Err(payload) => {
                admission.pass().settle_panic(&*payload);
                resume_unwind(payload)
            }
        }
    }
}

pin_project! {
    /// A guarded call of a fallible body, with both ways to fail in one error.
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct FallibleCall<F, A, S, O, H: Hold> {
        #[pin]
        call: Guarded<F, A, S, O, H>,
    }
}

impl<F, A, S, O, H: Hold> FallibleCall<F, A, S, O, H> {
    #[inline]
    pub(crate) const fn new(ask: A, body: F, succeeded: S, outcome: O) -> Self {
        Self { call: Guarded::new(ask, body, succeeded, outcome) }
    }
}

impl<F, T, E, A, S, O, H> Future for FallibleCall<F, A, S, O, H>
where
    F: Future<Output = Result<T, E>>,
    A: Ask<H, Error = CircuitOpenError>,
    S: FnOnce(&Result<T, E>) -> bool,
    O: FnOnce(&Result<T, E>) -> Outcome,
    H: Hold,
{
    type Output = Result<T, CallError<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(self.project().call.poll(context)) {
            Ok(result) => result.map_err(CallError::Failed),
            Err(open) => Err(CallError::Open(open)),
        })
    }
}
