//! Circuits that several instances of a service share: what a store for them needs.
//!
//! A fleet consists of the instances of a service that have circuits in common. Calls never wait
//! for the other instances: the local breaker decides, and a [`Peer`] publishes what happens here
//! and takes over what happened elsewhere. The crate `breaker-box-redis` has such a peer. This
//! module is for those who write another one.
//!
//! A registry [joins](crate::Registry::join) one peer at a time. From then on:
//!
//! * The peer hears of every new [`Generation`] of every circuit, in the order of each circuit and
//!   outside every lock: see [`Peer::changed`].
//! * It is asked for the state of each circuit that is created, before a call can find the circuit:
//!   see [`Peer::initial`].
//! * It moves circuits to the state that the fleet agrees on: see [`Membership::adopt`].
//! * It decides which instance may probe: see [`Membership::hold_probes`].
//!
//! ```
//! # extern crate breaker_core as breaker_box;
//! use std::sync::{Arc, Mutex};
//! use std::time::Duration;
//! use breaker_box::fleet::{Adoption, Change, Peer, Shared};
//! use breaker_box::{Cause, CircuitBreaker, Policy, Registry, State};
//!
//! /// Keeps what happened, where a real peer would send it to the other instances.
//! #[derive(Default)]
//! struct Diary(Mutex<Vec<Change>>);
//!
//! impl Peer for Diary {
//!     fn changed(&self, _circuit: &CircuitBreaker, change: &Change) {
//!         self.0.lock().unwrap().push(change.clone());
//!     }
//! }
//!
//! let registry = Registry::new();
//! let diary = Arc::new(Diary::default());
//! let membership = registry.join(diary.clone())?;
//! let breaker = registry.register("payment_api", Policy::new())?;
//! breaker.force_open();
//!
//! let change = diary.0.lock().unwrap().pop().unwrap();
//! assert_eq!(change.state, State::ForcedOpen);
//! // Another instance says that the circuit is open for another 12 seconds.
//! let shared = Shared::new(State::Open).left(Duration::from_secs(12)).openings(2);
//! let adoption = membership.adopt(&breaker, Some(change.generation), &shared);
//! assert!(matches!(adoption, Adoption::Applied(_)));
//! assert!(matches!(diary.0.lock().unwrap()[0].cause, Cause::Remote { .. }));
//! assert_eq!(breaker.status().openings, 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod events;
mod lane;
mod membership;
mod peer;
mod queue;

pub use crate::event::defer_events;
pub use crate::sharing::only_here::only_here;
pub use crate::sharing::{Adoption, Change, Counts, Generation, ProbeReport, Shared};
pub use events::deliver_events;
pub use membership::{AlreadyJoinedError, Membership};
pub use peer::{FleetStatus, Peer, Publisher};
