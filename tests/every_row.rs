//! Every row of the tables of policy, breaker and attribute, against the facade alone and under
//! every lint that users turn on.

#![deny(warnings, clippy::all, clippy::pedantic, clippy::nursery)]

use std::time::Duration;

use breaker_box::{
    Cancellation, CircuitBreaker, CircuitOpenError, ManualClock, Outcome, Policy, Registry, State, Window,
    circuit_breaker,
};

const MINUTE: Duration = Duration::from_secs(60);

/// Every constructor and setter in one constant.
const EVERYTHING: Policy = Policy::consecutive_failures(5)
    .or_consecutive_failures(6)
    .or_failures_within(10, MINUTE)
    .or_failure_rate(0.5, Window::calls(100))
    .or_slow_call_rate(0.8, Duration::from_secs(2), Window::calls(100))
    .minimum_calls(20)
    .or_hung_calls(10, Duration::from_secs(30))
    .debounce(Duration::from_millis(10))
    .expiry(Duration::from_secs(30))
    .progressive_expiry(Duration::from_secs(5), 2.0, Duration::from_secs(300))
    .jitter(0.1)
    .half_open_max_calls(2)
    .success_threshold(3)
    .half_open_failure_threshold(2)
    .half_open_timeout(MINUTE)
    .fail_slower_than(MINUTE)
    .max_trip(MINUTE)
    .close_on_expiry()
    .ramp_up(MINUTE)
    .ramp_up_from(0.2)
    .on_cancel(Cancellation::Slow);

const CONSTRUCTORS: [Policy; 5] = [
    Policy::new(),
    Policy::failures_within(3, Duration::MAX),
    Policy::failure_rate(1.0, Window::time(MINUTE)),
    Policy::slow_call_rate(1.0, MINUTE, Window::calls(1)),
    Policy::hung_calls(1, MINUTE),
];

#[test]
fn every_row_of_the_policy_table_is_constant_and_valid() {
    const {
        assert!(EVERYTHING.validate().is_ok());
    }
    assert!(CONSTRUCTORS.iter().all(|policy| policy.validate().is_ok()));
    assert_eq!(EVERYTHING, { EVERYTHING });
}

#[test]
fn every_row_of_the_breaker_table_holds() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("rows", Policy::new(), clock).unwrap();
    assert!(CircuitBreaker::new("rows", Policy::new()).is_ok());
    breaker.call(|| Ok::<_, ()>(())).unwrap();
    assert!(breaker.call_with(|| true, |came_back| *came_back).unwrap());
    drop(breaker.call_async(async { Ok::<_, ()>(()) }));
    drop(breaker.call_async_with(async { 1 }, |_| Outcome::Ignore));
    breaker.try_acquire().unwrap().settle(Outcome::Success);
    breaker.record_success();
    breaker.record_failure("reason");
    assert!(breaker.is_available());
    assert_eq!(breaker.status().failure_count, 1);

    breaker.open();
    breaker.open_for(MINUTE);
    assert_eq!(breaker.state(), State::Open);
    breaker.force_open();
    assert_eq!(breaker.state(), State::ForcedOpen);
    breaker.close();
    assert_eq!(breaker.state(), State::Closed);
    breaker.disable();
    assert_eq!(breaker.state(), State::Disabled);
    breaker.metrics_only();
    assert_eq!(breaker.state(), State::MetricsOnly);
    breaker.reset();
    assert_eq!(breaker.state(), State::Closed);

    breaker.open_because("drill");
    breaker.open_for_because(MINUTE, "drill");
    breaker.force_open_because("drill");
    breaker.close_because("drill");
    breaker.disable_because("drill");
    breaker.metrics_only_because("drill");
    breaker.reset_because("drill");

    breaker.configure(EVERYTHING).unwrap();
    breaker.set_metadata("owner", "payments").unwrap();
    assert_eq!(breaker.metadata()["owner"], "payments");
    assert_eq!(breaker.status().policy, EVERYTHING);
}

#[circuit_breaker(
    identifier = "every_option",
    scope = "rows",
    kind = "test",
    registry = registry,
    error_handler = Result::is_ok,
    fallback = Err,
    failure_threshold = 5,
    failures = 10,
    within = "60s",
    failure_rate = 0.5,
    slow_call_rate = 0.8,
    slow_call = "2s",
    window = 100,
    minimum_calls = 20,
    hung_calls = 10,
    hung_after = "30s",
    debounce = "10ms",
    expiry = "5s",
    backoff_factor = 2.0,
    max_expiry = "5m",
    jitter = 0.1,
    half_open_max_calls = 2,
    success_threshold = 3,
    half_open_failure_threshold = 2,
    half_open_timeout = "1h",
    close_on_expiry,
    ramp_up = "60s",
    ramp_up_from = 0.2,
    on_cancel = "slow",
    crate = breaker_box,
)]
fn every_option(registry: &Registry) -> Result<u32, CircuitOpenError> {
    Ok(7)
}

#[circuit_breaker(identifier = format!("computed {number}"), policy = EVERYTHING, registry = registry)]
async fn a_constant_policy(registry: &Registry, number: u32) -> Option<u32> {
    Some(number)
}

#[test]
fn every_option_of_the_attribute_calls_its_setter() {
    let registry = Registry::new();
    assert_eq!(every_option(&registry).unwrap(), 7);
    let key = breaker_box::Key::new("every_option").with_scope("rows").with_kind("test");
    let expected = Policy::consecutive_failures(5)
        .or_failures_within(10, MINUTE)
        .or_failure_rate(0.5, Window::calls(100))
        .or_slow_call_rate(0.8, Duration::from_secs(2), Window::calls(100))
        .minimum_calls(20)
        .or_hung_calls(10, Duration::from_secs(30))
        .debounce(Duration::from_millis(10))
        .progressive_expiry(Duration::from_secs(5), 2.0, Duration::from_secs(300))
        .jitter(0.1)
        .half_open_max_calls(2)
        .success_threshold(3)
        .half_open_failure_threshold(2)
        .half_open_timeout(Duration::from_secs(3_600))
        .close_on_expiry()
        .ramp_up(MINUTE)
        .ramp_up_from(0.2)
        .on_cancel(Cancellation::Slow);
    assert_eq!(registry.status(&key).unwrap().policy, expected);
}

#[tokio::test]
async fn a_policy_option_is_the_circuits_policy() {
    let registry = Registry::new();
    assert_eq!(a_constant_policy(&registry, 7).await, Some(7));
    assert_eq!(registry.status("computed 7").unwrap().policy, EVERYTHING);
}
