//! The states of a circuit.

use std::fmt;

/// What a circuit does with calls.
///
/// The first three are the classic ones (Nygard, *Release It!*); the last three are set by hand and
/// end by hand, as in resilience4j.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::State;
///
/// assert_eq!(State::HalfOpen.to_string(), "half-open");
/// assert!(State::ForcedOpen.is_open());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum State {
    /// Calls run; their results are counted.
    Closed = 0,
    /// Calls are rejected until a deadline.
    Open = 1,
    /// A few calls, the probes, are let through to see whether the dependency has recovered.
    HalfOpen = 2,
    /// Calls are rejected until somebody says otherwise.
    ForcedOpen = 3,
    /// Calls run; nothing is counted.
    Disabled = 4,
    /// Calls run and are counted, but the circuit never opens: a dry run of its policy.
    MetricsOnly = 5,
}

impl State {
    /// The state's name as people write it: `closed`, `open`, `half-open`, `forced open`,
    /// `disabled`, `metrics only`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
            Self::ForcedOpen => "forced open",
            Self::Disabled => "disabled",
            Self::MetricsOnly => "metrics only",
        }
    }

    /// Whether every call is rejected: [`Open`](Self::Open) or [`ForcedOpen`](Self::ForcedOpen).
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::ForcedOpen)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
