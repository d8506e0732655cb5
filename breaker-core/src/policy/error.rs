//! Errors of validating a policy. They name the setter, the value and the range.

use std::time::Duration;

use super::{Policy, Window};

/// Why a policy is invalid: the setter and the value that it was given.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use std::time::Duration;
/// use breaker_box::{Policy, PolicyError};
///
/// let error = Policy::new().expiry(Duration::ZERO).validate().unwrap_err();
/// assert_eq!(error, PolicyError::ZeroDuration { setter: "expiry" });
/// assert_eq!(error.setter(), "expiry");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A count of zero, or above [`Policy::MAX_COUNT`].
    #[error("{setter}: {value} is out of range, expected 1 to {}", Policy::MAX_COUNT)]
    Count {
        /// The setter or constructor.
        setter: &'static str,
        /// The value that it was given.
        value: u32,
    },
    /// A rate outside (0, 1], or not a number.
    #[error("{setter}: {value} is out of range, expected a rate above 0 and at most 1")]
    Rate {
        /// The setter or constructor.
        setter: &'static str,
        /// The value that it was given.
        value: f64,
    },
    /// A jitter outside [0, 1], or not a number.
    #[error("jitter: {value} is out of range, expected 0 to 1")]
    Jitter {
        /// The value that the setter was given.
        value: f64,
    },
    /// A back-off factor below 1, infinite, or not a number.
    #[error("progressive_expiry: a factor of {value} is out of range, expected a finite number of at least 1")]
    Factor {
        /// The value that the setter was given.
        value: f64,
    },
    /// A duration of zero where zero is invalid.
    #[error("{setter}: the duration is zero, expected a duration above zero")]
    ZeroDuration {
        /// The setter or constructor.
        setter: &'static str,
    },
    /// A circuit name that is empty, or longer than the registry allows.
    #[error("{setter}: the identifier is empty, or a part of the name is longer than the `text_limits` allow")]
    InvalidKey {
        /// The setter.
        setter: &'static str,
    },
    /// A maximum expiry below the initial one.
    #[error("progressive_expiry: the maximum of {max:?} is below the initial expiry of {initial:?}")]
    MaxBelowInitial {
        /// The first open period.
        initial: Duration,
        /// The maximum, which is shorter.
        max: Duration,
    },
    /// A minimum number of calls that exceeds the window.
    #[error("minimum_calls: {minimum} exceeds the window of {window} calls, so no rate would ever be computed")]
    MinimumAboveWindow {
        /// The minimum number of calls.
        minimum: u32,
        /// The size of the window, in calls.
        window: u32,
    },
    /// Two rates with different windows; both rates must use the same one.
    #[error(
        "slow_call_rate: its window ({slow}) differs from that of failure_rate ({failure}); both rates must use one window"
    )]
    WindowsDiffer {
        /// The window of the failure rate.
        failure: Window,
        /// The window of the slow-call rate.
        slow: Window,
    },
    /// [`Cancellation::Slow`](crate::Cancellation::Slow) without a limit beyond which a call is slow.
    #[error("on_cancel: `slow` needs the limit of slow_call_rate or fail_slower_than, and the policy has neither")]
    NoSlowCallLimit,
}

impl PolicyError {
    /// Returns the name of the setter or constructor that was given the invalid value.
    #[must_use]
    pub const fn setter(&self) -> &'static str {
        match self {
            Self::Count { setter, .. }
            | Self::Rate { setter, .. }
            | Self::ZeroDuration { setter }
            | Self::InvalidKey { setter } => setter,
            Self::Jitter { .. } => "jitter",
            Self::Factor { .. } | Self::MaxBelowInitial { .. } => "progressive_expiry",
            Self::MinimumAboveWindow { .. } => "minimum_calls",
            Self::WindowsDiffer { .. } => "slow_call_rate",
            Self::NoSlowCallLimit => "on_cancel",
        }
    }
}
