//! A circuit breaker for every function.

pub use breaker_core::{
    AsKey, CallError, Cancellation, Cause, CircuitBreaker, CircuitOpenError, Clock, ConfigureError, Event, EventKind,
    EventType, Filter, FromCircuitOpen, Key, KeyRef, LastFailure, ManualClock, NotFound, Outcome, Permit, Policy,
    PolicyError, Reason, RegisterError, Registry, RegistryBuilder, State, Status, Subscription, Sweeper, SystemClock,
    TotalCounts, Window, WindowStatus,
};
pub use breaker_macros::circuit_breaker;

#[doc(hidden)]
pub use breaker_core::private as __private;
