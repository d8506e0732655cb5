//! Half-open: slots are reserved when a probe is admitted, and the episode ends once.

use std::collections::BTreeSet;

use breaker_core::{CallError, CircuitBreaker, Policy, State};

use crate::support::{Work, expired, fail, outcomes, outcomes_of_many_steps, seconds, succeed, together, with};

fn ask(breaker: &CircuitBreaker) -> Option<breaker_core::Permit> {
    breaker.try_acquire().ok()
}

// Seen to fail when `Circuit::rejection_until` does not look at the word again, and when
// `Transaction::step` releases the lock before `apply`.
#[test]
fn of_three_that_ask_at_once_one_is_the_probe() {
    let seen = outcomes_of_many_steps(|| {
        let (breaker, _) = expired(Policy::new());
        let answers = together([(); 3].map(|()| with(&breaker, CircuitBreaker::try_acquire)));
        let refusals = answers.iter().filter_map(|answer| answer.as_ref().err());
        let rejected: Vec<_> = refusals.map(|open| (open.state(), open.retry_after())).collect();
        (breaker.state(), rejected, breaker.status().totals.rejected)
    });
    // A rejected caller learns that all probes are out, and gets no time of an open period.
    assert_eq!(seen, BTreeSet::from([(State::HalfOpen, vec![(State::HalfOpen, None); 2], 2)]));
}

// Seen to fail when `Circuit::rejection_until` does not look at the word again, and when
// `Transaction::step` releases the lock before `apply`.
#[test]
fn of_three_that_ask_at_once_as_many_as_allowed_are_probes() {
    let seen = outcomes_of_many_steps(|| {
        let (breaker, _) = expired(Policy::new().half_open_max_calls(2));
        let permits = together([with(&breaker, ask), with(&breaker, ask), with(&breaker, ask)]);
        (permits.iter().flatten().count(), breaker.status().totals.rejected)
    });
    assert_eq!(seen, BTreeSet::from([(2, 1)]));
}

// Seen to fail when `machine::step` frees no slot, and when `Circuit::ignore_without_lock` does not
// check the state.
#[test]
fn a_slot_is_free_again_as_soon_as_its_probe_is_settled_and_not_before() {
    for path in [|permit: breaker_core::Permit| permit.ignore(), |permit| drop(permit)] {
        let seen = outcomes_of_many_steps(move || {
            let (breaker, _) = expired(Policy::new());
            let first = breaker.try_acquire().expect("the first probe");
            let works: [Work<_>; 3] = [
                Box::new(move || {
                    path(first);
                    None
                }),
                with(&breaker, ask),
                with(&breaker, ask),
            ];
            let out = together(works).iter().flatten().count();
            // Every permit was given back above, so the next one is admitted.
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

// Seen to fail when `Transaction::step` releases the lock before `apply`.
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

// Seen to fail when `Circuit::settle_locked` compares the generations without letting time pass
// first.
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

// Seen to fail when `give_up_probes` leaves the slot to its probe.
#[test]
fn of_two_that_ask_when_a_slot_is_given_up_one_gets_it() {
    let seen = outcomes(|| {
        let (breaker, clock) = expired(Policy::new().expiry(seconds(30)));
        std::mem::forget(breaker.try_acquire().expect("the first probe"));
        clock.advance(seconds(30));
        let answers = together([(); 2].map(|()| with(&breaker, CircuitBreaker::try_acquire)));
        let refusals = answers.iter().filter_map(|answer| answer.as_ref().err());
        let rejected: Vec<_> = refusals.map(|open| (open.state(), open.retry_after())).collect();
        (breaker.state(), rejected, breaker.is_available())
    });
    assert_eq!(seen, BTreeSet::from([(State::HalfOpen, vec![(State::HalfOpen, None)], false)]));
}

// Seen to fail when `Transaction::step` publishes the limit of the youngest probe in place of the
// oldest one's.
#[test]
fn who_asks_while_a_slot_is_given_up_is_rejected_or_gets_it() {
    let seen = outcomes(|| {
        let (breaker, clock) = expired(Policy::new().expiry(seconds(30)).half_open_max_calls(2));
        let first = breaker.try_acquire().expect("the first probe");
        clock.advance(seconds(10));
        std::mem::forget(breaker.try_acquire().expect("the second probe"));
        first.ignore();
        clock.advance(seconds(1));
        std::mem::forget(breaker.try_acquire().expect("the third probe"));
        // The second one's limit, at 40, is the next.
        clock.advance(seconds(28));
        let advance: Work<bool> = Box::new(move || {
            clock.advance(seconds(1));
            true
        });
        let gets_it = with(&breaker, |breaker: &CircuitBreaker| {
            let permit = breaker.try_acquire();
            let gets_it = permit.is_ok();
            std::mem::forget(permit);
            gets_it
        });
        (together([advance, gets_it])[1], breaker.is_available())
    });
    assert_eq!(seen, BTreeSet::from([(false, true), (true, false)]));
}

// Seen to fail when `Circuit::admit_slow` does not check whether this thread runs a probe.
#[test]
fn a_call_inside_a_probe_is_part_of_it_until_somebody_ends_its_stay() {
    let seen = outcomes(|| {
        let (breaker, _) = expired(Policy::new());
        let nested = with(&breaker, |breaker: &CircuitBreaker| {
            let inner = breaker.call_with(|| breaker.call(|| Ok::<_, ()>(())), Result::is_ok);
            // Admitted and inside, in whatever state.
            inner.map(|inner| match inner {
                Ok(()) => None,
                Err(CallError::Open(open)) => Some(open.state()),
                Err(CallError::Failed(())) => unreachable!("it succeeds"),
            })
        });
        let open = with(&breaker, |breaker: &CircuitBreaker| {
            breaker.force_open();
            Ok(None)
        });
        let inner = together([open, nested]).swap_remove(1).map_err(|open| open.state());
        let totals = breaker.status().totals;
        (inner, totals.successes, totals.late)
    });
    let expected = [
        // No other call came between.
        (Ok(None), 1, 0),
        // The stay ended behind the inner call, or before it.
        (Ok(None), 0, 1),
        (Ok(Some(State::ForcedOpen)), 0, 1),
        (Err(State::ForcedOpen), 0, 0),
    ];
    assert_eq!(seen, BTreeSet::from(expected));
}
