//! A circuit for each route of an axum router.

use axum::extract::MatchedPath;
use breaker_core::{CircuitOpenError, Permit, Registry};
use http::{Method, Request};

use super::Circuits;

/// A circuit for each method and route of an axum router, such as `GET /shops/{id}`.
///
/// The names are those of your routes, and clients cannot add any. HTTP allows any word as a
/// method, so only the well-known ones (RFC 9110, and `PATCH`) are used as names. All others of a
/// route share the circuit `_OTHER /shops/{id}`, as they share one `http.request.method` in
/// OpenTelemetry. Requests that no route matched are not guarded.
///
/// ```
/// use axum::{Router, http::StatusCode, routing::get};
/// use breaker_box::Registry;
/// use breaker_box_tower::{ByRoute, CircuitBreakerLayer};
///
/// let registry = Registry::new();
/// let app: Router = Router::new()
///     .route("/shops/{id}", get(|| async { StatusCode::OK }))
///     .layer(CircuitBreakerLayer::server(ByRoute::new(&registry)));
/// # let _ = app;
/// ```
#[derive(Clone, Debug)]
pub struct ByRoute {
    registry: Registry,
}

impl ByRoute {
    /// Takes the circuits from `registry`. Missing ones are created with its default policy.
    #[must_use]
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }
}

impl<B> Circuits<Request<B>> for ByRoute {
    fn admit(&self, request: &Request<B>) -> Result<Option<Permit>, CircuitOpenError> {
        match request.extensions().get::<MatchedPath>() {
            Some(path) => {
                let route = format!("{} {}", method(request.method()), path.as_str());
                self.registry.try_acquire(route).map(Some)
            }
            None => Ok(None),
        }
    }
}

/// All methods that a client makes up share one name.
fn method(method: &Method) -> &str {
    match *method {
        Method::GET
        | Method::HEAD
        | Method::POST
        | Method::PUT
        | Method::DELETE
        | Method::PATCH
        | Method::OPTIONS
        | Method::CONNECT
        | Method::TRACE => method.as_str(),
        _ => "_OTHER",
    }
}
