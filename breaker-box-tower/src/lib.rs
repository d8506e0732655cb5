//! breaker-box as a layer of [tower](https://docs.rs/tower): circuits in front of clients and
//! around servers.
//!
//! One [`BreakerLayer`] serves all. It takes one [`CircuitBreaker`](breaker_core::CircuitBreaker),
//! or circuits of a registry chosen per request: [`ByHost`], [`ByPath`], `ByRoute` (feature
//! `axum`), [`Keyed`]. Use it with the crate `breaker-box`, whose types these are.
//!
//! An axum service that calls another one by reqwest, protected both ways:
//!
//! ```
//! # #[cfg(all(feature = "axum", feature = "reqwest"))]
//! # mod example {
//! use axum::{Router, extract::Path, http::StatusCode, routing::get};
//! use breaker_box::Registry;
//! use breaker_box_tower::{BreakerLayer, ByHost, ByRoute};
//! use tower::{Layer, ServiceExt};
//!
//! fn shop(registry: &Registry, http: reqwest::Client, warehouse: std::net::SocketAddr) -> Router {
//!     // A circuit for each host that is called …
//!     let guarded = BreakerLayer::client(ByHost::new(registry)).layer(http.clone());
//!     let stock = async move |Path(item): Path<u32>| {
//!         let request = http.get(format!("http://{warehouse}/items/{item}")).build().expect("a valid address");
//!         match guarded.oneshot(request).await {
//!             Ok(response) if response.status().is_success() => Ok(response.text().await.unwrap_or_default()),
//!             _ => Err(StatusCode::BAD_GATEWAY),
//!         }
//!     };
//!     // … and one for each route that is served.
//!     Router::new().route("/stock/{item}", get(stock)).layer(BreakerLayer::server(ByRoute::new(registry)))
//! }
//! # async fn serve(router: Router) -> std::net::SocketAddr {
//! #     let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
//! #     let address = listener.local_addr().unwrap();
//! #     tokio::spawn(async { axum::serve(listener, router).await });
//! #     address
//! # }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # pub async fn main() {
//! # use breaker_box::{Policy, State};
//! let registry = Registry::builder().default_policy(Policy::consecutive_failures(2)).build().unwrap();
//! let broken = Router::new().route("/items/{item}", get(async || StatusCode::INTERNAL_SERVER_ERROR));
//! let warehouse = serve(broken).await;
//! let http = reqwest::Client::builder().no_proxy().build().unwrap();
//! let address = serve(shop(&registry, http.clone(), warehouse)).await;
//!
//! let ask = async || http.get(format!("http://{address}/stock/7")).send().await.unwrap();
//! for _ in 0..2 {
//!     assert_eq!(ask().await.status(), 502);
//! }
//! // The shop no longer asks the warehouse, and says so at once.
//! let answer = ask().await;
//! assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].as_bytes()), (503, &b"30"[..]));
//! assert_eq!(registry.state(&warehouse.to_string()), State::Open);
//! assert_eq!(registry.state("GET /stock/{item}"), State::Open);
//! # }
//! # }
//! # #[cfg(all(feature = "axum", feature = "reqwest"))]
//! # example::main();
//! ```
//!
//! # When a request is admitted
//!
//! In `call`, and never before: `poll_ready` is the inner service's own and reserves nothing of the
//! circuit, so no probe of a half-open circuit is reserved and lost. See [`BreakerService`].
//!
//! A request that is given up (its future dropped, by a timeout above or a client that hung up) was
//! cancelled and frees its slot; a panic in the service is recorded and goes on. So it is with
//! annotated functions too.
//!
//! # When a streamed response is a success
//!
//! | [`Judge`] | a request ends | choose it for |
//! |---|---|---|
//! | [`AtResponse`], the default | with status and headers | streams that are meant to stay open, big downloads, slow readers |
//! | [`AtEnd`]: [`until_body_ends`](BreakerLayer::until_body_ends) | with its body: an error in the midst of it is a failure | short bodies of services that break off |
//! | [`AtTrailers`]: [`grpc`](BreakerLayer::grpc) | with its `grpc-status`, in headers or trailers | gRPC |
//!
//! # In front of what
//!
//! - axum, as a layer: [`BreakerLayer::server`] answers 503 with `Retry-After` and cannot fail, so
//!   it needs no `HandleErrorLayer`.
//! - the client of hyper-util, reqwest (feature `reqwest`, as in the example above):
//!   [`BreakerLayer::client`].
//! - reqwest's connector: `reqwest::Client::builder().connector_layer(BreakerLayer::new(breaker))`
//!   judges only whether connections are made.
//! - tonic, clients and servers: [`BreakerLayer::grpc`].
//! - any other service: [`BreakerLayer::new`].
//!
//! # Above and below other layers
//!
//! | layer | above the breaker | below it |
//! |---|---|---|
//! | retry | each attempt asks the circuit; have it stop at a [`CircuitOpenError`](breaker_core::CircuitOpenError) | all attempts are one call |
//! | timeout | cancels: counted as the policy's `on_cancel` says, by default not at all | a failure |
//! | buffer | tasks share the one service that the circuit guards | its worker's answers are judged |
//! | load shed, concurrency limit | says no before the circuit is asked | an overloaded service is a failure |
//! | another breaker | | its `CircuitOpenError` is ignored by the ready-made classifiers; [its response is not](#routes-whose-handlers-have-circuits-of-their-own) |
//!
//! A timeout belongs below. On a server that is where slow clients meet it: have it answer 408,
//! which is no failure, as those of tower-http do; `tower::timeout` makes an error.
//!
//! # Routes whose handlers have circuits of their own
//!
//! A handler that answers 502 because a dependency is down, or 503 with `Retry-After` because the
//! circuit of that dependency is open, fails or trips the circuit of its route, too. If the handler
//! of `/stock/{shop}` has a circuit for each shop, one broken shop blocks the route for all. So
//! leave such a route without a circuit, or ignore what it only passes on:
//!
//! ```
//! # #[cfg(feature = "axum")]
//! # mod example {
//! use axum::{Router, extract::Path, http::StatusCode, response::Response, routing::get};
//! use breaker_box::{Outcome, Policy, Registry};
//! use breaker_box_tower::{BreakerLayer, ByRoute, Classify, ServerErrors};
//! # use axum::{body::Body, http::Request};
//! # use tower::ServiceExt;
//!
//! fn judge<E>(result: &Result<Response, E>) -> Outcome
//! where
//!     ServerErrors: Classify<Response, E>,
//! {
//!     match result {
//!         Ok(response) if matches!(response.status().as_u16(), 502..=504) => Outcome::Ignore,
//!         result => ServerErrors.classify(result),
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # pub async fn main() {
//! let registry = Registry::builder().default_policy(Policy::consecutive_failures(1)).build().unwrap();
//! let stock = async |Path(shop): Path<String>| if shop == "north" { Err(StatusCode::BAD_GATEWAY) } else { Ok("7") };
//! let routes = Router::new()
//!     .route("/stock/{shop}", get(stock))
//!     .layer(BreakerLayer::server(ByRoute::new(&registry)).classify(judge));
//!
//! let ask = async |path| routes.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap().status();
//! assert_eq!(ask("/stock/north").await, StatusCode::BAD_GATEWAY);
//! assert_eq!(ask("/stock/south").await, StatusCode::OK);
//! # }
//! # }
//! # #[cfg(feature = "axum")]
//! # example::main();
//! ```
//!
//! # What clients of a server can do
//!
//! Clients that hang up cancel their calls, so leave the policy's `on_cancel` alone: as failures
//! these would open routes for everybody. A client that uploads slowly may be the one probe of a
//! half-open circuit, and holds its slot until the open period has passed once more; admit more
//! probes at once ([`half_open_max_calls`](breaker_core::Policy::half_open_max_calls)), set no
//! [`half_open_timeout`](breaker_core::Policy::half_open_timeout), by which such a probe fails, or
//! read bodies in a layer above.
//!
//! Clients choose methods, paths and hosts. `ByRoute` names only what your router knows; [`ByPath`]
//! and [`ByHost`] name what is asked for, and need a registry that is bounded.

#![deny(missing_docs)]

mod body;
mod circuits;
mod classify;
mod future;
mod grpc;
mod held;
mod judge;
mod layer;
mod reject;
#[cfg(feature = "reqwest")]
mod reqwest;
mod service;

pub use body::GuardedBody;
#[cfg(feature = "axum")]
pub use circuits::ByRoute;
pub use circuits::{ByHost, ByPath, Circuits, Keyed};
pub use classify::{ByResult, Classify, ServerErrors, TransientErrors};
pub use future::ResponseFuture;
pub use grpc::{AtTrailers, GrpcErrors, GrpcUnavailable};
pub use judge::{AtEnd, AtResponse, Judge};
pub use layer::BreakerLayer;
pub use reject::{BoxError, Boxed, Fallback, Reject, Typed, Unavailable};
pub use service::{BreakerService, ClientService, GrpcService};
