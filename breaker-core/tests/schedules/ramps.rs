//! Ramp-up: calls are admitted without the lock, by a share that a policy, the end and a new
//! generation change.

use std::collections::BTreeSet;
use std::time::Duration;

use breaker_core::{CircuitBreaker, ManualClock, Policy, State};

use crate::support::{expired, fail, outcomes, outcomes_of_many_steps, raced, seconds, succeed, together, with};

/// Half of the calls at first, and all of them after a minute.
const HALF: Policy = Policy::consecutive_failures(1).ramp_up(seconds(60)).ramp_up_from(0.5);

/// A breaker whose ramp-up has just begun, and has not been asked.
fn ramping_up(policy: Policy) -> (CircuitBreaker, ManualClock) {
    let (breaker, clock) = expired(policy);
    assert!(succeed(&breaker));
    (breaker, clock)
}

// Seen to fail when `RampAtomics::swap_credit` stores without comparing.
#[test]
fn of_three_that_ask_at_once_exactly_the_share_is_admitted() {
    let seen = outcomes_of_many_steps(|| {
        let (breaker, _) = ramping_up(HALF);
        let admitted = together([(); 3].map(|()| with(&breaker, succeed)));
        (admitted.iter().filter(|admitted| **admitted).count(), breaker.status().totals.rejected)
    });
    assert_eq!(seen, BTreeSet::from([(2, 1)]));
}

// Seen to fail when `RampAtomics::swap_credit` stores without comparing.
#[test]
fn a_call_under_the_lock_and_one_without_it_share_the_credit() {
    let seen = outcomes(|| {
        let (breaker, _) = ramping_up(HALF.ramp_up_from(0.25));
        let admitted = together([
            with(&breaker, succeed),
            with(&breaker, |breaker: &CircuitBreaker| {
                let _ = breaker.is_available();
                succeed(breaker)
            }),
        ]);
        let next = [(); 3].map(|()| succeed(&breaker));
        (admitted.iter().filter(|admitted| **admitted).count(), next)
    });
    // Of five, ⌈1.25⌉ = 2: the first and the fifth.
    assert_eq!(seen, BTreeSet::from([(1, [false, false, true])]));
}

// Seen to fail when `Step::finish_ramp` keeps the openings.
#[test]
fn a_call_at_the_end_of_a_ramp_up_is_in_it_or_after_it() {
    let seen = outcomes(|| {
        let (breaker, clock) = ramping_up(HALF);
        succeed(&breaker);
        let end = with(&breaker, move |_| {
            clock.advance(seconds(60));
            true
        });
        let admitted = together([end, with(&breaker, succeed)])[1];
        let status = breaker.status();
        (admitted, status.state, status.openings, status.totals.rejected)
    });
    assert_eq!(seen, BTreeSet::from([(false, State::Closed, 0, 1), (true, State::Closed, 0, 0)]));
}

// Seen to fail when `RampAtomics::change` does not store an end of zero first.
#[test]
fn a_call_is_admitted_by_the_old_share_or_by_the_new_one() {
    let seen = outcomes(|| {
        let (breaker, clock) = ramping_up(HALF);
        clock.advance(seconds(30));
        // At 75 %, the first three calls are admitted and the fourth is not. Nor is it at the 70 %
        // of the other policy. With the end of the one and the length of the other it would be 85
        // %.
        let admitted = [(); 3].map(|()| succeed(&breaker));
        let other = HALF.ramp_up(seconds(100)).ramp_up_from(0.57);
        let swap = with(&breaker, move |breaker: &CircuitBreaker| breaker.configure(other).is_ok());
        let (races, fourth) = raced(swap, with(&breaker, succeed));
        (races, admitted, fourth)
    });
    let first = [true; 3];
    assert_eq!(seen, BTreeSet::from([(true, first, false), (false, first, false)]));
}

// Seen to fail when `finish_ramp` looks at the time only.
#[test]
fn a_policy_without_a_ramp_up_ends_it_for_every_later_call() {
    let seen = outcomes(|| {
        let (breaker, _) = ramping_up(HALF);
        succeed(&breaker);
        let swap = with(&breaker, |breaker: &CircuitBreaker| breaker.configure(Policy::new()).is_ok());
        let (races, admitted) = raced(swap, with(&breaker, succeed));
        (races, admitted, succeed(&breaker), breaker.state())
    });
    let closed = State::Closed;
    assert_eq!(
        seen,
        BTreeSet::from([(true, false, true, closed), (true, true, true, closed), (false, true, true, closed)])
    );
}

// Seen to fail when `CreditOf::is_of` is always true.
#[test]
fn a_call_of_one_ramp_up_takes_nothing_from_the_next() {
    // Two threads, but so many steps that one interruption less must do.
    let seen = outcomes_of_many_steps(|| {
        // Without end, so that its share stays the same.
        let (breaker, clock) = ramping_up(HALF.ramp_up(Duration::MAX));
        succeed(&breaker);
        let again = with(&breaker, move |breaker: &CircuitBreaker| {
            breaker.open_for(seconds(1));
            clock.advance(seconds(1));
            succeed(breaker)
        });
        let admitted = together([again, with(&breaker, succeed)]);
        // Those of the second ramp-up so far: of the two, one was its probe.
        let in_it = admitted.iter().filter(|admitted| **admitted).count() - 1;
        // Nothing is late: what was admitted was admitted in it.
        (breaker.state(), in_it, [succeed(&breaker), succeed(&breaker)], breaker.status().totals.late)
    });
    let state = State::RampingUp;
    assert_eq!(seen, BTreeSet::from([(state, 0, [true, false], 0), (state, 1, [false, true], 0)]));
}

// Seen to fail when `Circuit::settle_locked` does not compare the generations.
#[test]
fn a_failure_that_opens_again_is_counted_once() {
    let seen = outcomes(|| {
        let (breaker, _) = ramping_up(HALF.ramp_up_from(1.0));
        let failed = together([(); 2].map(|()| with(&breaker, fail)));
        let status = breaker.status();
        let admitted = failed.iter().filter(|admitted| **admitted).count() as u64;
        let adds_up = status.totals.failures + status.totals.late == admitted
            && status.totals.rejected + admitted == 2
            && status.totals.failures == 1;
        (status.state, status.openings, adds_up)
    });
    assert_eq!(seen, BTreeSet::from([(State::Open, 2, true)]));
}
