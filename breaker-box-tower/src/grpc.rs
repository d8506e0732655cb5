//! gRPC: the status of a call is not that of its response.

use std::fmt::{Display, Write as _};

use breaker_core::{CircuitOpenError, Outcome, Permit, Reason};
use breaker_http::{grpc_errors, grpc_outcome};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body::Body;

use crate::body::GuardedBody;
use crate::reject::Reject;
use crate::settle::{Settle, unless_success};

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
/// How many milliseconds callers should wait: the `Retry-After` of gRPC.
const PUSHBACK: HeaderName = HeaderName::from_static("grpc-retry-pushback-ms");

/// What the content types of gRPC-Web begin with.
const WEB: &[u8] = b"application/grpc-web";

/// Settles each gRPC call when its status is known: at the headers, or at the trailers that end the
/// response. [`grpc_errors`] says which codes are failures. A response that ends without a status
/// is a failure, and so is an error in the middle of it. One that is dropped before its end cancels
/// the call.
///
/// A call lasts until its trailers. Streams that are meant to stay open are better classified by
/// their headers: `.classify(grpc_errors)`.
///
/// gRPC-Web (`application/grpc-web`, `application/grpc-web-text` and their variants) has its
/// trailers in the body, which is not read here. Such a response is classified by its headers.
/// Without a status there, it is a success if its whole body arrives. To see every status, put the
/// layer where the call is plain gRPC: on a server below the layer that translates
/// (`tonic_web::GrpcWebLayer`), on a client above it.
///
/// ```
/// use breaker_box::{CircuitBreaker, Policy};
/// use breaker_box_tower::{AtTrailers, Settle};
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

impl<B, E> Settle<Response<B>, E> for AtTrailers
where
    B: Body<Error: Display>,
    E: Display + 'static,
{
    type Response = Response<GuardedBody<B>>;

    fn settle(&self, permit: Option<Permit>, result: Result<Response<B>, E>) -> Result<Self::Response, E> {
        let mut permit = permit.and_then(|permit| unless_success(permit, || grpc_errors(&result)));
        let response = result?;
        // Neither of these is followed by trailers.
        if response.status() != StatusCode::OK || response.headers().contains_key(STATUS) {
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
    trailers.and_then(grpc_outcome).unwrap_or_else(missing)
}

/// The status was among the last bytes of the body, unless a proxy in between has made trailers of
/// it.
fn at_end_of_web(trailers: Option<&HeaderMap>) -> Outcome {
    trailers.and_then(grpc_outcome).unwrap_or(Outcome::Success)
}

/// Whether this is gRPC-Web, in bytes or in base64, whatever format the messages have.
fn is_web(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(CONTENT_TYPE) else { return false };
    let begin = content_type.as_bytes().get(..WEB.len());
    begin.is_some_and(|begin| begin.eq_ignore_ascii_case(WEB))
}

/// Answers with the status `UNAVAILABLE`. Its message names the circuit, and its
/// `grpc-retry-pushback-ms` says how long to wait. A tonic client gets a `Status` like any other.
/// The service's error type stays as it is.
///
/// ```
/// use breaker_box::{CircuitBreaker, Policy};
/// use breaker_box_tower::{RejectWithGrpcStatus, Reject};
/// use http::Response;
///
/// let breaker = CircuitBreaker::new("stock", Policy::new())?;
/// breaker.force_open();
/// let answer: Result<Response<String>, ()> = RejectWithGrpcStatus.reject(breaker.try_acquire().unwrap_err());
/// let answer = answer.unwrap();
/// assert_eq!(answer.headers()["grpc-status"], "14");
/// assert_eq!(answer.headers()["grpc-message"], "circuit `stock` is forced open");
/// # Ok::<(), breaker_box::PolicyError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct RejectWithGrpcStatus;

impl<B: Default, E> Reject<Response<B>, E> for RejectWithGrpcStatus {
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

    fn map_error(error: E) -> E {
        error
    }
}

/// A message as it is written in a header: printable ASCII, everything else as `%XX`.
fn percent_encoded(message: &str) -> String {
    let mut encoded = String::with_capacity(message.len());
    for byte in message.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => encoded.push(char::from(byte)),
            // Writing to a `String` cannot fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}
