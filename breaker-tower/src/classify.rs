//! What a response means to its circuit.

use std::fmt::Display;

use breaker_core::Outcome;
use breaker_core::http::{Answer, server_errors, transient_errors};

/// What a result of the service means to its circuit: a closure `Fn(&Result<Response, Error>) -> impl Into<Outcome>`, or one of
/// [`ByResult`], [`ServerErrors`], [`TransientErrors`] and [`GrpcErrors`](crate::GrpcErrors).
///
/// If it panics, nothing is counted, the slot is freed, and the panic goes on.
///
/// ```
/// use breaker_core::Outcome;
/// use breaker_tower::{Classify, ServerErrors};
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
    note = "`ServerErrors` and its like need an `http::Response` (or another `breaker_core::http::Answer`) and an error with `Display`"
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

/// `Ok` is a success, `Err` a failure for the reason that the error displays: for services of any kind.
#[derive(Clone, Copy, Debug, Default)]
pub struct ByResult;

impl<T, E: Display> Classify<T, E> for ByResult {
    fn classify(&self, result: &Result<T, E>) -> Outcome {
        match result {
            Ok(_) => Outcome::Success,
            Err(error) => Outcome::failure_because(error.to_string()),
        }
    }
}

/// [`server_errors`]: every 5xx and every error is a failure; 429 and 503 with `Retry-After` open the circuit for that time.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServerErrors;

impl<T, E> Classify<T, E> for ServerErrors
where
    Result<T, E>: Answer,
{
    fn classify(&self, result: &Result<T, E>) -> Outcome {
        server_errors(result)
    }
}

/// [`transient_errors`]: as [`ServerErrors`], and 408 and 429 are failures too.
#[derive(Clone, Copy, Debug, Default)]
pub struct TransientErrors;

impl<T, E> Classify<T, E> for TransientErrors
where
    Result<T, E>: Answer,
{
    fn classify(&self, result: &Result<T, E>) -> Outcome {
        transient_errors(result)
    }
}
