//! A function that runs evenly, steps back, jumps ahead, panics, or differs between threads.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use breaker_box::{CircuitBreaker, Clock, Policy, Registry, State, Window};

use crate::support::{Reading, seconds};

const NANOSECOND: Duration = Duration::from_nanos(1);
/// The open period of [`breaker`], but for its last nanosecond.
const ALMOST_THIRTY_SECONDS: Duration = Duration::from_nanos(29_999_999_999);

/// A circuit that opens at one failure, for 30 seconds.
fn breaker(reading: &Reading) -> CircuitBreaker {
    CircuitBreaker::with_clock("search", Policy::consecutive_failures(1), reading.clock()).unwrap()
}

fn left(breaker: &CircuitBreaker) -> Duration {
    breaker.status().retry_after.unwrap()
}

#[test]
fn a_deadline_is_reached_exactly_wherever_the_function_began() {
    for begin in [Duration::ZERO, NANOSECOND, seconds(7), seconds(1_800_000_000)] {
        let reading = Reading::at(begin);
        let breaker = breaker(&reading);
        breaker.record_failure("down");
        // Below the step of a coarse clock, and on both sides of the deadline.
        reading.set(begin + ALMOST_THIRTY_SECONDS);
        assert_eq!(breaker.state(), State::Open);
        assert!(breaker.try_acquire().is_err());
        reading.advance(NANOSECOND);
        assert_eq!(breaker.state(), State::HalfOpen);
        breaker.try_acquire().unwrap().success();
        assert_eq!(breaker.state(), State::Closed);
    }
}

#[test]
fn durations_and_windows_of_time_follow_the_function() {
    let reading = Reading::default();
    let policy = Policy::failures_within(3, seconds(10)).or_slow_call_rate(1.0, seconds(2), Window::time(seconds(60)));
    let breaker = CircuitBreaker::with_clock("search", policy, reading.clock()).unwrap();
    for _ in 0..3 {
        breaker.record_failure("down");
        reading.advance(seconds(5));
    }
    assert_eq!(breaker.state(), State::Closed, "the first is ten seconds old when the third comes");
    breaker
        .call(|| {
            reading.advance(seconds(2));
            Ok::<_, ()>(())
        })
        .unwrap();
    assert_eq!(breaker.status().totals.slow, 0);
    breaker
        .call(|| {
            reading.advance(seconds(2) + NANOSECOND);
            Ok::<_, ()>(())
        })
        .unwrap();
    assert_eq!(breaker.status().totals.slow, 1);
}

#[test]
fn idle_circuits_leave_by_the_time_of_the_function() {
    let reading = Reading::default();
    let registry = Registry::builder().clock(reading.clock()).max_circuits(1).idle_after(seconds(60)).build().unwrap();
    let _ = registry.call("a", || Err::<(), _>("down"));
    let _ = registry.call("b", || Ok::<_, ()>(()));
    assert!(registry.get("a").is_some() && registry.get("b").is_none(), "a failure keeps its place");
    reading.advance(seconds(61));
    let _ = registry.call("b", || Ok::<_, ()>(()));
    assert!(registry.get("a").is_none() && registry.get("b").is_some());
}

#[test]
fn an_open_circuit_stays_open_for_the_rest_of_its_period_after_a_step_back() {
    let reading = Reading::at(seconds(10_000));
    let breaker = breaker(&reading);
    breaker.record_failure("down");
    reading.advance(seconds(10));
    assert_eq!(left(&breaker), seconds(20));

    reading.set(seconds(5));
    assert_eq!(left(&breaker), seconds(20), "the step itself takes no time");
    reading.advance(seconds(19));
    assert_eq!((breaker.state(), left(&breaker)), (State::Open, seconds(1)));
    reading.advance(seconds(1));
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn a_circuit_that_opens_after_a_step_back_stays_open_for_its_period() {
    let reading = Reading::at(seconds(10_000));
    let breaker = breaker(&reading);
    for step in [seconds(4_000), seconds(1_000), Duration::ZERO] {
        reading.set(step);
        breaker.record_failure("down");
        assert_eq!(left(&breaker), seconds(30));
        reading.advance(seconds(30));
        breaker.try_acquire().unwrap().success();
        assert_eq!(breaker.state(), State::Closed);
    }
    assert_eq!(breaker.status().totals.failures, 3);
}

#[test]
fn a_step_back_of_a_second_or_less_is_waited_out() {
    let reading = Reading::at(seconds(100));
    let breaker = breaker(&reading);
    breaker.record_failure("down");
    reading.set(seconds(99));
    assert_eq!(left(&breaker), seconds(30));
    reading.advance(seconds(1));
    assert_eq!(left(&breaker), seconds(30));
    reading.advance(seconds(30));
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn a_jump_ahead_is_time_that_has_passed() {
    let reading = Reading::default();
    let policy = Policy::failure_rate(0.5, Window::time(seconds(60))).minimum_calls(2);
    let breaker = CircuitBreaker::with_clock("search", policy, reading.clock()).unwrap();
    breaker.record_failure("down");
    reading.advance(seconds(1_000_000));
    breaker.record_failure("down");
    assert_eq!((breaker.state(), breaker.status().window.calls), (State::Closed, 1));
    breaker.record_failure("down");
    assert_eq!(breaker.state(), State::Open);
    reading.advance(seconds(1_000_000_000));
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn a_reading_of_centuries_is_ignored() {
    let reading = Reading::default();
    let breaker = breaker(&reading);
    breaker.record_failure("down");
    for second in 1..30 {
        reading.set(Duration::MAX);
        assert_eq!(left(&breaker), seconds(31 - second));
        reading.set(seconds(second));
        assert_eq!(left(&breaker), seconds(30 - second));
    }
    reading.set(seconds(30));
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn totals_and_state_survive_any_sequence_of_readings() {
    let reading = Reading::default();
    let policy = Policy::failures_within(5, seconds(10))
        .or_failure_rate(0.5, Window::time(seconds(10)))
        .or_slow_call_rate(0.5, seconds(1), Window::time(seconds(10)))
        .minimum_calls(4)
        .debounce(Duration::from_millis(1))
        .half_open_timeout(seconds(5));
    let breaker = CircuitBreaker::with_clock("search", policy, reading.clock()).unwrap();
    // Multiples of the golden ratio, which are spread evenly and in no order.
    let (mut fraction, mut calls) = (0_u64, 0);
    for round in 0..10_000_u32 {
        fraction = fraction.wrapping_add(0x9E37_79B9_7F4A_7C15);
        // At most five hours, often less than a second.
        reading.set(Duration::from_nanos(fraction >> (20 + round % 44)));
        let Ok(permit) = breaker.try_acquire() else { continue };
        calls += 1;
        if round % 3 == 0 { permit.failure("down") } else { permit.success() }
    }
    let totals = breaker.status().totals;
    assert_eq!(totals.successes + totals.failures + totals.late, calls);
    assert!(calls > 1_000, "{calls}");

    breaker.reset();
    breaker.open();
    reading.set(seconds(1));
    let _ = breaker.state();
    reading.advance(seconds(30));
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn a_reading_of_another_time_in_between_does_not_make_time_run_faster() {
    let (inside, outside) = (Reading::at(seconds(1_000)), Reading::default());
    let is_outside = Arc::new(AtomicBool::new(false));
    let clock = Clock::from_fn({
        let (inside, outside, is_outside) = (inside.clone(), outside.clone(), Arc::clone(&is_outside));
        move || if is_outside.load(Ordering::Relaxed) { outside.get() } else { inside.get() }
    });
    let breaker = CircuitBreaker::with_clock("search", Policy::new(), clock).unwrap();
    breaker.open();
    for second in 1..30 {
        inside.advance(seconds(1));
        outside.advance(Duration::from_millis(3));
        is_outside.store(true, Ordering::Relaxed);
        assert!(left(&breaker) <= seconds(31 - second));
        is_outside.store(false, Ordering::Relaxed);
        assert_eq!(left(&breaker), seconds(30 - second));
    }
    inside.advance(seconds(1));
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn a_function_that_panics_leaves_the_time_where_it_was() {
    let panics = Arc::new(AtomicBool::new(false));
    let reading = Reading::default();
    let clock = Clock::from_fn({
        let (panics, reading) = (Arc::clone(&panics), reading.clone());
        move || {
            assert!(!panics.load(Ordering::Relaxed), "on purpose");
            reading.get()
        }
    });
    let breaker = CircuitBreaker::with_clock("search", Policy::consecutive_failures(1), clock).unwrap();
    breaker.record_failure("down");
    reading.advance(seconds(10));
    assert_eq!(left(&breaker), seconds(20));
    panics.store(true, Ordering::Relaxed);
    reading.advance(seconds(10));
    assert_eq!(left(&breaker), seconds(20));
    panics.store(false, Ordering::Relaxed);
    assert_eq!(left(&breaker), seconds(10));
}

#[test]
fn many_threads_see_one_time() {
    let reading = Reading::default();
    let breaker = breaker(&reading);
    breaker.open_for(seconds(1_000));
    thread::scope(|threads| {
        for _ in 0..4 {
            threads.spawn(|| {
                let mut last = Duration::MAX;
                for _ in 0..500 {
                    let left = left(&breaker);
                    assert!(left <= last, "{left:?} after {last:?}");
                    last = left;
                }
            });
        }
        for _ in 0..500 {
            reading.advance(Duration::from_millis(10));
        }
    });
    assert_eq!(left(&breaker), seconds(995));
}

#[test]
fn breakers_are_as_fit_for_unwinding_as_with_any_clock() {
    fn check<T: UnwindSafe + RefUnwindSafe + Send + Sync>(_: &T) {}

    let reading = Reading::default();
    let clock = reading.clock();
    check(&clock);
    check(&breaker(&reading));
    check(&Registry::builder().clock(clock.clone()).build().unwrap());
    assert_eq!(format!("{clock:?}"), "Clock(Function(FunctionClock(0ns)))");
}
