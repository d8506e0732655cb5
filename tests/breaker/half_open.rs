//! Half-open: reserved probes and both thresholds. How long a probe may take: `probe_times`.

use std::time::Duration;

use breaker_box::{CallError, Outcome, Policy, State, Window};

use crate::support::{fail, half_open, seconds, succeed, take};

const ONE: Policy = Policy::consecutive_failures(1);

#[test]
fn a_probe_is_reserved_when_it_is_admitted() {
    let (breaker, _) = half_open(ONE);
    let _probe = breaker.try_acquire().unwrap();
    let rejected = breaker.try_acquire().unwrap_err();
    assert_eq!((rejected.state(), rejected.retry_after()), (State::HalfOpen, None));
}

#[test]
fn with_all_probes_out_nothing_is_available() {
    let (breaker, _) = half_open(ONE);
    let probe = breaker.try_acquire().unwrap();
    assert!(!breaker.is_available());
    probe.ignore();
    assert!(breaker.is_available());
}

#[test]
fn as_many_probes_as_allowed_are_out_at_once() {
    let (breaker, _) = half_open(ONE.half_open_max_calls(3));
    let probes: Vec<_> = (0..3).map(|_| breaker.try_acquire().unwrap()).collect();
    assert!(breaker.try_acquire().is_err());
    drop(probes);
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn a_success_closes() {
    let (breaker, _) = half_open(ONE);
    succeed(&breaker);
    let status = breaker.status();
    assert_eq!((status.state, status.openings, status.failure_count), (State::Closed, 0, 0));
}

#[test]
fn as_many_successes_as_asked_for_close() {
    let (breaker, _) = half_open(ONE.success_threshold(3));
    succeed(&breaker);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::HalfOpen);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_failure_opens_again() {
    let (breaker, _) = half_open(ONE);
    fail(&breaker);
    let status = breaker.status();
    assert_eq!((status.state, status.openings, status.retry_after), (State::Open, 2, Some(seconds(30))));
}

#[test]
fn as_many_failures_as_asked_for_open_again() {
    let (breaker, _) = half_open(ONE.half_open_failure_threshold(3));
    fail(&breaker);
    fail(&breaker);
    assert_eq!(breaker.state(), State::HalfOpen);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_success_does_not_clear_the_failures_of_an_episode() {
    let (breaker, _) = half_open(ONE.success_threshold(2).half_open_failure_threshold(2));
    fail(&breaker);
    succeed(&breaker);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn successes_of_an_earlier_episode_do_not_count() {
    let (breaker, clock) = half_open(ONE.success_threshold(2));
    succeed(&breaker);
    fail(&breaker);
    clock.advance(seconds(30));
    succeed(&breaker);
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn failures_of_an_earlier_episode_do_not_count() {
    let (breaker, clock) = half_open(ONE.half_open_failure_threshold(2));
    fail(&breaker);
    fail(&breaker);
    clock.advance(seconds(30));
    fail(&breaker);
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn an_ignored_probe_frees_its_slot_and_decides_nothing() {
    let (breaker, _) = half_open(ONE);
    breaker.call_with(|| (), |()| Outcome::Ignore).unwrap();
    assert_eq!(breaker.state(), State::HalfOpen);
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn a_slow_success_is_a_failed_probe_under_a_slow_call_rate() {
    let (breaker, clock) = half_open(ONE.or_slow_call_rate(0.5, seconds(2), Window::calls(10)));
    take(&breaker, &clock, seconds(3));
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_slow_success_is_a_success_without_a_slow_call_rate() {
    let (breaker, clock) = half_open(ONE);
    take(&breaker, &clock, seconds(3));
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_trip_opens_again_for_its_time_below_the_failure_threshold() {
    let (breaker, _) = half_open(ONE.half_open_failure_threshold(5));
    breaker.call_with(|| (), |()| Outcome::trip_for(seconds(3))).unwrap();
    let status = breaker.status();
    assert_eq!((status.state, status.retry_after, status.openings), (State::Open, Some(seconds(3)), 2));
}

#[test]
fn closing_clears_the_windows() {
    let policy = Policy::failure_rate(0.5, Window::calls(2)).or_failures_within(2, Duration::MAX);
    let (breaker, clock) = crate::support::breaker(policy);
    fail(&breaker);
    fail(&breaker);
    clock.advance(seconds(30));
    succeed(&breaker);
    let status = breaker.status();
    assert_eq!((status.state, status.failure_count, status.window.calls), (State::Closed, 0, 0));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn probes_are_in_no_window() {
    let policy = Policy::failure_rate(0.5, Window::calls(10)).success_threshold(2);
    let (breaker, _) = half_open(policy);
    succeed(&breaker);
    assert_eq!(breaker.status().window.calls, 0);
}

#[test]
fn a_rejection_says_that_all_probes_are_out() {
    let (breaker, _) = half_open(ONE);
    let _probe = breaker.try_acquire().unwrap();
    let Err(CallError::Open(open)) = breaker.call(|| Ok::<_, ()>(())) else { panic!("it was admitted") };
    assert_eq!((open.state(), open.retry_after()), (State::HalfOpen, None));
}
