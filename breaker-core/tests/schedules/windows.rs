//! Windows: failures are written under the lock, successes are read from the totals, and both add
//! up.

use std::collections::BTreeSet;

use breaker_core::{CircuitBreaker, Permit, Policy, State, Window};

use crate::support::{
    Work, breaker, fail, fail_with_reason, outcomes, outcomes_of_many_steps, raced, seconds, succeed, together, with,
};

fn by_calls() -> Policy {
    Policy::failure_rate(1.0, Window::calls(8))
}

fn by_time() -> Policy {
    Policy::failure_rate(1.0, Window::time(seconds(60))).minimum_calls(8)
}

// Seen to fail when `Circuit::fail_in_windows` releases the lock between the tally and the entry.
#[test]
fn as_many_failures_as_the_minimum_open_by_their_rate() {
    for policy in [by_calls().minimum_calls(2), by_time().minimum_calls(2), Policy::failures_within(2, seconds(60))] {
        let seen = outcomes(move || {
            let (breaker, _) = breaker(policy);
            together([with(&breaker, fail), with(&breaker, fail)]);
            (breaker.state(), breaker.status().totals.failures)
        });
        assert_eq!(seen, BTreeSet::from([(State::Open, 2)]), "{policy}");
    }
}

// Seen to fail when `Circuit::succeed_without_lock` adds to the total before it knows that it needs
// no lock.
#[test]
fn every_success_and_every_failure_is_in_the_window_once() {
    for policy in [by_calls(), by_time()] {
        let seen = outcomes_of_many_steps(move || {
            let (breaker, _) = breaker(policy);
            together([with(&breaker, fail), with(&breaker, succeed), with(&breaker, succeed)]);
            let window = breaker.status().window;
            (window.calls, window.failures)
        });
        assert_eq!(seen, BTreeSet::from([(3, 1)]), "{policy}");
    }
}

// Seen to fail when `Transaction::apply` reads the successes again, after the word is published.
#[test]
fn a_success_that_was_let_through_after_a_reset_is_in_the_window() {
    let seen = outcomes(|| {
        let (breaker, _) = breaker(by_calls());
        breaker.force_open();
        let reset = with(&breaker, |breaker: &CircuitBreaker| {
            breaker.reset();
            true
        });
        let let_through = together([reset, with(&breaker, succeed)])[1];
        (let_through, breaker.status().window.calls)
    });
    assert_eq!(seen, BTreeSet::from([(true, 1), (false, 0)]));
}

/// The other relaxation of the fast path: the conditions may not be evaluated at a success that
/// races with the failure that makes successes matter. It is in the window, and counts at the next
/// result.
// Seen to fail when `Circuit::fail_in_windows` leaves the flag `WATCHED` as it was.
#[test]
fn a_racing_success_may_be_evaluated_by_the_next_result_only() {
    let seen = outcomes(|| {
        let (breaker, _) = breaker(Policy::failure_rate(0.5, Window::calls(2)));
        let (races, _) = raced(with(&breaker, fail), with(&breaker, succeed));
        let status = breaker.status();
        let before = (status.state, status.window.calls, status.totals.failures, status.totals.successes);
        fail(&breaker);
        (races, before, breaker.state())
    });
    let judged = (State::Open, 2, 1, 1);
    let unjudged = (State::Closed, 2, 1, 1);
    // At a success that began after the failure was over, the conditions are evaluated.
    let expected = [(true, judged, State::Open), (true, unjudged, State::Open), (false, judged, State::Open)];
    assert_eq!(seen, BTreeSet::from(expected));
}

// Seen to fail with the successes read again for the tally in `Circuit::fail_in_windows`, and in
// `Transaction::add_to_windows`.
#[test]
fn a_racing_success_pushes_no_failure_out_of_the_window_before_it_is_evaluated() {
    for path in [fail, fail_with_reason] {
        let seen = outcomes(move || {
            let (breaker, _) = breaker(Policy::failure_rate(1.0, Window::calls(1)));
            together([with(&breaker, path), with(&breaker, succeed)]);
            (breaker.state(), breaker.status().totals.failures)
        });
        assert_eq!(seen, BTreeSet::from([(State::Open, 1)]));
    }
}

// Seen to fail when `Circuit::succeed_without_lock` adds to the total before it knows that it needs
// no lock.
#[test]
fn two_failures_and_a_success_are_all_in_the_window() {
    for policy in [by_calls(), by_time()] {
        let seen = outcomes(move || {
            let (breaker, _) = breaker(policy);
            let both = |breaker: &CircuitBreaker| succeed(breaker) && fail(breaker);
            together([with(&breaker, fail), with(&breaker, both)]);
            let window = breaker.status().window;
            (window.calls, window.failures)
        });
        assert_eq!(seen, BTreeSet::from([(3, 2)]), "{policy}");
    }
}

// Seen to fail when `Circuit::succeed_in_bucket` does not check whether the bucket lasts.
#[test]
fn a_success_is_in_the_window_of_its_bucket_whoever_opens_the_next() {
    let seen = outcomes(|| {
        let (breaker, clock) = breaker(Policy::failure_rate(1.0, Window::time(seconds(10))).minimum_calls(8));
        succeed(&breaker);
        clock.advance(seconds(9));
        together([with(&breaker, succeed), with(&breaker, fail)]);
        let before = breaker.status().window.calls;
        // The first one leaves the window, the two others stay.
        clock.advance(seconds(1));
        (before, breaker.status().window.calls)
    });
    assert_eq!(seen, BTreeSet::from([(3, 2)]));
}

/// The relaxation of the fast path: a success that races with a change of state may be
/// found in the window of the next generation. Its total is exact.
// Seen to fail when `Circuit::succeed` does not compare the word with that of the ticket.
#[test]
fn a_success_that_races_with_a_reset_may_be_in_the_next_window() {
    let seen = outcomes(|| {
        let (breaker, _) = breaker(by_calls());
        let permits = [(); 2].map(|()| breaker.try_acquire().expect("it is closed"));
        let settle: Work<()> = Box::new(move || permits.into_iter().for_each(Permit::success));
        together([settle, with(&breaker, CircuitBreaker::reset)]);
        let status = breaker.status();
        (status.window.calls, status.totals.successes, status.totals.late)
    });
    let expected = [
        // In time, or too late.
        (0, 2, 0),
        (0, 1, 1),
        (0, 0, 2),
        // In time, but in the next window.
        (1, 2, 0),
        (1, 1, 1),
        (2, 2, 0),
    ];
    assert_eq!(seen, BTreeSet::from(expected));
}
