//! Circuits that leave at a sweep, and what `idle_after` changes for the limit.

use std::thread;

use breaker_box::{ManualClock, RegisterError, Registry};

use super::limits::{TWO, call, call_in_vain, forgetful, limited};
use crate::support::seconds;

/// How many circuits a sweep leaves.
fn left_after_a_sweep(registry: &Registry) -> usize {
    registry.sweep();
    registry.len()
}

#[test]
fn a_circuit_idle_for_long_enough_leaves_at_a_sweep() {
    let (registry, clock) = forgetful(seconds(60));
    call(&registry, "first");
    clock.advance(seconds(59));
    assert_eq!(left_after_a_sweep(&registry), 1);
    clock.advance(seconds(1));
    assert_eq!(left_after_a_sweep(&registry), 0);
}

#[test]
fn a_call_restarts_the_idle_time() {
    let (registry, clock) = forgetful(seconds(60));
    call(&registry, "first");
    for _ in 0..5 {
        clock.advance(seconds(59));
        registry.call("first", || Ok::<_, ()>(())).unwrap();
        registry.sweep();
    }
    assert_eq!(registry.len(), 1);
}

#[test]
fn a_call_by_handle_restarts_the_idle_time() {
    let (registry, clock) = forgetful(seconds(60));
    call(&registry, "first");
    let breaker = registry.get("first").unwrap();
    clock.advance(seconds(59));
    breaker.call(|| Err::<(), _>("broken")).unwrap_err();
    drop(breaker);
    clock.advance(seconds(59));
    assert_eq!(left_after_a_sweep(&registry), 1);
    clock.advance(seconds(1));
    assert_eq!(left_after_a_sweep(&registry), 0);
}

#[test]
fn a_call_on_any_thread_restarts_the_idle_time() {
    let (registry, clock) = forgetful(seconds(60));
    call(&registry, "first");
    clock.advance(seconds(59));
    thread::scope(|scope| scope.spawn(|| call(&registry, "first")).join().unwrap());
    clock.advance(seconds(59));
    assert_eq!(left_after_a_sweep(&registry), 1);
    call(&registry, "first");
    clock.advance(seconds(59));
    assert_eq!(left_after_a_sweep(&registry), 1);
    clock.advance(seconds(1));
    assert_eq!(left_after_a_sweep(&registry), 0);
}

#[test]
fn the_end_of_a_call_restarts_the_idle_time() {
    let (registry, clock) = forgetful(seconds(60));
    let permit = registry.try_acquire("first").unwrap();
    clock.advance(seconds(60));
    thread::scope(|scope| {
        scope.spawn(|| permit.failure("timed out"));
    });
    clock.advance(seconds(59));
    registry.sweep();
    assert_eq!(registry.status("first").unwrap().totals.failures, 1);
    clock.advance(seconds(1));
    assert_eq!(left_after_a_sweep(&registry), 0);
}

#[test]
fn a_report_restarts_the_idle_time() {
    let (registry, clock) = forgetful(seconds(60));
    call(&registry, "first");
    clock.advance(seconds(59));
    registry.record_success("first").unwrap();
    clock.advance(seconds(1));
    assert_eq!(left_after_a_sweep(&registry), 1);
}

#[test]
fn without_idle_after_nothing_leaves_at_a_sweep() {
    let (registry, clock) = limited(10);
    call(&registry, "first");
    clock.advance(seconds(1_000_000_000));
    assert_eq!(left_after_a_sweep(&registry), 1);
}

#[test]
fn with_both_limits_failures_are_forgotten_after_the_time_that_was_set() {
    let clock = ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).max_circuits(1).idle_after(seconds(60)).build().unwrap();
    call_in_vain(&registry, "first");
    clock.advance(seconds(59));
    assert!(matches!(registry.register("second", TWO), Err(RegisterError::Full { .. })));
    clock.advance(seconds(1));
    assert!(registry.register("second", TWO).is_ok());
}

#[test]
fn with_both_limits_a_circuit_without_failures_makes_room_at_once() {
    let builder = Registry::builder().clock(ManualClock::new()).max_circuits(1).idle_after(seconds(60));
    let registry = builder.build().unwrap();
    call(&registry, "first");
    assert!(registry.register("second", TWO).is_ok());
}
