//! Permits: settled by hand, dropped, lost in a panic.

use std::cell::RefCell;

use breaker_box::{CircuitBreaker, Outcome, Permit, Policy, State};

use crate::support::{breaker, fail, half_open, panic_message};

const ONE: Policy = Policy::consecutive_failures(1);

#[test]
fn success_clears_the_count() {
    let (breaker, _) = breaker(Policy::new());
    fail(&breaker);
    breaker.try_acquire().unwrap().success();
    assert_eq!((breaker.status().failure_count, breaker.status().totals.successes), (0, 1));
}

#[test]
fn failure_counts_with_its_reason() {
    let (breaker, _) = breaker(Policy::new());
    breaker.try_acquire().unwrap().failure("connection reset");
    let status = breaker.status();
    assert_eq!((status.failure_count, status.totals.failures), (1, 1));
    assert_eq!(status.last_failure.unwrap().reason.unwrap(), "connection reset");
}

#[test]
fn ignore_counts_nothing_but_the_ignored() {
    let (breaker, _) = breaker(Policy::new());
    fail(&breaker);
    breaker.try_acquire().unwrap().ignore();
    assert_eq!((breaker.status().failure_count, breaker.status().totals.ignored), (1, 1));
}

#[test]
fn a_permit_is_shown_by_the_key_of_its_circuit() {
    let (breaker, _) = breaker(Policy::new());
    let permit = breaker.try_acquire().unwrap();
    assert_eq!(format!("{permit:?}"), format!("Permit {{ key: Some({:?}), .. }}", breaker.key()));
    permit.success();
}

#[test]
fn settle_takes_any_outcome() {
    let (breaker, _) = breaker(Policy::new());
    breaker.try_acquire().unwrap().settle(false);
    assert_eq!(breaker.status().failure_count, 1);
    breaker.try_acquire().unwrap().settle(true);
    assert_eq!(breaker.status().failure_count, 0);
    breaker.try_acquire().unwrap().settle(Outcome::trip());
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn dropped_it_is_cancelled() {
    let (breaker, _) = breaker(ONE);
    drop(breaker.try_acquire().unwrap());
    let status = breaker.status();
    assert_eq!((status.totals.cancelled, status.totals.failures, status.state), (1, 0, State::Closed));
}

#[test]
fn a_dropped_probe_frees_its_slot() {
    let (breaker, _) = half_open(ONE);
    drop(breaker.try_acquire().unwrap());
    assert_eq!(breaker.state(), State::HalfOpen);
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn a_panic_while_it_is_held_is_a_failure() {
    let (breaker, _) = breaker(ONE);
    panic_message(|| {
        let _permit = breaker.try_acquire().unwrap();
        panic!("while holding")
    });
    let status = breaker.status();
    assert_eq!((status.state, status.totals.panicked, status.totals.failures), (State::Open, 1, 1));
    assert_eq!(status.totals.cancelled, 0);
}

#[test]
fn a_panic_after_it_was_settled_is_not_its_failure() {
    let (breaker, _) = breaker(ONE);
    panic_message(|| {
        breaker.try_acquire().unwrap().success();
        panic!("afterwards")
    });
    assert_eq!((breaker.state(), breaker.status().totals.panicked), (State::Closed, 0));
}

/// Takes a permit while it is dropped.
struct TakesInDrop<'a>(&'a CircuitBreaker, &'a RefCell<Option<Permit>>);

impl Drop for TakesInDrop<'_> {
    fn drop(&mut self) {
        *self.1.borrow_mut() = self.0.try_acquire().ok();
    }
}

/// A permit that was taken while a panic was under way.
fn taken_during_a_panic(breaker: &CircuitBreaker) -> Permit {
    let kept = RefCell::new(None);
    panic_message(|| {
        let _takes = TakesInDrop(breaker, &kept);
        panic!("first")
    });
    kept.into_inner().expect("a permit was taken")
}

#[test]
fn a_panic_that_began_before_it_was_taken_is_a_cancellation() {
    struct Holds<'a>(&'a CircuitBreaker);
    impl Drop for Holds<'_> {
        fn drop(&mut self) {
            drop(self.0.try_acquire());
        }
    }
    let (breaker, _) = breaker(ONE);
    panic_message(|| {
        let _holds = Holds(&breaker);
        panic!("before")
    });
    let totals = breaker.status().totals;
    assert_eq!((totals.cancelled, totals.panicked, totals.failures), (1, 0, 0));
}

#[test]
fn a_permit_taken_during_one_panic_and_dropped_after_it_is_cancelled() {
    let (breaker, _) = breaker(ONE);
    drop(taken_during_a_panic(&breaker));
    assert_eq!((breaker.status().totals.cancelled, breaker.status().totals.panicked), (1, 0));
}

#[test]
fn a_permit_taken_during_a_panic_cannot_distinguish_a_second_panic_from_it() {
    let (breaker, _) = breaker(ONE);
    let permit = taken_during_a_panic(&breaker);
    panic_message(move || {
        let _permit = permit;
        panic!("second")
    });
    assert_eq!((breaker.status().totals.cancelled, breaker.state()), (1, State::Closed));
}

#[test]
fn a_forgotten_permit_of_a_closed_circuit_changes_nothing() {
    let (breaker, _) = breaker(ONE);
    let before = breaker.status();
    std::mem::forget(breaker.try_acquire().unwrap());
    assert_eq!(breaker.status(), before);
}

#[test]
fn a_permit_can_be_settled_on_another_thread() {
    let (breaker, _) = breaker(ONE);
    let permit = breaker.try_acquire().unwrap();
    std::thread::spawn(move || permit.failure("elsewhere")).join().unwrap();
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_permit_outlives_the_handle_it_came_from() {
    let (breaker, _) = breaker(ONE);
    let other = breaker.clone();
    let permit = breaker.try_acquire().unwrap();
    drop(breaker);
    permit.failure("still counted");
    assert_eq!(other.state(), State::Open);
}

#[test]
fn a_permit_is_settled_by_the_outcome_of_a_classifier() {
    let (breaker, _) = breaker(ONE);
    breaker.try_acquire().unwrap().settle_by(&200, |status| *status < 500);
    assert_eq!((breaker.status().totals.successes, breaker.state()), (1, State::Closed));
    breaker.try_acquire().unwrap().settle_by(&503, |status| *status < 500);
    assert_eq!((breaker.status().totals.failures, breaker.state()), (1, State::Open));
}

#[test]
fn a_classifier_that_panics_counts_nothing_and_frees_the_permits_slot() {
    let (breaker, _) = half_open(ONE);
    let before = breaker.status().totals;
    let permit = breaker.try_acquire().unwrap();
    let message = panic_message(|| permit.settle_by(&503, |_| -> bool { panic!("no such status") }));
    assert_eq!(message, "no such status");
    assert_eq!(breaker.status().totals, before);
    assert!(breaker.is_available());
}

#[test]
fn a_caught_panic_is_a_failure_with_its_message() {
    let (breaker, _) = breaker(ONE);
    let permit = breaker.try_acquire().unwrap();
    let payload = std::panic::catch_unwind(|| panic!("no such tag")).unwrap_err();
    permit.panicked(&*payload);
    let status = breaker.status();
    assert_eq!((status.state, status.totals.panicked, status.totals.failures), (State::Open, 1, 1));
    assert_eq!(status.last_failure.unwrap().reason.unwrap(), "no such tag");
}

#[test]
fn a_call_that_is_given_up_is_cancelled_also_during_a_panic_that_is_not_its_own() {
    struct GivesUp(Option<Permit>);
    impl Drop for GivesUp {
        fn drop(&mut self) {
            self.0.take().unwrap().cancel();
        }
    }
    let (breaker, _) = breaker(ONE);
    panic_message(|| {
        let _gives_up = GivesUp(breaker.try_acquire().ok());
        panic!("elsewhere")
    });
    let totals = breaker.status().totals;
    assert_eq!((totals.cancelled, totals.panicked, totals.failures), (1, 0, 0));
}
