//! The service: a request from admission to its future.

use std::fmt;
use std::task::{Context, Poll};

use breaker_core::CircuitBreaker;
use tower_service::Service;

use crate::circuits::Circuits;
use crate::classify::ServerErrorsAsFailures;
use crate::future::ResponseFuture;
use crate::grpc::{AtTrailers, RejectWithGrpcStatus};
use crate::reject::{Reject, RejectWithBoxError};
use crate::settle::{AtResponse, Settle};

/// The type of a client that [`CircuitBreakerLayer::client`](crate::CircuitBreakerLayer::client)
/// guards.
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use breaker_box::{CircuitBreaker, Policy};
/// use breaker_box_tower::{CircuitBreakerLayer, ByHost, ClientService};
/// use tower::Layer;
///
/// struct Gateways {
///     payments: ClientService<reqwest::Client>,
///     webhooks: ClientService<reqwest::Client, ByHost>,
/// }
///
/// let http = reqwest::Client::new();
/// let gateways = Gateways {
///     payments: CircuitBreakerLayer::client(CircuitBreaker::new("payments", Policy::new())?).layer(http.clone()),
///     webhooks: CircuitBreakerLayer::client(ByHost::new(breaker_box::Registry::global())).layer(http),
/// };
/// # let Gateways { payments: _, webhooks: _ } = gateways;
/// # }
/// # Ok::<(), breaker_box::PolicyError>(())
/// ```
pub type ClientService<S, C = CircuitBreaker> =
    CircuitBreakerService<S, C, AtResponse<ServerErrorsAsFailures>, RejectWithBoxError>;

/// The type of a channel that [`CircuitBreakerLayer::grpc`](crate::CircuitBreakerLayer::grpc)
/// guards.
///
/// ```
/// use breaker_box::{CircuitBreaker, Policy};
/// use breaker_box_tower::{CircuitBreakerLayer, GrpcService};
/// use tonic::transport::{Channel, Endpoint};
/// use tonic_health::pb::health_client::HealthClient;
/// use tower::Layer;
///
/// struct Monitor {
///     health: HealthClient<GrpcService<Channel>>,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let channel = Endpoint::from_static("http://[::1]:50051").connect_lazy();
/// let guard = CircuitBreaker::new("health", Policy::new())?;
/// let monitor = Monitor { health: HealthClient::new(CircuitBreakerLayer::grpc(guard).layer(channel)) };
/// # let Monitor { health: _ } = monitor;
/// # Ok(())
/// # }
/// ```
pub type GrpcService<S, C = CircuitBreaker> = CircuitBreakerService<S, C, AtTrailers, RejectWithGrpcStatus>;

/// A service with circuits around it, made by a
/// [`CircuitBreakerLayer`](crate::CircuitBreakerLayer). Clones share their circuits.
///
/// A request is admitted in `call`, so nothing is reserved in `poll_ready` and lost. `poll_ready`
/// forwards to the inner service: the circuit depends on the request, which is not known yet. While
/// the inner service is not ready, callers wait, whatever the state of the circuits. An error of
/// the inner `poll_ready` is passed on and not counted: it belongs to no request, and means that
/// the service can no longer be used.
///
/// After a request is rejected, the inner service is still ready for the next one. What its
/// `poll_ready` reserved (such as a slot of a concurrency limit below) stays reserved until then,
/// or until this clone is dropped, as with every layer that answers by itself.
///
/// ```
/// use breaker_box::{CircuitBreaker, CircuitOpenError, Policy};
/// use breaker_box_tower::CircuitBreakerLayer;
/// use tower::{Layer, Service, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let breaker = CircuitBreaker::new("echo", Policy::new())?;
/// let mut echo = CircuitBreakerLayer::new(breaker.clone()).layer(service_fn(async |n: u32| Ok::<_, std::io::Error>(n)));
/// let ready = echo.ready().await?;
/// breaker.open();
/// assert!(ready.call(7).await.unwrap_err().is::<CircuitOpenError>());
/// breaker.close();
/// assert_eq!(ready.call(7).await?, 7);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CircuitBreakerService<S, C, W, R> {
    inner: S,
    circuits: C,
    settle: W,
    reject: R,
}

impl<S, C, W, R> CircuitBreakerService<S, C, W, R> {
    pub(crate) const fn new(inner: S, circuits: C, settle: W, reject: R) -> Self {
        Self { inner, circuits, settle, reject }
    }

    /// Returns a reference to the inner service.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Returns a mutable reference to the inner service. Calls made on it bypass the circuits.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Returns the inner service, without its circuits.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, C, W, R, Request> Service<Request> for CircuitBreakerService<S, C, W, R>
where
    S: Service<Request>,
    C: Circuits<Request>,
    W: Settle<S::Response, S::Error> + Clone,
    R: Reject<S::Response, S::Error> + Clone,
{
    type Response = W::Response;
    type Error = R::Error;
    type Future = ResponseFuture<S::Future, W, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), R::Error>> {
        self.inner.poll_ready(cx).map_err(R::map_error)
    }

    #[inline]
    fn call(&mut self, request: Request) -> Self::Future {
        let (settle, reject) = (self.settle.clone(), self.reject.clone());
        match self.circuits.admit(&request) {
            Ok(permit) => ResponseFuture::admitted(permit, || self.inner.call(request), settle, reject),
            Err(open) => ResponseFuture::rejected(open, settle, reject),
        }
    }
}

impl<S: fmt::Debug, C: fmt::Debug, W, R> fmt::Debug for CircuitBreakerService<S, C, W, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakerService")
            .field("inner", &self.inner)
            .field("circuits", &self.circuits)
            .finish_non_exhaustive()
    }
}
