//! The layer, which is configured once and applied to services.

use std::fmt;

use tower_layer::Layer;

use crate::classify::{ErrorsAsFailures, ServerErrorsAsFailures};
use crate::grpc::{AtTrailers, RejectWithGrpcStatus};
use crate::reject::{Fallback, RejectWith503, RejectWithBoxError, RejectWithCallError};
use crate::service::CircuitBreakerService;
use crate::settle::{AtEnd, AtResponse};

/// Puts circuits around a service. `C` decides which circuit guards a request, `W` when and by what
/// its call is settled, and `R` what callers get while it is open.
///
/// | constructor | guards | a failure is | while open |
/// |---|---|---|---|
/// | [`new`](Self::new) | any service | an error | a [`BoxError`](crate::BoxError) that is a `CircuitOpenError` |
/// | [`client`](Self::client) | an HTTP client | [an error or a 5xx](ServerErrorsAsFailures) | the same |
/// | [`server`](Self::server) | an HTTP server | [an error or a 5xx](ServerErrorsAsFailures) | [503 with `Retry-After`](RejectWith503) |
/// | [`grpc`](Self::grpc) | a gRPC client or server | [a status that stands for a 5xx](breaker_http::grpc_errors) | [the status `UNAVAILABLE`](RejectWithGrpcStatus) |
///
/// Each of these takes one [`CircuitBreaker`](breaker_core::CircuitBreaker), or circuits of a
/// registry: [`ByHost`](crate::ByHost), [`ByPath`](crate::ByPath), `ByRoute`,
/// [`Keyed`](crate::Keyed).
///
/// ```
/// use breaker_box::{CircuitBreaker, CircuitOpenError, Policy};
/// use breaker_box_tower::CircuitBreakerLayer;
/// use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let breaker = CircuitBreaker::new("divider", Policy::consecutive_failures(2))?;
/// let mut divider = ServiceBuilder::new()
///     .layer(CircuitBreakerLayer::new(breaker.clone()))
///     .service(service_fn(async |n: u32| 100_u32.checked_div(n).ok_or("division by zero")));
///
/// assert_eq!(divider.ready().await?.call(7).await?, 14);
/// for _ in 0..2 {
///     assert_eq!(divider.ready().await?.call(0).await.unwrap_err().to_string(), "division by zero");
/// }
/// let open = divider.ready().await?.call(7).await.unwrap_err();
/// assert_eq!(open.downcast_ref::<CircuitOpenError>().map(CircuitOpenError::identifier), Some("divider"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a layer guards nothing until it is put around a service"]
pub struct CircuitBreakerLayer<C, W = AtResponse<ErrorsAsFailures>, R = RejectWithBoxError> {
    circuits: C,
    settle: W,
    reject: R,
}

/// # Constructors
impl<C> CircuitBreakerLayer<C> {
    /// For services of any kind: `Ok` is a success, `Err` is a failure with the error's `Display`
    /// as its reason.
    pub const fn new(circuits: C) -> Self {
        Self { circuits, settle: AtResponse::new(ErrorsAsFailures), reject: RejectWithBoxError }
    }
}

impl<C> CircuitBreakerLayer<C, AtResponse<ServerErrorsAsFailures>> {
    /// In front of an HTTP client, such as `reqwest::Client` (feature `reqwest`) or that of
    /// `hyper-util`: classifies by [`server_errors`](breaker_http::server_errors) as soon as the
    /// headers are there.
    pub const fn client(circuits: C) -> Self {
        Self { circuits, settle: AtResponse::new(ServerErrorsAsFailures), reject: RejectWithBoxError }
    }
}

impl<C> CircuitBreakerLayer<C, AtResponse<ServerErrorsAsFailures>, RejectWith503> {
    /// Around an HTTP service, such as the routes of axum: classifies by
    /// [`server_errors`](breaker_http::server_errors) as soon as the headers are there, and answers
    /// 503 with `Retry-After` while the circuit is open. If the service cannot fail, neither can
    /// the layer, so axum accepts it as it is.
    ///
    /// ```
    /// use axum::body::Body;
    /// use axum::http::{Request, StatusCode};
    /// use axum::{Router, routing::get};
    /// use breaker_box::{CircuitBreaker, Policy};
    /// use breaker_box_tower::CircuitBreakerLayer;
    /// use tower::ServiceExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::new("reports", Policy::consecutive_failures(1))?;
    /// let app: Router = Router::new()
    ///     .route("/reports", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
    ///     .layer(CircuitBreakerLayer::server(breaker));
    ///
    /// let ask = || app.clone().oneshot(Request::get("/reports").body(Body::empty()).unwrap());
    /// assert_eq!(ask().await?.status(), 500);
    /// let answer = ask().await?;
    /// assert_eq!((answer.status(), &answer.headers()["retry-after"]), (StatusCode::SERVICE_UNAVAILABLE, &"30".parse()?));
    /// # Ok(())
    /// # }
    /// ```
    pub const fn server(circuits: C) -> Self {
        Self { circuits, settle: AtResponse::new(ServerErrorsAsFailures), reject: RejectWith503 }
    }
}

impl<C> CircuitBreakerLayer<C, AtTrailers, RejectWithGrpcStatus> {
    /// In front of a gRPC client, such as `tonic::transport::Channel`, or around a gRPC server:
    /// classifies by the `grpc-status` in headers or trailers, and answers with the status
    /// `UNAVAILABLE` while the circuit is open.
    pub const fn grpc(circuits: C) -> Self {
        Self { circuits, settle: AtTrailers, reject: RejectWithGrpcStatus }
    }
}

/// # How calls are classified
impl<C, W, R> CircuitBreakerLayer<C, W, R> {
    /// Classifies by `classifier` as soon as the response (of HTTP: its headers) is there.
    ///
    /// It is a function such as [`transient_errors`](breaker_http::transient_errors) or
    /// [`grpc_errors`](breaker_http::grpc_errors), or a closure that returns an
    /// [`Outcome`](breaker_core::Outcome) or a `bool`. A closure must name the type of its
    /// argument: `|result: &Result<Response<_>, _>| …`. If it panics, nothing is counted, the slot
    /// is freed, and the panic propagates.
    ///
    /// ```
    /// use breaker_box::{CircuitBreaker, Policy};
    /// use breaker_box_tower::CircuitBreakerLayer;
    /// use tower::{ServiceBuilder, ServiceExt, service_fn};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// let breaker = CircuitBreaker::new("thermometer", Policy::new())?;
    /// let thermometer = ServiceBuilder::new()
    ///     .layer(CircuitBreakerLayer::new(breaker.clone()).classify(|result: &Result<i32, &str>| *result != Ok(-273)))
    ///     .service(service_fn(async |()| Ok::<_, &str>(-273)));
    /// thermometer.oneshot(()).await?;
    /// assert_eq!(breaker.status().totals.failures, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn classify<D>(self, classifier: D) -> CircuitBreakerLayer<C, AtResponse<D>, R> {
        self.settle(AtResponse::new(classifier))
    }

    /// Settles by [`AtEnd`], [`AtTrailers`] or a [`Settle`](crate::Settle) of your own.
    pub fn settle<V>(self, settle: V) -> CircuitBreakerLayer<C, V, R> {
        CircuitBreakerLayer { circuits: self.circuits, settle, reject: self.reject }
    }
}

impl<C, D, R> CircuitBreakerLayer<C, AtResponse<D>, R> {
    /// Settles each HTTP call when the body of its response has ended, see [`AtEnd`]. A connection
    /// that breaks before is a failure.
    pub fn until_body_ends(self) -> CircuitBreakerLayer<C, AtEnd<D>, R> {
        CircuitBreakerLayer { circuits: self.circuits, settle: self.settle.at_end(), reject: self.reject }
    }
}

/// # What callers get while a circuit is open
impl<C, W, R> CircuitBreakerLayer<C, W, R> {
    /// Callers get an error of type [`CallError`](breaker_core::CallError), which tells an open
    /// circuit from the service's own error.
    ///
    /// ```
    /// use breaker_box::{CallError, CircuitBreaker, Policy};
    /// use breaker_box_tower::CircuitBreakerLayer;
    /// use tower::{ServiceBuilder, ServiceExt, service_fn};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), breaker_box::PolicyError> {
    /// let breaker = CircuitBreaker::new("divider", Policy::new())?;
    /// let divider = ServiceBuilder::new()
    ///     .layer(CircuitBreakerLayer::new(breaker.clone()).typed_errors())
    ///     .service(service_fn(async |n: u32| 100_u32.checked_div(n).ok_or("division by zero")));
    /// assert!(matches!(divider.clone().oneshot(0).await, Err(CallError::Failed("division by zero"))));
    /// breaker.open();
    /// assert!(matches!(divider.oneshot(7).await, Err(CallError::Open(open)) if open.retry_after().is_some()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn typed_errors(self) -> CircuitBreakerLayer<C, W, RejectWithCallError> {
        self.reject(RejectWithCallError)
    }

    /// Callers get what `answer` returns for the
    /// [`CircuitOpenError`](breaker_core::CircuitOpenError): a response, or an error of the
    /// service's own type.
    ///
    /// ```
    /// use breaker_box::{CircuitBreaker, CircuitOpenError, Policy};
    /// use breaker_box_tower::CircuitBreakerLayer;
    /// use tower::{ServiceBuilder, ServiceExt, service_fn};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::new("exchange_rates", Policy::new())?;
    /// breaker.open();
    /// let rates = ServiceBuilder::new()
    ///     .layer(CircuitBreakerLayer::new(breaker).fallback(|_open: CircuitOpenError| Ok::<_, std::io::Error>("yesterday's")))
    ///     .service(service_fn(async |()| Ok::<_, std::io::Error>("today's")));
    /// assert_eq!(rates.oneshot(()).await?, "yesterday's");
    /// # Ok(())
    /// # }
    /// ```
    pub fn fallback<F>(self, answer: F) -> CircuitBreakerLayer<C, W, Fallback<F>> {
        self.reject(Fallback::new(answer))
    }

    /// Rejects in another way: [`RejectWithBoxError`], [`RejectWithCallError`], [`RejectWith503`],
    /// [`RejectWithGrpcStatus`], [`Fallback`], or a [`Reject`](crate::Reject) of your own.
    pub fn reject<Q>(self, reject: Q) -> CircuitBreakerLayer<C, W, Q> {
        CircuitBreakerLayer { circuits: self.circuits, settle: self.settle, reject }
    }
}

impl<S, C: Clone, W: Clone, R: Clone> Layer<S> for CircuitBreakerLayer<C, W, R> {
    type Service = CircuitBreakerService<S, C, W, R>;

    fn layer(&self, inner: S) -> Self::Service {
        CircuitBreakerService::new(inner, self.circuits.clone(), self.settle.clone(), self.reject.clone())
    }
}

impl<C: fmt::Debug, W, R> fmt::Debug for CircuitBreakerLayer<C, W, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreakerLayer").field("circuits", &self.circuits).finish_non_exhaustive()
    }
}
