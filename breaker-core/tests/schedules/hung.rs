//! Hung calls: a circuit opens at the instant at which the n-th call becomes hung, whoever looks.

use std::collections::BTreeSet;

use breaker_core::{CircuitBreaker, Permit, Policy, State};

use crate::support::{Work, breaker, outcomes, raced, seconds, together, with};

/// Two hung calls open.
const TWO: Policy = Policy::hung_calls(2, seconds(10));

fn admit(breaker: &CircuitBreaker) -> Permit {
    breaker.try_acquire().expect("it is closed")
}

// Seen to fail when `Circuit::succeed_listed` does not look whether calls are hung.
#[test]
fn a_call_that_returns_at_the_instant_is_counted_or_late() {
    let seen = outcomes(|| {
        let (breaker, clock) = breaker(TWO);
        let (first, _second) = (admit(&breaker), admit(&breaker));
        let wait: Work<State> = with(&breaker, move |breaker: &CircuitBreaker| {
            clock.advance(seconds(10));
            breaker.state()
        });
        let settle: Work<State> = Box::new(move || {
            first.success();
            State::Closed
        });
        let looked = together([wait, settle])[0];
        let status = breaker.status();
        (looked, status.state, status.openings, status.totals.successes, status.totals.late)
    });
    let expected = [
        // Back in time, so only one call is hung.
        (State::Closed, State::Closed, 0, 1, 0),
        // Hung, and opened, whoever was the first to look.
        (State::Open, State::Open, 1, 0, 1),
    ];
    assert_eq!(seen, BTreeSet::from(expected));
}

// Seen to fail when `Circuit::admit_listed` lists no call.
#[test]
fn every_admitted_call_is_known() {
    let seen = outcomes(|| {
        let (breaker, clock) = breaker(TWO);
        let permits = together([with(&breaker, admit), with(&breaker, admit)]);
        let in_flight = breaker.status().in_flight.map(|in_flight| in_flight.calls);
        clock.advance(seconds(10));
        let state = breaker.state();
        drop(permits);
        (in_flight, state)
    });
    assert_eq!(seen, BTreeSet::from([(Some(2), State::Open)]));
}

// Seen to fail when `Circuit::succeed_listed` does not take the call off the list.
#[test]
fn a_call_that_is_admitted_while_the_condition_comes_is_known_or_not_and_leaves_nothing_behind() {
    let seen = outcomes(|| {
        let (breaker, _) = breaker(Policy::new());
        let swap = with(&breaker, |breaker: &CircuitBreaker| breaker.configure(TWO).is_ok());
        let (races, permit) = raced(swap, with(&breaker, admit));
        let calls = |breaker: &CircuitBreaker| breaker.status().in_flight.map(|in_flight| in_flight.calls);
        let known = calls(&breaker);
        permit.success();
        (races, known, calls(&breaker), breaker.status().totals.successes)
    });
    let expected = [(true, Some(0), Some(0), 1), (true, Some(1), Some(0), 1), (false, Some(1), Some(0), 1)];
    assert_eq!(seen, BTreeSet::from(expected));
}
