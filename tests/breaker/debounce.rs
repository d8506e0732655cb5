//! Failures too close to one another: what counts them once, and what sees them all.

use std::time::Duration;

use breaker_box::{Policy, State, Window};

use crate::support::{breaker, fail, fail_times, millis, seconds};

#[test]
fn a_debounced_failure_is_not_counted_but_in_the_totals() {
    let (breaker, clock) = breaker(Policy::consecutive_failures(2).debounce(seconds(1)));
    fail(&breaker);
    clock.advance(millis(999));
    fail(&breaker);
    let status = breaker.status();
    assert_eq!((status.state, status.failure_count, status.totals.failures), (State::Closed, 1, 2));
}

#[test]
fn a_failure_exactly_as_far_as_the_debounce_counts() {
    let (breaker, clock) = breaker(Policy::consecutive_failures(2).debounce(seconds(1)));
    fail(&breaker);
    clock.advance(seconds(1));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn debounced_failures_do_not_prolong_the_quiet_time() {
    let (breaker, clock) = breaker(Policy::consecutive_failures(2).debounce(seconds(1)));
    for _ in 0..3 {
        fail(&breaker);
        clock.advance(millis(400));
    }
    assert_eq!(breaker.status().failure_count, 1);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open, "1.2 s after the counted one");
}

#[test]
fn rates_see_debounced_failures_and_the_other_conditions_do_not() {
    let policy = Policy::failures_within(2, seconds(60)).or_failure_rate(0.5, Window::calls(10)).debounce(seconds(1));
    let (breaker, _) = breaker(policy);
    fail_times(&breaker, 3);
    let status = breaker.status();
    assert_eq!((status.failure_count, status.window.failures, status.window.calls), (1, 3, 3));
}

#[test]
fn a_debounced_failure_can_be_the_one_that_reaches_a_rate() {
    let policy = Policy::failure_rate(0.5, Window::calls(4)).debounce(seconds(60));
    let (breaker, _) = breaker(policy);
    fail_times(&breaker, 3);
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_debounced_slow_failure_is_a_slow_call_in_the_window() {
    let policy = Policy::slow_call_rate(0.5, seconds(2), Window::calls(4)).debounce(seconds(60));
    let (breaker, clock) = breaker(policy);
    for _ in 0..4 {
        let _ = breaker.call(|| {
            clock.advance(seconds(3));
            Err::<(), _>("timed out")
        });
    }
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_failure_rate_over_time_is_not_thinned_by_a_debounce() {
    let policy = Policy::failure_rate(0.5, Window::time(seconds(10))).debounce(millis(100));
    let (breaker, clock) = breaker(policy);
    for n in 0..30 {
        let _ = breaker.call(|| if n % 10 == 0 { Ok(()) } else { Err("down") });
        clock.advance(millis(1));
    }
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_debounce_of_zero_counts_every_failure() {
    let (breaker, _) = breaker(Policy::consecutive_failures(2).debounce(Duration::ZERO));
    fail_times(&breaker, 2);
    assert_eq!(breaker.state(), State::Open);
}
