//! Calls made elsewhere, reported.

use breaker_box::{CircuitBreaker, Policy, State, Window};

use crate::support::{breaker, fail, half_open, seconds};

const ONE: Policy = Policy::consecutive_failures(1);

#[test]
fn a_recorded_failure_counts_as_a_call_would() {
    let (breaker, _) = breaker(Policy::consecutive_failures(2));
    breaker.record_failure("timed out");
    let status = breaker.status();
    assert_eq!((status.failure_count, status.totals.failures), (1, 1));
    assert_eq!(status.last_failure.unwrap().reason.unwrap(), "timed out");
    breaker.record_failure("timed out");
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_recorded_success_clears_as_a_call_would() {
    let (breaker, _) = breaker(Policy::consecutive_failures(2));
    fail(&breaker);
    breaker.record_success();
    assert_eq!((breaker.status().failure_count, breaker.status().totals.successes), (0, 1));
}

#[test]
fn recorded_calls_are_in_the_windows() {
    let (breaker, _) = breaker(Policy::failure_rate(0.5, Window::calls(4)));
    breaker.record_success();
    breaker.record_failure("timed out");
    let window = breaker.status().window;
    assert_eq!((window.calls, window.failures), (2, 1));
}

#[test]
fn a_recorded_result_never_moves_an_open_circuit() {
    for order in [CircuitBreaker::open, CircuitBreaker::force_open] {
        let (breaker, clock) = breaker(ONE);
        order(&breaker);
        clock.advance(seconds(10));
        let before = breaker.status();
        breaker.record_success();
        breaker.record_failure("timed out");
        let after = breaker.status();
        assert_eq!(
            (after.state, after.openings, after.opened_at, after.retry_after, after.failure_count),
            (before.state, before.openings, before.opened_at, before.retry_after, before.failure_count)
        );
    }
}

#[test]
fn a_recorded_success_counts_as_a_probe() {
    let (breaker, _) = half_open(ONE.success_threshold(2));
    breaker.record_success();
    assert_eq!(breaker.state(), State::HalfOpen);
    breaker.record_success();
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_recorded_failure_of_a_half_open_circuit_opens_again() {
    let (breaker, _) = half_open(ONE);
    breaker.record_failure("timed out");
    assert_eq!((breaker.state(), breaker.status().openings), (State::Open, 2));
}

#[test]
fn a_recorded_result_of_an_expired_circuit_acts_on_half_open() {
    let (breaker, clock) = breaker(ONE);
    breaker.open();
    clock.advance(seconds(30));
    breaker.record_success();
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_recorded_result_of_a_timed_out_half_open_circuit_acts_on_open() {
    let (breaker, clock) = half_open(ONE.half_open_timeout(seconds(10)));
    std::mem::forget(breaker.try_acquire().unwrap());
    clock.advance(seconds(10));
    breaker.record_success();
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn with_close_on_expiry_a_recorded_result_of_an_expired_circuit_acts_on_closed() {
    let (breaker, clock) = breaker(Policy::consecutive_failures(2).close_on_expiry());
    breaker.open();
    clock.advance(seconds(30));
    breaker.record_failure("timed out");
    assert_eq!((breaker.state(), breaker.status().failure_count), (State::Closed, 1));
}

#[test]
fn a_recorded_result_takes_and_frees_no_slot() {
    let (breaker, _) = half_open(ONE.success_threshold(3).half_open_failure_threshold(3));
    let probe = breaker.try_acquire().unwrap();
    breaker.record_success();
    breaker.record_failure("timed out");
    assert!(!breaker.is_available(), "the probe's slot was freed");
    drop(probe);
    breaker.record_success();
    assert!(breaker.is_available(), "a slot was taken");
}

#[test]
fn recorded_failures_are_debounced() {
    let (breaker, _) = breaker(Policy::consecutive_failures(2).debounce(seconds(1)));
    breaker.record_failure("one incident");
    breaker.record_failure("one incident");
    assert_eq!((breaker.status().failure_count, breaker.status().totals.failures), (1, 2));
}
