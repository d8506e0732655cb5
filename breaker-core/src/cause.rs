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
    /// A result asked for it: [`Outcome::Trip`](crate::Outcome::Trip).
    #[non_exhaustive]
    Tripped {
        /// Why, if known.
        reason: Option<Reason>,
    },
    /// Enough probes failed. A probe whose result trips the circuit is `Tripped`.
    ProbeFailed,
    /// Enough probes succeeded.
    ProbesSucceeded,
    /// The open period was over.
    Expired,
    /// Enough probes failed, and the last of them by not coming back within
    /// [`half_open_timeout`](crate::Policy::half_open_timeout).
    HalfOpenTimeout,
    /// Somebody asked for it.
    #[non_exhaustive]
    Manual {
        /// Why, if they said.
        reason: Option<Reason>,
    },
    /// Another instance of the service asked for it.
    #[non_exhaustive]
    Remote {
        /// Why, if it said.
        reason: Option<Reason>,
    },
}

impl Cause {
    pub(crate) fn new(trigger: Trigger, reason: Option<Reason>) -> Self {
        match trigger {
            Trigger::ConsecutiveFailures => Self::ConsecutiveFailures,
            Trigger::FailuresWithin => Self::FailuresWithin,
            Trigger::FailureRate => Self::FailureRate,
            Trigger::SlowCallRate => Self::SlowCallRate,
            Trigger::Tripped => Self::Tripped { reason },
            Trigger::ProbeFailed => Self::ProbeFailed,
            Trigger::ProbesSucceeded => Self::ProbesSucceeded,
            Trigger::Expired => Self::Expired,
            Trigger::HalfOpenTimeout => Self::HalfOpenTimeout,
            Trigger::Manual => Self::Manual { reason },
        }
    }

    /// The cause's name for machines, which logs and the panel's JSON use: the variant's name in
    /// snake case. Without the reason, which may hold data of users. These names stay as they are.
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
            Self::Tripped { .. } => "tripped",
            Self::ProbeFailed => "probe_failed",
            Self::ProbesSucceeded => "probes_succeeded",
            Self::Expired => "expired",
            Self::HalfOpenTimeout => "half_open_timeout",
            Self::Manual { .. } => "manual",
            Self::Remote { .. } => "remote",
        }
    }

    /// The reason, where the cause carries one.
    #[must_use]
    pub const fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Tripped { reason } | Self::Manual { reason } | Self::Remote { reason } => reason.as_ref(),
            _ => None,
        }
    }
}

impl fmt::Display for Cause {
    /// The cause in a few words for people, without the reason, which may hold data of users.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ConsecutiveFailures => "consecutive failures",
            Self::FailuresWithin => "failures within a window",
            Self::FailureRate => "failure rate",
            Self::SlowCallRate => "slow call rate",
            Self::Tripped { .. } => "tripped by a result",
            Self::ProbeFailed => "probe failed",
            Self::ProbesSucceeded => "probes succeeded",
            Self::Expired => "open period over",
            Self::HalfOpenTimeout => "half-open timeout",
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
        let causes = [
            Cause::ConsecutiveFailures,
            Cause::FailuresWithin,
            Cause::FailureRate,
            Cause::SlowCallRate,
            Cause::Tripped { reason: None },
            Cause::ProbeFailed,
            Cause::ProbesSucceeded,
            Cause::Expired,
            Cause::HalfOpenTimeout,
            Cause::Manual { reason: None },
            Cause::Remote { reason: None },
        ];
        for cause in causes {
            let debug = format!("{cause:?}");
            let variant = debug.split(' ').next().unwrap();
            assert_eq!(cause.as_str().replace('_', ""), variant.to_lowercase());
            assert!(!cause.to_string().contains('_'));
        }
    }
}
