//! breaker-box as a layer of [tower](https://docs.rs/tower): circuits in front of clients and
//! around servers.
//!
//! The layer is [`CircuitBreakerLayer`]. It takes one
//! [`CircuitBreaker`](breaker_core::CircuitBreaker), or chooses a circuit of a registry for each
//! request: [`ByHost`], [`ByPath`], `ByRoute` (feature `axum`), [`Keyed`]. Use it together with
//! [breaker-box](https://docs.rs/breaker-box), which exports these types.
//!
//! An axum service that calls another one with reqwest, protected on both sides:
//!
//! ```
//! # #[cfg(all(feature = "axum", feature = "reqwest"))]
//! # mod example {
//! use axum::{Router, extract::Path, http::StatusCode, routing::get};
//! use breaker_box::Registry;
//! use breaker_box_tower::{ByHost, ByRoute, CircuitBreakerLayer};
//! use tower::{Layer, ServiceExt};
//!
//! fn shop(registry: &Registry, http: reqwest::Client, warehouse: std::net::SocketAddr) -> Router {
//!     // A circuit for each host that is called …
//!     let guarded = CircuitBreakerLayer::client(ByHost::new(registry)).layer(http.clone());
//!     let stock = async move |Path(item): Path<u32>| {
//!         let request = http.get(format!("http://{warehouse}/items/{item}")).build().expect("a valid address");
//!         match guarded.oneshot(request).await {
//!             Ok(response) if response.status().is_success() => Ok(response.text().await.unwrap_or_default()),
//!             _ => Err(StatusCode::BAD_GATEWAY),
//!         }
//!     };
//!     // … and one for each route that is served.
//!     Router::new().route("/stock/{item}", get(stock)).layer(CircuitBreakerLayer::server(ByRoute::new(registry)))
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
//! In `call`. `poll_ready` forwards to the inner service and reserves nothing in the circuit, so no
//! probe of a half-open circuit is reserved and lost. See [`CircuitBreakerService`].
//!
//! A request whose future is dropped (by a timeout above, or because the client disconnected) is
//! cancelled and frees its slot. A panic in the service is recorded and propagates. Annotated
//! functions behave the same way.
//!
//! # When a streamed response is a success
//!
//! | [`Settle`] | a call ends | choose it for |
//! |---|---|---|
//! | [`AtResponse`], the default | with status and headers | streams that are meant to stay open, big downloads, slow readers |
//! | [`AtEnd`]: [`until_body_ends`](CircuitBreakerLayer::until_body_ends) | with its body: an error in the body is a failure | short bodies of services that break off |
//! | [`AtTrailers`]: [`grpc`](CircuitBreakerLayer::grpc) | with its `grpc-status`, in headers or trailers | gRPC |
//!
//! # In front of what
//!
//! - axum, as a layer: [`CircuitBreakerLayer::server`] answers 503 with `Retry-After` and cannot
//!   fail, so it needs no `HandleErrorLayer`.
//! - the client of hyper-util, reqwest (feature `reqwest`, as in the example above):
//!   [`CircuitBreakerLayer::client`].
//! - reqwest's connector: with
//!   `reqwest::Client::builder().connector_layer(CircuitBreakerLayer::new(breaker))`, only attempts
//!   to connect are classified.
//! - tonic, clients and servers: [`CircuitBreakerLayer::grpc`].
//! - any other service, such as the clients of kube, octocrab and alloy, which take layers:
//!   [`CircuitBreakerLayer::new`].
//!
//! # Above and below other layers
//!
//! | layer | above the breaker | below it |
//! |---|---|---|
//! | retry | each attempt is a call; do not retry after a [`CircuitOpenError`](breaker_core::CircuitOpenError) | all attempts are one call |
//! | timeout | cancels: counted as the policy's `on_cancel` says, by default not at all | a failure |
//! | buffer | tasks share the one guarded service | the results of its worker are classified |
//! | load shed, concurrency limit | rejects before the circuit is asked | an overloaded service is a failure |
//! | another breaker | | its `CircuitOpenError` is ignored by the classifiers of this crate; [its 503 is not](#routes-whose-handlers-have-circuits-of-their-own) |
//!
//! From the outside in: a deadline for the whole call, retries within a budget, the breaker, a timeout
//! for each attempt. The example `whole_stack` has it all, and the guide of breaker-box says why in
//! [`stacking`](https://docs.rs/breaker-box/latest/breaker_box/guide/stacking/).
//!
//! A timeout belongs below. On a server it is also reached by slow clients, so use one that answers
//! 408, which is not a failure, as those of tower-http do. `tower::timeout` returns an error.
//!
//! # Routes whose handlers have circuits of their own
//!
//! A handler that answers 502 because a dependency is down, or 503 with `Retry-After` because the
//! circuit of that dependency is open, also counts as a failure of its route, or trips it. If the
//! handler of `/stock/{shop}` has a circuit for each shop, one broken shop blocks the route for all
//! shops. Leave such a route without a circuit, or ignore the responses that it only passes on:
//!
//! ```
//! # #[cfg(feature = "axum")]
//! # mod example {
//! use std::fmt::Display;
//!
//! use axum::{Router, extract::Path, http::StatusCode, response::Response, routing::get};
//! use breaker_box::{Outcome, Policy, Registry, http::server_errors};
//! use breaker_box_tower::{ByRoute, CircuitBreakerLayer};
//! # use axum::{body::Body, http::Request};
//! # use tower::ServiceExt;
//!
//! fn own_errors<E: Display + 'static>(result: &Result<Response, E>) -> Outcome {
//!     match result {
//!         Ok(response) if matches!(response.status().as_u16(), 502..=504) => Outcome::Ignore,
//!         result => server_errors(result),
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # pub async fn main() {
//! let registry = Registry::builder().default_policy(Policy::consecutive_failures(1)).build().unwrap();
//! let stock = async |Path(shop): Path<String>| if shop == "north" { Err(StatusCode::BAD_GATEWAY) } else { Ok("7") };
//! let routes = Router::new()
//!     .route("/stock/{shop}", get(stock))
//!     .layer(CircuitBreakerLayer::server(ByRoute::new(&registry)).classify(own_errors));
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
//! Clients that disconnect cancel their calls. Leave the policy's `on_cancel` at its default: if
//! these calls were failures, a few clients could open a route for everyone. A client that uploads
//! slowly may be the only probe of a half-open circuit, and holds its slot for another open period.
//! Admit more probes at once ([`half_open_max_calls`](breaker_core::Policy::half_open_max_calls)),
//! do not set [`half_open_timeout`](breaker_core::Policy::half_open_timeout), which fails such a
//! probe, or read bodies in a layer above.
//!
//! Clients choose methods, paths and hosts. `ByRoute` uses only names that your router knows.
//! [`ByPath`] and [`ByHost`] use whatever is requested, so they need a registry with a limit.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]

mod body;
mod cancel_on_drop;
mod circuits;
mod classify;
mod future;
mod grpc;
mod layer;
mod reject;
#[cfg(feature = "reqwest")]
mod reqwest;
mod service;
mod settle;

pub use body::GuardedBody;
#[cfg(feature = "axum")]
pub use circuits::ByRoute;
pub use circuits::{ByHost, ByPath, Circuits, Keyed};
pub use classify::{ErrorsAsFailures, ServerErrorsAsFailures};
pub use future::ResponseFuture;
pub use grpc::{AtTrailers, RejectWithGrpcStatus};
pub use layer::CircuitBreakerLayer;
pub use reject::{BoxError, Fallback, Reject, RejectWith503, RejectWithBoxError, RejectWithCallError};
pub use service::{CircuitBreakerService, ClientService, GrpcService};
pub use settle::{AtEnd, AtResponse, Settle};

/// The README's code is compiled and run with the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
