//! Successes that took too long count as failures, where the policy says so.

use std::time::Duration;

use breaker_box::{CircuitBreaker, ManualClock, Outcome, Policy, State, Window};

use crate::support::{breaker, fail, seconds, succeed};

const ONE: Policy = Policy::consecutive_failures(1);

/// Calls that take so long each and succeed.
fn succeed_after(breaker: &CircuitBreaker, clock: &ManualClock, duration: Duration) {
    breaker
        .call(|| {
            clock.advance(duration);
            Ok::<_, &str>(())
        })
        .unwrap();
}

#[test]
fn a_success_that_took_too_long_is_a_failure() {
    let (breaker, clock) = breaker(Policy::consecutive_failures(2).fail_slower_than(seconds(2)));
    succeed_after(&breaker, &clock, seconds(3));
    let status = breaker.status();
    let totals = status.totals;
    assert_eq!((totals.successes, totals.failures, totals.slow, status.failure_count), (0, 1, 1, 1));
    assert_eq!(status.last_failure.unwrap().reason.unwrap().as_ref(), "slow");
    succeed_after(&breaker, &clock, seconds(3));
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_success_exactly_at_the_limit_is_a_success() {
    let (breaker, clock) = breaker(ONE.fail_slower_than(seconds(2)));
    succeed_after(&breaker, &clock, seconds(2));
    assert_eq!((breaker.state(), breaker.status().totals.successes), (State::Closed, 1));
}

#[test]
fn one_threshold_serves_slow_and_failed_calls() {
    let policy = Policy::failure_rate(0.5, Window::calls(4)).fail_slower_than(seconds(2));
    let (breaker, clock) = breaker(policy);
    succeed(&breaker);
    succeed(&breaker);
    fail(&breaker);
    succeed_after(&breaker, &clock, seconds(3));
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_probe_that_took_too_long_opens_again() {
    let (breaker, clock) = breaker(ONE.fail_slower_than(seconds(2)));
    fail(&breaker);
    clock.advance(seconds(30));
    succeed_after(&breaker, &clock, seconds(3));
    assert_eq!((breaker.state(), breaker.status().openings), (State::Open, 2));
}

#[test]
fn what_is_ignored_or_fails_by_itself_stays_what_it_is_however_long_it_took() {
    let (breaker, clock) = breaker(Policy::new().fail_slower_than(seconds(2)));
    breaker.call_with(|| clock.advance(seconds(3)), |()| Outcome::Ignore).unwrap();
    assert_eq!((breaker.status().totals.ignored, breaker.status().totals.failures), (1, 0));
    breaker.call_with(|| clock.advance(seconds(3)), |()| Outcome::failure_because("down")).unwrap();
    assert_eq!(breaker.status().last_failure.unwrap().reason.unwrap().as_ref(), "down");
}

#[test]
fn a_limit_of_the_slow_call_rate_and_one_for_failures_stand_side_by_side() {
    let policy = Policy::slow_call_rate(1.0, seconds(1), Window::calls(9)).fail_slower_than(seconds(5));
    let (breaker, clock) = breaker(policy);
    succeed_after(&breaker, &clock, seconds(2));
    succeed_after(&breaker, &clock, seconds(6));
    let status = breaker.status();
    assert_eq!((status.totals.successes, status.totals.failures, status.window.slow), (1, 1, 2));
}
