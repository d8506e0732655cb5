//! What a call by reqwest came to, whatever type it came back as.

use std::any::Any;
use std::error::Error;

use ::reqwest::{Response, StatusCode, blocking};

use super::error;
use crate::{Answer, Head};
use breaker_core::{CallError, CircuitOpenError};
use breaker_core::{Outcome, Reason};

/// Which statuses are failures: handed on to what a value consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failing {
    /// As [`server_errors`](crate::server_errors) says.
    ServerErrors,
    /// As [`transient_errors`](crate::transient_errors) says.
    TransientErrors,
}

impl Failing {
    /// What the handler says of an HTTP response.
    pub fn judge<A: Answer + ?Sized>(self, answer: &A) -> Outcome {
        match self {
            Self::ServerErrors => crate::server_errors(answer),
            Self::TransientErrors => crate::transient_errors(answer),
        }
    }
}

/// What the handlers of this module take: a value that knows what it means to a circuit.
///
/// Implement it once for the error of your client, and the handlers serve all its functions,
/// whatever they return:
///
/// ```
/// use breaker_box::http::Head;
/// use breaker_box::reqwest::{Failing, ToOutcome, server_errors};
/// use breaker_box::{CircuitOpenError, Outcome};
/// use reqwest::StatusCode;
/// use reqwest::header::HeaderMap;
///
/// #[derive(Debug, thiserror::Error)]
/// enum ShopError {
///     #[error("the shop says {status}")]
///     Refused { status: StatusCode, headers: HeaderMap },
///     #[error("no answer")]
///     Lost(#[from] reqwest::Error),
///     #[error(transparent)]
///     CircuitOpen(#[from] CircuitOpenError),
/// }
///
/// impl ToOutcome for ShopError {
///     fn to_outcome(&self, failing: Failing) -> Outcome {
///         match self {
///             Self::Refused { status, headers } => failing.judge(&Head { status: *status, headers: Some(headers) }),
///             Self::Lost(error) => error.to_outcome(failing),
///             Self::CircuitOpen(open) => open.to_outcome(failing),
///         }
///     }
/// }
///
/// let refused = |status| ShopError::Refused { status, headers: HeaderMap::new() };
/// let no_such_article: Result<String, _> = Err(refused(StatusCode::NOT_FOUND));
/// assert_eq!(server_errors(&no_such_article), Outcome::Success);
/// let broken: Result<Vec<u32>, _> = Err(refused(StatusCode::BAD_GATEWAY));
/// assert_eq!(server_errors(&broken), Outcome::failure_because("502 Bad Gateway"));
/// ```
///
/// Of what an error that others wrote holds, `dyn Error` finds the error of reqwest, if it is among
/// its sources: `Err(error) => server_errors(&**error)` judges `anyhow::Error`. An enum with
/// `#[error(transparent)]` hides it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what it means to a circuit",
    label = "neither a response nor an error of reqwest, nor a `ToOutcome`",
    note = "implement `ToOutcome` for your error, handing the error of reqwest on",
    note = "or write a closure: `error_handler = |result| match result {{ Err(YourError::Http(error)) => server_errors(error), … }}`"
)]
pub trait ToOutcome {
    /// What this means to the circuit, where those statuses are failures.
    fn to_outcome(&self, failing: Failing) -> Outcome;
}

impl Answer for Response {
    fn head(&self) -> Result<Head<'_>, Reason> {
        Ok(Head { status: self.status(), headers: Some(self.headers()) })
    }
}

impl Answer for blocking::Response {
    fn head(&self) -> Result<Head<'_>, Reason> {
        Ok(Head { status: self.status(), headers: Some(self.headers()) })
    }
}

impl ToOutcome for Response {
    fn to_outcome(&self, failing: Failing) -> Outcome {
        failing.judge(self)
    }
}

impl ToOutcome for blocking::Response {
    fn to_outcome(&self, failing: Failing) -> Outcome {
        failing.judge(self)
    }
}

impl ToOutcome for StatusCode {
    fn to_outcome(&self, failing: Failing) -> Outcome {
        failing.judge(self)
    }
}

impl ToOutcome for ::reqwest::Error {
    fn to_outcome(&self, failing: Failing) -> Outcome {
        error::judge(self, failing)
    }
}

/// A response or a status is judged; any other `Ok` is a success. (`'static`, because that is found
/// out while running.)
impl<T: 'static, E: ToOutcome> ToOutcome for Result<T, E> {
    fn to_outcome(&self, failing: Failing) -> Outcome {
        let value: &dyn Any = match self {
            Ok(value) => value,
            Err(error) => return error.to_outcome(failing),
        };
        if let Some(response) = value.downcast_ref::<Response>() {
            response.to_outcome(failing)
        } else if let Some(response) = value.downcast_ref::<blocking::Response>() {
            response.to_outcome(failing)
        } else if let Some(status) = value.downcast_ref::<StatusCode>() {
            status.to_outcome(failing)
        } else {
            Outcome::Success
        }
    }
}

/// The circuit of another call was open: this one's service was not asked.
impl ToOutcome for CircuitOpenError {
    fn to_outcome(&self, _: Failing) -> Outcome {
        Outcome::Ignore
    }
}

impl<E: ToOutcome> ToOutcome for CallError<E> {
    fn to_outcome(&self, failing: Failing) -> Outcome {
        match self {
            Self::Open(open) => open.to_outcome(failing),
            Self::Failed(error) => error.to_outcome(failing),
        }
    }
}

impl ToOutcome for dyn Error + 'static {
    fn to_outcome(&self, failing: Failing) -> Outcome {
        let mut source = Some(self);
        while let Some(error) = source {
            if let Some(error) = error.downcast_ref::<::reqwest::Error>() {
                return error.to_outcome(failing);
            }
            if let Some(open) = error.downcast_ref::<CircuitOpenError>() {
                return open.to_outcome(failing);
            }
            source = error.source();
        }
        Outcome::Failure(Some(Reason::from_display(self)))
    }
}

impl ToOutcome for dyn Error + Send + Sync + 'static {
    fn to_outcome(&self, failing: Failing) -> Outcome {
        let error: &(dyn Error + 'static) = self;
        error.to_outcome(failing)
    }
}

impl<E: ToOutcome + ?Sized> ToOutcome for Box<E> {
    fn to_outcome(&self, failing: Failing) -> Outcome {
        (**self).to_outcome(failing)
    }
}
