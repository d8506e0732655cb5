//! Open: for how long, and what a rejected caller gets.

use std::time::Duration;

use breaker_box::{CallError, Outcome, Policy, State};

use crate::support::{breaker, fail, fail_times, millis, runs, seconds, succeed};

const ONE: Policy = Policy::consecutive_failures(1);
const NANOSECOND: Duration = Duration::from_nanos(1);

#[test]
fn an_open_circuit_does_not_run_the_call() {
    let (breaker, _) = breaker(ONE);
    fail(&breaker);
    let mut ran = false;
    let answer = breaker.call(|| {
        ran = true;
        Ok::<_, ()>(())
    });
    assert!(matches!(answer, Err(CallError::Open(_))));
    assert!(!ran);
}

#[test]
fn retry_after_is_what_is_left() {
    let (breaker, clock) = breaker(ONE);
    fail(&breaker);
    clock.advance(millis(12_345));
    let open = breaker.try_acquire().unwrap_err();
    assert_eq!(open.retry_after(), Some(millis(17_655)));
    assert_eq!(breaker.status().retry_after, Some(millis(17_655)));
}

#[test]
fn a_nanosecond_before_the_deadline_it_rejects() {
    let (breaker, clock) = breaker(ONE);
    fail(&breaker);
    clock.advance(Duration::from_nanos(29_999_999_999));
    assert_eq!((breaker.state(), breaker.is_available()), (State::Open, false));
    assert_eq!(breaker.try_acquire().unwrap_err().retry_after(), Some(NANOSECOND));
}

#[test]
fn at_the_deadline_it_is_half_open() {
    let (breaker, clock) = breaker(ONE);
    fail(&breaker);
    clock.advance(seconds(30));
    assert_eq!((breaker.state(), breaker.is_available()), (State::HalfOpen, true));
    assert!(runs(&breaker));
}

#[test]
fn reading_the_state_takes_no_probe() {
    let (breaker, clock) = breaker(ONE);
    fail(&breaker);
    clock.advance(seconds(30));
    for _ in 0..3 {
        assert!(breaker.is_available());
        assert_eq!(breaker.status().state, State::HalfOpen);
    }
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn with_close_on_expiry_it_is_closed_at_the_deadline() {
    let (breaker, clock) = breaker(Policy::consecutive_failures(2).close_on_expiry());
    fail_times(&breaker, 2);
    clock.advance(seconds(30));
    assert_eq!((breaker.state(), breaker.status().failure_count), (State::Closed, 0));
    fail(&breaker);
    assert_eq!(breaker.state(), State::Closed, "the count began anew");
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn with_close_on_expiry_the_debounce_ends_with_the_period() {
    let (breaker, clock) = breaker(Policy::consecutive_failures(1).close_on_expiry().debounce(seconds(3_600)));
    for opening in 1..=3 {
        fail(&breaker);
        assert_eq!((breaker.state(), breaker.status().openings), (State::Open, opening));
        clock.advance(seconds(30));
    }
}

#[test]
fn with_close_on_expiry_all_calls_are_admitted_at_the_deadline() {
    let (breaker, clock) = breaker(ONE.close_on_expiry());
    fail(&breaker);
    clock.advance(seconds(30));
    let permits: Vec<_> = (0..10).map(|_| breaker.try_acquire()).collect();
    assert!(permits.iter().all(Result::is_ok));
}

#[test]
fn progressive_expiry_grows_with_each_opening_and_stops_at_its_maximum() {
    let (breaker, clock) = breaker(ONE.progressive_expiry(seconds(5), 2.0, seconds(60)));
    for expected in [5, 10, 20, 40, 60, 60] {
        fail(&breaker);
        assert_eq!(breaker.status().retry_after, Some(seconds(expected)));
        clock.advance(seconds(expected));
    }
}

#[test]
fn recovery_ends_the_back_off() {
    let (breaker, clock) = breaker(ONE.progressive_expiry(seconds(5), 2.0, seconds(60)));
    for expected in [5, 10] {
        fail(&breaker);
        clock.advance(seconds(expected));
    }
    succeed(&breaker);
    assert_eq!(breaker.status().openings, 0);
    fail(&breaker);
    assert_eq!(breaker.status().retry_after, Some(seconds(5)));
}

#[test]
fn a_thousand_openings_do_not_overflow() {
    let (breaker, _) = breaker(ONE.progressive_expiry(seconds(1), 1e300, Duration::MAX));
    for _ in 0..1_100 {
        breaker.open();
    }
    assert_eq!((breaker.state(), breaker.status().openings), (State::Open, 1_100));
}

#[test]
fn jitter_keeps_each_period_within_its_fraction() {
    let (breaker, _) = breaker(ONE.expiry(seconds(100)).jitter(0.2));
    let mut periods = Vec::new();
    for _ in 0..200 {
        breaker.open();
        periods.push(breaker.status().retry_after.unwrap());
    }
    assert!(periods.iter().all(|period| (seconds(80)..=seconds(120)).contains(period)));
}

#[test]
fn jitter_spreads_the_periods() {
    let (breaker, _) = breaker(ONE.expiry(seconds(100)).jitter(0.2));
    let mut periods = Vec::new();
    for _ in 0..200 {
        breaker.open();
        periods.push(breaker.status().retry_after.unwrap());
    }
    assert!(periods.iter().any(|period| *period < seconds(95)));
    assert!(periods.iter().any(|period| *period > seconds(105)));
}

#[test]
fn jitter_differs_between_circuits() {
    let period = |name: &str| {
        let policy = ONE.expiry(seconds(100)).jitter(0.5);
        let clock = breaker_box::ManualClock::new();
        let breaker = breaker_box::CircuitBreaker::with_clock(name, policy, clock).unwrap();
        breaker.open();
        breaker.status().retry_after
    };
    assert_ne!(period("payment_api"), period("refund_api"));
}

#[test]
fn on_a_manual_clock_jitter_is_the_same_in_every_process() {
    let (breaker, _) = breaker(ONE.expiry(seconds(100)).jitter(0.2));
    let periods = [(); 3].map(|()| {
        breaker.open();
        breaker.status().retry_after.unwrap().as_secs()
    });
    // What another process has seen.
    assert_eq!(periods, [104, 81, 115]);
}

#[test]
fn reading_the_state_does_not_change_a_jittered_period() {
    let (breaker, clock) = breaker(ONE.jitter(0.5).half_open_timeout(seconds(1)));
    fail(&breaker);
    clock.advance(seconds(45));
    std::mem::forget(breaker.try_acquire().unwrap());
    clock.advance(seconds(1));
    let looked = breaker.status().retry_after;
    assert_eq!(breaker.try_acquire().unwrap_err().retry_after(), looked);
}

#[test]
fn an_explicit_time_has_no_jitter() {
    let (breaker, _) = breaker(ONE.jitter(1.0));
    breaker.open_for(seconds(7));
    assert_eq!(breaker.status().retry_after, Some(seconds(7)));
}

#[test]
fn an_endless_expiry_is_still_open_after_centuries() {
    let (breaker, clock) = breaker(ONE.expiry(Duration::MAX));
    fail(&breaker);
    clock.advance(seconds(500 * 365 * 86_400));
    assert_eq!((breaker.state(), runs(&breaker)), (State::Open, false));
}

#[test]
fn opened_for_endless_time_is_still_open_after_centuries() {
    let (breaker, clock) = breaker(ONE);
    breaker.open_for(Duration::MAX);
    clock.advance(seconds(500 * 365 * 86_400));
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn an_endless_expiry_outlasts_the_end_of_the_clock() {
    let (breaker, clock) = breaker(ONE.expiry(Duration::MAX));
    fail(&breaker);
    clock.advance(Duration::MAX);
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn opened_for_no_time_it_is_half_open_at_once() {
    let (breaker, _) = breaker(ONE);
    breaker.open_for(Duration::ZERO);
    assert_eq!((breaker.state(), breaker.status().openings), (State::HalfOpen, 1));
}

#[test]
fn a_trip_for_no_time_is_half_open_at_once() {
    let (breaker, _) = breaker(ONE);
    breaker.call_with(|| (), |()| Outcome::trip_for(Duration::ZERO)).unwrap();
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn opening_again_by_hand_re_arms() {
    let (breaker, clock) = breaker(ONE);
    fail(&breaker);
    clock.advance(seconds(20));
    breaker.open();
    let status = breaker.status();
    assert_eq!((status.retry_after, status.openings), (Some(seconds(30)), 2));
}

#[test]
fn rejected_calls_do_not_prolong_the_open_period() {
    let (breaker, clock) = breaker(ONE);
    fail(&breaker);
    clock.advance(seconds(29));
    fail_times(&breaker, 5);
    clock.advance(seconds(1));
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn the_status_says_since_when_it_is_open() {
    let (breaker, clock) = breaker(ONE);
    breaker.open();
    let first = breaker.status().opened_at.unwrap();
    clock.advance(seconds(10));
    assert_eq!(breaker.status().opened_at, Some(first));
    breaker.open();
    assert_eq!(breaker.status().opened_at, Some(first + seconds(10)));
}

#[test]
fn a_closed_circuit_has_no_opening_time() {
    let (breaker, _) = breaker(ONE);
    assert_eq!(breaker.status().opened_at, None);
    breaker.open();
    breaker.close();
    assert_eq!(breaker.status().opened_at, None);
}
