//! The result of an HTTP call, whatever its type.

use std::error::Error;
use std::fmt::Display;

use breaker_core::{CircuitOpenError, Outcome, ToOutcome as _};
use http::{Response, StatusCode};

use crate::error;
use crate::head::Head;

/// The result of an HTTP call, which [`server_errors`](crate::server_errors) and the other
/// classifiers take.
///
/// | type | classified by |
/// |---|---|
/// | `http::Response`, `StatusCode`, a pair that begins with one, [`Head`] | its status, and its `Retry-After` if the headers are known |
/// | `reqwest::Response`, `reqwest::blocking::Response` (feature `reqwest`) | the same |
/// | `reqwest::Error` (feature `reqwest`) | its status if `error_for_status` created it; ignored if the request could not be built; otherwise a failure |
/// | [`CircuitOpenError`] | ignored: the circuit of another call rejected it |
/// | `dyn Error` | the reqwest error or the [`CircuitOpenError`] that it is or has among its first 100 sources; otherwise a failure |
/// | `Result` of any of these | `Ok`: as above. `Err`: an error as above, an `io::Error`, a `Box<dyn Error>`, or a [`CallError`](breaker_core::CallError) of one of these, as above; every other error is a failure |
///
/// You can implement it for your own response types. An *error* type of your own counts as a
/// failure; implement [`ToOutcome`](breaker_core::ToOutcome) for it if it may mean something else.
///
/// ```
/// use breaker_box::http::{Answer, Head, server_errors};
/// use breaker_box::Outcome;
/// use http::{HeaderMap, StatusCode};
///
/// struct Page {
///     status: StatusCode,
///     headers: HeaderMap,
///     text: String,
/// }
///
/// impl Answer for Page {
///     fn head(&self) -> Result<Head<'_>, Outcome> {
///         Ok(Head::new(self.status, &self.headers))
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
    message = "`{Self}` is not the result of an HTTP call",
    label = "expected a response of `http` or reqwest, a `StatusCode`, or a `Result` of one with an error that implements `Display`",
    note = "if `Ok` holds what was read from a response, it is a success: `error_handler = |result| match result {{ Ok(_) => Outcome::Success, Err(error) => server_errors(error) }}`",
    note = "for an error of your own, implement `ToOutcome`, and write `error_handler = ToOutcome::to_outcome`",
    note = "for a response of your own, implement `Answer`"
)]
pub trait Answer {
    /// Returns the status and headers of the response.
    ///
    /// # Errors
    ///
    /// Returns the outcome of the call if there is no response.
    fn head(&self) -> Result<Head<'_>, Outcome>;
}

impl Answer for Head<'_> {
    fn head(&self) -> Result<Head<'_>, Outcome> {
        Ok(*self)
    }
}

impl Answer for StatusCode {
    fn head(&self) -> Result<Head<'_>, Outcome> {
        Ok(Head::from(*self))
    }
}

impl<B> Answer for Response<B> {
    fn head(&self) -> Result<Head<'_>, Outcome> {
        Ok(Head::new(self.status(), self.headers()))
    }
}

/// A status with a value, as handlers of web frameworks return it.
impl<T> Answer for (StatusCode, T) {
    fn head(&self) -> Result<Head<'_>, Outcome> {
        self.0.head()
    }
}

impl<A: Answer, E: Display + 'static> Answer for Result<A, E> {
    fn head(&self) -> Result<Head<'_>, Outcome> {
        match self {
            Ok(answer) => answer.head(),
            Err(error) => error::head_of(error),
        }
    }
}

impl Answer for CircuitOpenError {
    fn head(&self) -> Result<Head<'_>, Outcome> {
        Err(self.to_outcome())
    }
}

impl Answer for dyn Error + 'static {
    fn head(&self) -> Result<Head<'_>, Outcome> {
        error::head_of_dyn(self)
    }
}

impl Answer for dyn Error + Send + Sync + 'static {
    fn head(&self) -> Result<Head<'_>, Outcome> {
        error::head_of_dyn(self)
    }
}
