//! Which circuit guards a request.

mod by_host;
mod by_path;
#[cfg(feature = "axum")]
mod by_route;
mod host;
mod keyed;

use breaker_core::{CircuitBreaker, CircuitOpenError, Permit};

pub use by_host::ByHost;
pub use by_path::ByPath;
#[cfg(feature = "axum")]
pub use by_route::ByRoute;
pub use keyed::Keyed;

/// Chooses the circuit that guards a request: one [`CircuitBreaker`] for all, or one of a registry
/// by host ([`ByHost`]), path ([`ByPath`]), axum route (`ByRoute`, feature `axum`) or any other key
/// ([`Keyed`]).
///
/// Implement it to choose in another way, or to leave some requests unguarded:
///
/// ```
/// use breaker_box::{CircuitBreaker, CircuitOpenError, Permit, Policy};
/// use breaker_box_tower::Circuits;
/// use http::Request;
///
/// /// Health checks are admitted even while the circuit is open.
/// #[derive(Clone)]
/// struct AllButHealth(CircuitBreaker);
///
/// impl<B> Circuits<Request<B>> for AllButHealth {
///     fn admit(&self, request: &Request<B>) -> Result<Option<Permit>, CircuitOpenError> {
///         if request.uri().path() == "/health" { Ok(None) } else { self.0.try_acquire().map(Some) }
///     }
/// }
///
/// let circuits = AllButHealth(CircuitBreaker::new("shop", Policy::new())?);
/// circuits.0.open();
/// assert!(circuits.admit(&Request::get("/health").body(())?)?.is_none());
/// assert!(circuits.admit(&Request::get("/items").body(())?).is_err());
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
pub trait Circuits<Request> {
    /// Returns a permit for this request, or `None` if it is not guarded.
    ///
    /// # Errors
    ///
    /// Returns an error if the circuit rejects the request.
    fn admit(&self, request: &Request) -> Result<Option<Permit>, CircuitOpenError>;
}

/// One circuit for all requests.
impl<Request> Circuits<Request> for CircuitBreaker {
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a function would get the permit through memory, which takes longer")]
    fn admit(&self, _: &Request) -> Result<Option<Permit>, CircuitOpenError> {
        self.try_acquire().map(Some)
    }
}
