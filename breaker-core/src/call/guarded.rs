//! Futures that are guarded while they run. They need no runtime.

use std::convert::Infallible;
use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::call::classify::{ByResult, Judge};
use crate::call::error::{CallError, CircuitOpenError};
use crate::call::pass::{Admission, Hold};
use crate::circuit::Completion;

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

/// How far a guarded future is. Dropped while it runs, it was cancelled.
struct Progress<A, J, H: Hold>(Stage<A, J, H>);

enum Stage<A, J, H: Hold> {
    Asking(A, J),
    /// No stage of its own for a probe between two polls: one more would make each guarded future
    /// larger.
    Running(Admission<H>, J),
    Ended,
}

impl<A, J, H: Hold> Drop for Progress<A, J, H> {
    #[inline]
    fn drop(&mut self) {
        if let Stage::Running(admission, _) = &self.0 {
            admission.pass().settle(Completion::Cancelled);
        }
    }
}

pin_project! {
    /// A body that is admitted when it is polled for the first time: a future that is never polled
    /// holds nothing. Dropped unfinished, it was cancelled; a panic in it is recorded and goes on.
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct Guarded<F, A, J, H: Hold> {
        // First, so that it is dropped first: the body is gone when its slot is freed.
        #[pin]
        body: F,
        progress: Progress<A, J, H>,
    }
}

impl<F, A, J, H: Hold> Guarded<F, A, J, H> {
    /// A body that is still to be admitted.
    #[inline]
    pub(crate) const fn new(ask: A, body: F, judge: J) -> Self {
        Self { body, progress: Progress(Stage::Asking(ask, judge)) }
    }
}

impl<F, A, J, H> Future for Guarded<F, A, J, H>
where
    F: Future,
    A: Ask<H>,
    J: Judge<F::Output>,
    H: Hold,
{
    type Output = Result<F::Output, A::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.progress.poll(this.body, cx)
    }
}

pin_project! {
    /// A body that was admitted before. It is no [`Guarded`] in a wrapper: each type that holds a
    /// future is one step towards the compiler's recursion limit, for every annotated function that
    /// awaits another.
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct Admitted<F, J, H: Hold> {
        // First, as above.
        #[pin]
        body: F,
        progress: Progress<Asked, J, H>,
    }
}

impl<F, J, H: Hold> Admitted<F, J, H> {
    #[inline]
    pub(crate) const fn new(admission: Admission<H>, body: F, judge: J) -> Self {
        Self { body, progress: Progress(Stage::Running(admission, judge)) }
    }

    /// The same for a body that was made here and is polled some other time.
    #[inline]
    pub(crate) fn later(admission: Admission<H>, body: F, judge: J) -> Self {
        Self { body, progress: Progress(Stage::Running(admission.between_polls(), judge)) }
    }
}

impl<F: Future, J: Judge<F::Output>, H: Hold> Future for Admitted<F, J, H> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.progress.poll(this.body, cx).map(|Ok(result)| result)
    }
}

impl<A, J, H: Hold> Progress<A, J, H> {
    #[inline]
    fn poll<F>(&mut self, body: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<Result<F::Output, A::Error>>
    where
        F: Future,
        A: Ask<H>,
        J: Judge<F::Output>,
    {
        // It stays ended also after a panic or a rejection: nobody shall see what the body left
        // half-done, and nothing shall run unguarded.
        let stage = &mut self.0;
        let (admission, judge) = match mem::replace(stage, Stage::Ended) {
            Stage::Running(admission, judge) => (admission.polled(), judge),
            Stage::Asking(ask, judge) => match ask.ask() {
                Ok(admission) => (admission, judge),
                Err(rejected) => return Poll::Ready(Err(rejected)),
            },
            Stage::Ended => panic!("a guarded future was polled after it had ended"),
        };
        match catch_unwind(AssertUnwindSafe(|| body.poll(cx))) {
            Ok(Poll::Ready(result)) => {
                judge.settle(admission.pass(), &result);
                Poll::Ready(Ok(result))
            }
            Ok(Poll::Pending) => {
                *stage = Stage::Running(admission.between_polls(), judge);
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
    pub(crate) struct FallibleCall<F, A, H: Hold> {
        #[pin]
        call: Guarded<F, A, ByResult, H>,
    }
}

impl<F, A, H: Hold> FallibleCall<F, A, H> {
    #[inline]
    pub(crate) const fn new(ask: A, body: F) -> Self {
        Self { call: Guarded::new(ask, body, ByResult) }
    }
}

impl<F, T, E, A, H> Future for FallibleCall<F, A, H>
where
    F: Future<Output = Result<T, E>>,
    A: Ask<H, Error = CircuitOpenError>,
    H: Hold,
{
    type Output = Result<T, CallError<E>>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(self.project().call.poll(cx)) {
            Ok(result) => result.map_err(CallError::Failed),
            Err(open) => Err(CallError::Open(open)),
        })
    }
}
