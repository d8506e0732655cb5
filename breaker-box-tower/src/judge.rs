//! When a request is settled, and by what.

use std::any::Any;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use breaker_core::{Outcome, Permit};
use http::Response;
use http_body::Body;

use crate::body::GuardedBody;
use crate::classify::Classify;

/// When a request is settled, and by what: at its response ([`AtResponse`]), at the end of its body
/// ([`AtEnd`]), or by the trailers of a gRPC call ([`AtTrailers`](crate::AtTrailers)).
///
/// Implement it where a call ends later than its response and in a way of its own; most want a
/// [`Classify`].
///
/// ```
/// use breaker_core::Permit;
/// use breaker_box_tower::Judge;
///
/// /// A job that the service has taken on; the call ends when that does.
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
/// impl<E> Judge<Job, E> for AtJobsEnd {
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
/// let breaker = breaker_core::CircuitBreaker::new("jobs", breaker_core::Policy::new())?;
/// let job = AtJobsEnd.settle(Some(breaker.try_acquire()?), Ok::<_, String>(Job(None)))?;
/// assert_eq!(breaker.status().totals.successes, 0);
/// job.done();
/// assert_eq!(breaker.status().totals.successes, 1);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub trait Judge<T, E> {
    /// What callers get for the service's response `T`: the same, or the same with a body that
    /// settles the call.
    type Response;

    /// Settles the call, or hands its permit to what will. Without a permit there is nothing to
    /// settle: the call was unguarded, or `result` is the answer of a fallback.
    ///
    /// # Errors
    ///
    /// The error of the result.
    fn settle(&self, permit: Option<Permit>, result: Result<T, E>) -> Result<Self::Response, E>;
}

/// Settles each request as soon as its response is there. Of an HTTP response that is the status
/// and the headers: a download or a stream of events holds no slot and is not slow, and what
/// happens to its body later is not seen.
///
/// ```
/// use breaker_core::{CircuitBreaker, Policy};
/// use breaker_box_tower::{AtResponse, Judge, ServerErrors};
/// use http::Response;
///
/// let breaker = CircuitBreaker::new("events", Policy::new())?;
/// let response: Result<_, std::io::Error> = Ok(Response::new(String::from("to be continued")));
/// let response = AtResponse(ServerErrors).settle(Some(breaker.try_acquire()?), response)?;
/// assert_eq!(breaker.status().totals.successes, 1);
/// # drop(response);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct AtResponse<C>(pub C);

impl<T, E, C: Classify<T, E>> Judge<T, E> for AtResponse<C> {
    type Response = T;

    fn settle(&self, permit: Option<Permit>, result: Result<T, E>) -> Result<T, E> {
        if let Some(permit) = permit {
            permit.settle_by(&result, |result| self.0.classify(result));
        }
        result
    }
}

/// Settles each HTTP request when the body of its response has ended.
///
/// A response that the classifier calls a success is one only if its whole body arrives: an error
/// in the midst of it is a failure, and a body that is dropped before its end was cancelled. What
/// is no success by its headers is settled at once.
///
/// The call lasts as long as its body: it counts as slow if that does, and a half-open circuit
/// waits for it. Not for streams that are meant to stay open. (A server that drops the body of its
/// answer to a `HEAD` request cancels the call.)
///
/// ```
/// use breaker_core::{CircuitBreaker, Policy};
/// use breaker_box_tower::BreakerLayer;
/// use http::{Request, Response};
/// use http_body_util::BodyExt;
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let breaker = CircuitBreaker::new("downloads", Policy::new())?;
/// let server = service_fn(async |_: Request<()>| Ok::<_, std::io::Error>(Response::new(String::from("a file"))));
/// let client = BreakerLayer::client(breaker.clone()).until_body_ends().layer(server);
///
/// let response = client.oneshot(Request::new(())).await?;
/// assert_eq!(breaker.status().totals.successes, 0);
/// assert_eq!(response.into_body().collect().await?.to_bytes(), "a file");
/// assert_eq!(breaker.status().totals.successes, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct AtEnd<C>(pub C);

impl<B, E, C> Judge<Response<B>, E> for AtEnd<C>
where
    B: Body<Error: Display>,
    C: Classify<Response<B>, E>,
{
    type Response = Response<GuardedBody<B>>;

    fn settle(&self, permit: Option<Permit>, result: Result<Response<B>, E>) -> Result<Self::Response, E> {
        let permit = permit.and_then(|permit| unless_success(permit, || self.0.classify(&result)));
        result.map(|response| response.map(|body| GuardedBody::new(body, permit, |_trailers| Outcome::Success)))
    }
}

/// Settles the permit unless the outcome is a success, which is to be confirmed later.
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

/// As everywhere: nothing is counted, the slot is freed, and the panic goes on.
fn classifier_panicked(permit: Permit, payload: Box<dyn Any + Send>) -> ! {
    permit.settle_by(&(), |()| -> Outcome { resume_unwind(payload) });
    unreachable!("the panic went on")
}
