//! What callers get while a circuit is open.

use std::error::Error as StdError;
use std::fmt;

use breaker_core::{CallError, CircuitOpenError};
use breaker_http::service_unavailable;
use http::Response;

/// Any error: what layers of tower that can fail by themselves have as their error.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// What callers get while a circuit is open, and how the service's own errors reach them.
///
/// ```
/// use breaker_core::{CircuitBreaker, CircuitOpenError, Policy};
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
///     fn pass(error: std::io::Error) -> ShopError {
///         ShopError::Failed(error)
///     }
/// }
///
/// let breaker = CircuitBreaker::new("shop", Policy::new())?;
/// breaker.open();
/// let answer: Result<(), _> = AsShopError.reject(breaker.try_acquire().unwrap_err());
/// assert!(matches!(answer, Err(ShopError::Closed)));
/// # let _ = ShopError::Failed(std::io::Error::other("x"));
/// # Ok::<(), breaker_core::PolicyError>(())
/// ```
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

/// The [`CircuitOpenError`] as a [`BoxError`], as tower's own layers do: whatever is stacked above
/// or below fits, and `error.downcast_ref::<CircuitOpenError>()` or
/// `error.is::<CircuitOpenError>()` finds it.
///
/// ```
/// use breaker_core::{CircuitBreaker, CircuitOpenError, Policy};
/// use breaker_box_tower::{BoxError, Boxed, Reject};
///
/// let breaker = CircuitBreaker::new("shop", Policy::new())?;
/// breaker.open();
/// let answer: Result<(), BoxError> = Reject::<(), std::io::Error>::reject(&Boxed, breaker.try_acquire().unwrap_err());
/// assert!(answer.unwrap_err().is::<CircuitOpenError>());
/// # Ok::<(), breaker_core::PolicyError>(())
/// ```
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
///
/// ```
/// use breaker_core::{CallError, CircuitBreaker, Policy};
/// use breaker_box_tower::{Reject, Typed};
///
/// let breaker = CircuitBreaker::new("shop", Policy::new())?;
/// breaker.open();
/// let answer: Result<(), CallError<std::io::Error>> = Typed.reject(breaker.try_acquire().unwrap_err());
/// assert!(matches!(answer, Err(CallError::Open(open)) if open.identifier() == "shop"));
/// # Ok::<(), breaker_core::PolicyError>(())
/// ```
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
///
/// ```
/// use breaker_core::{CircuitBreaker, CircuitOpenError, Policy};
/// use breaker_box_tower::{Fallback, Reject};
///
/// let breaker = CircuitBreaker::new("shop", Policy::new())?;
/// breaker.open();
/// let from_cache = Fallback(|_: CircuitOpenError| Ok::<_, std::io::Error>("yesterday's prices"));
/// assert_eq!(from_cache.reject(breaker.try_acquire().unwrap_err()).ok(), Some("yesterday's prices"));
/// # Ok::<(), breaker_core::PolicyError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Fallback<F>(pub F);

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

    fn pass(error: E) -> E {
        error
    }
}

/// The 503 with `Retry-After` that [`service_unavailable`] makes; the service's error stays what it
/// is, so that a service that cannot fail still cannot.
///
/// ```
/// use breaker_core::{CircuitBreaker, Policy};
/// use breaker_box_tower::{Reject, Unavailable};
///
/// let breaker = CircuitBreaker::new("shop", Policy::new())?;
/// breaker.open();
/// let answer: Result<http::Response<String>, std::convert::Infallible> =
///     Unavailable.reject(breaker.try_acquire().unwrap_err());
/// let Ok(answer) = answer;
/// assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].as_bytes()), (503, &b"30"[..]));
/// # Ok::<(), breaker_core::PolicyError>(())
/// ```
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
