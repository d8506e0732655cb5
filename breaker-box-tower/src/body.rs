//! A body that settles the call it belongs to.

use std::fmt::{self, Display};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use breaker_core::{Outcome, Permit};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::cancel_on_drop::CancelOnDrop;

pin_project! {
    /// The body of a response whose call is settled at the end: [`AtEnd`](crate::AtEnd) and
    /// [`AtTrailers`](crate::AtTrailers) put it around the service's body.
    ///
    /// It settles its call when the body has ended, even if it is not polled again after the last
    /// frame. An error counts as a failure, and so does a panic, which propagates. If it is dropped
    /// before the end, the call counts as cancelled.
    pub struct GuardedBody<B> {
        // First, so that it is dropped first: the body is gone when its slot is freed.
        #[pin]
        body: B,
        permit: CancelOnDrop,
        at_end: fn(Option<&HeaderMap>) -> Outcome,
    }
}

impl<B: Body> GuardedBody<B> {
    /// Watches `body` for the call that `permit` belongs to. `at_end` decides what a body means
    /// that has ended with these trailers. Without a permit, frames are only passed on.
    ///
    /// ```
    /// use breaker_box::{CircuitBreaker, Outcome, Policy};
    /// use breaker_box_tower::GuardedBody;
    ///
    /// let breaker = CircuitBreaker::new("downloads", Policy::new())?;
    /// let body = GuardedBody::new(String::from("abc"), Some(breaker.try_acquire()?), |_trailers| Outcome::Success);
    /// drop(body);
    /// assert_eq!(breaker.status().totals.cancelled, 1);
    ///
    /// // An empty body has ended already.
    /// let _body = GuardedBody::new(String::new(), Some(breaker.try_acquire()?), |_trailers| Outcome::Success);
    /// assert_eq!(breaker.status().totals.successes, 1);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn new(body: B, permit: Option<Permit>, at_end: fn(Option<&HeaderMap>) -> Outcome) -> Self {
        let mut permit = CancelOnDrop::new(permit);
        if body.is_end_stream() {
            end(&mut permit, at_end, None);
        }
        Self { body, permit, at_end }
    }
}

impl<B: Body<Error: Display>> Body for GuardedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let polled = this.permit.scope(|| catch_unwind(AssertUnwindSafe(|| this.body.as_mut().poll_frame(cx))));
        let poll = match polled {
            Ok(poll) => poll,
            Err(payload) => {
                CancelOnDrop::new(this.permit.take()).panicked(&*payload);
                resume_unwind(payload)
            }
        };
        match &poll {
            Poll::Pending => {}
            Poll::Ready(None) => end(this.permit, *this.at_end, None),
            Poll::Ready(Some(Err(error))) => {
                if let Some(permit) = this.permit.take() {
                    permit.failure(error.to_string());
                }
            }
            Poll::Ready(Some(Ok(frame))) => match frame.trailers_ref() {
                Some(trailers) => end(this.permit, *this.at_end, Some(trailers)),
                // Servers do not poll again after this frame.
                None if this.body.is_end_stream() => end(this.permit, *this.at_end, None),
                None => {}
            },
        }
        poll
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn end(permit: &mut CancelOnDrop, at_end: fn(Option<&HeaderMap>) -> Outcome, trailers: Option<&HeaderMap>) {
    if let Some(permit) = permit.take() {
        permit.settle_by(&trailers, |trailers| at_end(*trailers));
    }
}

impl<B> fmt::Debug for GuardedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedBody").field("permit", &self.permit).finish_non_exhaustive()
    }
}
