//! Every constructor and setter at its boundaries.

use std::time::Duration;

use breaker_box::{Cancellation, CircuitBreaker, Policy, PolicyError, Window};

use crate::support::seconds;
use crate::{
    CHECKED, EVERYTHING, HUNDRED, MINUTE, NANOSECOND, accepts, refuses, refuses_naming, takes_counts, takes_durations,
    takes_rates,
};

#[test]
fn a_policy_is_a_constant_that_is_checked_at_compile_time() {
    const { assert!(CHECKED.is_ok()) };
    assert!(CircuitBreaker::new("any", EVERYTHING).is_ok());
}

#[test]
fn a_highest_count_below_a_million_would_be_too_low() {
    const { assert!(Policy::MAX_COUNT >= 1_000_000) };
}

#[test]
fn new_is_five_failures_in_a_row_and_thirty_seconds() {
    let spelled_out = Policy::consecutive_failures(5)
        .expiry(seconds(30))
        .debounce(Duration::ZERO)
        .jitter(0.0)
        .half_open_max_calls(1)
        .success_threshold(1)
        .half_open_failure_threshold(1)
        .ramp_up_from(0.1)
        .on_cancel(Cancellation::Ignore);
    assert_eq!(Policy::new(), spelled_out);
    assert_eq!(Policy::default(), Policy::new());
}

#[test]
fn consecutive_failures_takes_counts() {
    takes_counts("consecutive_failures", Policy::consecutive_failures);
}

#[test]
fn or_consecutive_failures_takes_counts() {
    takes_counts("consecutive_failures", |n| Policy::failure_rate(0.5, HUNDRED).or_consecutive_failures(n));
}

#[test]
fn failures_within_takes_counts() {
    takes_counts("failures_within", |n| Policy::failures_within(n, seconds(60)));
}

#[test]
fn or_failures_within_takes_counts() {
    takes_counts("failures_within", |n| Policy::new().or_failures_within(n, seconds(60)));
}

#[test]
fn failures_within_takes_durations() {
    takes_durations("failures_within", |window| Policy::failures_within(3, window));
}

#[test]
fn or_failures_within_takes_durations() {
    takes_durations("failures_within", |window| Policy::new().or_failures_within(3, window));
}

#[test]
fn failure_rate_takes_rates() {
    takes_rates("failure_rate", |rate| Policy::failure_rate(rate, HUNDRED));
}

#[test]
fn or_failure_rate_takes_rates() {
    takes_rates("failure_rate", |rate| Policy::new().or_failure_rate(rate, MINUTE));
}

#[test]
fn slow_call_rate_takes_rates() {
    takes_rates("slow_call_rate", |rate| Policy::slow_call_rate(rate, seconds(2), HUNDRED));
}

#[test]
fn or_slow_call_rate_takes_rates() {
    takes_rates("slow_call_rate", |rate| Policy::new().or_slow_call_rate(rate, seconds(2), MINUTE));
}

#[test]
fn slow_call_rate_takes_durations() {
    takes_durations("slow_call_rate", |longer_than| Policy::slow_call_rate(0.5, longer_than, HUNDRED));
}

#[test]
fn or_slow_call_rate_takes_durations() {
    takes_durations("slow_call_rate", |longer_than| Policy::new().or_slow_call_rate(0.5, longer_than, HUNDRED));
}

#[test]
fn hung_calls_takes_counts() {
    takes_counts("hung_calls", |n| Policy::hung_calls(n, seconds(30)));
}

#[test]
fn or_hung_calls_takes_counts() {
    takes_counts("hung_calls", |n| Policy::new().or_hung_calls(n, seconds(30)));
}

#[test]
fn hung_calls_takes_durations() {
    takes_durations("hung_calls", |longer_than| Policy::hung_calls(3, longer_than));
}

#[test]
fn or_hung_calls_takes_durations() {
    takes_durations("hung_calls", |longer_than| Policy::new().or_hung_calls(3, longer_than));
}

#[test]
fn a_window_of_calls_takes_counts() {
    takes_counts("Window::calls", |n| Policy::failure_rate(0.5, Window::calls(n)));
}

#[test]
fn a_window_of_calls_takes_counts_for_slow_calls_too() {
    takes_counts("Window::calls", |n| Policy::slow_call_rate(0.5, seconds(2), Window::calls(n)));
}

#[test]
fn a_window_of_time_takes_durations() {
    takes_durations("Window::time", |window| Policy::failure_rate(0.5, Window::time(window)));
}

#[test]
fn two_rates_share_one_window() {
    let both = |failure, slow| Policy::failure_rate(0.5, failure).or_slow_call_rate(0.5, seconds(2), slow);
    accepts(both(HUNDRED, HUNDRED));
    accepts(both(MINUTE, MINUTE));
    for (failure, slow) in
        [(HUNDRED, Window::calls(99)), (MINUTE, Window::time(seconds(61))), (HUNDRED, MINUTE), (MINUTE, HUNDRED)]
    {
        refuses(both(failure, slow), PolicyError::WindowsDiffer { failure, slow });
    }
}

#[test]
fn two_rates_over_different_windows_are_named() {
    let policy = Policy::failure_rate(0.5, HUNDRED).or_slow_call_rate(0.5, seconds(2), MINUTE);
    refuses_naming(policy, "slow_call_rate", "60s");
}

#[test]
fn minimum_calls_takes_counts() {
    takes_counts("minimum_calls", |n| Policy::failure_rate(0.5, MINUTE).minimum_calls(n));
}

#[test]
fn minimum_calls_is_at_most_the_calls_of_the_window() {
    let policy = |n| Policy::failure_rate(0.5, HUNDRED).minimum_calls(n);
    accepts(policy(1));
    accepts(policy(100));
    refuses(policy(101), PolicyError::MinimumAboveWindow { minimum: 101, window: 100 });
    refuses_naming(policy(101), "minimum_calls", "101");
}

#[test]
fn minimum_calls_is_at_most_the_calls_of_a_slow_call_window() {
    let policy = Policy::slow_call_rate(0.5, seconds(2), Window::calls(7)).minimum_calls(8);
    refuses(policy, PolicyError::MinimumAboveWindow { minimum: 8, window: 7 });
}

#[test]
fn debounce_takes_any_duration() {
    for quiet in [Duration::ZERO, NANOSECOND, Duration::MAX] {
        accepts(Policy::new().debounce(quiet));
    }
}

#[test]
fn expiry_takes_durations() {
    takes_durations("expiry", |expiry| Policy::new().expiry(expiry));
}

#[test]
fn progressive_expiry_takes_durations_from_the_initial_one_up() {
    let policy = |initial, max| Policy::new().progressive_expiry(initial, 2.0, max);
    accepts(policy(NANOSECOND, NANOSECOND));
    accepts(policy(NANOSECOND, Duration::MAX));
    accepts(policy(Duration::MAX, Duration::MAX));
    refuses(policy(Duration::ZERO, seconds(1)), PolicyError::ZeroDuration { setter: "progressive_expiry" });
    let (initial, max) = (seconds(2), Duration::from_nanos(1_999_999_999));
    refuses(policy(initial, max), PolicyError::MaxBelowInitial { initial, max });
    refuses_naming(policy(initial, max), "progressive_expiry", "1.999999999s");
}

#[test]
fn progressive_expiry_rejects_a_maximum_of_zero() {
    let policy = Policy::new().progressive_expiry(seconds(1), 2.0, Duration::ZERO);
    refuses(policy, PolicyError::MaxBelowInitial { initial: seconds(1), max: Duration::ZERO });
}

#[test]
fn progressive_expiry_takes_finite_factors_from_one_up() {
    let policy = |factor| Policy::new().progressive_expiry(seconds(1), factor, seconds(60));
    for factor in [1.0, 1.5, f64::MAX] {
        accepts(policy(factor));
    }
    for value in [1.0 - f64::EPSILON, 0.0, -2.0, f64::INFINITY, f64::NEG_INFINITY] {
        refuses(policy(value), PolicyError::Factor { value });
        refuses_naming(policy(value), "progressive_expiry", &value.to_string());
    }
    refuses_naming(policy(f64::NAN), "progressive_expiry", "NaN");
}

#[test]
fn jitter_takes_zero_to_one() {
    let policy = |fraction| Policy::new().jitter(fraction);
    for fraction in [0.0, -0.0, f64::MIN_POSITIVE, 1.0] {
        accepts(policy(fraction));
    }
    for value in [-f64::MIN_POSITIVE, 1.0 + f64::EPSILON, f64::INFINITY, f64::NEG_INFINITY] {
        refuses(policy(value), PolicyError::Jitter { value });
        refuses_naming(policy(value), "jitter", &value.to_string());
    }
    refuses_naming(policy(f64::NAN), "jitter", "NaN");
}

#[test]
fn half_open_max_calls_takes_counts() {
    takes_counts("half_open_max_calls", |n| Policy::new().half_open_max_calls(n));
}

#[test]
fn success_threshold_takes_counts() {
    takes_counts("success_threshold", |n| Policy::new().success_threshold(n));
}

#[test]
fn half_open_failure_threshold_takes_counts() {
    takes_counts("half_open_failure_threshold", |n| Policy::new().half_open_failure_threshold(n));
}

#[test]
fn fail_slower_than_takes_durations() {
    takes_durations("fail_slower_than", |limit| Policy::new().fail_slower_than(limit));
}

#[test]
fn max_trip_takes_durations() {
    takes_durations("max_trip", |longest| Policy::new().max_trip(longest));
}

#[test]
fn half_open_timeout_takes_durations() {
    takes_durations("half_open_timeout", |limit| Policy::new().half_open_timeout(limit));
}

#[test]
fn ramp_up_takes_durations() {
    takes_durations("ramp_up", |period| Policy::new().ramp_up(period));
}

#[test]
fn ramp_up_from_takes_rates() {
    takes_rates("ramp_up_from", |share| Policy::new().ramp_up(seconds(30)).ramp_up_from(share));
}

#[test]
fn ramp_up_from_takes_rates_without_a_ramp_up_too() {
    takes_rates("ramp_up_from", |share| Policy::new().ramp_up_from(share));
}

#[test]
fn slow_cancellations_need_a_limit_for_slow_calls() {
    refuses(Policy::new().on_cancel(Cancellation::Slow), PolicyError::NoSlowCallLimit);
    refuses_naming(Policy::hung_calls(3, seconds(30)).on_cancel(Cancellation::Slow), "on_cancel", "`slow`");
    accepts(Policy::slow_call_rate(0.5, seconds(2), HUNDRED).on_cancel(Cancellation::Slow));
    accepts(Policy::new().fail_slower_than(seconds(2)).on_cancel(Cancellation::Slow));
}
