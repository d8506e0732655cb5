//! The values of a policy, for reading.

use std::time::Duration;

use super::{Cancellation, Policy, Window};

/// The values of a [`Policy`], for dashboards and tests. The fields are named after the setters.
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
    /// The number of failures in a row that opens the circuit; `None` without that condition.
    pub consecutive_failures: Option<u32>,
    /// The number of failures within a window that opens the circuit, and the length of that
    /// window; `None` without that condition.
    pub failures_within: Option<(u32, Duration)>,
    /// The failure rate that opens the circuit; `None` without that condition.
    pub failure_rate: Option<f64>,
    /// The slow-call rate that opens the circuit, and the duration beyond which a call is slow;
    /// `None` without that condition.
    pub slow_call_rate: Option<(f64, Duration)>,
    /// The number of hung calls that opens the circuit, and the time in flight from which a call is
    /// hung; `None` without that condition.
    pub hung_calls: Option<(u32, Duration)>,
    /// The window that the rates are computed over; `None` if there is no rate.
    pub window: Option<Window>,
    /// The number of calls below which no rate is computed; `None` if there is no rate.
    pub minimum_calls: Option<u32>,
    /// The time within which a further failure is not counted again; zero if there is no debounce.
    pub debounce: Duration,
    /// The duration beyond which a success counts as a failure; `None` if there is no such limit.
    pub fail_slower_than: Option<Duration>,
    /// The length of the open period; the initial one if it grows.
    pub expiry: Duration,
    /// The factor by which the open period grows with each opening in a row; `None` if it does not
    /// grow.
    pub backoff_factor: Option<f64>,
    /// The longest open period; `None` if it does not grow.
    pub max_expiry: Option<Duration>,
    /// The longest time for which a trip may open the circuit.
    pub max_trip: Duration,
    /// The fraction by which an open period varies at random, from 0 to 1.
    pub jitter: f64,
    /// The number of probes that may be in flight at once.
    pub half_open_max_calls: u32,
    /// The number of successful probes that closes the circuit.
    pub success_threshold: u32,
    /// The number of failed probes that reopens the circuit.
    pub half_open_failure_threshold: u32,
    /// The timeout of a probe; `None` if there is none.
    pub half_open_timeout: Option<Duration>,
    /// Whether the end of the open period closes the circuit without probes.
    pub close_on_expiry: bool,
    /// How long the circuit ramps up before it closes; `None` if it closes at once.
    pub ramp_up: Option<Duration>,
    /// The share of calls with which a ramp-up begins; `None` without a ramp-up.
    pub ramp_up_from: Option<f64>,
    /// What a dropped future or permit counts as.
    pub on_cancel: Cancellation,
}

impl Policy {
    /// Returns the values of the policy, field by field.
    #[must_use]
    pub fn values(&self) -> PolicyValues {
        PolicyValues {
            consecutive_failures: self.consecutive_failures,
            failures_within: self.failures_within,
            failure_rate: self.failure_rate.map(|(rate, _)| rate),
            slow_call_rate: self.slow_call_rate.map(|(rate, longer_than, _)| (rate, longer_than)),
            hung_calls: self.hung_calls,
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
            ramp_up: self.ramp_up,
            ramp_up_from: self.ramp_up.map(|_| self.ramp_up_from),
            on_cancel: self.on_cancel,
        }
    }
}
