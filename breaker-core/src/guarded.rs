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
    pub(crate) struct Guarded<F, S, O, H: Hold> {
        // First, so that it is dropped first: the body is gone when its slot is freed.
        #[pin]
        body: F,
        // `succeeded` and `outcome`, see `Pass::run`. `None` once the call has ended.
        judges: Option<(S, O)>,
        admission: Admission<H>,
    }
}

impl<F, S, O, H: Hold> Guarded<F, S, O, H> {
    #[inline]
    pub(crate) const fn new(admission: Admission<H>, body: F, succeeded: S, outcome: O) -> Self {
        Self { body, judges: Some((succeeded, outcome)), admission }
    }
}

impl<F, S, O, H> Future for Guarded<F, S, O, H>
where
    F: Future,
    S: FnOnce(&F::Output) -> bool,
    O: FnOnce(&F::Output) -> Outcome,
    H: Hold,
{
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        // Also after a panic: nobody shall see what the body left half-done, and nothing shall run unguarded.
        assert!(this.judges.is_some(), "a guarded future was polled after it had ended");
        match catch_unwind(AssertUnwindSafe(|| this.body.poll(context))) {
            Ok(poll) => {
                let result = ready!(poll);
                if let Some((succeeded, outcome)) = this.judges.take() {
                    this.admission.take().settle_by(&result, succeeded, outcome);
                }
                Poll::Ready(result)
            }
            Err(payload) => {
                *this.judges = None;
                this.admission.take().settle_panic(&*payload);
                resume_unwind(payload)
            }
        }
    }
}

pin_project! {
    /// A guarded body that asks for its admission when it is polled for the first time: a future that is never polled holds
    /// nothing.
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct Call<F, S, O, H: Hold, A> {
        ask: Option<A>,
        #[pin]
        guarded: Guarded<F, S, O, H>,
    }
}

impl<F, S, O, H, A> Call<F, S, O, H, A>
where
    H: Hold + Default,
    A: FnOnce() -> Result<Admission<H>, CircuitOpenError>,
{
    #[inline]
    pub(crate) fn new(ask: A, body: F, succeeded: S, outcome: O) -> Self {
        Self { ask: Some(ask), guarded: Guarded::new(Admission::default(), body, succeeded, outcome) }
    }
}

impl<F, S, O, H, A> Future for Call<F, S, O, H, A>
where
    F: Future,
    S: FnOnce(&F::Output) -> bool,
    O: FnOnce(&F::Output) -> Outcome,
    H: Hold,
    A: FnOnce() -> Result<Admission<H>, CircuitOpenError>,
{
    type Output = Result<F::Output, CircuitOpenError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(ask) = this.ask.take() {
            let guarded = this.guarded.as_mut().project();
            match ask() {
                Ok(admission) => *guarded.admission = admission,
                Err(open) => {
                    *guarded.judges = None;
                    return Poll::Ready(Err(open));
                }
            }
        }
        this.guarded.poll(context).map(Ok)
    }
}

pin_project! {
    /// A guarded call of a fallible body, with both ways to fail in one error.
    #[must_use = "futures do nothing unless polled"]
    pub(crate) struct FallibleCall<F, S, O, H: Hold, A> {
        #[pin]
        call: Call<F, S, O, H, A>,
    }
}

impl<F, S, O, H, A> FallibleCall<F, S, O, H, A>
where
    H: Hold + Default,
    A: FnOnce() -> Result<Admission<H>, CircuitOpenError>,
{
    #[inline]
    pub(crate) fn new(ask: A, body: F, succeeded: S, outcome: O) -> Self {
        Self { call: Call::new(ask, body, succeeded, outcome) }
    }
}

impl<F, T, E, S, O, H, A> Future for FallibleCall<F, S, O, H, A>
where
    F: Future<Output = Result<T, E>>,
    S: FnOnce(&Result<T, E>) -> bool,
    O: FnOnce(&Result<T, E>) -> Outcome,
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
