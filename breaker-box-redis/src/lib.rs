//! Shares the circuits of breaker-box between the instances of a service through Redis or Valkey.
//!
//! **A call never waits for the network.** It is decided by the local circuit, as without this
//! crate. A thread of its own publishes what happens here and adopts what happened elsewhere.
//!
//! ```no_run
//! use std::time::Duration;
//! use breaker_box::{Policy, Registry};
//! use breaker_box_redis::{Fleet, Spread};
//!
//! let fleet = Fleet::builder("redis://127.0.0.1:6379").prefix("shop").join(Registry::global())?;
//! assert!(fleet.status().connected);
//!
//! // `Registry::force_open` would fail if no call had made the circuit in this process yet.
//! Registry::global().get_or_register("payment_api", Policy::new())?.force_open();
//! fleet.settled(Duration::from_secs(1))?;
//! // All instances reject calls now, those that start later included.
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
//! ```
//!
//! # What is shared
//!
//! - **A circuit that opens by its policy** opens in the other instances too, once as many
//!   instances as [`Spread`] says have opened it. They have the time that is left, and the same
//!   number of openings in a row, so that progressive expiry is one for all.
//! - **Results that trip a circuit, and manual orders** (`open`, `open_for`, `close`, `reset`) hold
//!   everywhere at once. `force_open`, `disable` and `metrics_only` also hold for instances that
//!   start later, from their first call on, until `reset`. [`Fleet::only_here`] keeps an order
//!   local.
//! - **Probes**: after the open period, instances with calls take leases. There are never more
//!   valid leases than the policy's `half_open_max_calls`, and the results of all instances are
//!   added up. If an instance dies while it probes, another one takes over when its lease ends.
//! - **Counts**, for circuits with [`Counting::Fleet`].
//!
//! # Without Redis
//!
//! Joining does not fail, calls are neither slower nor rejected, and circuits follow their local
//! policies. [`Fleet::status`] and one line in the log say why. After Redis has come back, the
//! states agree within ten seconds or a heartbeat; what was ordered meanwhile is published then,
//! unless a later order was given elsewhere. If Redis loses its data, the instances write what they
//! hold again.
//!
//! # Security
//!
//! Whoever can write to the keys of a fleet can stop the service. Give it an ACL user of its own,
//! use TLS outside of a trusted network, and do not put it into a cache that evicts keys. The user
//! needs no command of the categories `@admin` and `@dangerous`. With the prefix `shop` (in a
//! cluster, add `+cluster|slots`):
//!
//! ```text
//! ACL SETUSER breaker on >password resetchannels ~bb1:{shop.* &bb1:{shop.* +@read +@write +@scripting +@pubsub +@connection +time -@admin -@dangerous
//! ```
//!
//! URLs, passwords and reasons are never logged. Reasons leave the process only with
//! [`FleetBuilder::share_reasons`], and [`FleetBuilder::hash_names`] hides the names of circuits.
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `tracing` (default) | connections, and what is published and adopted, in the log, with the target `breaker_box` |
//! | `tls-rustls`, `tls-native` | `rediss://` and `valkeys://` |
//! | `cluster` | `redis-cluster://` |
//! | `sentinel` | `redis-sentinel://` |

#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]

mod builder;
mod counting;
mod driver;
mod endpoint;
mod error;
mod fleet;
mod host_name;
mod link;
mod names;
mod protocol;
mod spread;
mod store;

pub use builder::FleetBuilder;
pub use counting::Counting;
pub use error::FleetError;
pub use fleet::Fleet;
pub use spread::Spread;

/// The code of the guide's page runs here: the facade, whose page it is, does not depend on this
/// crate.
#[cfg(doctest)]
#[doc = include_str!("../../docs/guide/shared-circuits.md")]
mod guide {}

/// The README's code is compiled with the doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
