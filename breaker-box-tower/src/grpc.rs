//! gRPC: the status of a call is not that of its response.

use std::fmt::{Display, Write as _};
use std::time::Duration;

use breaker_core::{CircuitOpenError, Outcome, Permit, Reason};
use breaker_http::server_errors;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body::Body;

use crate::body::GuardedBody;
use crate::classify::{Classify, unless_open_circuit};
use crate::judge::{Judge, unless_success};
use crate::reject::Reject;

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
/// How many milliseconds a server asks its callers to wait: the `Retry-After` of gRPC.
const PUSHBACK: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");

/// What the content types of gRPC-Web begin with.
const WEB: &[u8] = b"application/grpc-web";

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

/// Judges gRPC calls by the `grpc-status` in their headers, where a call that fails before its
/// first message has it.
///
/// The codes that stand for a 5xx of HTTP are failures (`UNKNOWN`, `DEADLINE_EXCEEDED`,
/// `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE`, `DATA_LOSS`, and numbers that are none), and so are
/// errors and HTTP statuses of a proxy in between. `UNAVAILABLE` with `grpc-retry-pushback-ms`
/// opens the circuit for that time, at most for the policy's
/// [`max_trip`](breaker_core::Policy::max_trip). `CANCELLED` is ignored, and so is
/// `RESOURCE_EXHAUSTED`, the 429 of gRPC: one user was too fast, which says nothing about the
/// others. All other codes are successes: the service answered.
///
/// A status that comes in the trailers is not seen; [`AtTrailers`] waits for it.
///
/// ```
/// use breaker_core::Outcome;
/// use breaker_box_tower::{Classify, GrpcErrors};
/// use http::Response;
///
/// let answer = |code: &str| Ok::<_, std::io::Error>(Response::builder().header("grpc-status", code).body(()).unwrap());
/// assert_eq!(GrpcErrors.classify(&answer("5")), Outcome::Success);
/// assert_eq!(GrpcErrors.classify(&answer("14")), Outcome::failure_because("grpc-status 14 UNAVAILABLE"));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct GrpcErrors;

impl<B, E: Display + 'static> Classify<Response<B>, E> for GrpcErrors {
    fn classify(&self, result: &Result<Response<B>, E>) -> Outcome {
        match result {
            Ok(response) if response.status() == StatusCode::OK => {
                by_status(response.headers()).unwrap_or(Outcome::Success)
            }
            result => unless_open_circuit(result, server_errors),
        }
    }
}

/// Settles each gRPC call when its status is known: at the headers, or at the trailers that end the
/// response. Which codes are failures says [`GrpcErrors`]; a response that ends without any is a
/// failure, an error in the midst of it too, and one that is dropped before its end was cancelled.
///
/// A call lasts until its trailers, so streams that are meant to stay open are better judged by
/// their headers: `.classify(GrpcErrors)`.
///
/// gRPC-Web (`application/grpc-web`, `application/grpc-web-text` and their kin) has its trailers in
/// the body, which is not read here: such a response is judged by its headers, and without a status
/// there it is a success if its body arrives whole. To see the status of each, put the layer where
/// the call is plain gRPC: on a server below what translates (`tonic_web::GrpcWebLayer`), on a
/// client above it.
///
/// ```
/// use breaker_core::{CircuitBreaker, Policy};
/// use breaker_box_tower::{AtTrailers, Judge};
/// use http::Response;
///
/// let breaker = CircuitBreaker::new("stock", Policy::new())?;
/// let answer = Response::builder().header("grpc-status", "0").body(String::new())?;
/// AtTrailers.settle(Some(breaker.try_acquire()?), Ok::<_, std::io::Error>(answer))?;
/// assert_eq!(breaker.status().totals.successes, 1);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct AtTrailers;

impl<B, E> Judge<Response<B>, E> for AtTrailers
where
    B: Body<Error: Display>,
    E: Display + 'static,
{
    type Response = Response<GuardedBody<B>>;

    fn settle(&self, permit: Option<Permit>, result: Result<Response<B>, E>) -> Result<Self::Response, E> {
        let mut permit = permit.and_then(|permit| unless_success(permit, || GrpcErrors.classify(&result)));
        let response = result?;
        if response.status() != StatusCode::OK || response.headers().contains_key(STATUS) {
            // Neither is followed by trailers.
            if let Some(permit) = permit.take() {
                permit.success();
            }
        }
        let at_end = if is_web(response.headers()) { at_end_of_web } else { at_end };
        Ok(response.map(|body| GuardedBody::new(body, permit, at_end)))
    }
}

fn at_end(trailers: Option<&HeaderMap>) -> Outcome {
    let missing = || Outcome::Failure(Some(Reason::from_static("the response ended without a grpc-status")));
    trailers.and_then(by_status).unwrap_or_else(missing)
}

/// The status was among the last bytes of the body; a proxy in between may still have made trailers
/// of it.
fn at_end_of_web(trailers: Option<&HeaderMap>) -> Outcome {
    trailers.and_then(by_status).unwrap_or(Outcome::Success)
}

/// Whether this is gRPC-Web, in bytes or in base64, whatever the messages are written in.
fn is_web(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(CONTENT_TYPE) else { return false };
    let begin = content_type.as_bytes().get(..WEB.len());
    begin.is_some_and(|begin| begin.eq_ignore_ascii_case(WEB))
}

/// What the `grpc-status` says, if there is one.
fn by_status(headers: &HeaderMap) -> Option<Outcome> {
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

/// The wait that a server asks for, if it is one.
fn pushback(headers: &HeaderMap) -> Option<Duration> {
    let millis = headers.get(PUSHBACK)?.to_str().ok()?.parse().ok()?;
    (millis > 0).then(|| Duration::from_millis(millis))
}

/// The status `UNAVAILABLE`, whose message names the circuit and whose `grpc-retry-pushback-ms`
/// says how long to wait: to a tonic client it is a `Status` like any other. The service's error
/// stays what it is.
///
/// ```
/// use breaker_core::{CircuitBreaker, Policy};
/// use breaker_box_tower::{GrpcUnavailable, Reject};
/// use http::Response;
///
/// let breaker = CircuitBreaker::new("stock", Policy::new())?;
/// breaker.force_open();
/// let answer: Result<Response<String>, ()> = GrpcUnavailable.reject(breaker.try_acquire().unwrap_err());
/// let answer = answer.unwrap();
/// assert_eq!(answer.headers()["grpc-status"], "14");
/// assert_eq!(answer.headers()["grpc-message"], "circuit `stock` is forced open");
/// # Ok::<(), breaker_core::PolicyError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct GrpcUnavailable;

impl<B: Default, E> Reject<Response<B>, E> for GrpcUnavailable {
    type Error = E;

    fn reject(&self, open: CircuitOpenError) -> Result<Response<B>, E> {
        let mut response = Response::new(B::default());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert(STATUS, HeaderValue::from_static("14"));
        if let Ok(message) = HeaderValue::from_str(&percent_encoded(&open.to_string())) {
            headers.insert(MESSAGE, message);
        }
        if let Some(wait) = open.retry_after() {
            let millis = wait.as_nanos().div_ceil(1_000_000);
            headers.insert(PUSHBACK, u64::try_from(millis).unwrap_or(u64::MAX).into());
        }
        Ok(response)
    }

    fn pass(error: E) -> E {
        error
    }
}

/// A message as it stands in a header: printable ASCII, the rest as `%XX`.
fn percent_encoded(message: &str) -> String {
    let mut encoded = String::with_capacity(message.len());
    for byte in message.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => encoded.push(char::from(byte)),
            // A `String` takes all that is written to it.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}
