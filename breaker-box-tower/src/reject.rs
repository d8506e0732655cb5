//! What callers get while a circuit is open.

use std::error::Error as StdError;
use std::fmt;

use breaker_core::{CallError, CircuitOpenError};
use breaker_http::service_unavailable;
use http::Response;

/// Any error: the error type of tower layers that can fail by themselves.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// What callers get while a circuit is open, and how the service's own errors are converted.
///
/// ```
/// use breaker_box::{CircuitBreaker, CircuitOpenError, Policy};
/// use breaker_box_tower::Reject;
///
/// enum ShopError {
///     Closed,
///     Failed(std::io::Error),
/// }
///
/// struct AsShopError;
///
/// impl<T> Reject<T, std::io::Error> for AsShopError {
///     type Error = ShopError;
///
///     fn reject(&self, _open: CircuitOpenError) -> Result<T, ShopError> {
///         Err(ShopError::Closed)
///     }
///
///     fn map_error(error: std::io::Error) -> ShopError {
///         ShopError::Failed(error)
///     }
/// }
///
/// let breaker = CircuitBreaker::new("shop", Policy::new())?;
/// breaker.open();
/// let answer: Result<(), _> = AsShopError.reject(breaker.try_acquire().unwrap_err());
/// assert!(matches!(answer, Err(ShopError::Closed)));
/// # let _ = ShopError::Failed(std::io::Error::other("x"));
/// # Ok::<(), breaker_box::PolicyError>(())
/// ```
pub trait Reject<T, E> {
    /// The error of the guarded service.
    type Error;

    /// Returns what callers get instead of a response.
    ///
    /// # Errors
    ///
    /// Returns an error if callers get an open circuit as an error.
    fn reject(&self, open: CircuitOpenError) -> Result<T, Self::Error>;

    /// Converts an error of the service itself.
    fn map_error(error: E) -> Self::Error;
}

/// Rejects with the [`CircuitOpenError`] as a [`BoxError`], as tower's own layers do, so that it
/// fits above and below them. `error.is::<CircuitOpenError>()` and
/// `error.downcast_ref::<CircuitOpenError>()` find it.
///
/// ```
/// use breaker_box::{CircuitBreaker, CircuitOpenError, Policy};
/// use breaker_box_tower::{BoxError, RejectWithBoxError, Reject};
///
/// let breaker = CircuitBreaker::new("shop", Policy::new())?;
/// breaker.open();
/// let answer: Result<(), BoxError> = Reject::<(), std::io::Error>::reject(&RejectWithBoxError, breaker.try_acquire().unwrap_err());
/// assert!(answer.unwrap_err().is::<CircuitOpenError>());
/// # Ok::<(), breaker_box::PolicyError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct RejectWithBoxError;

impl<T, E: Into<BoxError>> Reject<T, E> for RejectWithBoxError {
    type Error = BoxError;

    fn reject(&self, open: CircuitOpenError) -> Result<T, BoxError> {
        Err(open.into())
    }

    fn map_error(error: E) -> BoxError {
        error.into()
    }
}

/// Rejects with a [`CallError`], which tells an open circuit from the service's own error without a
/// downcast.
///
/// ```
/// use breaker_box::{CallError, CircuitBreaker, Policy};
/// use breaker_box_tower::{Reject, RejectWithCallError};
///
/// let breaker = CircuitBreaker::new("shop", Policy::new())?;
/// breaker.open();
/// let answer: Result<(), CallError<std::io::Error>> = RejectWithCallError.reject(breaker.try_acquire().unwrap_err());
/// assert!(matches!(answer, Err(CallError::Open(open)) if open.identifier() == "shop"));
/// # Ok::<(), breaker_box::PolicyError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct RejectWithCallError;

impl<T, E> Reject<T, E> for RejectWithCallError {
    type Error = CallError<E>;

    fn reject(&self, open: CircuitOpenError) -> Result<T, CallError<E>> {
        Err(CallError::Open(open))
    }

    fn map_error(error: E) -> CallError<E> {
        CallError::Failed(error)
    }
}

/// Answers with what a closure returns. The service's error type stays as it is.
///
/// ```
/// use breaker_box::{CircuitBreaker, CircuitOpenError, Policy};
/// use breaker_box_tower::{Fallback, Reject};
///
/// let breaker = CircuitBreaker::new("shop", Policy::new())?;
/// breaker.open();
/// let from_cache = Fallback::new(|_: CircuitOpenError| Ok::<_, std::io::Error>("yesterday's prices"));
/// assert_eq!(from_cache.reject(breaker.try_acquire().unwrap_err()).ok(), Some("yesterday's prices"));
/// # Ok::<(), breaker_box::PolicyError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Fallback<F>(F);

impl<F> Fallback<F> {
    /// `answer` takes the [`CircuitOpenError`], and returns a response or an error of the service's
    /// own type.
    pub const fn new(answer: F) -> Self {
        Self(answer)
    }
}

impl<F> fmt::Debug for Fallback<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fallback").finish_non_exhaustive()
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

    fn map_error(error: E) -> E {
        error
    }
}

/// Answers with the 503 with `Retry-After` that [`service_unavailable`] makes. The service's error
/// type stays as it is, so a service that cannot fail still cannot.
///
/// ```
/// use breaker_box::{CircuitBreaker, Policy};
/// use breaker_box_tower::{Reject, RejectWith503};
///
/// let breaker = CircuitBreaker::new("shop", Policy::new())?;
/// breaker.open();
/// let answer: Result<http::Response<String>, std::convert::Infallible> =
///     RejectWith503.reject(breaker.try_acquire().unwrap_err());
/// let Ok(answer) = answer;
/// assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].as_bytes()), (503, &b"30"[..]));
/// # Ok::<(), breaker_box::PolicyError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct RejectWith503;

impl<B: From<String>, E> Reject<Response<B>, E> for RejectWith503 {
    type Error = E;

    fn reject(&self, open: CircuitOpenError) -> Result<Response<B>, E> {
        Ok(service_unavailable(open))
    }

    fn map_error(error: E) -> E {
        error
    }
}
