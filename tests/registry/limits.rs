//! Names from user input: `max_circuits` and `idle_after` bound the memory.

use std::pin::pin;
use std::time::Duration;

use breaker_box::{
    CircuitBreaker, EventType, Filter, ManualClock, Policy, PolicyError, RegisterError, Registry, State, Window,
};

use crate::support::{fail, poll_once, seconds, succeed, watch};

const TWO: Policy = Policy::consecutive_failures(2);

fn limited(max_circuits: usize) -> (Registry, ManualClock) {
    let clock = ManualClock::new();
    (Registry::builder().clock(clock.clone()).max_circuits(max_circuits).build().unwrap(), clock)
}

fn forgetful(idle_after: Duration) -> (Registry, ManualClock) {
    let clock = ManualClock::new();
    (Registry::builder().clock(clock.clone()).idle_after(idle_after).build().unwrap(), clock)
}

/// Whether a circuit in that condition stays when the registry needs its place.
#[track_caller]
fn stays(policy: Policy, prepare: impl FnOnce(&CircuitBreaker)) {
    let (registry, clock) = limited(1);
    prepare(&registry.register("first", policy).unwrap());
    clock.advance(seconds(1));
    let refused = registry.register("second", TWO);
    assert!(matches!(refused, Err(RegisterError::Full { limit: 1, .. })), "{refused:?}");
    assert!(registry.get("first").is_some());
}

/// Whether a circuit in that condition stays when it is swept.
#[track_caller]
fn survives_sweeps(policy: Policy, prepare: impl FnOnce(&CircuitBreaker)) {
    let (registry, clock) = forgetful(seconds(60));
    prepare(&registry.register("first", policy).unwrap());
    clock.advance(seconds(3_600));
    registry.sweep();
    assert!(registry.get("first").is_some());
}

#[test]
fn an_idle_circuit_makes_room() {
    let (registry, _) = limited(1);
    succeed(&registry.register("first", TWO).unwrap());
    assert!(registry.register("second", TWO).is_ok());
    assert!(registry.get("first").is_none());
    assert_eq!(registry.len(), 1);
}

#[test]
fn the_longest_idle_circuit_makes_room() {
    let (registry, clock) = limited(3);
    for name in ["a", "b", "c"] {
        registry.register(name, TWO).unwrap();
        clock.advance(seconds(1));
    }
    registry.call("a", || Ok::<_, ()>(())).unwrap();
    registry.register("d", TWO).unwrap();
    assert!(registry.get("b").is_none());
    assert!(registry.get("a").is_some() && registry.get("c").is_some());
}

#[test]
fn an_open_circuit_never_makes_room() {
    stays(TWO, CircuitBreaker::open);
    survives_sweeps(TWO.expiry(Duration::MAX), CircuitBreaker::open);
}

#[test]
fn a_half_open_circuit_never_makes_room() {
    stays(TWO, |breaker| breaker.open_for(Duration::ZERO));
    survives_sweeps(TWO, |breaker| breaker.open_for(Duration::ZERO));
}

#[test]
fn a_circuit_that_was_moved_by_hand_never_makes_room() {
    for order in [CircuitBreaker::force_open, CircuitBreaker::disable, CircuitBreaker::metrics_only] {
        stays(TWO, order);
        survives_sweeps(TWO, order);
    }
}

#[test]
fn a_circuit_with_failures_in_a_row_never_makes_room() {
    stays(TWO, fail);
    survives_sweeps(TWO, fail);
}

#[test]
fn a_circuit_with_failures_in_its_windows_never_makes_room() {
    stays(Policy::failures_within(5, seconds(60)), fail);
    stays(Policy::failure_rate(0.5, Window::calls(10)), fail);
    survives_sweeps(Policy::failures_within(5, Duration::MAX), fail);
    survives_sweeps(Policy::failure_rate(0.5, Window::calls(10)), fail);
}

#[test]
fn a_circuit_whose_failures_have_left_its_window_makes_room() {
    let (registry, clock) = limited(1);
    fail(&registry.register("first", Policy::failures_within(5, seconds(60))).unwrap());
    clock.advance(seconds(60));
    assert!(registry.register("second", TWO).is_ok());
}

#[test]
fn a_circuit_with_a_call_in_flight_never_makes_room() {
    let (registry, _) = limited(1);
    let permit = registry.register("first", TWO).unwrap().try_acquire().unwrap();
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
    let permit = registry.register("first", TWO).unwrap().try_acquire().unwrap();
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

/// A registry of 640 open circuits that has just turned a newcomer away.
fn full_of_open_circuits() -> (Registry, ManualClock) {
    let (registry, clock) = limited(640);
    for number in 0..640 {
        registry.register(number.to_string(), TWO).unwrap().open();
    }
    assert!(registry.register("newcomer", TWO).is_err());
    (registry, clock)
}

#[test]
fn a_vain_search_for_room_is_repeated_after_one_newcomer_for_64_circuits() {
    let (registry, _) = full_of_open_circuits();
    registry.reset("7").unwrap();
    let refused = (0..10).filter(|_| registry.register("newcomer", TWO).is_err()).count();
    assert_eq!(refused, 10);
    assert!(registry.register("newcomer", TWO).is_ok());
    assert!(registry.get("7").is_none());
}

#[test]
fn a_vain_search_for_room_is_repeated_after_a_second() {
    let (registry, clock) = full_of_open_circuits();
    registry.reset("7").unwrap();
    clock.advance(Duration::from_millis(999));
    assert!(registry.register("newcomer", TWO).is_err());
    clock.advance(Duration::from_millis(1));
    assert!(registry.register("newcomer", TWO).is_ok());
}

#[test]
fn a_search_that_found_more_than_it_needed_is_repeated_at_once() {
    let (registry, _) = limited(80);
    for number in 0..80 {
        registry.register(number.to_string(), TWO).unwrap();
    }
    // Each search makes room for a sixteenth.
    for number in 0..20 {
        assert!(registry.register(format!("newcomer {number}"), TWO).is_ok());
    }
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
fn a_circuit_idle_for_long_enough_leaves_at_a_sweep() {
    let (registry, clock) = forgetful(seconds(60));
    registry.register("first", TWO).unwrap();
    clock.advance(seconds(59));
    registry.sweep();
    assert_eq!(registry.len(), 1);
    clock.advance(seconds(1));
    registry.sweep();
    assert_eq!(registry.len(), 0);
}

#[test]
fn a_call_makes_a_circuit_young_again() {
    let (registry, clock) = forgetful(seconds(60));
    registry.register("first", TWO).unwrap();
    for _ in 0..5 {
        clock.advance(seconds(59));
        registry.call("first", || Ok::<_, ()>(())).unwrap();
        registry.sweep();
    }
    assert_eq!(registry.len(), 1);
}

#[test]
fn a_report_makes_a_circuit_young_again() {
    let (registry, clock) = forgetful(seconds(60));
    registry.register("first", TWO).unwrap();
    clock.advance(seconds(59));
    registry.record_success("first").unwrap();
    clock.advance(seconds(1));
    registry.sweep();
    assert_eq!(registry.len(), 1);
}

#[test]
fn without_idle_after_nothing_leaves_at_a_sweep() {
    let (registry, clock) = limited(10);
    registry.register("first", TWO).unwrap();
    clock.advance(seconds(1_000_000_000));
    registry.sweep();
    assert_eq!(registry.len(), 1);
}

#[test]
fn with_both_limits_only_what_is_idle_for_long_enough_makes_room() {
    let clock = ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).max_circuits(1).idle_after(seconds(60)).build().unwrap();
    registry.register("first", TWO).unwrap();
    clock.advance(seconds(59));
    assert!(matches!(registry.register("second", TWO), Err(RegisterError::Full { .. })));
    clock.advance(seconds(1));
    assert!(registry.register("second", TWO).is_ok());
}

#[test]
fn an_evicted_circuit_says_so() {
    let (registry, clock) = forgetful(seconds(60));
    registry.register("first", TWO).unwrap();
    let (seen, _subscription) = watch(&registry, Filter::all());
    clock.advance(seconds(60));
    registry.sweep();
    assert_eq!((seen.types(), seen.identifiers()), (vec![EventType::Evicted], vec!["first".to_owned()]));
}

#[test]
fn what_makes_room_leaves_before_the_newcomer_arrives() {
    let (registry, _) = limited(1);
    registry.register("first", TWO).unwrap();
    let (seen, _subscription) = watch(&registry, Filter::all());
    registry.register("second", TWO).unwrap();
    assert_eq!(seen.types(), [EventType::Evicted, EventType::Registered]);
}

#[test]
fn a_failure_by_name_after_an_eviction_counts_in_a_new_circuit() {
    let (registry, clock) = forgetful(seconds(60));
    registry.register("first", TWO).unwrap();
    clock.advance(seconds(60));
    registry.sweep();
    let _ = registry.call("first", || Err::<(), _>(()));
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
    let (registry, clock) = limited(1);
    registry.register("first", TWO.close_on_expiry()).unwrap().open();
    clock.advance(seconds(30));
    assert_eq!(registry.state("first"), State::Closed);
    assert!(registry.register("second", TWO).is_ok());
}

#[test]
fn limits_of_zero_are_refused() {
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
