//! Names from user input: `max_circuits` and `idle_after` bound the memory.

use std::pin::pin;
use std::time::Duration;

use breaker_box::{
    CircuitBreaker, EventType, Filter, ManualClock, Policy, PolicyError, RegisterError, Registry, State, Window,
};

use crate::support::{fail, poll_once, seconds, succeed, watch};

pub(super) const TWO: Policy = Policy::consecutive_failures(2);
pub(super) const MINUTES_10: Duration = seconds(600);
pub(super) const MONTH: Duration = seconds(30 * 86_400);

pub(super) fn limited(max_circuits: usize) -> (Registry, ManualClock) {
    let clock = ManualClock::new();
    (Registry::builder().clock(clock.clone()).max_circuits(max_circuits).build().unwrap(), clock)
}

pub(super) fn forgetful(idle_after: Duration) -> (Registry, ManualClock) {
    forgetful_with(TWO, idle_after)
}

pub(super) fn forgetful_with(policy: Policy, idle_after: Duration) -> (Registry, ManualClock) {
    let clock = ManualClock::new();
    let builder = Registry::builder().default_policy(policy).clock(clock.clone()).idle_after(idle_after);
    (builder.build().unwrap(), clock)
}

/// One call by name that succeeds, if it is let through.
pub(super) fn call(registry: &Registry, name: &str) {
    let _ = registry.call(name, || Ok::<_, &str>(()));
}

/// One call by name that fails.
pub(super) fn call_in_vain(registry: &Registry, name: &str) {
    let _ = registry.call(name, || Err::<(), _>("no such host"));
}

/// A registry with room for one circuit, which a call has made and `prepare` has brought into some
/// condition.
pub(super) fn full_with(policy: Policy, prepare: impl FnOnce(&CircuitBreaker)) -> (Registry, ManualClock) {
    let clock = ManualClock::new();
    let builder = Registry::builder().default_policy(policy).clock(clock.clone()).max_circuits(1);
    let registry = builder.build().unwrap();
    call(&registry, "first");
    prepare(&registry.get("first").unwrap());
    (registry, clock)
}

/// Whether the circuit makes room for a newcomer.
pub(super) fn makes_room(registry: &Registry) -> bool {
    call(registry, "second");
    let (first, second) = (registry.get("first").is_some(), registry.get("second").is_some());
    assert_ne!(first, second, "either of them has the place");
    second
}

/// Whether a circuit in that condition stays, however long nobody calls it, and whatever the limit.
#[track_caller]
pub(super) fn stays(policy: Policy, prepare: impl Fn(&CircuitBreaker)) {
    let (registry, clock) = full_with(policy, &prepare);
    assert!(!makes_room(&registry));
    clock.advance(MONTH);
    assert!(!makes_room(&registry));
    let (registry, clock) = forgetful_with(policy, seconds(60));
    call(&registry, "first");
    prepare(&registry.get("first").unwrap());
    clock.advance(MONTH);
    registry.sweep();
    assert!(registry.get("first").is_some());
}

/// Whether a circuit in that condition stays for ten minutes, and for `idle_after` where that is
/// set, and leaves then.
#[track_caller]
pub(super) fn stays_for_a_while(policy: Policy, prepare: impl Fn(&CircuitBreaker)) {
    let almost = MINUTES_10.saturating_sub(Duration::from_nanos(1));
    let (registry, clock) = full_with(policy, &prepare);
    assert!(!makes_room(&registry));
    clock.advance(almost);
    assert!(!makes_room(&registry));
    clock.advance(seconds(1));
    assert!(makes_room(&registry));

    let (registry, clock) = forgetful_with(policy, seconds(60));
    call(&registry, "first");
    prepare(&registry.get("first").unwrap());
    clock.advance(Duration::from_millis(59_999));
    registry.sweep();
    assert!(registry.get("first").is_some());
    clock.advance(Duration::from_millis(1));
    registry.sweep();
    assert!(registry.get("first").is_none());
}

#[test]
fn a_circuit_without_failures_makes_room() {
    let (registry, _) = full_with(TWO, succeed);
    assert!(makes_room(&registry));
    assert_eq!(registry.len(), 1);
}

#[test]
fn the_longest_idle_circuit_makes_room() {
    let (registry, clock) = limited(3);
    for name in ["a", "b", "c"] {
        call(&registry, name);
        clock.advance(seconds(1));
    }
    call(&registry, "a");
    call(&registry, "d");
    assert!(registry.get("b").is_none());
    assert!(registry.get("a").is_some() && registry.get("c").is_some());
}

#[test]
fn an_old_failure_makes_room_before_a_success_of_today() {
    let (registry, clock) = limited(2);
    call_in_vain(&registry, "failed once");
    clock.advance(MONTH);
    call(&registry, "works");
    call(&registry, "newcomer");
    assert!(registry.get("failed once").is_none());
    assert!(registry.get("works").is_some());
}

#[test]
fn a_circuit_that_is_open_before_its_time_never_makes_room() {
    stays(TWO.expiry(MONTH * 3), CircuitBreaker::open);
    stays(TWO, |breaker| breaker.open_for(Duration::MAX));
    stays(TWO.close_on_expiry().expiry(MONTH * 3), CircuitBreaker::open);
}

#[test]
fn a_manually_controlled_circuit_is_never_evicted() {
    for order in [CircuitBreaker::force_open, CircuitBreaker::disable, CircuitBreaker::metrics_only] {
        stays(TWO, order);
    }
}

#[test]
fn a_half_open_circuit_makes_room_after_a_while() {
    stays_for_a_while(TWO, |breaker| breaker.open_for(Duration::ZERO));
    stays_for_a_while(TWO.success_threshold(2).half_open_timeout(MONTH), |breaker| {
        breaker.open_for(Duration::ZERO);
        succeed(breaker);
        assert_eq!(breaker.state(), State::HalfOpen);
    });
}

#[test]
fn a_circuit_with_failures_below_its_threshold_makes_room_after_a_while() {
    stays_for_a_while(TWO, fail);
    stays_for_a_while(Policy::failures_within(5, Duration::MAX), fail);
    stays_for_a_while(Policy::failure_rate(0.9, Window::calls(10)), fail);
    stays_for_a_while(Policy::failure_rate(0.9, Window::time(MONTH)), fail);
    stays_for_a_while(TWO, |breaker| breaker.record_failure("reported"));
}

#[test]
fn an_open_period_that_is_over_is_forgotten_as_long_after_its_end_as_a_failure() {
    let (registry, clock) = full_with(TWO.expiry(seconds(3_600)), CircuitBreaker::open);
    clock.advance(seconds(3_599));
    // No call was admitted meanwhile, and that is no reason to forget the circuit once its time
    // is over.
    assert!(registry.try_acquire("first").is_err());
    clock.advance(seconds(600));
    assert!(!makes_room(&registry));
    clock.advance(seconds(1));
    assert!(makes_room(&registry));
}

#[test]
fn a_probe_that_is_out_keeps_its_circuit() {
    let (registry, clock) = full_with(TWO, |breaker| breaker.open_for(Duration::ZERO));
    let probe = registry.try_acquire("first").unwrap();
    clock.advance(seconds(20));
    call(&registry, "second");
    assert!(registry.get("second").is_none());
    probe.success();
    assert!(makes_room(&registry));
}

#[test]
fn a_circuit_whose_failures_have_left_its_window_makes_room() {
    let (registry, clock) = full_with(Policy::failures_within(5, seconds(60)), fail);
    clock.advance(seconds(60));
    assert!(makes_room(&registry));
}

#[test]
fn a_circuit_that_was_reset_makes_room() {
    let (registry, _) = full_with(TWO, |breaker| {
        breaker.force_open();
        breaker.reset();
    });
    assert!(makes_room(&registry));
}

#[test]
fn a_thousand_names_that_failed_once_do_not_fill_the_registry() {
    let (registry, clock) = limited(1_000);
    for number in 0..1_000 {
        call_in_vain(&registry, &format!("made up {number}"));
    }
    call(&registry, "legit");
    assert!(registry.get("legit").is_none(), "they may be circuits that are about to open");
    clock.advance(MINUTES_10);
    call(&registry, "legit");
    assert_eq!(registry.force_open("legit"), Ok(()));
    assert_eq!(registry.state("legit"), State::ForcedOpen);
}

#[test]
fn open_circuits_can_be_evicted_once_their_time_is_over() {
    let clock = ManualClock::new();
    let policy = Policy::consecutive_failures(1).expiry(seconds(30));
    let builder = Registry::builder().default_policy(policy).clock(clock.clone()).max_circuits(100);
    let registry = builder.build().unwrap();
    for number in 0..100 {
        call_in_vain(&registry, &format!("made up {number}"));
    }
    clock.advance(seconds(29) + MINUTES_10);
    call(&registry, "legit");
    assert!(registry.get("legit").is_none());
    clock.advance(seconds(1));
    call(&registry, "legit");
    assert!(registry.get("legit").is_some());
}

#[test]
fn a_circuit_with_a_call_in_flight_never_makes_room() {
    let (registry, _) = limited(1);
    let permit = registry.try_acquire("first").unwrap();
    assert!(registry.register("second", TWO).is_err());
    permit.success();
    assert!(registry.register("second", TWO).is_ok());
}

#[test]
fn a_circuit_with_a_future_in_flight_never_makes_room() {
    let (registry, _) = limited(1);
    {
        let mut call = pin!(registry.call_async("first", std::future::pending::<Result<(), ()>>()));
        assert!(poll_once(call.as_mut()).is_pending());
        assert!(registry.register("second", TWO).is_err());
    }
    assert!(registry.register("second", TWO).is_ok());
}

#[test]
fn a_call_in_flight_survives_sweeps() {
    let (registry, clock) = forgetful(seconds(60));
    let permit = registry.try_acquire("first").unwrap();
    clock.advance(seconds(3_600));
    registry.sweep();
    assert!(registry.get("first").is_some());
    permit.success();
    registry.sweep();
    assert!(registry.get("first").is_some(), "its end was a moment ago");
    clock.advance(seconds(60));
    registry.sweep();
    assert!(registry.get("first").is_none());
}

#[test]
fn full_names_key_and_limit() {
    let (registry, _) = limited(2);
    registry.register("a", TWO).unwrap().open();
    registry.register("b", TWO).unwrap().open();
    let refused = registry.register("c", TWO).unwrap_err();
    assert_eq!(refused, RegisterError::Full { key: "c".into(), limit: 2 });
    assert!(refused.to_string().contains('c') && refused.to_string().contains('2'));
    assert!(matches!(registry.get_or_register("c", TWO), Err(RegisterError::Full { .. })));
}

#[test]
fn a_full_registry_still_returns_what_it_has() {
    let (registry, _) = limited(1);
    registry.register("a", TWO).unwrap().open();
    assert!(registry.get_or_register("a", TWO).is_ok());
    assert!(matches!(registry.register("a", TWO), Err(RegisterError::AlreadyRegistered { .. })));
}

#[test]
fn unregistering_makes_room() {
    let (registry, _) = limited(1);
    registry.register("a", TWO).unwrap().open();
    registry.unregister("a").unwrap();
    assert!(registry.register("b", TWO).is_ok());
}

#[test]
fn endless_names_stay_below_the_limit() {
    let (registry, _) = limited(100);
    for number in 0..20_000 {
        registry.call(format!("user {number}"), || Ok::<_, ()>(())).unwrap();
        assert!(registry.len() <= 100);
    }
}

#[test]
fn an_eviction_is_an_event() {
    let (registry, clock) = forgetful(seconds(60));
    call(&registry, "first");
    let (seen, _subscription) = watch(&registry, Filter::all());
    clock.advance(seconds(60));
    registry.sweep();
    assert_eq!((seen.types(), seen.identifiers()), (vec![EventType::Evicted], vec!["first".to_owned()]));
}

#[test]
fn an_eviction_comes_before_the_registration_it_makes_room_for() {
    let (registry, _) = limited(1);
    call(&registry, "first");
    let (seen, _subscription) = watch(&registry, Filter::all());
    registry.register("second", TWO).unwrap();
    assert_eq!(seen.types(), [EventType::Evicted, EventType::Registered]);
}

#[test]
fn a_failure_by_name_after_an_eviction_counts_in_a_new_circuit() {
    let (registry, clock) = forgetful(seconds(60));
    call(&registry, "first");
    clock.advance(seconds(60));
    registry.sweep();
    call_in_vain(&registry, "first");
    assert_eq!(registry.status("first").unwrap().failure_count, 1);
}

#[test]
fn a_future_whose_circuit_was_evicted_before_its_first_poll_counts_in_the_circuit_of_its_name() {
    let (registry, clock) = forgetful(seconds(60));
    let mut call = pin!(registry.call_async("first", async { Err::<(), _>(()) }));
    clock.advance(seconds(60));
    registry.sweep();
    assert!(poll_once(call.as_mut()).is_ready());
    assert_eq!(registry.status("first").map(|status| status.failure_count), Ok(1));
}

#[test]
fn with_close_on_expiry_an_expired_circuit_is_closed_for_the_limit_too() {
    let (registry, clock) = full_with(TWO.close_on_expiry(), CircuitBreaker::open);
    clock.advance(seconds(30));
    assert_eq!(registry.state("first"), State::Closed);
    assert!(makes_room(&registry));
}

#[test]
fn limits_of_zero_are_rejected() {
    let none = Registry::builder().max_circuits(0).build();
    assert_eq!(none.unwrap_err(), PolicyError::Count { setter: "max_circuits", value: 0 });
    let never = Registry::builder().idle_after(Duration::ZERO).build();
    assert_eq!(never.unwrap_err(), PolicyError::ZeroDuration { setter: "idle_after" });
}

#[test]
fn failures_are_never_lost_to_evictions_under_traffic() {
    let policy = Policy::consecutive_failures(1_000_000);
    let registry = Registry::builder().default_policy(policy).max_circuits(16).build().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let registry = &registry;
            scope.spawn(move || {
                for number in 0..500 {
                    registry.call(format!("{thread}/{number}"), || Ok::<_, ()>(())).unwrap();
                }
            });
        }
        for _ in 0..500 {
            let _ = registry.call("failing", || Err::<(), _>(()));
        }
    });
    assert_eq!(registry.status("failing").unwrap().failure_count, 500);
    assert!(registry.len() <= 16);
}
