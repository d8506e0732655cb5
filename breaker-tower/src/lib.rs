//! breaker-box as a layer of [tower](https://docs.rs/tower): circuits in front of clients and around servers.

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
pub use service::BreakerService;
