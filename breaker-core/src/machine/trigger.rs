//! Why a state was left.

/// Why a circuit went from one state to another, or, in metrics-only, would have opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    ConsecutiveFailures,
    FailuresWithin,
    FailureRate,
    SlowCallRate,
    HungCalls,
    Tripped,
    ProbeFailed,
    ProbesSucceeded,
    Expired,
    HalfOpenTimeout,
    RampedUp,
    Manual,
    Remote,
}
