//! Totals: a stripe for each thread, added up when they are read.

use std::collections::BTreeSet;

use breaker_core::{CircuitBreaker, Policy};
use loom::thread;

use crate::support::{breaker, outcomes, outcomes_of_many_steps, succeed, together, with};

fn successes(breaker: &CircuitBreaker) -> u64 {
    breaker.status().totals.successes
}

// Seen to fail when `Counters::add_cold` claims the first stripe by a load and a store.
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

// Seen to fail when `Counters::add_cold` adds to the shared line as if it were its owner.
#[test]
fn threads_that_share_a_line_lose_nothing() {
    let seen = outcomes_of_many_steps(|| {
        let (breaker, _) = breaker(Policy::new());
        // This thread has the first slot, and only that one has a line of its own here: the two
        // others share.
        succeed(&breaker);
        together([with(&breaker, succeed), with(&breaker, succeed), with(&breaker, succeed)]);
        successes(&breaker)
    });
    assert_eq!(seen, BTreeSet::from([4]));
}

// Seen to fail when `Counters::get` leaves out the first stripe as soon as there are lines.
#[test]
fn a_total_never_goes_back_while_threads_add_to_it() {
    let seen = outcomes_of_many_steps(|| {
        let (breaker, _) = breaker(Policy::new());
        let read = |breaker: &CircuitBreaker| {
            let first = successes(breaker);
            first <= successes(breaker)
        };
        together([with(&breaker, succeed), with(&breaker, succeed), with(&breaker, read)])[2]
    });
    assert_eq!(seen, BTreeSet::from([true]));
}

// Seen to fail when `thread_slot::take` gives its lease back at once.
#[test]
fn a_thread_that_takes_the_slot_of_one_that_ends_goes_on_where_it_stopped() {
    let seen = outcomes_of_many_steps(|| {
        let (breaker, _) = breaker(Policy::new());
        // Whichever comes later has the slot of another if that has ended, else one of its own.
        let threads = [2, 1, 1].map(|calls| {
            let breaker = breaker.clone();
            thread::spawn(move || (0..calls).for_each(|_| assert!(succeed(&breaker))))
        });
        for thread in threads {
            thread.join().expect("no panic");
        }
        successes(&breaker)
    });
    assert_eq!(seen, BTreeSet::from([4]));
}
