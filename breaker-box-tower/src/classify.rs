//! What a result of the service means to its circuit.

use std::any::Any;
use std::fmt::Display;
use std::io;

use breaker_core::{CircuitOpenError, Outcome, ToOutcome as _};
use breaker_http::{Answer, server_errors};

use crate::reject::BoxError;

/// What a result of the service means to its circuit: a closure or function, or one of the two
/// defaults, which have types because users name the type of their layer.
///
/// It is private, because every other classifier is a function.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot classify `Result<{T}, {E}>`",
    note = "a classifier is a closure `|result: &Result<Response, Error>| …` that returns an `Outcome` or a `bool`",
    note = "`server_errors` and its like need a response of `http` and an error with `Display`; with the feature `reqwest`, \
            reqwest's own response"
)]
pub trait Classify<T, E> {
    /// Returns what the result means.
    fn classify(&self, result: &Result<T, E>) -> Outcome;
}

impl<T, E, F, O> Classify<T, E> for F
where
    F: Fn(&Result<T, E>) -> O,
    O: Into<Outcome>,
{
    fn classify(&self, result: &Result<T, E>) -> Outcome {
        self(result).into()
    }
}

/// `Ok` is a success, `Err` is a failure with the error's `Display` as its reason: the default of
/// [`CircuitBreakerLayer::new`](crate::CircuitBreakerLayer::new), for services of any kind.
///
/// The [`CircuitOpenError`] of a nested circuit is ignored, because this circuit's service was not
/// called.
///
/// ```
/// use breaker_box::{CircuitBreaker, Policy};
/// use breaker_box_tower::{AtResponse, ErrorsAsFailures, Settle};
///
/// let breaker = CircuitBreaker::new("router", Policy::new())?;
/// let at_response = AtResponse::new(ErrorsAsFailures);
/// let error = at_response.settle(Some(breaker.try_acquire()?), Err::<(), _>("no route"));
/// assert!(error.is_err());
/// assert_eq!(breaker.status().last_failure.unwrap().reason.unwrap(), "no route");
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ErrorsAsFailures;

impl<T, E: Display + 'static> Classify<T, E> for ErrorsAsFailures {
    fn classify(&self, result: &Result<T, E>) -> Outcome {
        result.as_ref().map_or_else(of_error, |_| Outcome::Success)
    }
}

/// Errors that contain a [`CircuitOpenError`] are found by downcasting, because a service's error
/// can be of any type.
fn of_error<E: Display + 'static>(error: &E) -> Outcome {
    let any: &dyn Any = error;
    if let Some(boxed) = any.downcast_ref::<BoxError>() {
        return boxed.to_outcome();
    }
    if let Some(open) = any.downcast_ref::<CircuitOpenError>() {
        return open.to_outcome();
    }
    if let Some(error) = any.downcast_ref::<io::Error>() {
        return error.to_outcome();
    }
    Outcome::failure_from(error)
}

/// What [`server_errors`] says: every 5xx and every error is a failure, a 5xx with `Retry-After`
/// opens the circuit for that time, and a 429 is ignored. The default of
/// [`CircuitBreakerLayer::client`](crate::CircuitBreakerLayer::client) and
/// [`server`](crate::CircuitBreakerLayer::server).
///
/// ```
/// use breaker_box::{CircuitBreaker, Policy};
/// use breaker_box_tower::{AtResponse, ServerErrorsAsFailures, Settle};
/// use http::{Response, StatusCode};
///
/// let breaker = CircuitBreaker::new("search", Policy::new())?;
/// let response = Response::builder().status(StatusCode::BAD_GATEWAY).body(())?;
/// let at_response = AtResponse::new(ServerErrorsAsFailures);
/// at_response.settle(Some(breaker.try_acquire()?), Ok::<_, std::io::Error>(response))?;
/// assert_eq!(breaker.status().last_failure.unwrap().reason.unwrap(), "502 Bad Gateway");
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ServerErrorsAsFailures;

impl<T: Answer, E: Display + 'static> Classify<T, E> for ServerErrorsAsFailures {
    fn classify(&self, result: &Result<T, E>) -> Outcome {
        server_errors(result)
    }
}
