//! The core of breaker-box: policies, the state machine, windows, the registry, events and clocks.
//!
//! Use the facade `breaker-box`, which adds the attribute macro and the guide. This crate depends
//! on no async runtime and contains no `unsafe`.
//!
//! ```text
//!              a condition of the policy holds
//!   ┌────────┐ ────────────────────────────────► ┌──────┐
//!   │ closed │                                   │ open │ ◄─┐
//!   └────────┘ ◄──────────┐                      └──────┘   │ probes fail
//!                 probes   │    ┌───────────┐        │      │ or time out
//!                 succeed  └─── │ half-open │ ◄──────┘      │
//!                               └───────────┘  the open     │
//!                                     │        period ends  │
//!                                     └─────────────────────┘
//! ```
//!
//! Modules import only from modules below them. `ARCHITECTURE.md` in the repository has the map,
//! and a test compares it with the code.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]

mod background;
mod breaker;
mod call;
mod cause;
mod circuit;
mod clock;
mod counters;
mod environment;
mod event;
pub mod fleet;
mod key;
mod limits;
mod log;
mod machine;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "serde")]
#[cfg_attr(not(feature = "settings"), expect(dead_code, unreachable_pub, reason = "for the readers of files"))]
mod options;
mod outcome;
mod policy;
#[cfg_attr(breaker_loom, path = "primitive/checked.rs")]
mod primitive;
#[doc(hidden)]
pub mod private;
mod reason;
mod registry;
#[cfg(feature = "serde")]
mod serde;
#[cfg(feature = "settings")]
mod settings;
mod sharing;
mod state;
mod status;
mod window;
mod wire;

pub use breaker::CircuitBreaker;
pub use call::error::{CallError, CircuitOpenError};
pub use call::from_circuit_open::FromCircuitOpen;
pub use call::future::{GuardedCall, GuardedCallWith};
pub use call::permit::Permit;
pub use call::to_outcome::ToOutcome;
pub use cause::Cause;
pub use clock::{Clock, ManualClock, SystemClock};
pub use event::{
    Event, EventIntoIter, EventIter, EventKind, EventReceiver, EventTryIter, EventType, Filter, Subscription,
};
pub use key::{AsKey, Key, KeyRef};
pub use limits::{MetadataError, TextLimits};
#[cfg(feature = "metrics")]
pub use metrics::{Metrics, MetricsPublisher};
#[cfg(feature = "settings")]
pub use options::problem::SettingsProblem;
pub use outcome::Outcome;
pub use policy::{Cancellation, Policy, PolicyError, PolicyValues, UnknownCancellationError, Window};
pub use reason::Reason;
#[cfg(feature = "settings")]
pub use registry::{Applied, ApplyError};
pub use registry::{
    ConfigureError, InstallError, NamedCall, NamedCallWith, NotFoundError, RegisterError, Registry, RegistryBuilder,
    Sweeper, WeakRegistry,
};
#[cfg(feature = "settings")]
pub use settings::{CircuitSettings, FamilySettings, Settings, SettingsBuilder, SettingsError};
pub use state::{State, UnknownStateError};
pub use status::{InFlight, LastFailure, Status, Totals, WindowStatus};
pub use wire::{AsyncProcessor, NeutralWire, Room, Routing, Submitted, SyncProcessor, Wire, WireError};
