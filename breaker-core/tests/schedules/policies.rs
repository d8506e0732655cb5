//! Swapping the policy while results come in.

use std::collections::BTreeSet;

use breaker_core::{CircuitBreaker, Policy, State, Window};

use crate::support::{breaker, fail, outcomes, raced, succeed, together, with};

fn swap(policy: Policy) -> impl FnOnce(&CircuitBreaker) -> bool + 'static {
    move |breaker| breaker.configure(policy).is_ok()
}

// Seen to fail with a plain store of the word in `Atomics::change_word`, in
// `Circuit::fail_in_count`, and in `Transaction::step`.
#[test]
fn no_failure_is_lost_while_the_threshold_is_lowered() {
    let seen = outcomes(|| {
        let (breaker, _) = breaker(Policy::consecutive_failures(9));
        fail(&breaker);
        together([with(&breaker, fail), with(&breaker, swap(Policy::consecutive_failures(2)))]);
        let before = breaker.state();
        // Counts are evaluated at the next result.
        fail(&breaker);
        (before, breaker.state(), breaker.status().failure_count)
    });
    // The failure came after the new threshold and opened, or before it, and the next one did.
    let expected = [(State::Open, State::Open, 2), (State::Closed, State::Open, 3)];
    assert_eq!(seen, BTreeSet::from(expected));
}

// Seen to fail with a plain store of the word in `Transaction::step`, and with one in
// `Circuit::fail_in_count`.
#[test]
fn no_failure_opens_by_a_threshold_that_was_raised() {
    let seen = outcomes(|| {
        let (breaker, _) = breaker(Policy::consecutive_failures(2));
        fail(&breaker);
        together([with(&breaker, fail), with(&breaker, swap(Policy::consecutive_failures(9)))]);
        let status = breaker.status();
        (status.state, status.failure_count, status.openings)
    });
    // The failure opened before the swap, or was counted after it.
    assert_eq!(seen, BTreeSet::from([(State::Open, 2, 1), (State::Closed, 2, 0)]));
}

// Seen to fail when `Circuit::configure` leaves out the flag `LOCKED`.
#[test]
fn a_failure_is_counted_by_the_old_policy_or_by_the_new_one() {
    let seen = outcomes(|| {
        let (breaker, _) = breaker(Policy::consecutive_failures(9));
        let by_rate = Policy::failure_rate(1.0, Window::calls(1));
        let (races, _) = raced(with(&breaker, swap(by_rate)), with(&breaker, fail));
        let status = breaker.status();
        (races, status.state, status.window.calls, status.totals.failures)
    });
    // Before the swap it was in no window; after it, it opens.
    let expected = [(true, State::Closed, 0, 1), (true, State::Open, 1, 1), (false, State::Open, 1, 1)];
    assert_eq!(seen, BTreeSet::from(expected));
}

// Seen to fail when `Circuit::configure` stores the new threshold before it changes the word.
#[test]
fn a_failure_that_opens_by_the_old_policy_is_not_lost_on_the_way_to_the_new_one() {
    let seen = outcomes(|| {
        let (breaker, _) = breaker(Policy::consecutive_failures(1));
        let by_rate = Policy::failure_rate(1.0, Window::calls(4));
        let (races, _) = raced(with(&breaker, swap(by_rate)), with(&breaker, fail));
        let status = breaker.status();
        (races, status.state, status.window.calls, status.totals.failures)
    });
    // It opened before the swap, or is in the new window.
    let expected = [(true, State::Open, 0, 1), (true, State::Closed, 1, 1), (false, State::Closed, 1, 1)];
    assert_eq!(seen, BTreeSet::from(expected));
}

// Seen to fail when `Circuit::configure` makes the window as of no successes.
#[test]
fn a_window_that_is_new_holds_the_successes_after_it_and_at_the_most_one_that_races() {
    let seen = outcomes(|| {
        let (breaker, _) = breaker(Policy::consecutive_failures(9));
        succeed(&breaker);
        let by_rate = Policy::failure_rate(1.0, Window::calls(9));
        let (races, _) = raced(with(&breaker, swap(by_rate)), with(&breaker, succeed));
        let status = breaker.status();
        (races, status.window.calls, status.totals.successes)
    });
    assert_eq!(seen, BTreeSet::from([(true, 0, 2), (true, 1, 2), (false, 1, 2)]));
}
