//! What an HTTP response means to a circuit, and how a circuit answers over HTTP (feature `http`).
//!
//! [`server_errors`] and [`transient_errors`] are error handlers for the attribute and classifiers for everything else. They take
//! a reference to anything that is an [`Answer`]: a response, a status, a `Result` of either, and results within results such as
//! a timeout leaves them.
//!
//! | status | `server_errors` | `transient_errors` |
//! |---|---|---|
//! | 429, 503 with [`Retry-After`](retry_after) | opens the circuit for that time | the same |
//! | other 5xx, 503 without | failure | failure |
//! | 408, 429 without `Retry-After` | success | failure |
//! | everything else, other 4xx among them | success | success |
//! | `Err`: no response at all | failure | failure |
//!
//! A 404 is a success: the service answered, and said what it had to say. To leave such calls uncounted, or to judge by the body,
//! write a handler of your own and fall back on one of these.
//!
//! ```
//! use std::time::Duration;
//! use breaker_core::http::server_errors;
//! use breaker_core::{CircuitBreaker, Policy, State};
//! use http::Response;
//!
//! let breaker = CircuitBreaker::new("search", Policy::new())?;
//! let busy = || Response::builder().status(503).header("Retry-After", "120").body("try later");
//! let response = breaker.call_with(busy, server_errors)?;
//! assert_eq!(*response?.body(), "try later");
//! assert_eq!(breaker.state(), State::Open);
//! assert!(breaker.status().retry_after > Some(Duration::from_secs(100)));
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```

mod answer;
mod retry_after;
mod unavailable;

pub use answer::{Answer, Head};
pub use retry_after::retry_after;
pub use unavailable::service_unavailable;

use ::http::StatusCode;

use crate::outcome::Outcome;
use crate::reason::Reason;

/// Every 5xx is a failure, and so is a call without a response; 429 and 503 with [`Retry-After`](retry_after) open the circuit for
/// that time. All else is a success: the service answered.
///
/// A failure's reason is the status (`503 Service Unavailable`) or what the error displays. On an annotated function, write
/// `error_handler = breaker_box::http::server_errors`.
///
/// ```
/// use std::time::Duration;
/// use breaker_core::{Outcome, http::server_errors};
/// use http::{Response, StatusCode};
///
/// let response = |status| Ok::<_, std::io::Error>(Response::builder().status(status).body(()).unwrap());
/// assert_eq!(server_errors(&response(200)), Outcome::Success);
/// assert_eq!(server_errors(&response(404)), Outcome::Success);
/// assert_eq!(server_errors(&response(502)), Outcome::failure_because("502 Bad Gateway"));
/// assert_eq!(server_errors(&StatusCode::TOO_MANY_REQUESTS), Outcome::Success);
///
/// let busy = Response::builder().status(429).header("Retry-After", "7").body(())?;
/// assert!(matches!(server_errors(&busy), Outcome::Trip { open_for: Some(wait), .. } if wait == Duration::from_secs(7)));
/// # Ok::<(), http::Error>(())
/// ```
pub fn server_errors<A: Answer + ?Sized>(answer: &A) -> Outcome {
    judge(answer, |status| status.is_server_error())
}

/// As [`server_errors`]; 408 and 429 are failures too, also without `Retry-After`: all that a retry might mend.
///
/// For services whose refusals hit everybody alike. Where a 429 means that one of your users was too fast, it says nothing about
/// the others: use [`server_errors`] there, or a circuit for each user.
///
/// ```
/// use breaker_core::{Outcome, http::transient_errors};
/// use http::StatusCode;
///
/// assert_eq!(transient_errors(&StatusCode::TOO_MANY_REQUESTS), Outcome::failure_because("429 Too Many Requests"));
/// assert_eq!(transient_errors(&StatusCode::REQUEST_TIMEOUT), Outcome::failure_because("408 Request Timeout"));
/// assert_eq!(transient_errors(&StatusCode::NOT_FOUND), Outcome::Success);
/// ```
pub fn transient_errors<A: Answer + ?Sized>(answer: &A) -> Outcome {
    judge(answer, |status| {
        status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
    })
}

fn judge<A: Answer + ?Sized>(answer: &A, is_failure: impl FnOnce(StatusCode) -> bool) -> Outcome {
    let Head { status, headers } = match answer.head() {
        Ok(head) => head,
        Err(reason) => return Outcome::Failure(Some(reason)),
    };
    let reason = || Some(Reason::from_arguments(format_args!("{status}")));
    // The two statuses that ask all callers to wait. Elsewhere the header has another meaning (with 3xx: when to follow).
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        if let Some(wait) = headers.and_then(retry_after) {
            return Outcome::Trip { open_for: Some(wait), reason: reason() };
        }
    }
    if is_failure(status) { Outcome::Failure(reason()) } else { Outcome::Success }
}
