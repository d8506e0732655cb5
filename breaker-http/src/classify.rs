//! What an HTTP status means to a circuit.

use breaker_core::{Outcome, Reason};
use http::StatusCode;

use crate::answer::Answer;
use crate::retry_after::retry_after;

/// Classifies every 5xx as a failure, and also a call without a response. A 5xx that says how long
/// to wait ([`retry_after`]) opens the circuit for that time. A 429 is ignored, whatever its
/// headers: one user was too fast, which says nothing about the service. Everything else is a
/// success, because the service answered.
///
/// Use it for services that many of your users call through one circuit. If a limit applies to all
/// your calls together, use [`transient_errors`].
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
    by_status(answer, |status| match status {
        StatusCode::TOO_MANY_REQUESTS => Meaning::Nothing,
        status if status.is_server_error() => Meaning::Failure,
        _ => Meaning::Success,
    })
}

/// Classifies every 5xx and 408 as a failure, and also a call without a response. A 5xx that says
/// how long to wait ([`retry_after`]) opens the circuit for that time. A 429 opens it too, without
/// such a time for the policy's [`expiry`](breaker_core::Policy::expiry): the next call would be
/// refused as well. Everything else is a success.
///
/// Use it for services whose limits affect all your calls alike, such as a limit on your key. If a
/// 429 means that one of your users was too fast, it says nothing about the others, and its
/// `Retry-After` would stop them all. Then use [`server_errors`], or a circuit for each user.
///
/// ```
/// use breaker_box::{Outcome, http::transient_errors};
/// use http::{Response, StatusCode};
///
/// assert_eq!(transient_errors(&StatusCode::REQUEST_TIMEOUT), Outcome::failure_because("408 Request Timeout"));
/// assert_eq!(transient_errors(&StatusCode::NOT_FOUND), Outcome::Success);
///
/// assert!(matches!(transient_errors(&StatusCode::TOO_MANY_REQUESTS), Outcome::Trip { open_for: None, .. }));
/// let limited = Response::builder().status(429).header("Retry-After", "7").body(())?;
/// assert!(matches!(transient_errors(&limited), Outcome::Trip { open_for: Some(_), .. }));
/// # Ok::<(), http::Error>(())
/// ```
pub fn transient_errors<A: Answer + ?Sized>(answer: &A) -> Outcome {
    by_status(answer, |status| match status {
        StatusCode::TOO_MANY_REQUESTS => Meaning::Limit,
        StatusCode::REQUEST_TIMEOUT => Meaning::Failure,
        status if status.is_server_error() => Meaning::Failure,
        _ => Meaning::Success,
    })
}

/// What a status says about the service.
enum Meaning {
    Success,
    Failure,
    /// No call would be served now.
    Limit,
    Nothing,
}

fn by_status<A: Answer + ?Sized>(answer: &A, meaning: impl FnOnce(StatusCode) -> Meaning) -> Outcome {
    let head = match answer.head() {
        Ok(head) => head,
        Err(outcome) => return outcome,
    };
    let status = head.status();
    let reason = || Some(Reason::from_display(status));
    let wait = || head.headers().and_then(retry_after);
    match meaning(status) {
        Meaning::Success => Outcome::Success,
        Meaning::Nothing => Outcome::Ignore,
        Meaning::Limit => Outcome::Trip { open_for: wait(), reason: reason() },
        // With other statuses the header means something else (with 3xx: when to follow).
        Meaning::Failure if status.is_server_error() => match wait() {
            Some(wait) => Outcome::Trip { open_for: Some(wait), reason: reason() },
            None => Outcome::Failure(reason()),
        },
        Meaning::Failure => Outcome::Failure(reason()),
    }
}
