//! Half-open: slots are reserved when a probe is let through, and the episode ends once.

use std::collections::BTreeSet;

use breaker_core::{CircuitBreaker, Policy, State};

use crate::support::{Work, expired, fail, outcomes, outcomes_of_three, seconds, succeed, together, with};

fn ask(breaker: &CircuitBreaker) -> Option<breaker_core::Permit> {
    breaker.try_acquire().ok()
}

// Seen to fail when `Circuit::rejection_until` does not look at the word again, and when `Session::step` lets go of the lock before
// `apply`.
#[test]
fn of_three_that_ask_at_once_one_is_the_probe() {
    let seen = outcomes_of_three(|| {
        let (breaker, _) = expired(Policy::new());
        let answers = together([(); 3].map(|()| with(&breaker, CircuitBreaker::try_acquire)));
        let refusals = answers.iter().filter_map(|answer| answer.as_ref().err());
        let told: Vec<_> = refusals.map(|open| (open.state(), open.retry_after())).collect();
        (breaker.state(), told, breaker.status().totals.rejected)
    });
    // Whoever is refused learns that a probe is out, and nothing of an open period.
    assert_eq!(seen, BTreeSet::from([(State::HalfOpen, vec![(State::HalfOpen, None); 2], 2)]));
}

// Seen to fail when `Circuit::rejection_until` does not look at the word again, and when `Session::step` lets go of the lock before
// `apply`.
#[test]
fn of_three_that_ask_at_once_as_many_as_allowed_are_probes() {
    let seen = outcomes_of_three(|| {
        let (breaker, _) = expired(Policy::new().half_open_max_calls(2));
        let permits = together([with(&breaker, ask), with(&breaker, ask), with(&breaker, ask)]);
        (permits.iter().flatten().count(), breaker.status().totals.rejected)
    });
    assert_eq!(seen, BTreeSet::from([(2, 1)]));
}

// Seen to fail when `machine::step` frees no slot, and when `Circuit::ignore_without_lock` does not ask for the state.
#[test]
fn a_slot_is_free_again_as_soon_as_its_probe_is_settled_and_not_before() {
    for road in [|permit: breaker_core::Permit| permit.ignore(), |permit| drop(permit)] {
        let seen = outcomes_of_three(move || {
            let (breaker, _) = expired(Policy::new());
            let first = breaker.try_acquire().expect("the first probe");
            let works: [Work<_>; 3] = [
                Box::new(move || {
                    road(first);
                    None
                }),
                with(&breaker, ask),
                with(&breaker, ask),
            ];
            let out = together(works).iter().flatten().count();
            // Whoever still holds a permit gave it back above, so the next one is let through.
            (out, breaker.is_available())
        });
        assert_eq!(seen, BTreeSet::from([(0, true), (1, true)]));
    }
}

// Seen to fail when `Circuit::settle_locked` does not compare the generations.
#[test]
fn a_probe_that_succeeds_closes_and_one_that_fails_opens_whichever_is_first() {
    let seen = outcomes(|| {
        let (breaker, _) = expired(Policy::new().half_open_max_calls(2));
        let [one, other] = [(); 2].map(|()| breaker.try_acquire().expect("two probes"));
        together([Box::new(move || one.success()), Box::new(move || other.failure("still down"))]);
        let status = breaker.status();
        (status.state, status.openings, status.totals.successes, status.totals.failures, status.totals.late)
    });
    assert_eq!(seen, BTreeSet::from([(State::Closed, 0, 1, 0, 1), (State::Open, 2, 0, 1, 1)]));
}

// Seen to fail when `Session::step` lets go of the lock before `apply`.
#[test]
fn as_many_successes_as_the_threshold_close() {
    let seen = outcomes(|| {
        let (breaker, _) = expired(Policy::new().half_open_max_calls(2).success_threshold(2));
        let works: [Work<bool>; 2] = [with(&breaker, succeed), with(&breaker, succeed)];
        together(works);
        (breaker.state(), breaker.status().openings)
    });
    assert_eq!(seen, BTreeSet::from([(State::Closed, 0)]));
}

// Seen to fail when `Circuit::settle_locked` compares the generations without letting time pass first.
#[test]
fn a_probe_that_comes_back_while_its_time_limit_ends_is_in_time_or_late() {
    let seen = outcomes(|| {
        let (breaker, clock) = expired(Policy::new().expiry(seconds(30)).half_open_timeout(seconds(10)));
        let probe = breaker.try_acquire().expect("the first probe");
        let wait = with(&breaker, move |breaker: &CircuitBreaker| {
            clock.advance(seconds(10));
            fail(breaker)
        });
        let let_through = together([
            Box::new(move || {
                probe.success();
                true
            }),
            wait,
        ])[1];
        let status = breaker.status();
        (status.state, let_through, status.totals.late, status.openings)
    });
    let expected = [
        // In time: closed, and the failure of the other is its first.
        (State::Closed, true, 0, 0),
        // Too late: the time limit opened the circuit again.
        (State::Open, false, 1, 2),
    ];
    assert_eq!(seen, BTreeSet::from(expected));
}
