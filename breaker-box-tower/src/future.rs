//! The future of a guarded request.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use breaker_core::CircuitOpenError;
use pin_project_lite::pin_project;

use crate::cancel_on_drop::CancelOnDrop;
use crate::reject::Reject;
use crate::settle::Settle;

pin_project! {
    /// The future of a guarded request. If it is dropped before it is ready, the call counts as
    /// cancelled. A panic in it counts as a failure and propagates.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, W, R> {
        #[pin]
        state: State<F>,
        settle: W,
        reject: R,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Running {
            // First, so that it is dropped first: the request is gone when its slot is freed.
            #[pin]
            future: F,
            permit: CancelOnDrop,
        },
        Rejected { open: Option<CircuitOpenError> },
        Ended,
    }
}

impl<F, W, R> ResponseFuture<F, W, R> {
    pub(crate) const fn running(future: F, permit: CancelOnDrop, settle: W, reject: R) -> Self {
        Self { state: State::Running { future, permit }, settle, reject }
    }

    pub(crate) const fn rejected(open: CircuitOpenError, settle: W, reject: R) -> Self {
        Self { state: State::Rejected { open: Some(open) }, settle, reject }
    }
}

impl<F, W, R, T, E> Future for ResponseFuture<F, W, R>
where
    F: Future<Output = Result<T, E>>,
    W: Settle<T, E>,
    R: Reject<T, E>,
{
    type Output = Result<W::Response, R::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        match this.state.as_mut().project() {
            StateProjection::Running { future, permit } => {
                match catch_unwind(AssertUnwindSafe(|| permit.scope(|| future.poll(cx)))) {
                    Ok(Poll::Pending) => Poll::Pending,
                    Ok(Poll::Ready(result)) => {
                        let mut permit = CancelOnDrop::new(permit.take());
                        // The request is gone when its slot is freed.
                        this.state.set(State::Ended);
                        Poll::Ready(this.settle.settle(permit.take(), result).map_err(R::map_error))
                    }
                    Err(payload) => {
                        if let Some(permit) = permit.take() {
                            permit.panicked(&*payload);
                        }
                        // The inner future may be in an inconsistent state, and must not run
                        // unguarded.
                        this.state.set(State::Ended);
                        resume_unwind(payload)
                    }
                }
            }
            StateProjection::Rejected { open } => {
                let Some(open) = open.take() else { ended() };
                let answer = this.reject.reject(open);
                // Nothing ran, so there is nothing to settle.
                Poll::Ready(answer.and_then(|response| this.settle.settle(None, Ok(response)).map_err(R::map_error)))
            }
            StateProjection::Ended => ended(),
        }
    }
}

fn ended() -> ! {
    panic!("a guarded request was polled after it had completed")
}

impl<F, W, R> fmt::Debug for ResponseFuture<F, W, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
