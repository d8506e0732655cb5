//! The states of a circuit.

use std::fmt;
use std::str::FromStr;

/// The state of a circuit, which decides what it does with calls.
///
/// Closed, open and half-open are the classic states (Nygard, *Release It!*). Ramping up is a part
/// of the recovery that a policy can add. The other three are set and ended by hand, as in
/// resilience4j.
///
/// A state has two spellings. [`as_str`](Self::as_str) returns the one for machines: logs, metrics,
/// serde and the panel's JSON use it, and [`FromStr`] parses it. [`Display`](fmt::Display) writes
/// the one for people.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::State;
///
/// assert_eq!(State::HalfOpen.as_str(), "half_open");
/// assert_eq!("half_open".parse(), Ok(State::HalfOpen));
/// assert_eq!(State::HalfOpen.to_string(), "half-open");
/// assert!(State::ForcedOpen.is_open());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u8)]
pub enum State {
    /// Calls run, and their results are counted.
    Closed = 0,
    /// Calls are rejected until the open period is over.
    Open = 1,
    /// A few calls, the probes, are let through to see whether the dependency has recovered.
    HalfOpen = 2,
    /// Calls are rejected until the state is changed by hand.
    ForcedOpen = 3,
    /// Calls run, and nothing is counted.
    Disabled = 4,
    /// Calls run and are counted, but the circuit never opens: a dry run of its policy.
    MetricsOnly = 5,
    /// The dependency has recovered, and a growing share of the calls runs; see
    /// [`Policy::ramp_up`](crate::Policy::ramp_up). Their results are counted.
    RampingUp = 6,
}

impl State {
    const ALL: [Self; 7] = [
        Self::Closed,
        Self::Open,
        Self::HalfOpen,
        Self::ForcedOpen,
        Self::Disabled,
        Self::MetricsOnly,
        Self::RampingUp,
    ];

    /// Returns the state's name for machines: `closed`, `open`, `half_open`, `forced_open`,
    /// `disabled`, `metrics_only` or `ramping_up`. These names are stable.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::ForcedOpen => "forced_open",
            Self::Disabled => "disabled",
            Self::MetricsOnly => "metrics_only",
            Self::RampingUp => "ramping_up",
        }
    }

    /// Returns whether every call is rejected, that is, whether the state is [`Open`](Self::Open)
    /// or [`ForcedOpen`](Self::ForcedOpen).
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::ForcedOpen)
    }
}

impl State {
    /// Whether only an order begins the state, and only an order ends it.
    pub(crate) const fn is_ordered(self) -> bool {
        matches!(self, Self::ForcedOpen | Self::Disabled | Self::MetricsOnly)
    }
}

impl fmt::Display for State {
    /// Writes the state's name for people: `closed`, `open`, `half-open`, `forced open`, `disabled`,
    /// `metrics only` or `ramping up`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::HalfOpen => "half-open",
            Self::ForcedOpen => "forced open",
            Self::MetricsOnly => "metrics only",
            Self::RampingUp => "ramping up",
            Self::Closed | Self::Open | Self::Disabled => self.as_str(),
        })
    }
}

impl FromStr for State {
    type Err = UnknownStateError;

    /// Parses what [`as_str`](Self::as_str) returns.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|known| known.as_str() == name).ok_or(UnknownStateError)
    }
}

/// A state that a circuit can begin in: one that does not end by itself.
#[cfg_attr(not(feature = "settings"), allow(dead_code, reason = "call sites only know one of them"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Closed,
    ForcedOpen,
    Disabled,
    MetricsOnly,
}

#[cfg(feature = "settings")]
impl Mode {
    pub(crate) const ALL: [Self; 4] = [Self::MetricsOnly, Self::Disabled, Self::ForcedOpen, Self::Closed];

    pub(crate) const fn state(self) -> State {
        match self {
            Self::Closed => State::Closed,
            Self::ForcedOpen => State::ForcedOpen,
            Self::Disabled => State::Disabled,
            Self::MetricsOnly => State::MetricsOnly,
        }
    }
}

/// The error of parsing a string that is not the name of a [`State`].
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::State;
///
/// let error = "half-open".parse::<State>().unwrap_err();
/// assert!(error.to_string().contains("`half_open`"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `closed`, `open`, `half_open`, `forced_open`, `disabled`, `metrics_only` or `ramping_up`")]
#[non_exhaustive]
pub struct UnknownStateError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_read_from_its_machine_name() {
        for state in State::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
            assert!(UnknownStateError.to_string().contains(&format!("`{}`", state.as_str())));
        }
        // The last of them: the array has as many entries as there are states.
        assert_eq!(State::ALL.len(), State::RampingUp as usize + 1);
    }

    #[test]
    fn a_state_is_not_read_from_its_name_for_people() {
        for name in ["half-open", "forced open", "metrics only", "ramping up", "Closed", "", "open "] {
            assert_eq!(name.parse::<State>(), Err(UnknownStateError), "{name:?}");
        }
    }
}
