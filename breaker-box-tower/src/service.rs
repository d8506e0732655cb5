//! The service: a request from admission to its future.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::{Context, Poll};

use breaker_core::CircuitBreaker;
use tower_service::Service;

use crate::circuits::Circuits;
use crate::classify::ServerErrors;
use crate::future::ResponseFuture;
use crate::grpc::{AtTrailers, GrpcUnavailable};
use crate::held::Held;
use crate::judge::{AtResponse, Judge};
use crate::reject::{Boxed, Reject};

/// What [`BreakerLayer::client`](crate::BreakerLayer::client) makes of a client: the type to keep
/// it by.
///
/// ```
/// # #[cfg(feature = "reqwest")] {
/// use breaker_core::{CircuitBreaker, Policy};
/// use breaker_box_tower::{BreakerLayer, ByHost, ClientService};
/// use tower::Layer;
///
/// struct Gateways {
///     payments: ClientService<reqwest::Client>,
///     webhooks: ClientService<reqwest::Client, ByHost>,
/// }
///
/// let http = reqwest::Client::new();
/// let gateways = Gateways {
///     payments: BreakerLayer::client(CircuitBreaker::new("payments", Policy::new())?).layer(http.clone()),
///     webhooks: BreakerLayer::client(ByHost::new(breaker_core::Registry::global())).layer(http),
/// };
/// # let Gateways { payments: _, webhooks: _ } = gateways;
/// # }
/// # Ok::<(), breaker_core::PolicyError>(())
/// ```
pub type ClientService<S, C = CircuitBreaker> = BreakerService<S, C, AtResponse<ServerErrors>, Boxed>;

/// What [`BreakerLayer::grpc`](crate::BreakerLayer::grpc) makes of a channel: the type to keep a
/// client by.
///
/// ```
/// use breaker_core::{CircuitBreaker, Policy};
/// use breaker_box_tower::{BreakerLayer, GrpcService};
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
/// let monitor = Monitor { health: HealthClient::new(BreakerLayer::grpc(guard).layer(channel)) };
/// # let Monitor { health: _ } = monitor;
/// # Ok(())
/// # }
/// ```
pub type GrpcService<S, C = CircuitBreaker> = BreakerService<S, C, AtTrailers, GrpcUnavailable>;

/// A service with circuits around it, made by a [`BreakerLayer`](crate::BreakerLayer). Clones share
/// their circuits.
///
/// A request is admitted in `call`, so that nothing is reserved by `poll_ready` and lost. Readiness
/// is the inner service's own: while that is not ready callers wait, whatever the state of the
/// circuit, for which one it will be is not known before the request is there. An error of the
/// inner `poll_ready` is handed on and counted nowhere: it belongs to no request, and means that
/// the service is beyond use.
///
/// A request that is rejected leaves the inner service ready for the next: what its `poll_ready`
/// reserved (a slot of a concurrency limit below, say) stays reserved until then, or until this
/// clone is dropped, as with every layer that answers by itself.
///
/// ```
/// use breaker_core::{CircuitBreaker, CircuitOpenError, Policy};
/// use breaker_box_tower::BreakerLayer;
/// use tower::{Layer, Service, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let breaker = CircuitBreaker::new("echo", Policy::new())?;
/// let mut echo = BreakerLayer::new(breaker.clone()).layer(service_fn(async |n: u32| Ok::<_, std::io::Error>(n)));
/// let ready = echo.ready().await?;
/// breaker.open();
/// assert!(ready.call(7).await.unwrap_err().is::<CircuitOpenError>());
/// breaker.close();
/// assert_eq!(ready.call(7).await?, 7);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct BreakerService<S, C, J, R> {
    inner: S,
    circuits: C,
    judge: J,
    reject: R,
}

impl<S, C, J, R> BreakerService<S, C, J, R> {
    pub(crate) const fn new(inner: S, circuits: C, judge: J, reject: R) -> Self {
        Self { inner, circuits, judge, reject }
    }

    /// The inner service.
    pub const fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The inner service; what is called on it goes past the circuits.
    pub const fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// The inner service, without its circuits.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, C, J, R, Request> Service<Request> for BreakerService<S, C, J, R>
where
    S: Service<Request>,
    C: Circuits<Request>,
    J: Judge<S::Response, S::Error> + Clone,
    R: Reject<S::Response, S::Error> + Clone,
{
    type Response = J::Response;
    type Error = R::Error;
    type Future = ResponseFuture<S::Future, J, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), R::Error>> {
        self.inner.poll_ready(cx).map_err(R::pass)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (judge, reject) = (self.judge.clone(), self.reject.clone());
        let mut held = match self.circuits.admit(&request) {
            Ok(permit) => Held::new(permit),
            Err(open) => return ResponseFuture::rejected(open, judge, reject),
        };
        match catch_unwind(AssertUnwindSafe(|| held.scope(|| self.inner.call(request)))) {
            Ok(future) => ResponseFuture::running(future, held, judge, reject),
            Err(payload) => {
                if let Some(permit) = held.take() {
                    permit.panicked(&*payload);
                }
                resume_unwind(payload)
            }
        }
    }
}

impl<S: fmt::Debug, C: fmt::Debug, J, R> fmt::Debug for BreakerService<S, C, J, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakerService")
            .field("inner", &self.inner)
            .field("circuits", &self.circuits)
            .finish_non_exhaustive()
    }
}
