//! Why a state changed.

use std::fmt;

use crate::machine::trigger::Trigger;
use crate::reason::Reason;

/// Why a state changed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// [`Policy::consecutive_failures`](crate::Policy::consecutive_failures).
    ConsecutiveFailures,
    /// [`Policy::failures_within`](crate::Policy::failures_within).
    FailuresWithin,
    /// [`Policy::failure_rate`](crate::Policy::failure_rate).
    FailureRate,
    /// [`Policy::slow_call_rate`](crate::Policy::slow_call_rate).
    SlowCallRate,
    /// [`Policy::hung_calls`](crate::Policy::hung_calls).
    HungCalls,
    /// A result tripped the circuit: [`Outcome::Trip`](crate::Outcome::Trip).
    #[non_exhaustive]
    Tripped {
        /// The reason, if known.
        reason: Option<Reason>,
    },
    /// Enough probes failed. If the result of a probe trips the circuit, the cause is `Tripped`
    /// instead.
    ProbeFailed,
    /// Enough probes succeeded.
    ProbesSucceeded,
    /// The open period was over.
    Expired,
    /// Enough probes failed, and the last of them by exceeding
    /// [`half_open_timeout`](crate::Policy::half_open_timeout).
    HalfOpenTimeout,
    /// The time of [`Policy::ramp_up`](crate::Policy::ramp_up) was over.
    RampedUp,
    /// The state was changed by hand.
    #[non_exhaustive]
    Manual {
        /// The reason, if one was given.
        reason: Option<Reason>,
    },
    /// Other instances of the service changed the state; see [`fleet`](crate::fleet).
    #[non_exhaustive]
    Remote {
        /// The reason, if one was given.
        reason: Option<Reason>,
    },
}

impl Cause {
    /// The cause, with a copy of the reason where it has one.
    pub(crate) fn new(trigger: Trigger, reason: Option<&Reason>) -> Self {
        let reason = || reason.cloned();
        match trigger {
            Trigger::ConsecutiveFailures => Self::ConsecutiveFailures,
            Trigger::FailuresWithin => Self::FailuresWithin,
            Trigger::FailureRate => Self::FailureRate,
            Trigger::SlowCallRate => Self::SlowCallRate,
            Trigger::HungCalls => Self::HungCalls,
            Trigger::Tripped => Self::Tripped { reason: reason() },
            Trigger::ProbeFailed => Self::ProbeFailed,
            Trigger::ProbesSucceeded => Self::ProbesSucceeded,
            Trigger::Expired => Self::Expired,
            Trigger::HalfOpenTimeout => Self::HalfOpenTimeout,
            Trigger::RampedUp => Self::RampedUp,
            Trigger::Manual => Self::Manual { reason: reason() },
            Trigger::Remote => Self::Remote { reason: reason() },
        }
    }

    /// Whether a cause with this trigger can have a reason.
    pub(crate) const fn has_reason(trigger: Trigger) -> bool {
        matches!(trigger, Trigger::Tripped | Trigger::Manual | Trigger::Remote)
    }

    /// Returns the cause's name for machines, which logs and the panel's JSON use: the variant's
    /// name in snake case. It leaves out the reason, which may contain user data. These names are
    /// stable.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::Cause;
    ///
    /// assert_eq!(Cause::FailureRate.as_str(), "failure_rate");
    /// assert_eq!(Cause::FailureRate.to_string(), "failure rate");
    /// ```
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::ConsecutiveFailures => "consecutive_failures",
            Self::FailuresWithin => "failures_within",
            Self::FailureRate => "failure_rate",
            Self::SlowCallRate => "slow_call_rate",
            Self::HungCalls => "hung_calls",
            Self::Tripped { .. } => "tripped",
            Self::ProbeFailed => "probe_failed",
            Self::ProbesSucceeded => "probes_succeeded",
            Self::Expired => "expired",
            Self::HalfOpenTimeout => "half_open_timeout",
            Self::RampedUp => "ramped_up",
            Self::Manual { .. } => "manual",
            Self::Remote { .. } => "remote",
        }
    }

    /// Every cause, without a reason.
    #[cfg(any(test, feature = "serde"))]
    pub(crate) const ALL: [Self; 13] = [
        Self::ConsecutiveFailures,
        Self::FailuresWithin,
        Self::FailureRate,
        Self::SlowCallRate,
        Self::HungCalls,
        Self::Tripped { reason: None },
        Self::ProbeFailed,
        Self::ProbesSucceeded,
        Self::Expired,
        Self::HalfOpenTimeout,
        Self::RampedUp,
        Self::Manual { reason: None },
        Self::Remote { reason: None },
    ];

    /// Returns the reason, if the cause has one.
    #[must_use]
    pub const fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Tripped { reason } | Self::Manual { reason } | Self::Remote { reason } => reason.as_ref(),
            _ => None,
        }
    }
}

impl fmt::Display for Cause {
    /// Writes the cause in a few words for people, without the reason, which may contain user data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ConsecutiveFailures => "consecutive failures",
            Self::FailuresWithin => "failures within a window",
            Self::FailureRate => "failure rate",
            Self::SlowCallRate => "slow call rate",
            Self::HungCalls => "hung calls",
            Self::Tripped { .. } => "tripped by a result",
            Self::ProbeFailed => "probe failed",
            Self::ProbesSucceeded => "probes succeeded",
            Self::Expired => "open period over",
            Self::HalfOpenTimeout => "half-open timeout",
            Self::RampedUp => "ramped up",
            Self::Manual { .. } => "by hand",
            Self::Remote { .. } => "from another instance",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_names_are_those_of_the_variants_in_snake_case() {
        for cause in Cause::ALL {
            let debug = format!("{cause:?}");
            let variant = debug.split(' ').next().unwrap();
            assert_eq!(cause.as_str().replace('_', ""), variant.to_lowercase());
            assert!(!cause.to_string().contains('_'));
        }
    }
}
