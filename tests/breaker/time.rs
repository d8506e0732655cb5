//! A clock that jumps by years, or to its end.

use std::time::Duration;

use breaker_box::{ManualClock, Policy, State, Window};

use crate::support::{breaker, fail, fail_times, millis, seconds, succeed, take};

const YEAR: Duration = seconds(365 * 86_400);
const MINUTE: Window = Window::time(seconds(60));

#[test]
fn clones_of_a_manual_clock_are_the_same_clock() {
    let clock = ManualClock::new();
    clock.clone().advance(seconds(3));
    assert_eq!(clock.elapsed(), seconds(3));
}

#[test]
fn a_manual_clock_saturates() {
    let clock = ManualClock::new();
    clock.advance(Duration::MAX);
    let end = clock.elapsed();
    clock.advance(Duration::MAX);
    assert_eq!(clock.elapsed(), end);
}

#[test]
fn years_later_an_open_circuit_is_half_open() {
    let (breaker, clock) = breaker(Policy::consecutive_failures(1));
    fail(&breaker);
    clock.advance(YEAR * 100);
    assert_eq!(breaker.state(), State::HalfOpen);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn years_later_windows_of_time_are_empty() {
    let policy = Policy::failure_rate(0.5, MINUTE).or_failures_within(100, seconds(60));
    let (breaker, clock) = breaker(policy);
    fail_times(&breaker, 19);
    clock.advance(YEAR * 100);
    let status = breaker.status();
    assert_eq!((status.window.calls, status.failure_count), (0, 0));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn years_later_windows_of_calls_are_full_as_before() {
    let (breaker, clock) = breaker(Policy::failure_rate(0.5, Window::calls(10)));
    fail_times(&breaker, 9);
    clock.advance(YEAR * 100);
    assert_eq!(breaker.status().window.failures, 9);
}

#[test]
fn years_in_a_call_are_slow() {
    let (breaker, clock) = breaker(Policy::slow_call_rate(1.0, seconds(1), Window::calls(1)));
    take(&breaker, &clock, YEAR * 100);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_probe_that_takes_years_closes_or_is_late_where_its_time_is_limited() {
    let (breaker, clock) = crate::support::half_open(Policy::new());
    take(&breaker, &clock, YEAR * 100);
    assert_eq!((breaker.state(), breaker.status().totals.late), (State::Closed, 0));

    let (breaker, clock) = crate::support::half_open(Policy::new().half_open_timeout(YEAR));
    take(&breaker, &clock, YEAR * 100);
    assert_eq!((breaker.state(), breaker.status().totals.late), (State::HalfOpen, 1));
}

#[test]
fn at_the_end_of_the_clock_everything_still_answers() {
    let policies = [
        Policy::consecutive_failures(2),
        Policy::failure_rate(0.5, MINUTE).minimum_calls(2),
        Policy::failure_rate(0.5, Window::time(Duration::MAX)).minimum_calls(2),
        Policy::failure_rate(0.5, Window::time(Duration::from_nanos(1))).minimum_calls(2),
        Policy::failures_within(2, seconds(60)),
        Policy::failures_within(2_000, seconds(60)).or_consecutive_failures(2),
        Policy::slow_call_rate(0.5, Duration::MAX, MINUTE).or_consecutive_failures(2),
    ];
    for policy in policies {
        let (breaker, clock) = breaker(policy);
        clock.advance(Duration::MAX);
        for _ in 0..5 {
            fail(&breaker);
            succeed(&breaker);
            clock.advance(Duration::MAX);
        }
        breaker.open();
        breaker.reset();
        succeed(&breaker);
        assert_eq!(breaker.state(), State::Closed, "{policy}");
        assert!(!breaker.status().to_string().is_empty());
    }
}

#[test]
fn extreme_durations_in_every_setter_neither_panic_nor_wedge() {
    let extremes = [Duration::from_nanos(1), Duration::MAX];
    for first in extremes {
        for second in extremes {
            let policy = Policy::failures_within(3, first)
                .or_slow_call_rate(1.0, second, Window::time(first))
                .minimum_calls(3)
                .debounce(second)
                .progressive_expiry(first, 1e9, Duration::MAX)
                .jitter(1.0)
                .half_open_timeout(second);
            let (breaker, clock) = breaker(policy);
            for _ in 0..20 {
                fail(&breaker);
                succeed(&breaker);
                breaker.open();
                if let Ok(permit) = breaker.try_acquire() {
                    std::mem::forget(permit);
                }
                clock.advance(millis(1));
                breaker.open_for(second);
                clock.advance(YEAR);
            }
            breaker.reset();
            succeed(&breaker);
            assert_eq!(breaker.state(), State::Closed, "{policy}");
        }
    }
}
