//! A circuit for each path.

use breaker_core::{CircuitOpenError, Permit, Registry};
use http::Request;

use super::Circuits;

/// A circuit for each path. The path of a gRPC request is its method (`/shop.Stock/Reserve`).
///
/// Paths that contain names or numbers create a circuit for each of these. In front of an axum
/// router use `ByRoute`, elsewhere [`Keyed`](super::Keyed). On a server, clients choose the paths,
/// and may request paths that do not exist. Name only paths that you know, or limit the registry
/// with [`max_circuits`](breaker_core::RegistryBuilder::max_circuits).
///
/// ```
/// use breaker_box::Registry;
/// use breaker_box_tower::{ByPath, Circuits};
/// use http::Request;
///
/// let registry = Registry::new();
/// let request = Request::post("http://[::1]:50051/shop.Stock/Reserve").body(())?;
/// ByPath::new(&registry).admit(&request)?.expect("it is guarded").success();
/// assert!(registry.get("/shop.Stock/Reserve").is_some());
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ByPath {
    registry: Registry,
}

impl ByPath {
    /// Takes the circuits from `registry`. Missing ones are created with its default policy.
    #[must_use]
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }
}

impl<B> Circuits<Request<B>> for ByPath {
    fn admit(&self, request: &Request<B>) -> Result<Option<Permit>, CircuitOpenError> {
        self.registry.try_acquire(request.uri().path()).map(Some)
    }
}

#[cfg(feature = "reqwest")]
impl Circuits<reqwest::Request> for ByPath {
    fn admit(&self, request: &reqwest::Request) -> Result<Option<Permit>, CircuitOpenError> {
        self.registry.try_acquire(request.url().path()).map(Some)
    }
}
