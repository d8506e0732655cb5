//! What a gRPC status means to a circuit.

use std::time::Duration;

use breaker_core::{Outcome, Reason};
use http::{HeaderMap, StatusCode};

use crate::answer::Answer;
use crate::classify::server_errors;
use crate::head::Head;

const STATUS: &str = "grpc-status";
/// How many milliseconds a server asks its callers to wait: the `Retry-After` of gRPC.
const PUSHBACK: &str = "grpc-retry-pushback-ms";

/// The names of the status codes, in the order of their numbers.
const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// Classifies a gRPC call by the `grpc-status` in the headers of its response. A call that fails
/// before its first message has it there.
///
/// | `grpc-status` | meaning |
/// |---|---|
/// | `UNAVAILABLE` with `grpc-retry-pushback-ms` | opens the circuit for that time, at most the policy's [`max_trip`](breaker_core::Policy::max_trip) |
/// | `UNKNOWN`, `DEADLINE_EXCEEDED`, `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE`, `DATA_LOSS`, unknown numbers | failure: these stand for a 5xx of HTTP |
/// | `CANCELLED`, `RESOURCE_EXHAUSTED` | ignored: the caller gave up, or one user was too fast |
/// | all others | success: the service answered |
/// | none | success if the HTTP status is 200, otherwise what [`server_errors`] returns |
///
/// It does not see a status in the trailers; see [`grpc_outcome`].
///
/// ```
/// use breaker_box::{Outcome, http::grpc_errors};
/// use http::Response;
///
/// let answer = |code: &str| Ok::<_, std::io::Error>(Response::builder().header("grpc-status", code).body(()).unwrap());
/// assert_eq!(grpc_errors(&answer("5")), Outcome::Success);
/// assert_eq!(grpc_errors(&answer("14")), Outcome::failure_because("grpc-status 14 UNAVAILABLE"));
/// ```
///
/// The `Status` of tonic becomes a response:
/// `Err(status) => grpc_errors(&status.clone().into_http::<()>())`.
pub fn grpc_errors<A: Answer + ?Sized>(answer: &A) -> Outcome {
    match answer.head() {
        Ok(head) if head.status() == StatusCode::OK => {
            head.headers().and_then(grpc_outcome).unwrap_or(Outcome::Success)
        }
        Ok(head) => server_errors::<Head<'_>>(&head),
        Err(outcome) => outcome,
    }
}

/// Returns the outcome of the `grpc-status` in headers or trailers, as in [`grpc_errors`]. `None`
/// if there is no status.
///
/// ```
/// use breaker_box::{Outcome, http::grpc_outcome};
/// use http::HeaderMap;
///
/// let mut trailers = HeaderMap::new();
/// assert_eq!(grpc_outcome(&trailers), None);
/// trailers.insert("grpc-status", "13".parse()?);
/// assert_eq!(grpc_outcome(&trailers), Some(Outcome::failure_because("grpc-status 13 INTERNAL")));
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
#[must_use]
pub fn grpc_outcome(headers: &HeaderMap) -> Option<Outcome> {
    let text = headers.get(STATUS)?.to_str().unwrap_or_default();
    let code = text.parse::<u8>().ok();
    let reason = || Some(Reason::from(format!("grpc-status {text} {}", code.map_or("", name)).trim_end()));
    Some(match code {
        Some(14) if pushback(headers).is_some() => Outcome::Trip { open_for: pushback(headers), reason: reason() },
        Some(0 | 3 | 5..=7 | 9..=11 | 16) => Outcome::Success,
        Some(1 | 8) => Outcome::Ignore,
        _ => Outcome::Failure(reason()),
    })
}

fn name(code: u8) -> &'static str {
    NAMES.get(usize::from(code)).copied().unwrap_or_default()
}

/// The wait that a server asks for, if the value is valid.
fn pushback(headers: &HeaderMap) -> Option<Duration> {
    let millis = headers.get(PUSHBACK)?.to_str().ok()?.parse().ok()?;
    (millis > 0).then(|| Duration::from_millis(millis))
}
