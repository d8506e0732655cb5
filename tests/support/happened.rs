//! What happened, in types that a test can make: those of the library can only be matched outside
//! of it, because their variants may get more fields.

use std::time::Duration;

use breaker_box::{Reason, State};

/// As `breaker_box::EventKind`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EventKind {
    Registered,
    Unregistered,
    Evicted,
    Configured,
    Success,
    Failure { reason: Option<Reason> },
    SlowCall { elapsed: Duration },
    Ignored,
    Cancelled,
    Panicked { message: Reason },
    Late,
    Rejected { retry_after: Option<Duration> },
    Debounced,
    StateChanged { from: State, to: State, cause: Cause },
    WouldOpen { cause: Cause },
    Diverted { wire: usize },
    Dropped,
    Unguarded,
}

/// As `breaker_box::Cause`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    ConsecutiveFailures,
    FailuresWithin,
    FailureRate,
    SlowCallRate,
    HungCalls,
    Tripped { reason: Option<Reason> },
    ProbeFailed,
    ProbesSucceeded,
    Expired,
    HalfOpenTimeout,
    RampedUp,
    Manual { reason: Option<Reason> },
    Remote { reason: Option<Reason> },
}

impl From<breaker_box::EventKind> for EventKind {
    fn from(kind: breaker_box::EventKind) -> Self {
        use breaker_box::EventKind as Real;

        match kind {
            Real::Registered => Self::Registered,
            Real::Unregistered => Self::Unregistered,
            Real::Evicted => Self::Evicted,
            Real::Configured => Self::Configured,
            Real::Success => Self::Success,
            Real::Failure { reason, .. } => Self::Failure { reason },
            Real::SlowCall { elapsed, .. } => Self::SlowCall { elapsed },
            Real::Ignored => Self::Ignored,
            Real::Cancelled => Self::Cancelled,
            Real::Panicked { message, .. } => Self::Panicked { message },
            Real::Late => Self::Late,
            Real::Rejected { retry_after, .. } => Self::Rejected { retry_after },
            Real::Debounced => Self::Debounced,
            Real::StateChanged { from, to, cause, .. } => Self::StateChanged { from, to, cause: cause.into() },
            Real::WouldOpen { cause, .. } => Self::WouldOpen { cause: cause.into() },
            Real::Diverted { wire, .. } => Self::Diverted { wire },
            Real::Dropped => Self::Dropped,
            Real::Unguarded => Self::Unguarded,
            other => panic!("an event that the tests do not know: {other:?}"),
        }
    }
}

impl From<breaker_box::Cause> for Cause {
    fn from(cause: breaker_box::Cause) -> Self {
        use breaker_box::Cause as Real;

        match cause {
            Real::ConsecutiveFailures => Self::ConsecutiveFailures,
            Real::FailuresWithin => Self::FailuresWithin,
            Real::FailureRate => Self::FailureRate,
            Real::SlowCallRate => Self::SlowCallRate,
            Real::HungCalls => Self::HungCalls,
            Real::Tripped { reason, .. } => Self::Tripped { reason },
            Real::ProbeFailed => Self::ProbeFailed,
            Real::ProbesSucceeded => Self::ProbesSucceeded,
            Real::Expired => Self::Expired,
            Real::HalfOpenTimeout => Self::HalfOpenTimeout,
            Real::RampedUp => Self::RampedUp,
            Real::Manual { reason, .. } => Self::Manual { reason },
            Real::Remote { reason, .. } => Self::Remote { reason },
            other => panic!("a cause that the tests do not know: {other:?}"),
        }
    }
}

impl PartialEq<EventKind> for breaker_box::EventKind {
    fn eq(&self, other: &EventKind) -> bool {
        let kind = EventKind::from(self.clone());
        &kind == other
    }
}

impl PartialEq<Cause> for breaker_box::Cause {
    fn eq(&self, other: &Cause) -> bool {
        let cause = Cause::from(self.clone());
        &cause == other
    }
}
