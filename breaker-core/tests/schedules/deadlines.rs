//! The deadline of an open circuit, which rejections read without a lock.

use std::collections::BTreeSet;

use breaker_core::{CircuitBreaker, CircuitOpenError, Outcome, Policy, State};

use crate::support::{Work, breaker, expired, outcomes, raced, seconds, together, with};

/// What a rejected caller gets: the state, and the seconds left.
type Rejected = (State, Option<u64>);

fn rejected(open: &CircuitOpenError) -> Rejected {
    (open.state(), open.retry_after().map(|wait| wait.as_secs()))
}

/// The two paths to a rejection. A call that is admitted is ignored.
const PATHS: [fn(&CircuitBreaker) -> Option<Rejected>; 2] = [
    |breaker| breaker.try_acquire().err().map(|open| rejected(&open)),
    |breaker| breaker.call_with(|| (), |()| Outcome::Ignore).err().map(|open| rejected(&open)),
];

fn open_for(breaker: &CircuitBreaker, n: u64) -> Work<()> {
    with(breaker, move |breaker: &CircuitBreaker| breaker.open_for(seconds(n)))
}

const fn open(left: u64) -> Rejected {
    (State::Open, Some(left))
}

// Seen to fail when `Transaction::step` stores the deadline only where the state changes.
#[test]
fn a_rejection_tells_the_time_left_of_the_old_period_or_of_the_new_one() {
    for ask in PATHS {
        let seen = outcomes(move || {
            let (breaker, clock) = breaker(Policy::new());
            breaker.open_for(seconds(10));
            clock.advance(seconds(4));
            raced(open_for(&breaker, 60), with(&breaker, ask))
        });
        assert_eq!(seen, BTreeSet::from([(true, Some(open(6))), (true, Some(open(60))), (false, Some(open(60)))]));
    }
}

// Seen to fail when `Circuit::admit_after_deadline` or `Circuit::reject_fast` does not compare
// the clock with the deadline.
#[test]
fn who_asks_when_the_period_is_over_is_a_probe_or_learns_of_the_new_period() {
    for ask in PATHS {
        let seen = outcomes(move || {
            let (breaker, _) = expired(Policy::new());
            let answer = raced(open_for(&breaker, 60), with(&breaker, ask));
            (answer, breaker.state())
        });
        let answers = [(true, None), (true, Some(open(60))), (false, Some(open(60)))];
        assert_eq!(seen, BTreeSet::from(answers.map(|answer| (answer, State::Open))));
    }
}

// Seen to fail when `Transaction::step` stores the deadline after the word, and when
// `Atomics::word` loads relaxed.
#[test]
fn who_asks_while_the_circuit_opens_again_learns_nothing_of_an_earlier_period() {
    for ask in PATHS {
        let seen = outcomes(move || {
            let (breaker, _) = breaker(Policy::new());
            breaker.open_for(seconds(60));
            breaker.close();
            raced(open_for(&breaker, 10), with(&breaker, ask))
        });
        assert_eq!(seen, BTreeSet::from([(true, None), (true, Some(open(10))), (false, Some(open(10)))]));
    }
}

// Seen to fail when `Transaction::step` and `Circuit::admit_after_deadline` keep the probes' time
// limit in the open circuit's deadline.
#[test]
fn who_asks_when_the_time_of_the_probes_is_over_learns_that_the_circuit_is_open_again() {
    for ask in PATHS {
        let seen = outcomes(move || {
            let (breaker, clock) = expired(Policy::new().expiry(seconds(30)).half_open_timeout(seconds(10)));
            let probe = breaker.try_acquire().expect("the first probe");
            clock.advance(seconds(10));
            let answer = raced(open_for(&breaker, 60), with(&breaker, ask));
            drop(probe);
            answer
        });
        // By its time limit, or by the order.
        assert_eq!(seen, BTreeSet::from([(true, Some(open(30))), (true, Some(open(60))), (false, Some(open(60)))]));
    }
}

// Seen to fail with the clock read a second time in `Circuit::admit_after_deadline` or in
// `Circuit::reject_fast`.
#[test]
fn who_asks_while_the_period_ends_is_rejected_or_a_probe() {
    for ask in PATHS {
        let seen = outcomes(move || {
            let (breaker, clock) = breaker(Policy::new());
            breaker.open_for(seconds(10));
            clock.advance(seconds(9));
            let advance: Work<()> = Box::new(move || clock.advance(seconds(1)));
            let answer = raced(advance, with(&breaker, ask));
            (answer, breaker.state())
        });
        let answers = [(true, Some(open(1))), (true, None), (false, None)];
        assert_eq!(seen, BTreeSet::from(answers.map(|answer| (answer, State::HalfOpen))));
    }
}

// Seen to fail when `Circuit::is_available` takes the step that it looks at, and when
// `Circuit::state` does not `peek`.
#[test]
fn a_look_and_a_call_come_to_the_same_state() {
    let seen = outcomes(|| {
        let (breaker, _) = expired(Policy::new());
        let looked = with(&breaker, |breaker: &CircuitBreaker| {
            let available = breaker.is_available();
            (Some(breaker.state()), available)
        });
        let asked = with(&breaker, |breaker: &CircuitBreaker| {
            let probe = breaker.try_acquire();
            let let_through = probe.is_ok();
            std::mem::forget(probe);
            (None, let_through)
        });
        together([looked, asked])
    });
    let expected =
        [vec![(Some(State::HalfOpen), true), (None, true)], vec![(Some(State::HalfOpen), false), (None, true)]];
    assert_eq!(seen, BTreeSet::from(expected));
}
