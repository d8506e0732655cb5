//! What an error of reqwest says about the service.

use std::error::Error as _;
use std::fmt;

use ::reqwest::Error;

use super::Failing;
use breaker_core::{Outcome, Reason};

pub(super) fn judge(error: &Error, failing: Failing) -> Outcome {
    if let Some(status) = error.status() {
        return failing.judge(&status);
    }
    if error.is_builder() {
        return Outcome::Ignore;
    }
    Outcome::Failure(Some(Reason::from_display(WithoutUrl(error))))
}

/// The error's kind and innermost cause. Its own text names the URL, and no cause that says more
/// than "error sending request".
struct WithoutUrl<'a>(&'a Error);

impl fmt::Display for WithoutUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.0;
        // First, for it can happen at any step.
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
