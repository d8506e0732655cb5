//! What an error means that was returned instead of a response.

#[cfg(feature = "reqwest")]
pub(crate) mod reqwest;

use std::any::Any;
use std::error::Error;
use std::fmt::Display;
use std::io;

use breaker_core::{CallError, CircuitOpenError, Outcome, ToOutcome as _};

use crate::head::Head;

/// Returns the status that the error stands for, or the outcome of an error without one.
///
/// Callers return errors of any type, so errors that are not failures are found by downcasting.
pub(crate) fn head_of<E: Display + 'static>(error: &E) -> Result<Head<'_>, Outcome> {
    let guarded = || {
        of_guarded::<CircuitOpenError>(error)
            .or_else(|| of_guarded::<io::Error>(error))
            .or_else(|| of_guarded::<Box<dyn Error + Send + Sync>>(error))
            .or_else(|| of_guarded::<Box<dyn Error>>(error))
    };
    #[cfg(feature = "reqwest")]
    let guarded = || guarded().or_else(|| of_guarded::<::reqwest::Error>(error));
    let found = of_known(error).or_else(guarded);
    found.unwrap_or_else(|| Err(Outcome::failure_from(error)))
}

/// The same where `error` is one of the types that may mean something else than a failure.
fn of_known(error: &dyn Any) -> Option<Result<Head<'_>, Outcome>> {
    if let Some(boxed) = error.downcast_ref::<Box<dyn Error + Send + Sync>>() {
        return Some(head_of_dyn(&**boxed));
    }
    if let Some(boxed) = error.downcast_ref::<Box<dyn Error>>() {
        return Some(head_of_dyn(&**boxed));
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return Some(head_of_dyn(error));
    }
    if let Some(open) = error.downcast_ref::<CircuitOpenError>() {
        return Some(Err(open.to_outcome()));
    }
    #[cfg(feature = "reqwest")]
    if let Some(error) = error.downcast_ref() {
        return Some(reqwest::head_of(error));
    }
    None
}

/// The same where a breaker returned an `E`, or the error of its open circuit.
fn of_guarded<E: 'static>(error: &dyn Any) -> Option<Result<Head<'_>, Outcome>> {
    match error.downcast_ref::<CallError<E>>()? {
        CallError::Open(open) => Some(Err(open.to_outcome())),
        CallError::Failed(error) => of_known(error),
    }
}

/// The same for an error of unknown type, whose sources are searched too.
pub(crate) fn head_of_dyn<'a>(error: &'a (dyn Error + 'static)) -> Result<Head<'a>, Outcome> {
    #[cfg(feature = "reqwest")]
    if let Some(error) = reqwest::among_sources(error) {
        return reqwest::head_of(error);
    }
    Err(error.to_outcome())
}
