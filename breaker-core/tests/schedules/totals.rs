//! Totals: a stripe for each thread, added up by whoever asks.

use std::collections::BTreeSet;

use breaker_core::{CircuitBreaker, Policy};
use loom::thread;

use crate::support::{breaker, outcomes, outcomes_of_three, succeed, together, with};

fn successes(breaker: &CircuitBreaker) -> u64 {
    breaker.status().totals.successes
}

#[test]
fn totals_of_several_threads_add_up() {
    let seen = outcomes(|| {
        let (breaker, _) = breaker(Policy::new());
        let twice = |breaker: &CircuitBreaker| succeed(breaker) && succeed(breaker);
        together([with(&breaker, twice), with(&breaker, twice)]);
        successes(&breaker)
    });
    assert_eq!(seen, BTreeSet::from([4]));
}

#[test]
fn threads_that_share_a_line_lose_nothing() {
    let seen = outcomes_of_three(|| {
        let (breaker, _) = breaker(Policy::new());
        // This thread has the first slot, and only that one has a line of its own here: the two others share.
        succeed(&breaker);
        together([with(&breaker, succeed), with(&breaker, succeed), with(&breaker, succeed)]);
        successes(&breaker)
    });
    assert_eq!(seen, BTreeSet::from([4]));
}

#[test]
fn a_total_never_goes_back_while_threads_add_to_it() {
    let seen = outcomes_of_three(|| {
        let (breaker, _) = breaker(Policy::new());
        let read = |breaker: &CircuitBreaker| {
            let first = successes(breaker);
            first <= successes(breaker)
        };
        together([with(&breaker, succeed), with(&breaker, succeed), with(&breaker, read)])[2]
    });
    assert_eq!(seen, BTreeSet::from([true]));
}

#[test]
fn a_thread_that_takes_the_slot_of_one_that_ended_goes_on_where_it_stopped() {
    let seen = outcomes(|| {
        let (breaker, _) = breaker(Policy::new());
        let first = breaker.clone();
        thread::spawn(move || succeed(&first)).join().expect("no panic");
        let second = breaker.clone();
        thread::spawn(move || succeed(&second)).join().expect("no panic");
        let third = breaker.clone();
        thread::spawn(move || succeed(&third)).join().expect("no panic");
        successes(&breaker)
    });
    assert_eq!(seen, BTreeSet::from([3]));
}
