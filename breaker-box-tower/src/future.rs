//! The future of a guarded request.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use breaker_core::CircuitOpenError;
use pin_project_lite::pin_project;

use crate::held::Held;
use crate::judge::Judge;
use crate::reject::Reject;

pin_project! {
    /// The future of a guarded request. Dropped before it is ready, the call was cancelled; a panic
    /// in it is a failure that goes on.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, J, R> {
        #[pin]
        state: State<F>,
        judge: J,
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
            held: Held,
        },
        Rejected { open: Option<CircuitOpenError> },
        Ended,
    }
}

impl<F, J, R> ResponseFuture<F, J, R> {
    pub(crate) const fn running(future: F, held: Held, judge: J, reject: R) -> Self {
        Self { state: State::Running { future, held }, judge, reject }
    }

    pub(crate) const fn rejected(open: CircuitOpenError, judge: J, reject: R) -> Self {
        Self { state: State::Rejected { open: Some(open) }, judge, reject }
    }
}

impl<F, J, R, T, E> Future for ResponseFuture<F, J, R>
where
    F: Future<Output = Result<T, E>>,
    J: Judge<T, E>,
    R: Reject<T, E>,
{
    type Output = Result<J::Response, R::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        match this.state.as_mut().project() {
            StateProjection::Running { future, held } => {
                match catch_unwind(AssertUnwindSafe(|| held.scope(|| future.poll(cx)))) {
                    Ok(Poll::Pending) => Poll::Pending,
                    Ok(Poll::Ready(result)) => {
                        let mut held = Held::new(held.take());
                        // The request is gone when its slot is freed.
                        this.state.set(State::Ended);
                        Poll::Ready(this.judge.settle(held.take(), result).map_err(R::pass))
                    }
                    Err(payload) => {
                        if let Some(permit) = held.take() {
                            permit.panicked(&*payload);
                        }
                        // Nobody shall see what the service left half-done, and nothing shall run
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
                Poll::Ready(answer.and_then(|response| this.judge.settle(None, Ok(response)).map_err(R::pass)))
            }
            StateProjection::Ended => ended(),
        }
    }
}

fn ended() -> ! {
    panic!("a guarded request was polled after it had ended")
}

impl<F, J, R> fmt::Debug for ResponseFuture<F, J, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
