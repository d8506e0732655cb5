//! What an error means that came back in place of a response.

#[cfg(feature = "reqwest")]
pub(crate) mod reqwest;

use std::any::Any;
use std::error::Error;
use std::fmt::Display;
use std::io;

use breaker_core::{CircuitOpenError, Outcome, ToOutcome as _};

use crate::head::Head;

/// The status that the error stands for, or what it means without one.
///
/// Callers return all kinds of errors, so those that mean something else than a failure are found
/// by downcasting.
pub(crate) fn head_of<E: Display + 'static>(error: &E) -> Result<Head<'_>, Outcome> {
    let any: &dyn Any = error;
    if let Some(boxed) = any.downcast_ref::<Box<dyn Error + Send + Sync>>() {
        return head_of_dyn(&**boxed);
    }
    if let Some(boxed) = any.downcast_ref::<Box<dyn Error>>() {
        return head_of_dyn(&**boxed);
    }
    if let Some(open) = any.downcast_ref::<CircuitOpenError>() {
        return Err(open.to_outcome());
    }
    if let Some(error) = any.downcast_ref::<io::Error>() {
        return Err(error.to_outcome());
    }
    #[cfg(feature = "reqwest")]
    if let Some(head) = reqwest::head_of_any(any) {
        return head;
    }
    Err(Outcome::failure_from(error))
}

/// The same of an error whose type is not known: the sources are searched, too.
pub(crate) fn head_of_dyn<'a>(error: &'a (dyn Error + 'static)) -> Result<Head<'a>, Outcome> {
    #[cfg(feature = "reqwest")]
    if let Some(error) = reqwest::among_sources(error) {
        return reqwest::head_of(error);
    }
    Err(error.to_outcome())
}
