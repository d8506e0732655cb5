//! Defects D26–D32 and D34–D40.
//!
//! D33 (application configuration) belongs to the settings, D41 (a test helper's loop) cannot
//! occur.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;

use breaker_box::{
    CallError, CircuitBreaker, EventType, Filter, Key, Outcome, Policy, PolicyError, Registry, State, circuit_breaker,
};

use crate::support::happened::{Cause, EventKind};
use crate::support::{
    breaker, fail, fail_times, half_open, millis, panic_message, registry, registry_with, runs, seconds, succeed, watch,
};
use crate::{Error, ONE, own_registry};

#[test]
fn defect_d26_back_off_is_for_real_failures() {
    let (breaker, clock) = breaker(ONE.progressive_expiry(seconds(5), 2.0, seconds(300)));
    for expected in [5, 10, 20, 40] {
        fail(&breaker);
        assert_eq!(breaker.status().retry_after, Some(seconds(expected)));
        clock.advance(seconds(expected));
    }
}

#[test]
fn defect_d27_an_hour_of_maintenance_does_not_become_the_policy() {
    let (registry, clock) = registry_with(ONE);
    registry.register("api", ONE).unwrap();
    registry.open_for("api", seconds(3_600)).unwrap();
    clock.advance(seconds(3_600));
    registry.record_failure("api", "still down").unwrap();
    let status = registry.status("api").unwrap();
    assert_eq!((status.policy, status.retry_after), (ONE, Some(seconds(30))));
}

#[test]
fn defect_d28_a_given_time_is_honoured() {
    let (registry, _) = registry();
    registry.register("api", ONE).unwrap();
    registry.open_for("api", millis(123)).unwrap();
    assert_eq!(registry.status("api").unwrap().retry_after, Some(millis(123)));
}

#[test]
fn defect_d29_an_open_circuit_is_never_forgotten() {
    let clock = breaker_box::ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).idle_after(seconds(10)).build().unwrap();
    registry.call("api", || Ok::<_, ()>(())).unwrap();
    registry.open_for("api", seconds(3_600)).unwrap();
    clock.advance(seconds(3_599));
    registry.sweep();
    assert!(matches!(registry.call("api", || Ok::<_, ()>(())), Err(CallError::Open(_))));
}

#[test]
fn defect_d30_expiry_needs_no_sweep() {
    let (registry, clock) = registry();
    registry.register("api", ONE).unwrap().open();
    clock.advance(seconds(30));
    assert_eq!((registry.state("api"), registry.is_available("api")), (State::HalfOpen, true));
    assert_eq!(registry.status("api").unwrap().state, State::HalfOpen);
    assert!(registry.call("api", || Ok::<_, ()>(())).is_ok());
}

#[test]
fn defect_d31_half_open_does_not_admit_everybody() {
    let (breaker, _) = half_open(ONE);
    let admitted: Vec<_> = (0..100).flat_map(|_| breaker.try_acquire()).collect();
    assert_eq!(admitted.len(), 1);
}

#[test]
fn defect_d32_changing_one_setting_keeps_the_others() {
    let (breaker, _) = breaker(ONE.progressive_expiry(seconds(5), 2.0, seconds(300)));
    breaker.configure(breaker.policy().or_consecutive_failures(2)).unwrap();
    fail_times(&breaker, 2);
    breaker.open();
    assert_eq!(breaker.status().retry_after, Some(seconds(10)));
}

#[test]
fn defect_d34_back_off_saturates() {
    let (breaker, _) = breaker(ONE.progressive_expiry(seconds(5), 2.0, seconds(300)));
    for _ in 0..1_100 {
        breaker.open();
    }
    assert_eq!(breaker.status().retry_after, Some(seconds(300)));
}

#[test]
fn defect_d34_a_factor_that_is_no_number_is_refused() {
    let refused = CircuitBreaker::new("any", ONE.progressive_expiry(seconds(5), f64::NAN, seconds(300)));
    assert!(matches!(refused, Err(PolicyError::Factor { .. })));
}

#[test]
fn defect_d35_one_faulty_subscriber_stops_nobody() {
    let (registry, _) = registry();
    let _faulty = registry.subscribe(Filter::all(), |_| panic!("malformed"));
    let (seen, _subscription) = watch(&registry, Filter::all());
    for number in 0..100 {
        registry.register(format!("api {number}"), ONE).unwrap();
    }
    assert_eq!(seen.events().len(), 100);
}

#[test]
fn defect_d36_keys_are_not_joined() {
    let (registry, _) = registry();
    let keys = [Key::new("a:b"), Key::new("b").with_scope("a"), Key::new("b").with_kind("a")];
    for key in &keys {
        registry.register(key, ONE).unwrap();
    }
    assert_eq!(registry.len(), 3);
}

#[test]
fn defect_d37_a_change_of_state_comes_beside_its_result_and_says_what_changed() {
    let (registry, _) = registry();
    registry.register("api", ONE).unwrap();
    let (seen, _subscription) = watch(&registry, Filter::all());
    registry.record_failure("api", "timed out").unwrap();
    assert_eq!(
        seen.kinds(),
        [
            EventKind::Failure { reason: Some("timed out".into()) },
            EventKind::StateChanged { from: State::Closed, to: State::Open, cause: Cause::ConsecutiveFailures },
        ]
    );
}

#[test]
fn defect_d38_unsubscribing_ends_one_subscription() {
    let (registry, _) = registry();
    let (ended, subscription) = watch(&registry, Filter::all());
    let (other, _other) = watch(&registry, Filter::all());
    subscription.unsubscribe();
    registry.register("api", ONE).unwrap();
    assert_eq!((ended.events().len(), other.events().len()), (0, 1));
}

#[test]
fn defect_d39_any_kind_of_panic_counts() {
    let (breaker, _) = breaker(ONE);
    let body = || -> Result<(), ()> { std::panic::resume_unwind(Box::new("thrown, not raised")) };
    assert_eq!(panic_message(|| breaker.call(body)), "thrown, not raised");
    assert_eq!((breaker.state(), breaker.status().totals.panicked), (State::Open, 1));
}

#[test]
fn defect_d39_a_faulty_handler_is_no_fault_of_the_service() {
    let (breaker, _) = breaker(ONE);
    panic_message(|| breaker.call_with(|| 7, |_| -> Outcome { panic!("handler") }));
    assert_eq!((breaker.state(), breaker.status().totals.failures), (State::Closed, 0));
}

#[test]
fn defect_d39_an_identifier_expression_is_evaluated_once_per_call() {
    static OWN: std::sync::OnceLock<Registry> = std::sync::OnceLock::new();
    static EVALUATED: AtomicU32 = AtomicU32::new(0);
    fn name() -> String {
        EVALUATED.fetch_add(1, Ordering::Relaxed);
        "api".to_owned()
    }
    #[circuit_breaker(identifier = name(), registry = own_registry(&OWN))]
    fn decorated() -> Result<u32, Error> {
        Ok(7)
    }
    for _ in 0..3 {
        assert_eq!(decorated(), Ok(7));
    }
    assert_eq!(EVALUATED.load(Ordering::Relaxed), 3);
}

#[test]
fn defect_d39_a_circuit_that_leaves_between_two_calls_is_no_error() {
    static OWN: std::sync::OnceLock<Registry> = std::sync::OnceLock::new();
    #[circuit_breaker(identifier = "api", registry = own_registry(&OWN), failure_threshold = 1)]
    fn decorated() -> Result<u32, Error> {
        Err(Error::Declined)
    }
    assert_eq!(decorated(), Err(Error::Declined));
    assert_eq!(decorated(), Err(Error::Open("api".to_owned())));
    own_registry(&OWN).unregister("api").unwrap();
    assert_eq!(decorated(), Err(Error::Declined));
    assert_eq!(own_registry(&OWN).state("api"), State::Open);
}

#[test]
fn defect_d39_a_decorated_function_has_thresholds_and_a_scope() {
    static OWN: std::sync::OnceLock<Registry> = std::sync::OnceLock::new();
    #[circuit_breaker(
        identifier = "api",
        scope = "payments",
        kind = "http",
        registry = own_registry(&OWN),
        failure_threshold = 2,
        expiry = "5s"
    )]
    fn decorated() -> Result<u32, Error> {
        Err(Error::Declined)
    }
    let _ = (decorated(), decorated());
    let status = own_registry(&OWN).status(Key::new("api").with_scope("payments").with_kind("http")).unwrap();
    assert_eq!((status.state, status.retry_after), (State::Open, Some(seconds(5))));
}

#[test]
fn defect_d40_a_slow_handler_stalls_no_call() {
    let (registry, _) = registry();
    let breaker = registry.register("api", Policy::new()).unwrap();
    let (started, has_started) = mpsc::channel();
    let (finish, may_finish) = mpsc::channel::<()>();
    let may_finish = std::sync::Mutex::new(may_finish);
    let filter = Filter::all().events([EventType::StateChanged]);
    let _subscription = registry.subscribe(filter, move |_| {
        started.send(()).unwrap();
        may_finish.lock().unwrap().recv().unwrap();
    });
    registry.register("other", Policy::new()).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| breaker.open());
        has_started.recv().unwrap();
        assert!(!runs(&breaker));
        let other = registry.get("other").unwrap();
        succeed(&other);
        assert_eq!(other.status().totals.successes, 1);
        finish.send(()).unwrap();
    });
}
