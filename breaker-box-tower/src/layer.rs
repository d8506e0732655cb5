//! The layer: what is set up once and put around services.

use std::fmt;

use tower_layer::Layer;

use crate::classify::{ByResult, ServerErrors};
use crate::grpc::{AtTrailers, GrpcUnavailable};
use crate::judge::{AtEnd, AtResponse};
use crate::reject::{Boxed, Fallback, Typed, Unavailable};
use crate::service::BreakerService;

/// Puts circuits around a service: `C` says which one guards a request, `J` when and by what it is
/// settled, `R` what callers get while it is open.
///
/// | constructor | guards | a failure is | while open |
/// |---|---|---|---|
/// | [`new`](Self::new) | any service | an error | a [`BoxError`](crate::BoxError) that is a `CircuitOpenError` |
/// | [`client`](Self::client) | an HTTP client | [an error or a 5xx](ServerErrors) | the same |
/// | [`server`](Self::server) | an HTTP server | [an error or a 5xx](ServerErrors) | [503 with `Retry-After`](Unavailable) |
/// | [`grpc`](Self::grpc) | a gRPC client or server | [a status that stands for a 5xx](crate::GrpcErrors) | [the status `UNAVAILABLE`](GrpcUnavailable) |
///
/// Each of these takes one [`CircuitBreaker`](breaker_core::CircuitBreaker), or circuits of a
/// registry: [`ByHost`](crate::ByHost), [`ByPath`](crate::ByPath), `ByRoute`,
/// [`Keyed`](crate::Keyed).
///
/// ```
/// use breaker_core::{CircuitBreaker, CircuitOpenError, Policy};
/// use breaker_box_tower::BreakerLayer;
/// use tower::{Service, ServiceBuilder, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let breaker = CircuitBreaker::new("divider", Policy::consecutive_failures(2))?;
/// let mut divider = ServiceBuilder::new()
///     .layer(BreakerLayer::new(breaker.clone()))
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
pub struct BreakerLayer<C, J = AtResponse<ByResult>, R = Boxed> {
    circuits: C,
    judge: J,
    reject: R,
}

/// # Constructors
impl<C> BreakerLayer<C> {
    /// For services of any kind: `Ok` is a success, `Err` a failure for the reason that it
    /// displays.
    pub const fn new(circuits: C) -> Self {
        Self { circuits, judge: AtResponse(ByResult), reject: Boxed }
    }
}

impl<C> BreakerLayer<C, AtResponse<ServerErrors>> {
    /// In front of an HTTP client, such as `reqwest::Client` (feature `reqwest`) or that of
    /// `hyper-util`: judges by [`ServerErrors`] as soon as the headers are there.
    pub const fn client(circuits: C) -> Self {
        Self { circuits, judge: AtResponse(ServerErrors), reject: Boxed }
    }
}

impl<C> BreakerLayer<C, AtResponse<ServerErrors>, Unavailable> {
    /// Around an HTTP service, such as the routes of axum: judges by [`ServerErrors`] as soon as
    /// the headers are there, and answers 503 with `Retry-After` while the circuit is open. It
    /// cannot fail where the service cannot, so axum takes it as it is.
    ///
    /// ```
    /// use axum::body::Body;
    /// use axum::http::{Request, StatusCode};
    /// use axum::{Router, routing::get};
    /// use breaker_core::{CircuitBreaker, Policy};
    /// use breaker_box_tower::BreakerLayer;
    /// use tower::ServiceExt;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::new("reports", Policy::consecutive_failures(1))?;
    /// let app: Router = Router::new()
    ///     .route("/reports", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
    ///     .layer(BreakerLayer::server(breaker));
    ///
    /// let ask = || app.clone().oneshot(Request::get("/reports").body(Body::empty()).unwrap());
    /// assert_eq!(ask().await?.status(), 500);
    /// let answer = ask().await?;
    /// assert_eq!((answer.status(), &answer.headers()["retry-after"]), (StatusCode::SERVICE_UNAVAILABLE, &"30".parse()?));
    /// # Ok(())
    /// # }
    /// ```
    pub const fn server(circuits: C) -> Self {
        Self { circuits, judge: AtResponse(ServerErrors), reject: Unavailable }
    }
}

impl<C> BreakerLayer<C, AtTrailers, GrpcUnavailable> {
    /// In front of a gRPC client, such as `tonic::transport::Channel`, or around a gRPC server:
    /// judges by the `grpc-status` in headers or trailers, and answers with the status
    /// `UNAVAILABLE` while the circuit is open.
    pub const fn grpc(circuits: C) -> Self {
        Self { circuits, judge: AtTrailers, reject: GrpcUnavailable }
    }
}

/// # How requests are judged
impl<C, J, R> BreakerLayer<C, J, R> {
    /// Judges by `classifier`, as soon as the response (of HTTP: its headers) is there. A closure
    /// has to name the type that it takes: `|result: &Result<Response<_>, _>| …`.
    ///
    /// ```
    /// use breaker_core::{CircuitBreaker, Policy};
    /// use breaker_box_tower::BreakerLayer;
    /// use tower::{ServiceBuilder, ServiceExt, service_fn};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// let breaker = CircuitBreaker::new("thermometer", Policy::new())?;
    /// let thermometer = ServiceBuilder::new()
    ///     .layer(BreakerLayer::new(breaker.clone()).classify(|result: &Result<i32, &str>| *result != Ok(-273)))
    ///     .service(service_fn(async |()| Ok::<_, &str>(-273)));
    /// thermometer.oneshot(()).await?;
    /// assert_eq!(breaker.status().totals.failures, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn classify<D>(self, classifier: D) -> BreakerLayer<C, AtResponse<D>, R> {
        self.judge(AtResponse(classifier))
    }

    /// Judges and settles by another [`Judge`](crate::Judge).
    pub fn judge<K>(self, judge: K) -> BreakerLayer<C, K, R> {
        BreakerLayer { circuits: self.circuits, judge, reject: self.reject }
    }
}

impl<C, D, R> BreakerLayer<C, AtResponse<D>, R> {
    /// Settles an HTTP request when the body of its response has ended, see [`AtEnd`]: a connection
    /// that breaks in the midst of it is a failure.
    pub fn until_body_ends(self) -> BreakerLayer<C, AtEnd<D>, R> {
        BreakerLayer { circuits: self.circuits, judge: AtEnd(self.judge.0), reject: self.reject }
    }
}

/// # What callers get while a circuit is open
impl<C, J, R> BreakerLayer<C, J, R> {
    /// An error of type [`CallError`](breaker_core::CallError), which tells an open circuit from
    /// the service's own error.
    ///
    /// ```
    /// use breaker_core::{CallError, CircuitBreaker, Policy};
    /// use breaker_box_tower::BreakerLayer;
    /// use tower::{ServiceBuilder, ServiceExt, service_fn};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), breaker_core::PolicyError> {
    /// let breaker = CircuitBreaker::new("divider", Policy::new())?;
    /// let divider = ServiceBuilder::new()
    ///     .layer(BreakerLayer::new(breaker.clone()).typed_errors())
    ///     .service(service_fn(async |n: u32| 100_u32.checked_div(n).ok_or("division by zero")));
    /// assert!(matches!(divider.clone().oneshot(0).await, Err(CallError::Failed("division by zero"))));
    /// breaker.open();
    /// assert!(matches!(divider.oneshot(7).await, Err(CallError::Open(open)) if open.retry_after().is_some()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn typed_errors(self) -> BreakerLayer<C, J, Typed> {
        self.reject(Typed)
    }

    /// What `answer` makes of the [`CircuitOpenError`](breaker_core::CircuitOpenError): a response,
    /// or an error of the service's own type, which stays the error of the guarded service.
    ///
    /// ```
    /// use breaker_core::{CircuitBreaker, CircuitOpenError, Policy};
    /// use breaker_box_tower::BreakerLayer;
    /// use tower::{ServiceBuilder, ServiceExt, service_fn};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::new("exchange_rates", Policy::new())?;
    /// breaker.open();
    /// let rates = ServiceBuilder::new()
    ///     .layer(BreakerLayer::new(breaker).fallback(|_open: CircuitOpenError| Ok::<_, std::io::Error>("yesterday's")))
    ///     .service(service_fn(async |()| Ok::<_, std::io::Error>("today's")));
    /// assert_eq!(rates.oneshot(()).await?, "yesterday's");
    /// # Ok(())
    /// # }
    /// ```
    pub fn fallback<F>(self, answer: F) -> BreakerLayer<C, J, Fallback<F>> {
        self.reject(Fallback(answer))
    }

    /// Rejects in another way: [`Boxed`], [`Typed`], [`Fallback`], [`Unavailable`],
    /// [`GrpcUnavailable`] or a [`Reject`](crate::Reject) of your own.
    pub fn reject<Q>(self, reject: Q) -> BreakerLayer<C, J, Q> {
        BreakerLayer { circuits: self.circuits, judge: self.judge, reject }
    }
}

impl<S, C: Clone, J: Clone, R: Clone> Layer<S> for BreakerLayer<C, J, R> {
    type Service = BreakerService<S, C, J, R>;

    fn layer(&self, inner: S) -> Self::Service {
        BreakerService::new(inner, self.circuits.clone(), self.judge.clone(), self.reject.clone())
    }
}

impl<C: fmt::Debug, J, R> fmt::Debug for BreakerLayer<C, J, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakerLayer").field("circuits", &self.circuits).finish_non_exhaustive()
    }
}
