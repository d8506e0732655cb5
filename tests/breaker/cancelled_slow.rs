//! Calls that are dropped after the slow-call limit, where the policy counts them.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};

use breaker_box::{Cancellation, CircuitBreaker, ManualClock, Policy, State, Window};

use crate::support::{breaker, fail, half_open, poll_once, seconds};

const ONE: Policy = Policy::consecutive_failures(1).fail_slower_than(seconds(2)).on_cancel(Cancellation::Slow);
const FIVE: Policy = Policy::new().fail_slower_than(seconds(2)).on_cancel(Cancellation::Slow);

/// Polls a call once and drops it after so many seconds.
fn cancel_after(breaker: &CircuitBreaker, clock: &ManualClock, waited: u64) {
    let mut call = Box::pin(breaker.call_async(pending::<Result<(), ()>>()));
    assert!(poll_once(call.as_mut()).is_pending());
    clock.advance(seconds(waited));
}

#[test]
fn a_call_dropped_after_the_limit_is_a_slow_failure() {
    let (breaker, clock) = breaker(FIVE);
    cancel_after(&breaker, &clock, 3);
    let status = breaker.status();
    let totals = status.totals;
    assert_eq!((totals.cancelled, totals.failures, totals.slow, totals.successes), (1, 1, 1, 0));
    assert_eq!(status.failure_count, 1);
    assert_eq!(status.last_failure.unwrap().reason.as_deref(), Some("cancelled"));
}

#[test]
fn a_call_dropped_exactly_at_the_limit_is_ignored() {
    let (breaker, clock) = breaker(ONE);
    cancel_after(&breaker, &clock, 2);
    let status = breaker.status();
    assert_eq!((status.state, status.last_failure), (State::Closed, None));
    assert_eq!((status.totals.cancelled, status.totals.failures, status.totals.slow), (1, 0, 0));
}

#[test]
fn a_call_dropped_before_the_limit_clears_no_failures() {
    let (breaker, clock) = breaker(FIVE);
    fail(&breaker);
    cancel_after(&breaker, &clock, 1);
    assert_eq!(breaker.status().failure_count, 1);
}

#[test]
fn a_dropped_call_is_in_the_windows_of_both_rates() {
    let window = Window::calls(10);
    let policy =
        Policy::failure_rate(1.0, window).or_slow_call_rate(1.0, seconds(2), window).on_cancel(Cancellation::Slow);
    let (breaker, clock) = breaker(policy);
    cancel_after(&breaker, &clock, 1);
    cancel_after(&breaker, &clock, 3);
    let window = breaker.status().window;
    assert_eq!((window.calls, window.failures, window.slow), (1, 1, 1));
}

#[test]
fn the_limit_of_the_slow_call_rate_comes_first() {
    let policy = Policy::slow_call_rate(1.0, seconds(5), Window::calls(10))
        .fail_slower_than(seconds(2))
        .on_cancel(Cancellation::Slow);
    let (breaker, clock) = breaker(policy);
    cancel_after(&breaker, &clock, 3);
    assert_eq!(breaker.status().totals.failures, 0);
    cancel_after(&breaker, &clock, 6);
    assert_eq!(breaker.status().totals.failures, 1);
}

#[test]
fn a_probe_dropped_after_the_limit_has_failed() {
    let (breaker, clock) = half_open(ONE);
    cancel_after(&breaker, &clock, 3);
    assert_eq!((breaker.state(), breaker.status().openings), (State::Open, 2));
}

#[test]
fn a_probe_dropped_before_the_limit_only_frees_its_slot() {
    let (breaker, clock) = half_open(ONE);
    cancel_after(&breaker, &clock, 1);
    assert_eq!((breaker.state(), breaker.status().openings), (State::HalfOpen, 1));
    assert!(breaker.is_available());
}

#[test]
fn a_call_dropped_in_a_later_generation_is_only_late() {
    let (breaker, clock) = breaker(ONE);
    let permit = breaker.try_acquire().unwrap();
    clock.advance(seconds(3));
    breaker.reset();
    drop(permit);
    let totals = breaker.status().totals;
    assert_eq!((breaker.state(), totals.late, totals.cancelled, totals.failures), (State::Closed, 1, 0, 0));
}

#[test]
fn a_permit_counts_like_a_future_however_it_is_given_up() {
    let (breaker, clock) = breaker(FIVE);
    for waited in [1, 3] {
        let dropped = breaker.try_acquire().unwrap();
        let cancelled = breaker.try_acquire().unwrap();
        clock.advance(seconds(waited));
        drop(dropped);
        cancelled.cancel();
    }
    let totals = breaker.status().totals;
    assert_eq!((totals.cancelled, totals.failures, totals.slow), (4, 2, 2));
}

#[test]
fn a_future_dropped_by_a_panic_counts_like_any_other() {
    let (breaker, clock) = breaker(FIVE);
    for waited in [1, 3] {
        let panics = || {
            let mut call = Box::pin(breaker.call_async(pending::<Result<(), ()>>()));
            assert!(poll_once(call.as_mut()).is_pending());
            clock.advance(seconds(waited));
            panic!("of the caller");
        };
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err());
    }
    let totals = breaker.status().totals;
    assert_eq!((totals.cancelled, totals.failures, totals.slow, totals.panicked), (2, 1, 1, 0));
}

#[test]
fn a_call_that_was_admitted_before_there_was_a_limit_is_ignored() {
    let (breaker, clock) = breaker(Policy::consecutive_failures(1));
    let permit = breaker.try_acquire().unwrap();
    breaker.configure(ONE).unwrap();
    clock.advance(seconds(3));
    drop(permit);
    assert_eq!((breaker.state(), breaker.status().totals.cancelled), (State::Closed, 1));
}
