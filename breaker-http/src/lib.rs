//! What HTTP responses mean to a circuit, and how to respond when a circuit is open.
//!
//! This is `breaker_box::http` (feature `http` of [breaker-box](https://docs.rs/breaker-box)). With
//! the feature `reqwest`, it also classifies the responses and errors of reqwest.
//!
//! [`server_errors`], [`transient_errors`] and [`grpc_errors`] are error handlers for the attribute
//! and classifiers for everything else: for [`call_with`](breaker_core::CircuitBreaker::call_with),
//! and for the layer of `breaker-box-tower`. They take a reference to any [`Answer`]: a response, a
//! status, an error of reqwest, a `Result` of these, and results within results such as a timeout
//! returns.
//!
//! | result of the call | `server_errors` | `transient_errors` |
//! |---|---|---|
//! | 5xx that says how long to wait ([`Retry-After`](retry_after)): 503, 529 and others | opens the circuit for that time | the same |
//! | other 5xx | failure | failure |
//! | 429 that says how long to wait | ignored | opens the circuit for that time |
//! | other 429 | ignored | opens the circuit for the policy's [`expiry`](breaker_core::Policy::expiry) |
//! | 408 | success | failure |
//! | every other status, including other 4xx | success | success |
//! | no connection, no response in time, a broken connection, a response that cannot be decoded | failure | failure |
//! | a reqwest request that could not be built, and so was not sent | ignored | ignored |
//! | a [`CircuitOpenError`](breaker_core::CircuitOpenError) of a nested call | ignored | ignored |
//!
//! **Which of the two?** A 429 says that a user has sent too many requests (RFC 6585, section 4).
//! If one circuit serves calls for many users, and the service limits each of them, use
//! `server_errors`: a 429 is about one user, says nothing about the service, and its `Retry-After`
//! must not stop the others. If the limit is on your own key or address, so that a 429 to one call
//! is one to all, use `transient_errors`. If both kinds of limits exist, give each user their own
//! circuit, and use `transient_errors`.
//!
//! A 404 is a success: the service answered. To leave such calls uncounted, or to classify by the
//! body, write your own handler that calls one of these for the rest.
//!
//! ```
//! use std::time::Duration;
//! use breaker_box::http::server_errors;
//! use breaker_box::{CircuitBreaker, Policy, State};
//! use http::Response;
//!
//! let breaker = CircuitBreaker::new("search", Policy::new())?;
//! let busy = || Response::builder().status(503).header("Retry-After", "120").body("try later");
//! let response = breaker.call_with(busy, server_errors)?;
//! assert_eq!(*response?.body(), "try later");
//! assert_eq!(breaker.state(), State::Open);
//! assert!(breaker.status().retry_after > Some(Duration::from_secs(100)));
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! # With reqwest
//!
//! A failure's reason is the status (`502 Bad Gateway`), or what failed with its innermost cause
//! (`cannot connect: Connection refused`), without the URL: a query may contain a key.
//!
//! ```
//! # #[cfg(feature = "reqwest")] {
//! use breaker_box::http::server_errors;
//! use breaker_box::{CircuitBreaker, Policy, State};
//!
//! let client = reqwest::blocking::Client::builder().no_proxy().build()?;
//! let breaker = CircuitBreaker::new("search", Policy::consecutive_failures(2))?;
//! for _ in 0..2 {
//!     // Nothing listens there.
//!     let answer = breaker.call_with(|| client.get("http://127.0.0.1:9/?key=secret").send(), server_errors)?;
//!     assert!(answer.is_err());
//! }
//! assert_eq!(breaker.state(), State::Open);
//! let reason = breaker.status().last_failure.and_then(|failure| failure.reason).unwrap();
//! assert!(reason.starts_with("cannot connect: ") && !reason.contains("secret"), "{reason}");
//! # }
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! The error that `error_for_status` creates has no headers, so no `Retry-After` is seen behind it.
//! To honour it, return the response, or keep its status and headers in your own error.
//!
//! # With an error of your own
//!
//! A function that reads the response returns another type, and an error that may contain a reqwest
//! error. Implement [`ToOutcome`](breaker_core::ToOutcome) for that error once. It serves all
//! functions that return it: `error_handler = ToOutcome::to_outcome`.
//!
//! ```
//! # #[cfg(feature = "reqwest")] {
//! use breaker_box::http::{Head, server_errors};
//! use breaker_box::{CircuitOpenError, Outcome, ToOutcome};
//! use reqwest::StatusCode;
//! use reqwest::header::HeaderMap;
//!
//! #[derive(Debug, thiserror::Error)]
//! enum ShopError {
//!     #[error("the shop says {status}")]
//!     Refused { status: StatusCode, headers: HeaderMap },
//!     #[error("no answer")]
//!     NoAnswer(#[from] reqwest::Error),
//!     #[error(transparent)]
//!     CircuitOpen(#[from] CircuitOpenError),
//! }
//!
//! impl ToOutcome for ShopError {
//!     fn to_outcome(&self) -> Outcome {
//!         match self {
//!             Self::Refused { status, headers } => server_errors(&Head::new(*status, headers)),
//!             Self::NoAnswer(error) => server_errors(error),
//!             Self::CircuitOpen(open) => open.to_outcome(),
//!         }
//!     }
//! }
//!
//! let refused = |status| ShopError::Refused { status, headers: HeaderMap::new() };
//! let no_such_article: Result<String, _> = Err(refused(StatusCode::NOT_FOUND));
//! assert_eq!(no_such_article.to_outcome(), Outcome::Success);
//! let broken: Result<Vec<u32>, _> = Err(refused(StatusCode::BAD_GATEWAY));
//! assert_eq!(broken.to_outcome(), Outcome::failure_because("502 Bad Gateway"));
//! # }
//! ```
//!
//! Classify an error that is not your own in a closure. This one takes `anyhow::Error` and
//! `Box<dyn Error + Send + Sync>`, and finds the reqwest error in them:
//!
//! ```
//! # #[cfg(feature = "reqwest")] {
//! use std::error::Error;
//! use breaker_box::http::server_errors;
//! use breaker_box::{Outcome, Registry, circuit_breaker};
//!
//! #[circuit_breaker(identifier = "shop", registry = registry, error_handler = |result| match result {
//!     Ok(_) => Outcome::Success,
//!     Err(error) => server_errors(&**error),
//! })]
//! fn price(registry: &Registry, item: &str) -> Result<u32, Box<dyn Error + Send + Sync>> {
//!     let response = reqwest::blocking::get(format!("no address/{item}"))?.error_for_status()?;
//!     Ok(response.text()?.parse()?)
//! }
//!
//! let registry = Registry::new();
//! assert!(price(&registry, "7").is_err());
//! assert_eq!(registry.status("shop")?.totals.ignored, 1);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]

mod answer;
mod classify;
mod error;
mod grpc;
mod head;
#[cfg(feature = "reqwest")]
mod reqwest;
mod retry_after;
mod unavailable;

pub use answer::Answer;
pub use classify::{server_errors, transient_errors};
pub use grpc::{grpc_errors, grpc_outcome, grpc_status};
pub use head::Head;
pub use retry_after::retry_after;
pub use unavailable::service_unavailable;

/// The README's code is compiled and run with the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
