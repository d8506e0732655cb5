//! What a response means to its circuit.

use std::any::Any;
use std::fmt::Display;

use ::http::Response;
use breaker_core::{CircuitOpenError, Outcome};
use breaker_http as http;
#[cfg(feature = "reqwest")]
use breaker_http::reqwest::ToOutcome;

use crate::reject::BoxError;

/// What a result of the service means to its circuit: a closure
/// `Fn(&Result<Response, Error>) -> impl Into<Outcome>`, or one of [`ByResult`], [`ServerErrors`],
/// [`TransientErrors`] and [`GrpcErrors`](crate::GrpcErrors).
///
/// If it panics, nothing is counted, the slot is freed, and the panic goes on.
///
/// ```
/// use breaker_core::Outcome;
/// use breaker_box_tower::{Classify, ServerErrors};
/// use http::{Response, StatusCode};
///
/// /// A full warehouse is the caller's problem; all else is judged by its status.
/// fn judge(result: &Result<Response<String>, std::io::Error>) -> Outcome {
///     match result {
///         Ok(response) if response.status() == StatusCode::INSUFFICIENT_STORAGE => Outcome::Ignore,
///         result => ServerErrors.classify(result),
///     }
/// }
///
/// let full = Response::builder().status(507).body("full".to_owned())?;
/// assert_eq!(judge.classify(&Ok(full)), Outcome::Ignore);
/// # Ok::<(), http::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot judge `Result<{T}, {E}>`",
    note = "a classifier is a closure `|result: &Result<Response, Error>| …` that returns an `Outcome` or a `bool`",
    note = "`ServerErrors` and its like need an `http::Response` and an error with `Display`; with the feature `reqwest`, reqwest's own"
)]
pub trait Classify<T, E> {
    /// What the result means.
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

/// `Ok` is a success, `Err` a failure for the reason that the error displays: for services of any
/// kind.
///
/// The [`CircuitOpenError`] of a circuit further in is no failure of this one, whose service was
/// not asked: it is ignored, by this and the other ready-made classifiers.
///
/// ```
/// use breaker_core::Outcome;
/// use breaker_box_tower::{ByResult, Classify};
///
/// assert_eq!(ByResult.classify(&Ok::<_, &str>(5)), Outcome::Success);
/// assert_eq!(ByResult.classify(&Err::<(), _>("no route")), Outcome::failure_because("no route"));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ByResult;

impl<T, E: Display + 'static> Classify<T, E> for ByResult {
    fn classify(&self, result: &Result<T, E>) -> Outcome {
        match result {
            Ok(_) => Outcome::Success,
            Err(error) if is_open_circuit(error) => Outcome::Ignore,
            Err(error) => Outcome::failure_because(error.to_string()),
        }
    }
}

/// Every 5xx and every error is a failure; 503 with `Retry-After` opens the circuit for that time,
/// and a 429 is ignored, for it is about one user: [`http::server_errors`], or for responses of
/// reqwest (feature `reqwest`) its own `server_errors`, whose reasons do not show URLs.
///
/// ```
/// use breaker_core::Outcome;
/// use breaker_box_tower::{Classify, ServerErrors};
/// use http::Response;
///
/// let answer = |status| Ok::<_, std::io::Error>(Response::builder().status(status).body(()).unwrap());
/// assert_eq!(ServerErrors.classify(&answer(404)), Outcome::Success);
/// assert_eq!(ServerErrors.classify(&answer(429)), Outcome::Ignore);
/// assert_eq!(ServerErrors.classify(&answer(502)), Outcome::failure_because("502 Bad Gateway"));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ServerErrors;

impl<B, E: Display + 'static> Classify<Response<B>, E> for ServerErrors {
    fn classify(&self, result: &Result<Response<B>, E>) -> Outcome {
        unless_open_circuit(result, http::server_errors)
    }
}

#[cfg(feature = "reqwest")]
impl<E: ToOutcome> Classify<reqwest::Response, E> for ServerErrors {
    fn classify(&self, result: &Result<reqwest::Response, E>) -> Outcome {
        breaker_http::reqwest::server_errors(result)
    }
}

/// As [`ServerErrors`], and 408 and 429 are failures too, of which a 429 with `Retry-After` opens
/// the circuit for that time: [`http::transient_errors`], for limits that hit all calls alike.
///
/// ```
/// use breaker_core::Outcome;
/// use breaker_box_tower::{Classify, TransientErrors};
/// use http::Response;
///
/// let busy = Response::builder().status(429).body(())?;
/// assert_eq!(TransientErrors.classify(&Ok::<_, std::io::Error>(busy)), Outcome::failure_because("429 Too Many Requests"));
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct TransientErrors;

impl<B, E: Display + 'static> Classify<Response<B>, E> for TransientErrors {
    fn classify(&self, result: &Result<Response<B>, E>) -> Outcome {
        unless_open_circuit(result, http::transient_errors)
    }
}

#[cfg(feature = "reqwest")]
impl<E: ToOutcome> Classify<reqwest::Response, E> for TransientErrors {
    fn classify(&self, result: &Result<reqwest::Response, E>) -> Outcome {
        breaker_http::reqwest::transient_errors(result)
    }
}

/// What `classify` says, unless a circuit further in was open.
pub(crate) fn unless_open_circuit<T, E: 'static>(
    result: &Result<T, E>,
    classify: impl FnOnce(&Result<T, E>) -> Outcome,
) -> Outcome {
    match result {
        Err(error) if is_open_circuit(error) => Outcome::Ignore,
        result => classify(result),
    }
}

fn is_open_circuit(error: &dyn Any) -> bool {
    error.is::<CircuitOpenError>()
        || error.downcast_ref::<BoxError>().is_some_and(|error| error.is::<CircuitOpenError>())
}
