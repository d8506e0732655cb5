//! What a reqwest error means.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::iter;

use breaker_core::{CallError, Outcome};
use reqwest::Error;

use crate::head::Head;

/// Returns the status that the error stands for, or the outcome of an error without one.
pub(crate) fn head_of<'a>(error: &Error) -> Result<Head<'a>, Outcome> {
    if let Some(status) = error.status() {
        return Ok(status.into());
    }
    if error.is_builder() {
        // The request was never sent.
        return Err(Outcome::Ignore);
    }
    Err(Outcome::failure_from(&WithoutUrl(error)))
}

/// Finds the reqwest error that `error` is or has among its sources.
pub(super) fn among_sources<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Error> {
    with_sources(error).find_map(|error| match error.downcast_ref() {
        // Its `source` skips the error that it holds.
        Some(CallError::Failed(failed)) => Some(failed),
        _ => error.downcast_ref(),
    })
}

/// The error and its sources, at most as many as [`ToOutcome`](breaker_core::ToOutcome) searches:
/// they may form a cycle.
fn with_sources<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    iter::successors(Some(error), |error| source(*error)).take(101)
}

/// Checks an `io::Error` separately, because its `source` skips the error that it was created from.
fn source<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

/// Displays the error's kind and innermost cause. Its own text names the URL, which may contain a
/// key, and says no more about the cause than "error sending request".
struct WithoutUrl<'a>(&'a Error);

impl fmt::Display for WithoutUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.0;
        // First, because it can happen at any step.
        if error.is_timeout() {
            return f.write_str("timed out");
        }
        f.write_str(match error {
            error if error.is_connect() => "cannot connect",
            error if error.is_redirect() => "cannot follow the redirect",
            error if error.is_decode() => "cannot read the answer",
            error if error.is_body() => "cannot send or read the body",
            error if error.is_upgrade() => "cannot upgrade the connection",
            _ => "request failed",
        })?;
        let cause = with_sources(error).skip(1).last();
        cause.map_or(Ok(()), |cause| write!(f, ": {cause}"))
    }
}
