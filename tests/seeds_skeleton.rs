//! The scenarios of the `GenServer` skeleton (84, 85) and its defects (D1, D2, D4–D6), as this
//! library decides them.
//!
//! D3 (an unhandled message) and D7 (code that does not compile) cannot occur.

mod support;

use std::sync::mpsc;
use std::thread;

use breaker_box::{CallError, Policy, State};
use support::{breaker, fail, panic_in, registry, registry_with, runs, seconds, succeed};

const ONE: Policy = Policy::consecutive_failures(1);

#[test]
fn scenario_84_the_sixth_call_after_five_raised_errors_does_not_run() {
    let (breaker, _) = breaker(Policy::new());
    for _ in 0..5 {
        panic_in(&breaker, "raised");
    }
    let mut ran = false;
    let answer = breaker.call(|| {
        ran = true;
        Ok::<_, ()>(())
    });
    assert!(matches!(answer, Err(CallError::Open(_))) && !ran);
}

#[test]
fn scenario_85_a_blocked_call_of_one_service_does_not_delay_another() {
    let (registry, _) = registry();
    let (started, has_started) = mpsc::channel();
    let (finish, may_finish) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let registry = &registry;
        scope.spawn(move || {
            registry.call("service 1", || {
                started.send(()).unwrap();
                may_finish.recv()
            })
        });
        has_started.recv().unwrap();
        assert_eq!(registry.call("service 2", || Ok::<_, ()>(7)).unwrap(), 7);
        finish.send(()).unwrap();
    });
    assert_eq!(registry.status("service 1").unwrap().totals.successes, 1);
}

#[test]
fn defect_d1_counted_failures_are_kept_and_open() {
    let (registry, _) = registry_with(Policy::consecutive_failures(3));
    for count in 1..3 {
        let _ = registry.call("service", || Err::<(), _>(()));
        assert_eq!(registry.status("service").unwrap().failure_count, count);
    }
    let _ = registry.call("service", || Err::<(), _>(()));
    assert_eq!(registry.state("service"), State::Open);
}

#[test]
fn defect_d2_a_half_open_call_leaves_every_other_service_as_it_was() {
    let (registry, clock) = registry_with(ONE);
    let _ = registry.call("service 1", || Err::<(), _>(()));
    registry.register("service 2", Policy::consecutive_failures(5)).unwrap();
    registry.record_failure("service 2", "timed out").unwrap();
    clock.advance(seconds(30));
    registry.call("service 1", || Ok::<_, ()>(())).unwrap();
    assert_eq!(registry.state("service 1"), State::Closed);
    assert_eq!(registry.status("service 2").unwrap().failure_count, 1);
}

#[test]
fn defect_d4_a_function_runs_on_its_callers_thread() {
    let (registry, _) = registry();
    let ran_on = registry.call("service", || Ok::<_, ()>(thread::current().id())).unwrap();
    assert_eq!(ran_on, thread::current().id());
}

#[test]
fn defect_d4_a_function_may_call_through_its_own_circuit() {
    let (registry, _) = registry();
    let inner = registry.call("service", || registry.call("service", || Ok::<_, ()>(7)));
    assert_eq!(inner.unwrap(), 7);
}

#[test]
fn defect_d4_a_panic_takes_no_other_service_with_it() {
    let (registry, _) = registry_with(ONE);
    let service = registry.get_or_register("service 1", ONE).unwrap();
    registry.open("service 1").unwrap();
    registry.register("service 2", ONE).unwrap();
    panic_in(&registry.get("service 2").unwrap(), "exit");
    assert_eq!((service.state(), registry.state("service 2"), registry.len()), (State::Open, State::Open, 2));
}

#[test]
fn defect_d5_the_timer_of_an_earlier_opening_does_not_end_a_later_one() {
    let (breaker, clock) = breaker(ONE);
    fail(&breaker);
    clock.advance(seconds(20));
    breaker.reset();
    fail(&breaker);
    clock.advance(seconds(10));
    assert_eq!((breaker.state(), breaker.status().retry_after), (State::Open, Some(seconds(20))));
}

#[test]
fn defect_d5_a_failed_probe_starts_one_period() {
    let (breaker, clock) = breaker(ONE);
    fail(&breaker);
    clock.advance(seconds(30));
    fail(&breaker);
    assert_eq!((breaker.status().openings, breaker.status().retry_after), (2, Some(seconds(30))));
    clock.advance(seconds(29));
    assert!(!runs(&breaker));
}

#[test]
fn defect_d6_each_service_has_its_own_options() {
    let (registry, clock) = registry();
    registry.register("quick", ONE.expiry(seconds(1))).unwrap().open();
    registry.register("slow", ONE.expiry(seconds(100))).unwrap().open();
    clock.advance(seconds(1));
    assert_eq!((registry.state("quick"), registry.state("slow")), (State::HalfOpen, State::Open));
}

#[test]
fn defect_d6_the_timer_leads_to_a_test_and_not_to_closed() {
    let (breaker, clock) = breaker(ONE);
    fail(&breaker);
    clock.advance(seconds(30));
    assert_eq!(breaker.state(), State::HalfOpen);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn defect_d6_the_timer_leads_to_closed_where_that_is_asked_for() {
    let (breaker, clock) = breaker(ONE.close_on_expiry());
    fail(&breaker);
    clock.advance(seconds(30));
    assert_eq!(breaker.state(), State::Closed);
}
