//! Generations: a result belongs to the stay in which its call was admitted, and changes nothing
//! in another.

use std::collections::BTreeSet;

use breaker_core::{CircuitBreaker, Permit, Policy, State, Window};

use crate::support::{breaker, fail, failures, outcomes, seconds, together, with};

fn permit(breaker: &CircuitBreaker) -> Permit {
    breaker.try_acquire().expect("it is closed")
}

/// One of the paths that a failure can take.
type Road = fn(Permit);

const PATHS: [Road; 2] = [|permit| permit.settle(false), |permit| permit.failure("timed out")];

// Seen to fail when `Circuit::fail_in_count` or `Circuit::settle_locked` does not compare the
// generations.
#[test]
fn a_failure_from_before_a_reset_is_counted_before_it_or_late() {
    for path in PATHS {
        let seen = outcomes(move || {
            let (breaker, _) = breaker(Policy::consecutive_failures(9));
            fail(&breaker);
            let permit = permit(&breaker);
            together([Box::new(move || path(permit)), with(&breaker, CircuitBreaker::reset)]);
            let totals = breaker.status().totals;
            (breaker.state(), failures(&breaker), totals.failures, totals.late)
        });
        assert_eq!(seen, BTreeSet::from([(State::Closed, 0, 2, 0), (State::Closed, 0, 1, 1)]));
    }
}

// Seen to fail when `Circuit::settle_locked` does not compare the generations.
#[test]
fn a_failure_that_would_open_does_so_before_a_reset_or_never() {
    for path in PATHS {
        let seen = outcomes(move || {
            let (breaker, _) = breaker(Policy::consecutive_failures(1));
            let permit = permit(&breaker);
            together([Box::new(move || path(permit)), with(&breaker, CircuitBreaker::reset)]);
            let totals = breaker.status().totals;
            (breaker.state(), failures(&breaker), totals.failures, totals.late)
        });
        assert_eq!(seen, BTreeSet::from([(State::Closed, 0, 1, 0), (State::Closed, 0, 0, 1)]));
    }
}

// Seen to fail when `Circuit::fail_in_windows` or `Circuit::settle_locked` does not compare the
// generations.
#[test]
fn a_failure_from_before_a_reset_is_in_no_window_after_it() {
    let policies = [
        Policy::failure_rate(1.0, Window::calls(4)).minimum_calls(4),
        Policy::failure_rate(1.0, Window::time(seconds(60))).minimum_calls(4),
        Policy::failures_within(4, seconds(60)),
    ];
    for policy in policies {
        for path in PATHS {
            let seen = outcomes(move || {
                let (breaker, _) = breaker(policy);
                let permit = permit(&breaker);
                together([Box::new(move || path(permit)), with(&breaker, CircuitBreaker::reset)]);
                let status = breaker.status();
                (status.state, status.failure_count, status.window.calls, status.totals.failures, status.totals.late)
            });
            assert_eq!(seen, BTreeSet::from([(State::Closed, 0, 0, 1, 0), (State::Closed, 0, 0, 0, 1)]), "{policy}");
        }
    }
}

// Seen to fail with a plain store of the word in `Circuit::succeed_without_lock`.
#[test]
fn a_success_from_before_an_opening_does_not_close() {
    let seen = outcomes(|| {
        let (breaker, _) = breaker(Policy::consecutive_failures(9));
        fail(&breaker);
        let permit = permit(&breaker);
        together([Box::new(move || permit.success()), with(&breaker, CircuitBreaker::open)]);
        let totals = breaker.status().totals;
        (breaker.state(), totals.successes, totals.late)
    });
    assert_eq!(seen, BTreeSet::from([(State::Open, 1, 0), (State::Open, 0, 1)]));
}

// Seen to fail when `Circuit::succeed_without_lock` does not compare the generations, or stores the
// word plainly.
#[test]
fn a_success_from_before_a_reset_clears_no_failure_after_it() {
    let seen = outcomes(|| {
        let (breaker, _) = breaker(Policy::consecutive_failures(9));
        fail(&breaker);
        let permit = permit(&breaker);
        let again = |breaker: &CircuitBreaker| {
            breaker.reset();
            fail(breaker);
        };
        together([Box::new(move || permit.success()), with(&breaker, again)]);
        let totals = breaker.status().totals;
        (failures(&breaker), totals.successes, totals.late)
    });
    assert_eq!(seen, BTreeSet::from([(1, 1, 0), (1, 0, 1)]));
}

// Seen to fail when `Transaction::step` releases the lock before `apply`.
#[test]
fn of_two_concurrent_commands_one_is_last_and_each_makes_a_generation() {
    let seen = outcomes(|| {
        let (breaker, _) = breaker(Policy::consecutive_failures(1));
        let permit = permit(&breaker);
        together([with(&breaker, CircuitBreaker::open), with(&breaker, CircuitBreaker::close)]);
        permit.failure("late");
        (breaker.state(), breaker.status().openings, breaker.status().totals.late)
    });
    assert_eq!(seen, BTreeSet::from([(State::Open, 1, 1), (State::Closed, 1, 1)]));
}
