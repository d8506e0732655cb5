//! What an HTTP call came to, whatever type it came back as.

use std::fmt::Display;

use ::http::{HeaderMap, Response, StatusCode};

use breaker_core::Reason;

/// The part of a response that handlers judge by.
///
/// ```
/// use breaker_box::http::{Head, server_errors};
/// use breaker_box::Outcome;
/// use http::StatusCode;
///
/// let head = Head { status: StatusCode::BAD_GATEWAY, headers: None };
/// assert_eq!(server_errors(&head), Outcome::failure_because("502 Bad Gateway"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The status.
    pub status: StatusCode,
    /// The headers, where they are known: without them no `Retry-After` is seen.
    pub headers: Option<&'a HeaderMap>,
}

/// What came of an HTTP call: what [`server_errors`](super::server_errors) and its like take.
///
/// Responses and statuses are answers, pairs that begin with a status, and results of answers
/// whatever the error. Implement it for a response type of your own.
///
/// ```
/// use breaker_box::http::{Answer, Head, server_errors};
/// use breaker_box::{Outcome, Reason};
/// use http::{HeaderMap, StatusCode};
///
/// struct Page {
///     status: StatusCode,
///     headers: HeaderMap,
///     text: String,
/// }
///
/// impl Answer for Page {
///     fn head(&self) -> Result<Head<'_>, Reason> {
///         Ok(Head { status: self.status, headers: Some(&self.headers) })
///     }
/// }
///
/// let page = Page { status: StatusCode::OK, headers: HeaderMap::new(), text: "hello".into() };
/// assert_eq!(server_errors(&page), Outcome::Success);
/// # let _ = page.text;
/// let timed_out: Result<Result<Page, std::io::Error>, &str> = Err("no answer for 2s");
/// assert_eq!(server_errors(&timed_out), Outcome::failure_because("no answer for 2s"));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no answer to an HTTP call",
    label = "expected an `http::Response`, a `StatusCode`, or a `Result` of one with an error that implements `Display`",
    note = "a closure takes the status from anything: `error_handler = |result| server_errors(&result.status)`",
    note = "or implement `Answer` for a response type of your own"
)]
pub trait Answer {
    /// Status and headers of the response.
    ///
    /// # Errors
    ///
    /// Why there is no response.
    fn head(&self) -> Result<Head<'_>, Reason>;
}

impl Answer for Head<'_> {
    fn head(&self) -> Result<Head<'_>, Reason> {
        Ok(*self)
    }
}

impl Answer for StatusCode {
    fn head(&self) -> Result<Head<'_>, Reason> {
        Ok(Head { status: *self, headers: None })
    }
}

impl<B> Answer for Response<B> {
    fn head(&self) -> Result<Head<'_>, Reason> {
        Ok(Head { status: self.status(), headers: Some(self.headers()) })
    }
}

/// A status with what belongs to it, as handlers of web frameworks return it.
impl<T> Answer for (StatusCode, T) {
    fn head(&self) -> Result<Head<'_>, Reason> {
        self.0.head()
    }
}

/// `Ok` is judged as it is; `Err` is no response, for the reason that the error displays.
impl<A: Answer, E: Display> Answer for Result<A, E> {
    fn head(&self) -> Result<Head<'_>, Reason> {
        match self {
            Ok(answer) => answer.head(),
            Err(error) => Err(Reason::from_display(error)),
        }
    }
}
