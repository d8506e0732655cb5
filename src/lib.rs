//! A circuit breaker for every function.

pub use breaker_core::{
    AsKey, AsyncProcessor, CallError, Cancellation, Cause, CircuitBreaker, CircuitOpenError, Clock, ConfigureError, Event, EventKind,
    EventReceiver, EventType, Events, Filter, FromCircuitOpen, Key, KeyRef, LastFailure, ManualClock, NeutralWire, NotFound, Outcome, Permit, Policy,
    PolicyError, Reason, RegisterError, Registry, RegistryBuilder, Room, Routing, State, Status, Submitted, Subscription, SyncProcessor, Sweeper, SystemClock,
    TotalCounts, Window, WindowStatus, Wire, WireError,
};
pub use breaker_macros::circuit_breaker;

#[doc(hidden)]
pub use breaker_core::private as __private;
