//! The future of a guarded request.

use std::fmt;
use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use breaker_core::{CircuitOpenError, Permit};
use pin_project_lite::pin_project;

use crate::cancel_on_drop::CancelOnDrop;
use crate::reject::Reject;
use crate::settle::Settle;

pin_project! {
    /// The future of a guarded request. If it is dropped before it is ready, the call counts as
    /// cancelled. A panic in it counts as a failure and propagates.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, W, R> {
        // First, so that it is dropped first: the request is gone when its slot is freed.
        #[pin]
        future: Option<F>,
        stage: Stage,
        settle: W,
        reject: R,
    }
}

enum Stage {
    /// It ends without a permit and without a future.
    Admitted(CancelOnDrop),
    Rejected(CircuitOpenError),
}

impl Stage {
    const ENDED: Self = Self::Admitted(CancelOnDrop::new(None));
}

impl<F, W, R> ResponseFuture<F, W, R> {
    /// The future of an admitted request, which `call` makes.
    #[inline]
    pub(crate) fn admitted(permit: Option<Permit>, call: impl FnOnce() -> F, settle: W, reject: R) -> Self {
        let permit = CancelOnDrop::new(permit);
        match permit.scope(|| catch_unwind(AssertUnwindSafe(call))) {
            Ok(future) => Self { future: Some(future), stage: Stage::Admitted(permit), settle, reject },
            Err(payload) => {
                permit.panicked(&*payload);
                resume_unwind(payload)
            }
        }
    }

    #[inline]
    pub(crate) const fn rejected(open: CircuitOpenError, settle: W, reject: R) -> Self {
        Self { future: None, stage: Stage::Rejected(open), settle, reject }
    }
}

impl<F, W, R, T, E> Future for ResponseFuture<F, W, R>
where
    F: Future<Output = Result<T, E>>,
    W: Settle<T, E>,
    R: Reject<T, E>,
{
    type Output = Result<W::Response, R::Error>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let Stage::Admitted(permit) = this.stage else {
            return Poll::Ready(answer(mem::replace(this.stage, Stage::ENDED), this.settle, this.reject));
        };
        let Some(future) = this.future.as_mut().as_pin_mut() else { ended() };
        match permit.scope(|| catch_unwind(AssertUnwindSafe(|| future.poll(cx)))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(result)) => {
                // The request is gone when its slot is freed, which it also is if that panics.
                let mut permit = CancelOnDrop::new(permit.take());
                this.future.set(None);
                Poll::Ready(this.settle.settle(permit.take(), result).map_err(R::map_error))
            }
            Err(payload) => {
                CancelOnDrop::new(permit.take()).panicked(&*payload);
                // The inner future may be in an inconsistent state, and must not run unguarded.
                this.future.set(None);
                resume_unwind(payload)
            }
        }
    }
}

/// The answer to a rejected request. Outlined, so that it costs admitted ones no registers.
#[inline(never)]
fn answer<W, R, T, E>(stage: Stage, settle: &W, reject: &R) -> Result<W::Response, R::Error>
where
    W: Settle<T, E>,
    R: Reject<T, E>,
{
    let Stage::Rejected(open) = stage else { ended() };
    let response = reject.reject(open)?;
    // Nothing ran, so there is nothing to settle.
    settle.settle(None, Ok(response)).map_err(R::map_error)
}

#[cold]
#[inline(never)]
fn ended() -> ! {
    panic!("a guarded request was polled after it had completed")
}

impl<F, W, R> fmt::Debug for ResponseFuture<F, W, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
