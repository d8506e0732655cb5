//! What callers get while a circuit is open.

use std::error::Error as StdError;
use std::fmt;

use breaker_core::http::service_unavailable;
use breaker_core::{CallError, CircuitOpenError};
use http::Response;

/// Any error: what layers of tower that can fail by themselves have as their error.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// What callers get while a circuit is open, and how the service's own errors reach them.
pub trait Reject<T, E> {
    /// The error of the guarded service.
    type Error;

    /// The answer instead of a call.
    ///
    /// # Errors
    ///
    /// Where an open circuit is an error.
    fn reject(&self, open: CircuitOpenError) -> Result<T, Self::Error>;

    /// An error of the service itself.
    fn pass(error: E) -> Self::Error;
}

/// The [`CircuitOpenError`] as a [`BoxError`], as tower's own layers do: whatever is stacked above or below fits, and
/// `error.downcast_ref::<CircuitOpenError>()` or `error.is::<CircuitOpenError>()` finds it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Boxed;

impl<T, E: Into<BoxError>> Reject<T, E> for Boxed {
    type Error = BoxError;

    fn reject(&self, open: CircuitOpenError) -> Result<T, BoxError> {
        Err(open.into())
    }

    fn pass(error: E) -> BoxError {
        error.into()
    }
}

/// A [`CallError`], which tells an open circuit from the service's own error without a downcast.
#[derive(Clone, Copy, Debug, Default)]
pub struct Typed;

impl<T, E> Reject<T, E> for Typed {
    type Error = CallError<E>;

    fn reject(&self, open: CircuitOpenError) -> Result<T, CallError<E>> {
        Err(CallError::Open(open))
    }

    fn pass(error: E) -> CallError<E> {
        CallError::Failed(error)
    }
}

/// An answer that a closure makes; the service's error stays what it is.
#[derive(Clone, Copy)]
pub struct Fallback<F>(pub F);

impl<F> fmt::Debug for Fallback<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Fallback").finish_non_exhaustive()
    }
}

impl<T, E, F> Reject<T, E> for Fallback<F>
where
    F: Fn(CircuitOpenError) -> Result<T, E>,
{
    type Error = E;

    fn reject(&self, open: CircuitOpenError) -> Result<T, E> {
        self.0(open)
    }

    fn pass(error: E) -> E {
        error
    }
}

/// The 503 with `Retry-After` that [`service_unavailable`] makes; the service's error stays what it is, so that a service that cannot
/// fail still cannot.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unavailable;

impl<B: From<String>, E> Reject<Response<B>, E> for Unavailable {
    type Error = E;

    fn reject(&self, open: CircuitOpenError) -> Result<Response<B>, E> {
        Ok(service_unavailable(open))
    }

    fn pass(error: E) -> E {
        error
    }
}
