//! When the call of a request is settled, and by what.

use std::any::Any;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use breaker_core::{Outcome, Permit};
use http::Response;
use http_body::Body;

use crate::body::GuardedBody;
use crate::classify::Classify;

/// When the call of a request is settled, and by what: at its response ([`AtResponse`]), at the end
/// of its body ([`AtEnd`]), or by the trailers of a gRPC call ([`AtTrailers`](crate::AtTrailers)).
///
/// Implement it for calls that end in another way. To change only what a response means, pass a
/// closure to [`classify`](crate::CircuitBreakerLayer::classify).
///
/// ```
/// use breaker_box::Permit;
/// use breaker_box_tower::Settle;
///
/// /// A job that the service has accepted. The call ends when the job does.
/// #[derive(Debug)]
/// struct Job(Option<Permit>);
///
/// impl Job {
///     fn done(self) {
///         if let Some(permit) = self.0 {
///             permit.success();
///         }
///     }
/// }
///
/// #[derive(Clone)]
/// struct AtJobsEnd;
///
/// impl<E> Settle<Job, E> for AtJobsEnd {
///     type Response = Job;
///
///     fn settle(&self, permit: Option<Permit>, result: Result<Job, E>) -> Result<Job, E> {
///         match (permit, result) {
///             (Some(permit), Err(error)) => {
///                 permit.failure("refused");
///                 Err(error)
///             }
///             (permit, result) => result.map(|_| Job(permit)),
///         }
///     }
/// }
///
/// let breaker = breaker_box::CircuitBreaker::new("jobs", breaker_box::Policy::new())?;
/// let job = AtJobsEnd.settle(Some(breaker.try_acquire()?), Ok::<_, String>(Job(None)))?;
/// assert_eq!(breaker.status().totals.successes, 0);
/// job.done();
/// assert_eq!(breaker.status().totals.successes, 1);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub trait Settle<T, E> {
    /// The response of the guarded service: `T`, or `T` with a body that settles the call.
    type Response;

    /// Settles the call, or passes its permit on to what settles it later. Without a permit there
    /// is nothing to settle: the call was unguarded, or `result` comes from a fallback.
    ///
    /// # Errors
    ///
    /// Returns the error in `result`.
    fn settle(&self, permit: Option<Permit>, result: Result<T, E>) -> Result<Self::Response, E>;
}

/// Settles each call as soon as the response is there. Of an HTTP response that is the status and
/// the headers: a download or a stream of events holds no slot and is not slow, and what happens to
/// its body later is not seen.
///
/// ```
/// use breaker_box::{CircuitBreaker, Policy};
/// use breaker_box_tower::{AtResponse, ServerErrorsAsFailures, Settle};
/// use http::Response;
///
/// let breaker = CircuitBreaker::new("events", Policy::new())?;
/// let response: Result<_, std::io::Error> = Ok(Response::new(String::from("to be continued")));
/// let response = AtResponse::new(ServerErrorsAsFailures).settle(Some(breaker.try_acquire()?), response)?;
/// assert_eq!(breaker.status().totals.successes, 1);
/// # drop(response);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct AtResponse<C>(C);

impl<C> AtResponse<C> {
    /// Settles by `classifier`: a closure or function `Fn(&Result<Response, Error>)` that returns
    /// an [`Outcome`] or a `bool`, or one of the two defaults,
    /// [`ErrorsAsFailures`](crate::ErrorsAsFailures) and
    /// [`ServerErrorsAsFailures`](crate::ServerErrorsAsFailures).
    pub const fn new(classifier: C) -> Self {
        Self(classifier)
    }

    /// The same classifier, applied when the body has ended.
    pub(crate) fn at_end(self) -> AtEnd<C> {
        AtEnd(self.0)
    }
}

impl<T, E, C: Classify<T, E>> Settle<T, E> for AtResponse<C> {
    type Response = T;

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a function would get the permit through memory, which takes longer")]
    fn settle(&self, permit: Option<Permit>, result: Result<T, E>) -> Result<T, E> {
        if let Some(permit) = permit {
            permit.settle_by(&result, |result| self.0.classify(result));
        }
        result
    }
}

/// Settles each HTTP call when the body of its response has ended.
///
/// A response that the classifier calls a success is one only if its whole body arrives. An error
/// in the body is a failure, and a body that is dropped before its end cancels the call. Every
/// other response is settled at once.
///
/// The call lasts as long as its body: a slow body makes it a slow call, and a half-open circuit
/// waits for it. Do not use this for streams that are meant to stay open. (A server that drops the
/// body of its response to a `HEAD` request cancels the call.)
///
/// ```
/// use breaker_box::{CircuitBreaker, Policy};
/// use breaker_box_tower::CircuitBreakerLayer;
/// use http::{Request, Response};
/// use http_body_util::BodyExt;
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let breaker = CircuitBreaker::new("downloads", Policy::new())?;
/// let server = service_fn(async |_: Request<()>| Ok::<_, std::io::Error>(Response::new(String::from("a file"))));
/// let client = CircuitBreakerLayer::client(breaker.clone()).until_body_ends().layer(server);
///
/// let response = client.oneshot(Request::new(())).await?;
/// assert_eq!(breaker.status().totals.successes, 0);
/// assert_eq!(response.into_body().collect().await?.to_bytes(), "a file");
/// assert_eq!(breaker.status().totals.successes, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct AtEnd<C>(C);

impl<C> AtEnd<C> {
    /// Settles by `classifier`, as [`AtResponse::new`] does, if the response is not a success.
    pub const fn new(classifier: C) -> Self {
        Self(classifier)
    }

    /// Settles the permit unless `result` is a success so far.
    pub(crate) fn unless_success<T, E>(&self, permit: Permit, result: &Result<T, E>) -> Option<Permit>
    where
        C: Classify<T, E>,
    {
        unless_success(permit, || self.0.classify(result))
    }
}

impl<B, E, C> Settle<Response<B>, E> for AtEnd<C>
where
    B: Body<Error: Display>,
    C: Classify<Response<B>, E>,
{
    type Response = Response<GuardedBody<B>>;

    fn settle(&self, permit: Option<Permit>, result: Result<Response<B>, E>) -> Result<Self::Response, E> {
        let permit = permit.and_then(|permit| self.unless_success(permit, &result));
        result.map(|response| response.map(|body| GuardedBody::new(body, permit, |_trailers| Outcome::Success)))
    }
}

/// Settles the permit unless the outcome is a success so far, which the body has to confirm.
pub(crate) fn unless_success(permit: Permit, classify: impl FnOnce() -> Outcome) -> Option<Permit> {
    match catch_unwind(AssertUnwindSafe(classify)) {
        Ok(Outcome::Success) => Some(permit),
        Ok(outcome) => {
            permit.settle(outcome);
            None
        }
        Err(payload) => classifier_panicked(permit, payload),
    }
}

/// As in the core: nothing is counted, the slot is freed, and the panic propagates.
fn classifier_panicked(permit: Permit, payload: Box<dyn Any + Send>) -> ! {
    permit.settle_by(&(), |()| -> Outcome { resume_unwind(payload) });
    unreachable!("the panic went on")
}
