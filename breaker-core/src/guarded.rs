//! Futures that are guarded while they run. They need no runtime.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::admission::{Admission, Hold};
use crate::error::{CallError, CircuitOpenError};
use crate::outcome::Outcome;

pin_project! {
    /// A body with its admission. Dropped unfinished, it was cancelled; a panic in it is recorded and goes on.
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct Guarded<F, C, H: Hold> {
        // First, so that it is dropped first: the body is gone when its slot is freed.
        #[pin]
        body: F,
        classify: Option<C>,
        admission: Option<Admission<H>>,
    }
}

impl<F, C, H: Hold> Guarded<F, C, H> {
    /// A body that has not been admitted yet if `admission` is `None`.
    #[inline]
    pub(crate) const fn new(admission: Option<Admission<H>>, body: F, classify: C) -> Self {
        Self { body, classify: Some(classify), admission }
    }
}

impl<F, C, O, H> Future for Guarded<F, C, H>
where
    F: Future,
    C: FnOnce(&F::Output) -> O,
    O: Into<Outcome>,
    H: Hold,
{
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        // Also after a panic: nobody shall see what the body left half-done, and nothing shall run unguarded.
        assert!(this.admission.is_some(), "a guarded future was polled after it had ended");
        match catch_unwind(AssertUnwindSafe(|| this.body.poll(context))) {
            Ok(poll) => {
                let result = ready!(poll);
                if let (Some(admission), Some(classify)) = (this.admission.take(), this.classify.take()) {
                    admission.settle_by(&result, classify);
                }
                Poll::Ready(result)
            }
            Err(payload) => {
                if let Some(admission) = this.admission.take() {
                    admission.settle_panic(&*payload);
                }
                resume_unwind(payload)
            }
        }
    }
}

pin_project! {
    /// A guarded body that asks for its admission when it is polled for the first time: a future that is never polled holds
    /// nothing.
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct Call<F, C, H: Hold, A> {
        ask: Option<A>,
        #[pin]
        guarded: Guarded<F, C, H>,
    }
}

impl<F, C, H, A> Call<F, C, H, A>
where
    H: Hold,
    A: FnOnce() -> Result<Admission<H>, CircuitOpenError>,
{
    pub(crate) const fn new(ask: A, body: F, classify: C) -> Self {
        Self { ask: Some(ask), guarded: Guarded::new(None, body, classify) }
    }
}

impl<F, C, O, H, A> Future for Call<F, C, H, A>
where
    F: Future,
    C: FnOnce(&F::Output) -> O,
    O: Into<Outcome>,
    H: Hold,
    A: FnOnce() -> Result<Admission<H>, CircuitOpenError>,
{
    type Output = Result<F::Output, CircuitOpenError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(ask) = this.ask.take() {
            match ask() {
                Ok(admission) => *this.guarded.as_mut().project().admission = Some(admission),
                Err(open) => return Poll::Ready(Err(open)),
            }
        }
        this.guarded.poll(context).map(Ok)
    }
}

pin_project! {
    /// A guarded call of a fallible body, with both ways to fail in one error.
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct FallibleCall<F, C, H: Hold, A> {
        #[pin]
        call: Call<F, C, H, A>,
    }
}

impl<F, C, H, A> FallibleCall<F, C, H, A>
where
    H: Hold,
    A: FnOnce() -> Result<Admission<H>, CircuitOpenError>,
{
    pub(crate) const fn new(ask: A, body: F, classify: C) -> Self {
        Self { call: Call::new(ask, body, classify) }
    }
}

impl<F, T, E, C, H, A> Future for FallibleCall<F, C, H, A>
where
    F: Future<Output = Result<T, E>>,
    C: FnOnce(&Result<T, E>) -> bool,
    H: Hold,
    A: FnOnce() -> Result<Admission<H>, CircuitOpenError>,
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
