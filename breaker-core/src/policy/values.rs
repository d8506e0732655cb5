//! What a policy says, to be read.

use std::time::Duration;

use super::{Cancellation, Policy, Window};

/// What a [`Policy`] says, field by field, for dashboards and tests. The fields are named like the
/// setters.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use std::time::Duration;
/// use breaker_box::Policy;
///
/// let values = Policy::consecutive_failures(3).expiry(Duration::from_secs(10)).values();
/// assert_eq!(values.consecutive_failures, Some(3));
/// assert_eq!((values.expiry, values.max_expiry), (Duration::from_secs(10), None));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct PolicyValues {
    /// The failures in a row that open; `None` without that condition.
    pub consecutive_failures: Option<u32>,
    /// The failures within a time that open, and that time.
    pub failures_within: Option<(u32, Duration)>,
    /// The failure rate that opens.
    pub failure_rate: Option<f64>,
    /// The rate of slow calls that opens, and the duration beyond which a call is slow.
    pub slow_call_rate: Option<(f64, Duration)>,
    /// The window that the rates are computed over; `None` where there is no rate.
    pub window: Option<Window>,
    /// The calls below which no rate is judged; `None` where there is no rate.
    pub minimum_calls: Option<u32>,
    /// Failures closer to each other than this count once; zero where that is off.
    pub debounce: Duration,
    /// The duration beyond which a success counts as a failure.
    pub fail_slower_than: Option<Duration>,
    /// How long the circuit stays open, at first where the period grows.
    pub expiry: Duration,
    /// The factor by which each further open period is longer; `None` where they are all the same.
    pub backoff_factor: Option<f64>,
    /// The longest open period; `None` where they are all the same.
    pub max_expiry: Option<Duration>,
    /// The longest time that a trip may ask for.
    pub max_trip: Duration,
    /// The fraction by which an open period varies, from 0 to 1.
    pub jitter: f64,
    /// Probes in flight at once.
    pub half_open_max_calls: u32,
    /// Probe successes that close.
    pub success_threshold: u32,
    /// Probe failures that open again.
    pub half_open_failure_threshold: u32,
    /// The time that a probe has, where it is set.
    pub half_open_timeout: Option<Duration>,
    /// Whether the end of the open period closes the circuit without probes.
    pub close_on_expiry: bool,
    /// What a dropped future counts as.
    pub on_cancel: Cancellation,
}

impl Policy {
    /// What the policy says, field by field.
    #[must_use]
    pub fn values(&self) -> PolicyValues {
        PolicyValues {
            consecutive_failures: self.consecutive_failures,
            failures_within: self.failures_within,
            failure_rate: self.failure_rate.map(|(rate, _)| rate),
            slow_call_rate: self.slow_call_rate.map(|(rate, longer_than, _)| (rate, longer_than)),
            window: self.window(),
            minimum_calls: self.window().map(|_| self.rate_minimum()),
            debounce: self.debounce,
            fail_slower_than: self.fail_slower_than,
            expiry: self.expiry,
            backoff_factor: self.progressive.map(|(factor, _)| factor),
            max_expiry: self.progressive.map(|(_, max)| max),
            max_trip: self.max_trip,
            jitter: self.jitter,
            half_open_max_calls: self.half_open_max_calls,
            success_threshold: self.success_threshold,
            half_open_failure_threshold: self.half_open_failure_threshold,
            half_open_timeout: self.half_open_timeout,
            close_on_expiry: self.close_on_expiry,
            on_cancel: self.on_cancel,
        }
    }
}
