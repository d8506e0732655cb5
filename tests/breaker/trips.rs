//! Trips: opening at once, for how long, and no longer than the policy allows.

use breaker_box::{CircuitBreaker, ManualClock, Outcome, Policy, State, Window};

use crate::support::{breaker, fail, seconds};

#[test]
fn a_trip_opens_at_the_first_call() {
    let (breaker, _) = breaker(Policy::consecutive_failures(100));
    breaker.call_with(|| 503, |_| Outcome::trip()).unwrap();
    assert_eq!((breaker.state(), breaker.status().retry_after), (State::Open, Some(seconds(30))));
}

#[test]
fn a_trip_for_a_time_opens_for_that_time() {
    let (breaker, clock) = breaker(Policy::new());
    breaker.call_with(|| 429, |_| Outcome::trip_for(seconds(7))).unwrap();
    assert_eq!(breaker.status().retry_after, Some(seconds(7)));
    clock.advance(seconds(7));
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn a_trip_opens_for_no_longer_than_the_policy_allows() {
    let (default, _) = breaker(Policy::new());
    default.call_with(|| 503, |_| Outcome::trip_for(seconds(31_536_000))).unwrap();
    assert_eq!(default.status().retry_after, Some(seconds(3_600)));
    let (short, _) = breaker(Policy::new().max_trip(seconds(60)));
    short.call_with(|| 503, |_| Outcome::trip_for(seconds(61))).unwrap();
    assert_eq!(short.status().retry_after, Some(seconds(60)));
}

#[test]
fn max_trip_limits_neither_the_expiry_nor_a_manual_opening() {
    let (breaker, _) = breaker(Policy::new().expiry(seconds(7_200)).max_trip(seconds(60)));
    breaker.call_with(|| 503, |_| Outcome::trip()).unwrap();
    assert_eq!(breaker.status().retry_after, Some(seconds(7_200)));
    breaker.open_for(seconds(9_000));
    assert_eq!(breaker.status().retry_after, Some(seconds(9_000)));
}

#[test]
fn jitter_never_shortens_the_time_of_a_trip() {
    for number in 0..64 {
        let clock = ManualClock::new();
        let policy = Policy::new().jitter(0.5);
        let breaker = CircuitBreaker::with_clock(format!("shop {number}"), policy, clock.clone()).unwrap();
        breaker.call_with(|| 503, |_| Outcome::trip_for(seconds(100))).unwrap();
        let wait = breaker.status().retry_after.unwrap();
        assert!(wait >= seconds(100) && wait <= seconds(150), "{wait:?}");
        // A probe's trip as well.
        clock.advance(wait);
        breaker.call_with(|| 503, |_| Outcome::trip_for(seconds(100))).unwrap();
        let wait = breaker.status().retry_after.unwrap();
        assert!(wait >= seconds(100) && wait <= seconds(150), "{wait:?}");
    }
}

#[test]
fn a_trip_is_not_debounced() {
    let (breaker, _) = breaker(Policy::new().debounce(seconds(60)));
    fail(&breaker);
    breaker.call_with(|| (), |()| Outcome::trip()).unwrap();
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_slow_trip_is_a_slow_call() {
    let (breaker, clock) = breaker(Policy::slow_call_rate(1.0, seconds(2), Window::calls(10)));
    breaker.metrics_only();
    breaker.call_with(|| clock.advance(seconds(3)), |()| Outcome::trip()).unwrap();
    let status = breaker.status();
    assert_eq!((status.totals.slow, status.window.slow, status.window.calls), (1, 1, 1));
}

#[test]
fn a_trip_is_a_failure_in_the_totals() {
    let (breaker, _) = breaker(Policy::new());
    breaker.call_with(|| (), |()| Outcome::trip()).unwrap();
    assert_eq!(breaker.status().totals.failures, 1);
}
