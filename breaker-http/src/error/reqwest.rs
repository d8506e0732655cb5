//! What an error of reqwest means.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;

use breaker_core::{CallError, Outcome, ToOutcome as _};
use reqwest::Error;

use crate::head::Head;

/// The status that the error stands for, or what it means without one.
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

/// The same where `error` is one of reqwest, by itself or as a breaker returns it.
pub(super) fn head_of_any(error: &dyn Any) -> Option<Result<Head<'_>, Outcome>> {
    match error.downcast_ref::<CallError<Error>>() {
        Some(CallError::Open(open)) => Some(Err(open.to_outcome())),
        Some(CallError::Failed(error)) => Some(head_of(error)),
        None => error.downcast_ref().map(head_of),
    }
}

pub(super) fn among_sources<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Error> {
    let mut source = Some(error);
    while let Some(error) = source {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        source = error.source();
    }
    None
}

/// The error's kind and innermost cause. Its own text names the URL, which may hold a key, and says
/// no more than "error sending request" of the cause.
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
        let mut cause = error.source();
        while let Some(deeper) = cause.and_then(|cause| cause.source()) {
            cause = Some(deeper);
        }
        cause.map_or(Ok(()), |cause| write!(f, ": {cause}"))
    }
}
