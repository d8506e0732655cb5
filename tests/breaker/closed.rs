//! Closed: what opens the circuit.

use std::time::Duration;

use breaker_box::{Outcome, Policy, State, Window};

use crate::support::{breaker, fail, fail_times, millis, seconds, succeed, succeed_times, take};

#[test]
fn a_new_breaker_is_closed_and_available() {
    let (breaker, _) = breaker(Policy::new());
    assert_eq!((breaker.state(), breaker.is_available()), (State::Closed, true));
}

#[test]
fn five_failures_in_a_row_open_by_default() {
    let (breaker, _) = breaker(Policy::new());
    fail_times(&breaker, 4);
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_success_clears_the_failures_in_a_row() {
    let (breaker, _) = breaker(Policy::consecutive_failures(3));
    fail_times(&breaker, 2);
    succeed(&breaker);
    fail_times(&breaker, 2);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn ignored_calls_neither_count_nor_clear() {
    let (breaker, _) = breaker(Policy::consecutive_failures(2));
    fail(&breaker);
    breaker.call_with(|| (), |()| Outcome::Ignore).unwrap();
    assert_eq!(breaker.status().failure_count, 1);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn failures_in_a_row_do_not_age() {
    let (breaker, clock) = breaker(Policy::consecutive_failures(2));
    fail(&breaker);
    clock.advance(seconds(1_000_000));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn failures_within_a_window_open_in_spite_of_successes() {
    let (breaker, clock) = breaker(Policy::failures_within(3, seconds(10)));
    for _ in 0..3 {
        assert_eq!(breaker.state(), State::Closed);
        fail(&breaker);
        succeed_times(&breaker, 5);
        clock.advance(seconds(1));
    }
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_failure_a_nanosecond_younger_than_the_window_counts() {
    let (breaker, clock) = breaker(Policy::failures_within(2, seconds(10)));
    fail(&breaker);
    clock.advance(Duration::from_nanos(9_999_999_999));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_failure_exactly_as_old_as_the_window_does_not_count() {
    let (breaker, clock) = breaker(Policy::failures_within(2, seconds(10)));
    fail(&breaker);
    clock.advance(seconds(10));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn failures_within_forever_count_since_the_last_reset() {
    let (breaker, clock) = breaker(Policy::failures_within(3, Duration::MAX));
    fail_times(&breaker, 2);
    breaker.reset();
    for _ in 0..2 {
        fail(&breaker);
        succeed(&breaker);
        clock.advance(seconds(100 * 365 * 86_400));
    }
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn failures_within_are_exact_up_to_1024() {
    let (breaker, clock) = breaker(Policy::failures_within(1_024, millis(2_000)));
    for _ in 0..1_023 {
        fail(&breaker);
        clock.advance(millis(1));
    }
    assert_eq!((breaker.state(), breaker.status().failure_count), (State::Closed, 1_023));
    clock.advance(millis(977));
    assert_eq!(breaker.status().failure_count, 1_022, "the first is 2 s old");
    fail_times(&breaker, 2);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn failures_above_1024_live_between_nine_tenths_of_the_window_and_all_of_it() {
    let (breaker, clock) = breaker(Policy::failures_within(1_025, seconds(10)));
    fail_times(&breaker, 1_000);
    clock.advance(millis(8_999));
    assert_eq!(breaker.status().failure_count, 1_000);
    clock.advance(millis(1_001));
    assert_eq!(breaker.status().failure_count, 0);
}

#[test]
fn a_failure_rate_opens_when_the_window_is_full_by_default() {
    let (breaker, _) = breaker(Policy::failure_rate(0.5, Window::calls(10)));
    fail_times(&breaker, 9);
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_failure_rate_is_reached_exactly() {
    let (breaker, _) = breaker(Policy::failure_rate(0.5, Window::calls(10)));
    succeed_times(&breaker, 6);
    fail_times(&breaker, 4);
    assert_eq!(breaker.state(), State::Closed, "40 %");
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open, "50 % of the last ten");
}

#[test]
fn a_failure_rate_is_one_of_the_last_calls_only() {
    let (breaker, _) = breaker(Policy::failure_rate(0.5, Window::calls(4)));
    succeed_times(&breaker, 1_000);
    fail(&breaker);
    succeed_times(&breaker, 3);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Closed, "25 % of the last four");
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_success_that_reaches_the_minimum_opens() {
    let (breaker, _) = breaker(Policy::failure_rate(0.5, Window::calls(10)).minimum_calls(4));
    fail_times(&breaker, 3);
    assert_eq!(breaker.state(), State::Closed);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn ignored_calls_do_not_reach_the_minimum() {
    let (breaker, _) = breaker(Policy::failure_rate(0.5, Window::calls(10)).minimum_calls(4));
    fail_times(&breaker, 3);
    breaker.call_with(|| (), |()| Outcome::Ignore).unwrap();
    assert_eq!((breaker.state(), breaker.status().window.calls), (State::Closed, 3));
}

#[test]
fn a_window_of_time_is_evaluated_from_twenty_calls_by_default() {
    let (breaker, _) = breaker(Policy::failure_rate(1.0, Window::time(seconds(10))));
    fail_times(&breaker, 19);
    assert_eq!(breaker.state(), State::Closed);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_call_stays_in_a_window_of_time_for_nine_tenths_of_it_and_leaves_by_its_end() {
    let (breaker, clock) = breaker(Policy::failure_rate(1.0, Window::time(seconds(10))));
    clock.advance(millis(4_567));
    fail(&breaker);
    succeed(&breaker);
    clock.advance(millis(9_000));
    assert_eq!(breaker.status().window.calls, 2);
    clock.advance(millis(1_000));
    assert_eq!(breaker.status().window.calls, 0);
}

#[test]
fn old_calls_of_a_window_of_time_do_not_count() {
    let (breaker, clock) = breaker(Policy::failure_rate(0.5, Window::time(seconds(10))).minimum_calls(4));
    fail_times(&breaker, 3);
    clock.advance(seconds(10));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_success_can_open_when_mostly_failures_are_left_in_the_window() {
    let policy = Policy::failure_rate(0.5, Window::time(seconds(10))).minimum_calls(5);
    let (breaker, clock) = breaker(policy);
    succeed_times(&breaker, 6);
    clock.advance(seconds(1));
    fail_times(&breaker, 4);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed, "4 of 11");
    clock.advance(seconds(9));
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Open, "4 of 6");
}

#[test]
fn a_success_is_evaluated_after_a_cancelled_call_has_seen_the_time_pass() {
    let policy = Policy::failure_rate(0.5, Window::time(seconds(10))).minimum_calls(5);
    let (breaker, clock) = breaker(policy);
    succeed_times(&breaker, 6);
    clock.advance(seconds(1));
    fail_times(&breaker, 4);
    succeed(&breaker);
    clock.advance(seconds(9));
    drop(breaker.try_acquire().unwrap());
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Open, "4 of 6");
}

#[test]
fn slow_calls_open_though_they_succeed() {
    let (breaker, clock) = breaker(Policy::slow_call_rate(0.5, seconds(2), Window::calls(4)));
    succeed_times(&breaker, 2);
    take(&breaker, &clock, seconds(3));
    assert_eq!(breaker.state(), State::Closed);
    take(&breaker, &clock, seconds(3));
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn slow_means_strictly_longer() {
    let (breaker, clock) = breaker(Policy::slow_call_rate(1.0, seconds(2), Window::calls(10)));
    take(&breaker, &clock, seconds(2));
    assert_eq!(breaker.status().window.slow, 0);
    take(&breaker, &clock, seconds(2) + Duration::from_nanos(1));
    assert_eq!(breaker.status().window.slow, 1);
}

#[test]
fn a_slow_failure_is_both_slow_and_a_failure() {
    let (breaker, clock) = breaker(Policy::slow_call_rate(1.0, seconds(2), Window::calls(10)));
    let _ = breaker.call(|| {
        clock.advance(seconds(3));
        Err::<(), _>("unreachable")
    });
    let window = breaker.status().window;
    assert_eq!((window.calls, window.failures, window.slow), (1, 1, 1));
}

#[test]
fn a_slow_success_clears_the_failures_in_a_row() {
    let policy = Policy::slow_call_rate(1.0, seconds(2), Window::calls(10)).or_consecutive_failures(2);
    let (breaker, clock) = breaker(policy);
    fail(&breaker);
    take(&breaker, &clock, seconds(3));
    assert_eq!(breaker.status().failure_count, 0);
}

#[test]
fn slow_calls_over_a_window_of_time_open() {
    let policy = Policy::slow_call_rate(0.5, seconds(2), Window::time(seconds(60))).minimum_calls(2);
    let (breaker, clock) = breaker(policy);
    take(&breaker, &clock, seconds(3));
    take(&breaker, &clock, seconds(3));
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_fast_success_that_reaches_the_minimum_opens_by_the_slow_ones() {
    let (breaker, clock) = breaker(Policy::slow_call_rate(0.5, seconds(2), Window::calls(2)));
    take(&breaker, &clock, seconds(3));
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn of_several_conditions_the_first_that_holds_opens() {
    let policy = || {
        Policy::consecutive_failures(3)
            .or_failures_within(5, seconds(60))
            .or_failure_rate(0.5, Window::calls(20))
            .or_slow_call_rate(0.5, seconds(2), Window::calls(20))
            .minimum_calls(10)
    };
    let (in_row, _) = breaker(policy());
    fail_times(&in_row, 3);
    assert_eq!(in_row.state(), State::Open, "in a row");

    let (within, _) = breaker(policy());
    for _ in 0..5 {
        fail(&within);
        succeed_times(&within, 2);
    }
    assert_eq!(within.state(), State::Open, "within a minute");

    let (rate, clock) = breaker(policy());
    for _ in 0..5 {
        fail(&rate);
        succeed(&rate);
        clock.advance(seconds(20));
    }
    assert_eq!(rate.state(), State::Open, "half of ten");

    let (slow, clock) = breaker(policy());
    succeed_times(&slow, 5);
    for _ in 0..5 {
        take(&slow, &clock, seconds(3));
    }
    assert_eq!(slow.state(), State::Open, "half of ten slow");
}

#[test]
fn a_classifier_may_answer_with_a_bool() {
    let (breaker, _) = breaker(Policy::consecutive_failures(1));
    assert_eq!(breaker.call_with(|| 404, |status| *status < 500).unwrap(), 404);
    assert_eq!(breaker.state(), State::Closed);
    assert_eq!(breaker.call_with(|| 500, |status| *status < 500).unwrap(), 500);
    assert_eq!(breaker.state(), State::Open);
}
