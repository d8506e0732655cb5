//! An invalid policy, as found by validation in a constant. A panic in a constant cannot format
//! values, so each setter has its own constant texts here.

use super::error::PolicyError;

/// What validation found: a [`PolicyError`] with a constant text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Invalid {
    Count(CountOf, u32),
    Rate(RateOf, f64),
    ZeroDuration(DurationOf),
    Other(PolicyError),
}

impl Invalid {
    pub(super) const fn error(self) -> PolicyError {
        match self {
            Self::Count(setter, value) => PolicyError::Count { setter: setter.name(), value },
            Self::Rate(setter, value) => PolicyError::Rate { setter: setter.name(), value },
            Self::ZeroDuration(setter) => PolicyError::ZeroDuration { setter: setter.name() },
            Self::Other(error) => error,
        }
    }

    /// The error with its setter but without its value, for a panic at compile time.
    pub(crate) const fn constant_text(self) -> &'static str {
        match self {
            Self::Count(setter, _) => setter.constant_text(),
            Self::Rate(setter, _) => setter.constant_text(),
            Self::ZeroDuration(setter) => setter.constant_text(),
            Self::Other(PolicyError::Jitter { .. }) => "jitter: the value is out of range, expected 0 to 1",
            Self::Other(PolicyError::Factor { .. }) => {
                "progressive_expiry: the factor is out of range, expected a finite number of at least 1"
            }
            Self::Other(PolicyError::MaxBelowInitial { .. }) => {
                "progressive_expiry: the maximum is below the initial expiry"
            }
            Self::Other(PolicyError::MinimumAboveWindow { .. }) => {
                "minimum_calls: the minimum exceeds the number of calls in the window"
            }
            Self::Other(PolicyError::WindowsDiffer { .. }) => {
                "slow_call_rate: its window differs from that of failure_rate; both rates must use one window"
            }
            Self::Other(PolicyError::NoSlowCallLimit) => {
                "on_cancel: `slow` needs the limit of slow_call_rate or fail_slower_than"
            }
            Self::Other(_) => "the policy is invalid",
        }
    }
}

/// The setters that take one kind of value, with the text for a value that is out of range.
macro_rules! setters {
    ($type:ident, $text:literal: $($setter:ident = $name:literal),* $(,)?) => {
        #[derive(Clone, Copy, Debug)]
        pub(crate) enum $type {
            $($setter,)*
        }

        impl $type {
            const fn name(self) -> &'static str {
                match self {
                    $(Self::$setter => $name,)*
                }
            }

            const fn constant_text(self) -> &'static str {
                match self {
                    $(Self::$setter => concat!($name, ": ", $text),)*
                }
            }
        }
    };
}

setters!(CountOf, "the count is out of range, expected 1 to 10000000":
    ConsecutiveFailures = "consecutive_failures",
    FailuresWithin = "failures_within",
    HungCalls = "hung_calls",
    MinimumCalls = "minimum_calls",
    HalfOpenMaxCalls = "half_open_max_calls",
    SuccessThreshold = "success_threshold",
    HalfOpenFailureThreshold = "half_open_failure_threshold",
    Window = "Window::calls",
);

setters!(RateOf, "the rate is out of range, expected above 0 and at most 1":
    FailureRate = "failure_rate",
    SlowCallRate = "slow_call_rate",
    RampUpFrom = "ramp_up_from",
);

setters!(DurationOf, "the duration is zero, expected a duration above zero":
    Expiry = "expiry",
    ProgressiveExpiry = "progressive_expiry",
    FailuresWithin = "failures_within",
    SlowCallRate = "slow_call_rate",
    HungCalls = "hung_calls",
    HalfOpenTimeout = "half_open_timeout",
    RampUp = "ramp_up",
    FailSlowerThan = "fail_slower_than",
    MaxTrip = "max_trip",
    Window = "Window::time",
);
