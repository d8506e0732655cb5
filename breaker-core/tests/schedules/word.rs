//! The packed word: state, generation and failures in a row, changed together or not at all.

use std::collections::BTreeSet;

use breaker_core::{EventType, Filter, Policy, State};

use crate::support::{
    Work, breaker, fail, fail_with_reason, failures, outcomes, outcomes_of_many_steps, registry, seconds, succeed,
    together, with,
};

// Seen to fail with a plain store of the word in `Circuit::fail_in_count`, and with one in
// `Transaction::step`.
#[test]
fn two_failures_at_threshold_two_open() {
    for second in [fail, fail_with_reason] {
        let seen = outcomes(move || {
            let (breaker, _) = breaker(Policy::consecutive_failures(2));
            together([with(&breaker, fail), with(&breaker, second)]);
            (breaker.state(), breaker.status().totals.failures, breaker.status().openings)
        });
        assert_eq!(seen, BTreeSet::from([(State::Open, 2, 1)]));
    }
}

// Seen to fail with a plain store of the word in `Circuit::fail_in_count`.
#[test]
fn three_failures_at_threshold_three_open() {
    let seen = outcomes_of_many_steps(|| {
        let (breaker, _) = breaker(Policy::consecutive_failures(3));
        // What a first failure makes is there already: that belongs to another test, and multiplies
        // the orders.
        fail(&breaker);
        succeed(&breaker);
        together([(); 3].map(|()| {
            let permit = breaker.try_acquire().expect("it is closed");
            Box::new(move || permit.settle(false)) as Work<()>
        }));
        (breaker.state(), breaker.status().totals.failures, breaker.status().openings)
    });
    assert_eq!(seen, BTreeSet::from([(State::Open, 4, 1)]));
}

// Seen to fail with a plain store of the word in `Circuit::fail_in_count`, and with one in
// `Transaction::step`.
#[test]
fn failures_below_the_threshold_are_all_counted_and_open_nothing() {
    for second in [fail, fail_with_reason] {
        let seen = outcomes(move || {
            let (breaker, _) = breaker(Policy::consecutive_failures(3));
            together([with(&breaker, fail), with(&breaker, second)]);
            (breaker.state(), failures(&breaker))
        });
        assert_eq!(seen, BTreeSet::from([(State::Closed, 2)]));
    }
}

// Seen to fail with a plain store of the word in `Circuit::succeed_without_lock`, and with one in
// `Circuit::fail_in_count`.
#[test]
fn a_success_clears_the_failures_before_it_and_no_other() {
    let seen = outcomes(|| {
        let (breaker, _) = breaker(Policy::consecutive_failures(9));
        fail(&breaker);
        together([with(&breaker, fail), with(&breaker, succeed)]);
        failures(&breaker)
    });
    // Cleared last, or cleared first and then one more.
    assert_eq!(seen, BTreeSet::from([0, 1]));
}

// Seen to fail with a plain store of the word in `Transaction::step`, and with one in
// `Circuit::succeed_without_lock`.
#[test]
fn of_a_last_failure_and_a_success_either_is_first() {
    let seen = outcomes(|| {
        let (breaker, _) = breaker(Policy::consecutive_failures(2));
        fail(&breaker);
        together([with(&breaker, fail), with(&breaker, succeed)]);
        let totals = breaker.status().totals;
        (breaker.state(), failures(&breaker), totals.successes, totals.late, totals.rejected)
    });
    let expected = [
        // The success was first, and the failure begins a new row.
        (State::Closed, 1, 1, 0, 0),
        // The failure was first and opened; the success came too late, or was not even admitted.
        (State::Open, 2, 0, 1, 0),
        (State::Open, 2, 0, 0, 1),
    ];
    assert_eq!(seen, BTreeSet::from(expected));
}

// Seen to fail when `Circuit::settle_locked` does not compare the generations.
#[test]
fn a_circuit_opens_once_however_many_failures_reach_the_threshold() {
    let seen = outcomes_of_many_steps(|| {
        let (breaker, _) = breaker(Policy::consecutive_failures(1));
        let works: [Work<bool>; 3] = [with(&breaker, fail), with(&breaker, fail_with_reason), with(&breaker, fail)];
        together(works);
        let totals = breaker.status().totals;
        (breaker.state(), breaker.status().openings, totals.failures, totals.late + totals.rejected)
    });
    assert_eq!(seen, BTreeSet::from([(State::Open, 1, 1, 2)]));
}

// Seen to fail when `Transaction::count` releases the lock after it has checked the debounce.
#[test]
fn of_failures_at_the_same_time_a_debounce_counts_one() {
    let seen = outcomes(|| {
        let (breaker, _) = breaker(Policy::consecutive_failures(2).debounce(seconds(1)));
        together([with(&breaker, fail), with(&breaker, fail_with_reason)]);
        (breaker.state(), failures(&breaker), breaker.status().totals.failures)
    });
    assert_eq!(seen, BTreeSet::from([(State::Closed, 1, 2)]));
}

// Seen to fail when `Transaction::step` releases the lock before `apply`.
#[test]
fn a_dry_run_says_once_that_it_would_have_opened() {
    let seen = outcomes(|| {
        let registry = registry();
        let breaker = registry.register("a", Policy::consecutive_failures(1)).expect("a free name");
        breaker.metrics_only();
        let events = registry.events(Filter::all().events([EventType::WouldOpen]));
        together([with(&breaker, fail), with(&breaker, fail)]);
        (breaker.state(), failures(&breaker), std::iter::from_fn(|| events.try_recv().ok()).count())
    });
    assert_eq!(seen, BTreeSet::from([(State::MetricsOnly, 2, 1)]));
}
