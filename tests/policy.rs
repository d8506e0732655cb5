//! Every constructor and setter of a policy at its boundaries, and that nothing accepts an invalid
//! one.

mod support;

use std::time::Duration;

use breaker_box::{
    Cancellation, CircuitBreaker, ConfigureError, Policy, PolicyError, RegisterError, Registry, State, Window,
};
use support::{breaker, fail_times, registry, seconds, succeed};

const NANOSECOND: Duration = Duration::from_nanos(1);
const HUNDRED: Window = Window::calls(100);
const MINUTE: Window = Window::time(seconds(60));
const INVALID: Policy = Policy::consecutive_failures(0);

/// An annotated site's policy is a constant like this one.
const EVERYTHING: Policy = Policy::consecutive_failures(10)
    .or_failures_within(20, seconds(60))
    .or_failure_rate(0.5, HUNDRED)
    .or_slow_call_rate(0.8, seconds(2), HUNDRED)
    .minimum_calls(20)
    .debounce(Duration::from_millis(100))
    .expiry(seconds(30))
    .progressive_expiry(seconds(5), 2.0, seconds(300))
    .jitter(0.1)
    .half_open_max_calls(3)
    .success_threshold(2)
    .half_open_failure_threshold(2)
    .half_open_timeout(seconds(10))
    .close_on_expiry()
    .on_cancel(Cancellation::Failure);
const CHECKED: Result<(), PolicyError> = EVERYTHING.validate();

#[track_caller]
fn accepts(policy: Policy) {
    assert_eq!(policy.validate(), Ok(()), "{policy:?}");
}

#[track_caller]
fn refuses(policy: Policy, expected: PolicyError) {
    assert_eq!(policy.validate(), Err(expected));
    assert!(CircuitBreaker::new("any", policy).is_err());
}

/// The error names its setter and its value. For NaN, which equals nothing.
#[track_caller]
fn refuses_naming(policy: Policy, setter: &str, value: &str) {
    let error = policy.validate().expect_err("an invalid policy");
    let text = error.to_string();
    assert!(text.contains(setter), "`{text}` names no `{setter}`");
    assert!(text.contains(value), "`{text}` names no `{value}`");
    assert_eq!(error.setter(), setter);
}

/// A count of `setter`: 1 to at least a million.
#[track_caller]
fn takes_counts(setter: &'static str, policy: fn(u32) -> Policy) {
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
fn takes_durations(setter: &'static str, policy: fn(Duration) -> Policy) {
    accepts(policy(NANOSECOND));
    accepts(policy(Duration::MAX));
    refuses(policy(Duration::ZERO), PolicyError::ZeroDuration { setter });
    refuses_naming(policy(Duration::ZERO), setter, "zero");
}

/// A rate of `setter`: above 0, up to 1.
#[track_caller]
fn takes_rates(setter: &'static str, policy: fn(f64) -> Policy) {
    accepts(policy(f64::MIN_POSITIVE));
    accepts(policy(1.0));
    for value in [0.0, -0.0, -0.5, 1.0 + f64::EPSILON, f64::INFINITY, f64::NEG_INFINITY] {
        refuses(policy(value), PolicyError::Rate { setter, value });
        refuses_naming(policy(value), setter, &value.to_string());
    }
    refuses_naming(policy(f64::NAN), setter, "NaN");
}

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
fn new_and_with_clock_reject_an_invalid_policy() {
    let expected = PolicyError::Count { setter: "consecutive_failures", value: 0 };
    assert_eq!(CircuitBreaker::new("any", INVALID).unwrap_err(), expected);
    let clock = breaker_box::ManualClock::new();
    assert_eq!(CircuitBreaker::with_clock("any", INVALID, clock).unwrap_err(), expected);
}

#[test]
fn configure_rejects_an_invalid_policy_and_keeps_the_old_one() {
    let (breaker, _) = breaker(EVERYTHING);
    assert!(breaker.configure(INVALID).is_err());
    assert_eq!(breaker.policy(), EVERYTHING);
}

#[test]
fn register_rejects_an_invalid_policy_and_registers_nothing() {
    let (registry, _) = registry();
    let refused = registry.register("any", INVALID);
    assert!(matches!(refused, Err(RegisterError::InvalidPolicy { .. })));
    assert!(registry.is_empty());
}

#[test]
fn get_or_register_rejects_an_invalid_policy_and_registers_nothing() {
    let (registry, _) = registry();
    let refused = registry.get_or_register("any", INVALID);
    assert!(matches!(refused, Err(RegisterError::InvalidPolicy { .. })));
    assert!(registry.is_empty());
}

#[test]
fn get_or_register_rejects_an_invalid_policy_for_a_known_name_too() {
    let (registry, _) = registry();
    registry.register("any", Policy::new()).unwrap();
    assert!(registry.get_or_register("any", INVALID).is_err());
}

#[test]
fn configuring_by_name_rejects_an_invalid_policy_and_keeps_the_old_one() {
    let (registry, _) = registry();
    registry.register("any", EVERYTHING).unwrap();
    assert!(matches!(registry.configure("any", INVALID), Err(ConfigureError::InvalidPolicy(_))));
    assert_eq!(registry.status("any").unwrap().policy, EVERYTHING);
}

#[test]
fn set_default_policy_rejects_an_invalid_policy_and_keeps_the_old_one() {
    let (registry, _) = registry();
    assert!(registry.set_default_policy(INVALID).is_err());
    registry.call("any", || Ok::<_, ()>(())).unwrap();
    assert_eq!(registry.status("any").unwrap().policy, Policy::new());
}

#[test]
fn build_rejects_an_invalid_default_policy() {
    assert!(Registry::builder().default_policy(INVALID).build().is_err());
}

#[test]
fn the_reason_of_a_rejected_registration_is_the_policys_error() {
    let (registry, _) = registry();
    let refused = registry.register("any", INVALID).unwrap_err();
    let source = std::error::Error::source(&refused).expect("a source");
    assert_eq!(source.to_string(), INVALID.validate().unwrap_err().to_string());
}

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
    assert_eq!((values.half_open_timeout, values.on_cancel), (Some(seconds(10)), Cancellation::Failure));
}

#[test]
fn getters_of_unset_values_return_none() {
    // A minimum of calls says nothing without a rate.
    let values = Policy::new().minimum_calls(7).values();
    assert_eq!((values.window, values.minimum_calls, values.failure_rate), (None, None, None));
    assert_eq!((values.backoff_factor, values.max_expiry, values.fail_slower_than), (None, None, None));
    let over_time = Policy::failure_rate(0.5, Window::time(seconds(60))).values();
    assert_eq!((over_time.window.and_then(Window::as_time), over_time.minimum_calls), (Some(seconds(60)), Some(20)));
}

#[test]
fn a_cancellation_parses_its_own_display() {
    for cancellation in [Cancellation::Ignore, Cancellation::Failure] {
        assert_eq!(cancellation.to_string().parse(), Ok(cancellation));
    }
    let error = "slowly".parse::<Cancellation>().unwrap_err();
    assert_eq!(error.to_string(), "expected `ignore` or `failure`");
}
