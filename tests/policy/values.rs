//! How policies are displayed, compared and read, and how far their counts go.

use std::time::Duration;

use breaker_box::{Cancellation, Policy, State, Window};

use crate::support::{breaker, fail_times, seconds, succeed};
use crate::{EVERYTHING, HUNDRED, INVALID, MINUTE, NANOSECOND};

#[test]
fn a_policy_displays_on_one_line() {
    for policy in [Policy::new(), EVERYTHING, Policy::failures_within(1_000_000, Duration::MAX)] {
        let line = policy.to_string();
        assert!(!line.is_empty() && !line.contains(char::is_control), "{line:?}");
    }
}

#[test]
fn every_policy_error_displays_on_one_line() {
    for policy in [
        INVALID,
        Policy::failure_rate(f64::NAN, MINUTE),
        Policy::new().jitter(2.0),
        Policy::new().expiry(Duration::ZERO),
        Policy::new().progressive_expiry(seconds(2), 2.0, seconds(1)),
        Policy::failure_rate(0.5, HUNDRED).minimum_calls(101),
        Policy::failure_rate(0.5, HUNDRED).or_slow_call_rate(0.5, seconds(2), MINUTE),
        Policy::new().on_cancel(Cancellation::Slow),
    ] {
        let line = policy.validate().unwrap_err().to_string();
        assert!(!line.contains(char::is_control), "{line:?}");
    }
}

#[test]
fn policies_with_the_same_values_are_equal() {
    assert_eq!(Policy::new().expiry(seconds(30)), Policy::new());
    assert_ne!(Policy::new().expiry(seconds(31)), Policy::new());
}

#[test]
fn a_million_failures_in_a_row_are_counted() {
    let (breaker, _) = breaker(Policy::consecutive_failures(1_000_000));
    fail_times(&breaker, 999_999);
    assert_eq!((breaker.state(), breaker.status().failure_count), (State::Closed, 999_999));
    fail_times(&breaker, 1);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_million_failures_within_a_window_are_counted() {
    let (breaker, _) = breaker(Policy::failures_within(1_000_000, seconds(60)));
    fail_times(&breaker, 999_999);
    assert_eq!(breaker.state(), State::Closed);
    succeed(&breaker);
    fail_times(&breaker, 1);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_window_of_a_million_calls_is_evaluated_at_the_last_of_them() {
    let (breaker, _) = breaker(Policy::failure_rate(1.0, Window::calls(1_000_000)));
    fail_times(&breaker, 999_999);
    assert_eq!(breaker.state(), State::Closed);
    fail_times(&breaker, 1);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn counts_of_one_work_everywhere() {
    let policy = Policy::consecutive_failures(1)
        .or_failures_within(1, NANOSECOND)
        .or_failure_rate(1.0, Window::calls(1))
        .or_slow_call_rate(1.0, NANOSECOND, Window::calls(1))
        .minimum_calls(1);
    let (breaker, _) = breaker(policy);
    fail_times(&breaker, 1);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_policy_has_a_getter_for_every_value() {
    let values = EVERYTHING.values();
    assert_eq!(values.consecutive_failures, Some(10));
    assert_eq!(values.failures_within, Some((20, seconds(60))));
    assert_eq!((values.failure_rate, values.slow_call_rate), (Some(0.5), Some((0.8, seconds(2)))));
    assert_eq!((values.window, values.minimum_calls), (Some(Window::calls(100)), Some(20)));
    assert_eq!((values.backoff_factor, values.max_expiry), (Some(2.0), Some(seconds(300))));
    assert_eq!(values.hung_calls, Some((10, seconds(30))));
    assert_eq!((values.ramp_up, values.ramp_up_from), (Some(seconds(60)), Some(0.2)));
    assert_eq!((values.half_open_timeout, values.on_cancel), (Some(seconds(10)), Cancellation::Failure));
}

#[test]
fn getters_of_unset_values_return_none() {
    // Without a rate, a minimum of calls has no effect; nor has the beginning of a ramp-up without one.
    let values = Policy::new().minimum_calls(7).ramp_up_from(0.2).values();
    assert_eq!((values.window, values.minimum_calls, values.failure_rate), (None, None, None));
    assert_eq!((values.backoff_factor, values.max_expiry, values.fail_slower_than), (None, None, None));
    assert_eq!((values.hung_calls, values.ramp_up, values.ramp_up_from), (None, None, None));
    let over_time = Policy::failure_rate(0.5, Window::time(seconds(60))).values();
    assert_eq!((over_time.window.and_then(Window::as_time), over_time.minimum_calls), (Some(seconds(60)), Some(20)));
}

#[test]
fn a_cancellation_parses_its_own_display() {
    for cancellation in [Cancellation::Ignore, Cancellation::Failure, Cancellation::Slow] {
        assert_eq!(cancellation.to_string().parse(), Ok(cancellation));
    }
    let error = "slowly".parse::<Cancellation>().unwrap_err();
    assert_eq!(error.to_string(), "expected `ignore`, `failure` or `slow`");
}
