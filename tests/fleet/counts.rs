//! The calls that a peer can sum up.

use breaker_box::fleet::Counts;
use breaker_box::{CircuitBreaker, Outcome, Policy, Window};

use crate::support::{Joined, fail, joined, seconds, succeed};

fn counts(all: &Joined) -> Counts {
    all.membership.counts(&all.breaker)
}

#[test]
fn successes_and_failures_are_calls() {
    let all = joined(Policy::consecutive_failures(10));
    assert_eq!(counts(&all), Counts::new(0, 0, 0));
    succeed(&all.breaker);
    fail(&all.breaker);
    all.breaker.record_failure("reported");
    all.breaker.call_with(|| (), |()| Outcome::Ignore).unwrap();
    assert_eq!(counts(&all), Counts::new(3, 2, 0));
}

#[test]
fn they_only_grow() {
    let all = joined(Policy::consecutive_failures(1));
    fail(&all.breaker);
    all.breaker.reset();
    all.breaker.configure(Policy::failure_rate(0.5, Window::calls(10))).unwrap();
    fail(&all.breaker);
    assert_eq!(counts(&all), Counts::new(2, 2, 0));
}

#[test]
fn slow_calls_are_counted_where_the_policy_has_a_limit() {
    let all = joined(Policy::slow_call_rate(1.0, seconds(1), Window::calls(10)));
    let slow = |breaker: &CircuitBreaker| {
        breaker.call_with(|| all.clock.advance(seconds(2)), |()| true).unwrap();
    };
    slow(&all.breaker);
    succeed(&all.breaker);
    assert_eq!(counts(&all), Counts::new(2, 0, 1));
    all.breaker.configure(Policy::new()).unwrap();
    assert_eq!(counts(&all), Counts::new(2, 0, 0));
}
