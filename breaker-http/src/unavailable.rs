//! The HTTP response of an open circuit.

use std::fmt::{self, Write as _};

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};

use breaker_core::CircuitOpenError;

/// Returns the response of a server whose circuit is open: 503, with `Retry-After` in whole
/// seconds, rounded up, if a time is known.
///
/// It is a fallback for annotated handlers (`fallback = breaker_box::http::service_unavailable`).
/// The body is a problem document (RFC 9457) that names the circuit. If your callers must not see
/// that name, respond with another body. A caller that guards its calls with
/// [`server_errors`](crate::server_errors) opens its own circuit for exactly that time.
///
/// ```
/// use breaker_box::{CircuitBreaker, Policy, http::service_unavailable};
/// use http::Response;
///
/// let breaker = CircuitBreaker::new("payment_api", Policy::new())?;
/// breaker.open();
/// let response: Response<String> = service_unavailable(breaker.try_acquire().unwrap_err());
/// assert_eq!(response.status(), 503);
/// assert_eq!(response.headers()["retry-after"], "30");
/// assert_eq!(response.headers()["content-type"], "application/problem+json");
/// assert!(response.body().starts_with(
///     r#"{"title":"Service Unavailable","status":503,"detail":"circuit `payment_api` is open, retry after "#
/// ));
/// # Ok::<(), breaker_box::PolicyError>(())
/// ```
#[must_use]
#[expect(clippy::needless_pass_by_value, reason = "a fallback is given the error")]
pub fn service_unavailable<B: From<String>>(open: CircuitOpenError) -> Response<B> {
    let detail = Json(&open.to_string()).to_string();
    let body = format!(r#"{{"title":"Service Unavailable","status":503,"detail":"{detail}"}}"#);
    let mut response = Response::new(B::from(body));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(wait) = open.retry_after() {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        headers.insert(RETRY_AFTER, seconds.into());
    }
    response
}

/// A text as written between the quotes of a JSON string.
struct Json<'a>(&'a str);

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                control if control < ' ' => write!(f, "\\u{:04x}", u32::from(control))?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}
