//! Every constructor and setter of a policy at its boundaries, and that nothing accepts an invalid
//! one.

#[path = "../support/mod.rs"]
mod support;

mod refused;
mod setters;
mod values;

use std::time::Duration;

use breaker_box::{Cancellation, CircuitBreaker, Policy, PolicyError, Window};

use crate::support::seconds;

pub(crate) const NANOSECOND: Duration = Duration::from_nanos(1);
pub(crate) const HUNDRED: Window = Window::calls(100);
pub(crate) const MINUTE: Window = Window::time(seconds(60));
pub(crate) const INVALID: Policy = Policy::consecutive_failures(0);

/// An annotated site's policy is a constant like this one.
pub(crate) const EVERYTHING: Policy = Policy::consecutive_failures(10)
    .or_failures_within(20, seconds(60))
    .or_failure_rate(0.5, HUNDRED)
    .or_slow_call_rate(0.8, seconds(2), HUNDRED)
    .minimum_calls(20)
    .or_hung_calls(10, seconds(30))
    .debounce(Duration::from_millis(100))
    .expiry(seconds(30))
    .progressive_expiry(seconds(5), 2.0, seconds(300))
    .jitter(0.1)
    .half_open_max_calls(3)
    .success_threshold(2)
    .half_open_failure_threshold(2)
    .half_open_timeout(seconds(10))
    .close_on_expiry()
    .ramp_up(seconds(60))
    .ramp_up_from(0.2)
    .on_cancel(Cancellation::Failure);
pub(crate) const CHECKED: Result<(), PolicyError> = EVERYTHING.validate();

#[track_caller]
pub(crate) fn accepts(policy: Policy) {
    assert_eq!(policy.validate(), Ok(()), "{policy:?}");
}

#[track_caller]
pub(crate) fn refuses(policy: Policy, expected: PolicyError) {
    assert_eq!(policy.validate(), Err(expected));
    assert!(CircuitBreaker::new("any", policy).is_err());
}

/// The error names its setter and its value. For NaN, which equals nothing.
#[track_caller]
pub(crate) fn refuses_naming(policy: Policy, setter: &str, value: &str) {
    let error = policy.validate().expect_err("an invalid policy");
    let text = error.to_string();
    assert!(text.contains(setter), "`{text}` names no `{setter}`");
    assert!(text.contains(value), "`{text}` names no `{value}`");
    assert_eq!(error.setter(), setter);
}

/// A count of `setter`: 1 to at least a million.
#[track_caller]
pub(crate) fn takes_counts(setter: &'static str, policy: fn(u32) -> Policy) {
    accepts(policy(1));
    accepts(policy(1_000_000));
    accepts(policy(Policy::MAX_COUNT));
    refuses(policy(0), PolicyError::Count { setter, value: 0 });
    let value = Policy::MAX_COUNT + 1;
    refuses(policy(value), PolicyError::Count { setter, value });
    refuses(policy(u32::MAX), PolicyError::Count { setter, value: u32::MAX });
    refuses_naming(policy(u32::MAX), setter, "4294967295");
}

/// A duration of `setter`: above zero.
#[track_caller]
pub(crate) fn takes_durations(setter: &'static str, policy: fn(Duration) -> Policy) {
    accepts(policy(NANOSECOND));
    accepts(policy(Duration::MAX));
    refuses(policy(Duration::ZERO), PolicyError::ZeroDuration { setter });
    refuses_naming(policy(Duration::ZERO), setter, "zero");
}

/// A rate of `setter`: above 0, up to 1.
#[track_caller]
pub(crate) fn takes_rates(setter: &'static str, policy: fn(f64) -> Policy) {
    accepts(policy(f64::MIN_POSITIVE));
    accepts(policy(1.0));
    for value in [0.0, -0.0, -0.5, 1.0 + f64::EPSILON, f64::INFINITY, f64::NEG_INFINITY] {
        refuses(policy(value), PolicyError::Rate { setter, value });
        refuses_naming(policy(value), setter, &value.to_string());
    }
    refuses_naming(policy(f64::NAN), setter, "NaN");
}
