//! What is shown of the last failure: its time is noted without a lock, its reason under one.

use std::collections::BTreeSet;

use breaker_core::{CircuitBreaker, Policy, State};

use crate::support::{breaker, fail, outcomes, seconds, together, with};

fn reason(breaker: &CircuitBreaker) -> Option<String> {
    breaker.status().last_failure?.reason.map(|reason| reason.to_string())
}

// Seen to fail when `Circuit::status` loads the stamp once for the time and once for the reason.
#[test]
fn a_failure_is_never_shown_with_the_reason_of_an_earlier_one() {
    let seen = outcomes(|| {
        let (breaker, clock) = breaker(Policy::new());
        breaker.record_failure("earlier");
        let earlier = breaker.status().last_failure.map(|failure| failure.at);
        clock.advance(seconds(1));
        let look = with(&breaker, move |breaker: &CircuitBreaker| {
            let shown = breaker.status().last_failure.expect("there is one");
            (Some(shown.at) == earlier, shown.reason.is_some())
        });
        let failing = with(&breaker, |breaker: &CircuitBreaker| (fail(breaker), true));
        together([look, failing])[0]
    });
    assert_eq!(seen, BTreeSet::from([(true, true), (false, false)]));
}

// Seen to fail when `Cold::note_failure` keeps the bit that says that there is a reason.
#[test]
fn of_two_failures_at_once_one_is_the_last_with_its_own_reason() {
    let seen = outcomes(|| {
        let (breaker, _) = breaker(Policy::new());
        breaker.record_failure("earlier");
        let recorded = |breaker: &CircuitBreaker| {
            breaker.record_failure("timed out");
            true
        };
        together([with(&breaker, fail), with(&breaker, recorded)]);
        reason(&breaker)
    });
    assert_eq!(seen, BTreeSet::from([None, Some("timed out".to_owned())]));
}

// Seen to fail when `Circuit::command` clears the stamp after the step.
#[test]
fn a_reset_does_not_forget_the_failure_of_a_call_that_came_after_it() {
    let seen = outcomes(|| {
        let (breaker, _) = breaker(Policy::new());
        breaker.force_open();
        let reset = with(&breaker, |breaker: &CircuitBreaker| {
            breaker.reset();
            true
        });
        let let_through = together([reset, with(&breaker, fail)])[1];
        (breaker.state(), let_through, breaker.status().last_failure.is_some())
    });
    assert_eq!(seen, BTreeSet::from([(State::Closed, true, true), (State::Closed, false, false)]));
}
