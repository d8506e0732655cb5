//! Results that come back in another generation than they were admitted in.

use breaker_box::{Outcome, Policy, State, Status};

use crate::support::{breaker, fail, half_open, seconds, succeed};

const ONE: Policy = Policy::consecutive_failures(1);

/// The status but for the late result.
fn without_late(mut status: Status) -> Status {
    status.totals.late = 0;
    status
}

#[test]
fn a_late_result_adds_to_the_total_of_late_ones_and_changes_nothing_else() {
    for outcome in [Outcome::Success, Outcome::failure_because("late"), Outcome::Ignore, Outcome::trip()] {
        let (breaker, clock) = breaker(ONE);
        let permit = breaker.try_acquire().unwrap();
        fail(&breaker);
        clock.advance(seconds(1));
        let before = breaker.status();
        permit.settle(outcome.clone());
        let after = breaker.status();
        assert_eq!((after.totals.late, without_late(after)), (1, before), "{outcome:?}");
    }
}

#[test]
fn a_late_cancellation_is_only_late() {
    let (breaker, _) = breaker(ONE);
    let permit = breaker.try_acquire().unwrap();
    fail(&breaker);
    drop(permit);
    let totals = breaker.status().totals;
    assert_eq!((totals.late, totals.cancelled), (1, 0));
}

#[test]
fn a_late_panic_is_only_late() {
    let (breaker, _) = breaker(ONE);
    let message = crate::support::panic_message(|| {
        breaker.call(|| -> Result<(), ()> {
            breaker.open();
            panic!("too late")
        })
    });
    let totals = breaker.status().totals;
    assert_eq!((message.as_str(), totals.late, totals.panicked, totals.failures), ("too late", 1, 0, 0));
}

#[test]
fn a_late_success_does_not_close() {
    let (breaker, clock) = breaker(ONE);
    let permit = breaker.try_acquire().unwrap();
    fail(&breaker);
    clock.advance(seconds(30));
    permit.success();
    assert_eq!(breaker.state(), State::HalfOpen);
}

#[test]
fn a_late_failure_does_not_open() {
    let (breaker, clock) = breaker(ONE);
    let permit = breaker.try_acquire().unwrap();
    fail(&breaker);
    clock.advance(seconds(30));
    succeed(&breaker);
    permit.failure("late");
    assert_eq!((breaker.state(), breaker.status().failure_count), (State::Closed, 0));
}

#[test]
fn a_late_failure_does_not_prolong_the_open_period() {
    let (breaker, clock) = breaker(ONE);
    let permit = breaker.try_acquire().unwrap();
    fail(&breaker);
    clock.advance(seconds(20));
    permit.failure("late");
    assert_eq!(breaker.status().retry_after, Some(seconds(10)));
}

#[test]
fn a_late_result_frees_no_foreign_slot() {
    let (breaker, clock) = breaker(ONE);
    let old = breaker.try_acquire().unwrap();
    fail(&breaker);
    clock.advance(seconds(30));
    let _probe = breaker.try_acquire().unwrap();
    old.ignore();
    assert!(breaker.try_acquire().is_err());
}

#[test]
fn a_probe_of_an_earlier_episode_frees_no_slot_of_this_one() {
    let (breaker, clock) = half_open(ONE.half_open_timeout(seconds(10)));
    let old = breaker.try_acquire().unwrap();
    clock.advance(seconds(60));
    let _probe = breaker.try_acquire().unwrap();
    old.success();
    assert_eq!(breaker.state(), State::HalfOpen);
    assert!(breaker.try_acquire().is_err());
}

#[test]
fn a_probe_that_returns_after_the_limit_is_late() {
    let (breaker, clock) = half_open(ONE.half_open_timeout(seconds(10)));
    let probe = breaker.try_acquire().unwrap();
    clock.advance(seconds(10));
    probe.success();
    assert_eq!((breaker.state(), breaker.status().totals.late), (State::Open, 1));
}

#[test]
fn a_probe_that_returns_after_another_has_closed_is_late() {
    let (breaker, _) = half_open(ONE.half_open_max_calls(2));
    let slow = breaker.try_acquire().unwrap();
    succeed(&breaker);
    slow.failure("late");
    assert_eq!((breaker.state(), breaker.status().totals.late), (State::Closed, 1));
}

#[test]
fn every_manual_command_makes_calls_in_flight_late() {
    let orders: [fn(&breaker_box::CircuitBreaker); 7] = [
        |breaker| breaker.open(),
        |breaker| breaker.open_for(seconds(1)),
        |breaker| breaker.force_open(),
        |breaker| breaker.close(),
        |breaker| breaker.reset(),
        |breaker| breaker.disable(),
        |breaker| breaker.metrics_only(),
    ];
    for order in orders {
        let (breaker, _) = breaker(ONE);
        let permit = breaker.try_acquire().unwrap();
        order(&breaker);
        permit.failure("late");
        let status = breaker.status();
        assert_eq!((status.totals.late, status.totals.failures), (1, 0), "{}", status.state);
    }
}

#[test]
fn a_re_armed_circuit_is_a_new_generation() {
    let (breaker, clock) = breaker(ONE);
    let permit = breaker.try_acquire().unwrap();
    breaker.open();
    breaker.open();
    clock.advance(seconds(5));
    permit.failure("late");
    assert_eq!((breaker.status().retry_after, breaker.status().totals.late), (Some(seconds(25)), 1));
}

#[test]
fn a_call_that_began_before_a_full_circle_is_late() {
    let (breaker, clock) = breaker(ONE);
    let permit = breaker.try_acquire().unwrap();
    fail(&breaker);
    clock.advance(seconds(30));
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
    permit.failure("late");
    assert_eq!((breaker.state(), breaker.status().totals.late), (State::Closed, 1));
}

#[test]
fn configuring_makes_no_call_late() {
    let (breaker, _) = breaker(ONE);
    let permit = breaker.try_acquire().unwrap();
    breaker.configure(ONE.expiry(seconds(5))).unwrap();
    permit.failure("in time");
    assert_eq!((breaker.state(), breaker.status().totals.late), (State::Open, 0));
}
