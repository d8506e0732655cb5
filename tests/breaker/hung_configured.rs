//! What a new policy makes of the calls in flight.

use breaker_box::{Outcome, Permit, Policy, State};

use crate::hung::{ONE, TWO, admit, in_flight};
use crate::support::{breaker, millis, seconds};

#[test]
fn a_policy_that_gains_the_condition_knows_the_calls_from_then_on() {
    let (breaker, clock) = breaker(Policy::new());
    let unknown = admit(&breaker);
    breaker.configure(ONE).unwrap();
    assert_eq!(in_flight(&breaker), (0, 0));
    clock.advance(seconds(100));
    assert_eq!(breaker.state(), State::Closed);
    let known = admit(&breaker);
    // Not in the list, although it was admitted in this stay.
    unknown.success();
    assert_eq!(in_flight(&breaker), (1, 0));
    clock.advance(seconds(10));
    assert_eq!(breaker.state(), State::Open);
    drop(known);
}

#[test]
fn a_policy_that_loses_the_condition_opens_by_none() {
    let (breaker, clock) = breaker(ONE);
    let call = admit(&breaker);
    breaker.configure(Policy::new()).unwrap();
    clock.advance(seconds(100));
    assert_eq!((breaker.state(), breaker.status().in_flight), (State::Closed, None));
    call.success();
    assert_eq!(breaker.status().totals.successes, 1);
}

#[test]
fn calls_that_end_while_there_is_no_condition_leave_the_list() {
    type End = fn(Permit);
    let ends: [(&str, End); 4] = [
        ("success", Permit::success),
        ("failure", |permit| permit.settle(Outcome::failure())),
        ("ignored", Permit::ignore),
        ("dropped", drop),
    ];
    for (name, end) in ends {
        let (breaker, clock) = breaker(ONE.or_consecutive_failures(9));
        let call = admit(&breaker);
        breaker.configure(Policy::consecutive_failures(9)).unwrap();
        end(call);
        breaker.configure(ONE.or_consecutive_failures(9)).unwrap();
        assert_eq!(in_flight(&breaker), (0, 0), "{name}");
        clock.advance(seconds(100));
        assert_eq!(breaker.state(), State::Closed, "{name}");
    }
}

#[test]
fn a_call_removes_no_other_of_the_same_instant() {
    let (breaker, clock) = breaker(ONE);
    let known = admit(&breaker);
    breaker.configure(Policy::new()).unwrap();
    let unknown = admit(&breaker);
    breaker.configure(ONE).unwrap();
    let hangs = admit(&breaker);
    assert_eq!(in_flight(&breaker), (2, 0));
    unknown.success();
    assert_eq!(in_flight(&breaker), (2, 0));
    known.success();
    assert_eq!(in_flight(&breaker), (1, 0));
    clock.advance(seconds(10));
    assert_eq!(breaker.state(), State::Open);
    drop(hangs);
}

#[test]
fn a_stricter_policy_opens_as_of_the_change_and_not_before() {
    let (breaker, clock) = breaker(Policy::hung_calls(3, seconds(100)));
    let calls = [admit(&breaker), admit(&breaker)];
    clock.advance(seconds(50));
    breaker.configure(TWO.expiry(seconds(30))).unwrap();
    clock.advance(seconds(10));
    let status = breaker.status();
    assert_eq!((status.state, status.retry_after), (State::Open, Some(seconds(20))));
    drop(calls);
}

#[test]
fn a_shorter_limit_that_is_yet_to_come_opens_at_its_instant() {
    let (breaker, clock) = breaker(Policy::hung_calls(2, seconds(100)));
    let calls = [admit(&breaker), admit(&breaker)];
    clock.advance(seconds(4));
    breaker.configure(TWO).unwrap();
    clock.advance(millis(5_999));
    assert_eq!(breaker.state(), State::Closed);
    clock.advance(millis(1));
    assert_eq!(breaker.state(), State::Open);
    drop(calls);
}

#[test]
fn a_laxer_policy_does_not_open_at_the_old_instant() {
    let (breaker, clock) = breaker(TWO);
    let calls = [admit(&breaker), admit(&breaker)];
    clock.advance(seconds(9));
    breaker.configure(Policy::hung_calls(3, seconds(10))).unwrap();
    clock.advance(seconds(100));
    assert_eq!(breaker.state(), State::Closed);
    let third = admit(&breaker);
    clock.advance(seconds(10));
    assert_eq!(breaker.state(), State::Open);
    drop((calls, third));
}

#[test]
fn a_change_that_comes_after_the_instant_finds_it_open() {
    let (breaker, clock) = breaker(TWO.expiry(seconds(30)));
    let calls = [admit(&breaker), admit(&breaker)];
    clock.advance(seconds(15));
    breaker.configure(Policy::new()).unwrap();
    let status = breaker.status();
    assert_eq!((status.state, status.retry_after), (State::Open, Some(seconds(25))));
    drop(calls);
}
