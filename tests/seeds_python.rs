//! The scenarios of the Python class (68–70) and its defects (D42–D44), as this library decides
//! them.

mod support;

use std::future::pending;

use breaker_box::{CallError, Policy, State};
use support::{breaker, fail, half_open, poll_once, runs, seconds, succeed};

const ONE: Policy = Policy::consecutive_failures(1);

#[test]
fn scenario_68_probes_of_two_episodes_do_not_add_up() {
    let (breaker, clock) = half_open(ONE.success_threshold(2));
    succeed(&breaker);
    fail(&breaker);
    clock.advance(seconds(30));
    succeed(&breaker);
    assert_eq!(breaker.state(), State::HalfOpen);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn scenario_69_a_late_failure_while_open_does_not_move_the_opening_time() {
    let (breaker, clock) = breaker(ONE);
    let permit = breaker.try_acquire().unwrap();
    fail(&breaker);
    let before = breaker.status();
    clock.advance(seconds(10));
    permit.failure("late");
    let after = breaker.status();
    assert_eq!((after.opened_at, after.retry_after), (before.opened_at, Some(seconds(20))));
}

#[test]
fn scenario_70_a_cancelled_call_counts_nothing_and_frees_its_slot() {
    let (breaker, _) = half_open(ONE);
    let mut call = Box::pin(breaker.call_async(pending::<Result<(), ()>>()));
    assert!(poll_once(call.as_mut()).is_pending());
    assert!(!breaker.is_available());
    drop(call);
    let status = breaker.status();
    assert_eq!((status.state, status.totals.failures, breaker.is_available()), (State::HalfOpen, 0, true));
}

#[test]
fn defect_d42_a_failed_probe_clears_the_successes_before_it() {
    let (breaker, clock) = half_open(ONE.success_threshold(3));
    for _ in 0..5 {
        succeed(&breaker);
        succeed(&breaker);
        fail(&breaker);
        clock.advance(seconds(30));
    }
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn defect_d43_half_open_has_a_limit() {
    let (breaker, _) = half_open(ONE);
    let _probe = breaker.try_acquire().unwrap();
    assert!(!runs(&breaker));
}

#[test]
fn defect_d43_late_failures_do_not_prolong_the_opening() {
    let (breaker, clock) = breaker(ONE);
    let permits: Vec<_> = (0..30).map(|_| breaker.try_acquire().unwrap()).collect();
    fail(&breaker);
    for permit in permits {
        clock.advance(seconds(1));
        permit.failure("late");
    }
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn defect_d43_a_late_success_while_open_clears_nothing() {
    let (breaker, _) = breaker(Policy::consecutive_failures(2));
    let permit = breaker.try_acquire().unwrap();
    fail(&breaker);
    fail(&breaker);
    let before = breaker.status().failure_count;
    permit.success();
    assert_eq!(breaker.status().failure_count, before);
}

#[test]
fn defect_d44_the_open_error_says_which_circuit_and_how_long() {
    let (breaker, clock) = breaker(ONE);
    fail(&breaker);
    clock.advance(seconds(10));
    let Err(CallError::Open(open)) = breaker.call(|| Ok::<_, ()>(())) else { panic!("it is open") };
    assert_eq!((open.identifier(), open.retry_after()), ("payment_api", Some(seconds(20))));
    assert_eq!(open.status().totals.failures, 1);
}

#[test]
fn defect_d44_a_function_that_is_not_async_is_called_as_it_is() {
    let (breaker, _) = breaker(ONE);
    assert_eq!(breaker.call(|| Ok::<_, ()>(7)).unwrap(), 7);
    assert_eq!(breaker.status().totals.failures, 0);
}
