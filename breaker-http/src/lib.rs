//! What an HTTP response means to a circuit, and how a circuit answers over HTTP (feature `http`).
//!
//! [`server_errors`] and [`transient_errors`] are error handlers for the attribute and classifiers for everything else. They take
//! a reference to anything that is an [`Answer`]: a response, a status, a `Result` of either, and
//! results within results such as a timeout leaves them.
//!
//! | status | `server_errors` | `transient_errors` |
//! |---|---|---|
//! | 503 with [`Retry-After`](retry_after) | opens the circuit for that time | the same |
//! | other 5xx, 503 without | failure | failure |
//! | 429 with `Retry-After` | ignored | opens the circuit for that time |
//! | 429 without | ignored | failure |
//! | 408 | success | failure |
//! | everything else, other 4xx among them | success | success |
//! | `Err`: no response at all | failure | failure |
//!
//! **Which of the two?** A 429 says that somebody was too fast (RFC 6585, section 4). If one
//! circuit serves calls for many users, and the service limits each of them, take `server_errors`:
//! a 429 is about the user, says nothing about the service, and its `Retry-After` must not stop the
//! others. If the limit is that of your own key or address, so that a 429 to one call is one to
//! all, take `transient_errors`. Where both kinds of limits exist, give each user a circuit of its
//! own, and take `transient_errors`.
//!
//! A 404 is a success: the service answered, and said what it had to say. To leave such calls
//! uncounted, or to judge by the body, write a handler of your own and fall back on one of these.
//!
//! ```
//! use std::time::Duration;
//! use breaker_box::http::server_errors;
//! use breaker_box::{CircuitBreaker, Policy, State};
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

#![deny(missing_docs)]

mod answer;
#[cfg(feature = "reqwest")]
pub mod reqwest;
mod retry_after;
mod unavailable;

pub use answer::{Answer, Head};
pub use retry_after::retry_after;
pub use unavailable::service_unavailable;

use ::http::StatusCode;

use breaker_core::{Outcome, Reason};

/// Every 5xx is a failure, and so is a call without a response; 503 with
/// [`Retry-After`](retry_after) opens the circuit for that time. A 429 is ignored, whatever its
/// headers: one user was too fast, which says nothing about the service. All else is a success: the
/// service answered.
///
/// For services that many of your users call through one circuit. Where a limit is on all your
/// calls together, use [`transient_errors`].
///
/// A failure's reason is the status (`503 Service Unavailable`) or what the error displays. On an
/// annotated function, write `error_handler = breaker_box::http::server_errors`.
///
/// ```
/// use std::time::Duration;
/// use breaker_box::{Outcome, http::server_errors};
/// use http::{Response, StatusCode};
///
/// let response = |status| Ok::<_, std::io::Error>(Response::builder().status(status).body(()).unwrap());
/// assert_eq!(server_errors(&response(200)), Outcome::Success);
/// assert_eq!(server_errors(&response(404)), Outcome::Success);
/// assert_eq!(server_errors(&response(502)), Outcome::failure_because("502 Bad Gateway"));
/// assert_eq!(server_errors(&StatusCode::TOO_MANY_REQUESTS), Outcome::Ignore);
///
/// let busy = Response::builder().status(503).header("Retry-After", "7").body(())?;
/// assert!(matches!(server_errors(&busy), Outcome::Trip { open_for: Some(wait), .. } if wait == Duration::from_secs(7)));
/// # Ok::<(), http::Error>(())
/// ```
pub fn server_errors<A: Answer + ?Sized>(answer: &A) -> Outcome {
    judge(answer, |status| match status {
        StatusCode::TOO_MANY_REQUESTS => Meaning::Nothing,
        status if status.is_server_error() => Meaning::Failure,
        _ => Meaning::Success,
    })
}

/// Every 5xx, 408 and 429 is a failure, and so is a call without a response: all that a retry might
/// mend. 429 and 503 with [`Retry-After`](retry_after) open the circuit for that time. All else is
/// a success.
///
/// For services whose refusals hit all your calls alike, such as a limit on your key. Where a 429
/// means that one of your users was too fast, it says nothing about the others, and its
/// `Retry-After` would stop them all: use [`server_errors`] there, or a circuit for each user.
///
/// ```
/// use breaker_box::{Outcome, http::transient_errors};
/// use http::{Response, StatusCode};
///
/// assert_eq!(transient_errors(&StatusCode::TOO_MANY_REQUESTS), Outcome::failure_because("429 Too Many Requests"));
/// assert_eq!(transient_errors(&StatusCode::REQUEST_TIMEOUT), Outcome::failure_because("408 Request Timeout"));
/// assert_eq!(transient_errors(&StatusCode::NOT_FOUND), Outcome::Success);
///
/// let limited = Response::builder().status(429).header("Retry-After", "7").body(())?;
/// assert!(matches!(transient_errors(&limited), Outcome::Trip { open_for: Some(_), .. }));
/// # Ok::<(), http::Error>(())
/// ```
pub fn transient_errors<A: Answer + ?Sized>(answer: &A) -> Outcome {
    judge(answer, |status| match status {
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Meaning::Failure,
        status if status.is_server_error() => Meaning::Failure,
        _ => Meaning::Success,
    })
}

/// What a status says of the service.
enum Meaning {
    Success,
    Failure,
    Nothing,
}

fn judge<A: Answer + ?Sized>(answer: &A, meaning: impl FnOnce(StatusCode) -> Meaning) -> Outcome {
    let Head { status, headers } = match answer.head() {
        Ok(head) => head,
        Err(reason) => return Outcome::Failure(Some(reason)),
    };
    let reason = || Some(Reason::from_display(status));
    match meaning(status) {
        Meaning::Success => Outcome::Success,
        Meaning::Nothing => Outcome::Ignore,
        // The two statuses that ask callers to wait. Elsewhere the header has another meaning (with
        // 3xx: when to follow).
        Meaning::Failure if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) => {
            match headers.and_then(retry_after) {
                Some(wait) => Outcome::Trip { open_for: Some(wait), reason: reason() },
                None => Outcome::Failure(reason()),
            }
        }
        Meaning::Failure => Outcome::Failure(reason()),
    }
}
