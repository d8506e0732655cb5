//! What a gRPC status means to a circuit.

use std::error::Error;
use std::iter;
use std::time::Duration;

use breaker_core::{Outcome, Reason, ToOutcome as _};
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
/// For the `Status` that a tonic client returns, use [`grpc_status`].
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
    Some(by_code(text.parse().ok(), text, headers))
}

/// Classifies the status that a gRPC client returns as its error, such as the `Status` of tonic:
/// its code, its metadata and its source.
///
/// The code means the same as in [`grpc_errors`], and so does `grpc-retry-pushback-ms` in the
/// metadata. A status with a source did not come from the service: the client has made it of an
/// error. That is a failure whatever the code, and ignored if the error is or has among its sources
/// a [`CircuitOpenError`](breaker_core::CircuitOpenError). So a timeout of tonic's `Endpoint` is a
/// failure, although its code is `CANCELLED`.
///
/// It takes the parts of a status and not the status, so it works with every version of tonic:
///
/// ```
/// # use std::{error::Error, fmt};
/// # mod tonic {
/// #     #[derive(Debug)] pub struct Status(pub i32, pub http::HeaderMap);
/// #     impl Status {
/// #         pub fn unavailable(_: String) -> Self { Self(14, http::HeaderMap::new()) }
/// #         pub fn code(&self) -> i32 { self.0 }
/// #         pub fn metadata(&self) -> Metadata<'_> { Metadata(&self.1) }
/// #     }
/// #     pub struct Metadata<'a>(&'a http::HeaderMap);
/// #     impl AsRef<http::HeaderMap> for Metadata<'_> { fn as_ref(&self) -> &http::HeaderMap { self.0 } }
/// # }
/// # impl fmt::Display for Status { fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) } }
/// # impl Error for Status {}
/// use breaker_box::http::grpc_status;
/// use breaker_box::{Outcome, Registry, circuit_breaker};
/// use tonic::Status;
///
/// fn status_errors<T>(result: &Result<T, Status>) -> Outcome {
///     match result {
///         Ok(_) => Outcome::Success,
///         Err(status) => grpc_status(status.code(), status.metadata().as_ref(), status.source()),
///     }
/// }
///
/// #[circuit_breaker(
///     identifier = "stock",
///     registry = registry,
///     error_handler = status_errors,
///     fallback = |open| Err(Status::unavailable(open.to_string())),
/// )]
/// fn stock(registry: &Registry, item: u32) -> Result<u32, Status> {
///     # let _ = item;
///     // A call of a generated client.
///     # Err(Status(13, http::HeaderMap::new()))
/// }
///
/// let registry = Registry::new();
/// stock(&registry, 7).unwrap_err();
/// let failure = registry.status("stock")?.last_failure.unwrap();
/// assert_eq!(failure.reason.as_deref(), Some("grpc-status 13 INTERNAL"));
/// # Ok::<(), breaker_box::NotFoundError>(())
/// ```
pub fn grpc_status(code: impl Into<i32>, metadata: &HeaderMap, source: Option<&(dyn Error + 'static)>) -> Outcome {
    let code = code.into();
    match source.map(|source| (source, source.to_outcome())) {
        None => by_code(u8::try_from(code).ok(), &code.to_string(), metadata),
        Some((_, Outcome::Ignore)) => Outcome::Ignore,
        Some((source, _)) => {
            let name = u8::try_from(code).map_or("", name);
            Outcome::failure_from(&format_args!("grpc-status {code} {name}: {}", innermost(source)))
        }
    }
}

/// The outcome of a status code, which is written as `text`.
fn by_code(code: Option<u8>, text: &str, headers: &HeaderMap) -> Outcome {
    let reason = || Some(Reason::from(format!("grpc-status {text} {}", code.map_or("", name)).trim_end()));
    match code {
        Some(14) if pushback(headers).is_some() => Outcome::Trip { open_for: pushback(headers), reason: reason() },
        Some(0 | 3 | 5..=7 | 9..=11 | 16) => Outcome::Success,
        Some(1 | 8) => Outcome::Ignore,
        _ => Outcome::Failure(reason()),
    }
}

fn name(code: u8) -> &'static str {
    NAMES.get(usize::from(code)).copied().unwrap_or_default()
}

/// The wait that a server asks for, if the value is valid.
fn pushback(headers: &HeaderMap) -> Option<Duration> {
    let millis = headers.get(PUSHBACK)?.to_str().ok()?.parse().ok()?;
    (millis > 0).then(|| Duration::from_millis(millis))
}

/// The last of the sources, which says what happened; the others say "transport error". At most as
/// many as [`ToOutcome`](breaker_core::ToOutcome) searches: they may form a cycle.
fn innermost<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    iter::successors(Some(error), |&error| error.source()).take(101).last().unwrap_or(error)
}
