//! The part of a response that classifies it.

use http::{HeaderMap, StatusCode};

/// The status and headers of a response, by which [`server_errors`](crate::server_errors) and the
/// other classifiers classify it.
///
/// ```
/// use breaker_box::http::{Head, server_errors};
/// use breaker_box::Outcome;
/// use http::{HeaderMap, StatusCode};
///
/// let mut headers = HeaderMap::new();
/// headers.insert("Retry-After", "7".parse()?);
/// let head = Head::new(StatusCode::SERVICE_UNAVAILABLE, &headers);
/// assert!(matches!(server_errors(&head), Outcome::Trip { .. }));
///
/// let without_headers = Head::from(StatusCode::BAD_GATEWAY);
/// assert_eq!(server_errors(&without_headers), Outcome::failure_because("502 Bad Gateway"));
/// # Ok::<(), http::header::InvalidHeaderValue>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    status: StatusCode,
    headers: Option<&'a HeaderMap>,
}

impl<'a> Head<'a> {
    /// Creates the head of a response with this status and these headers.
    #[must_use]
    pub const fn new(status: StatusCode, headers: &'a HeaderMap) -> Self {
        Self { status, headers: Some(headers) }
    }

    /// Returns the status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the headers, if they are known. Without them no `Retry-After` is seen.
    #[must_use]
    pub const fn headers(&self) -> Option<&'a HeaderMap> {
        self.headers
    }
}

impl From<StatusCode> for Head<'_> {
    /// Creates the head of a response whose headers are not known.
    fn from(status: StatusCode) -> Self {
        Self { status, headers: None }
    }
}
