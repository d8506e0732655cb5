//! Probes that never come back.

use breaker_box::{CircuitBreaker, EventType, Filter, ManualClock, Permit, Policy, State};

use crate::support::happened::{Cause, EventKind};
use crate::support::{half_open, registry, runs, seconds, succeed, watch};

/// A probe is hung after 10 s, long before it would give up its slot.
const ONE: Policy = Policy::hung_calls(1, seconds(10));

fn probe(breaker: &CircuitBreaker) -> Permit {
    breaker.try_acquire().expect("a free slot")
}

fn openings(breaker: &CircuitBreaker) -> (State, u32) {
    (breaker.state(), breaker.status().openings)
}

#[test]
fn a_probe_that_hangs_opens_again() {
    let (breaker, clock) = half_open(ONE);
    let hangs = probe(&breaker);
    clock.advance(seconds(9));
    assert_eq!(openings(&breaker), (State::HalfOpen, 1));
    clock.advance(seconds(1));
    assert_eq!(openings(&breaker), (State::Open, 2));
    hangs.success();
    assert_eq!(breaker.status().totals.late, 1);
}

#[test]
fn a_probe_that_has_given_its_slot_up_still_counts() {
    // The open period is 30 s, after which the slot is another's.
    let (breaker, clock) = half_open(Policy::hung_calls(2, seconds(40)));
    let first = probe(&breaker);
    clock.advance(seconds(30));
    let second = probe(&breaker);
    assert_eq!(breaker.status().in_flight.unwrap().calls, 2);
    clock.advance(seconds(39));
    assert_eq!(openings(&breaker), (State::HalfOpen, 1));
    clock.advance(seconds(1));
    assert_eq!(openings(&breaker), (State::Open, 2));
    drop((first, second));
}

#[test]
fn a_probe_that_has_timed_out_still_counts_until_it_returns() {
    let policy = Policy::hung_calls(2, seconds(40)).half_open_timeout(seconds(5)).half_open_failure_threshold(9);
    let (breaker, clock) = half_open(policy);
    let timed_out = probe(&breaker);
    clock.advance(seconds(5));
    let second = probe(&breaker);
    timed_out.success();
    assert_eq!((breaker.status().totals.late, breaker.status().in_flight.unwrap().calls), (1, 1));
    clock.advance(seconds(5));
    let third = probe(&breaker);
    clock.advance(seconds(40));
    assert_eq!(openings(&breaker), (State::Open, 2));
    drop((second, third));
}

#[test]
fn the_earlier_of_timeout_and_hang_decides() {
    for (limit, expected) in [(9, Cause::HalfOpenTimeout), (10, Cause::HalfOpenTimeout), (11, Cause::HungCalls)] {
        let (registry, clock) = registry();
        let breaker = registry.register("search", ONE.half_open_timeout(seconds(limit))).unwrap();
        breaker.open();
        clock.advance(seconds(30));
        let hangs = probe(&breaker);
        let (seen, _subscription) = watch(&registry, Filter::all().events([EventType::StateChanged]));
        clock.advance(seconds(20));
        registry.sweep();
        let opened = EventKind::StateChanged { from: State::HalfOpen, to: State::Open, cause: expected };
        assert_eq!(seen.kinds(), [opened], "limit of {limit} s");
        drop(hangs);
    }
}

#[test]
fn a_rejection_while_all_probes_are_out_sees_the_hang() {
    let (breaker, clock) = half_open(ONE);
    let hangs = probe(&breaker);
    let rejected = || breaker.try_acquire().unwrap_err();
    assert_eq!((rejected().state(), rejected().retry_after()), (State::HalfOpen, None));
    clock.advance(seconds(10));
    assert_eq!((rejected().state(), rejected().retry_after()), (State::Open, Some(seconds(30))));
    drop(hangs);
}

#[test]
fn a_call_inside_a_probe_is_not_in_flight_by_itself() {
    let (breaker, _) = half_open(Policy::hung_calls(2, seconds(10)));
    breaker
        .call(|| {
            assert!(runs(&breaker), "it is part of the probe");
            let permit = breaker.try_acquire().unwrap();
            assert_eq!(breaker.status().in_flight.unwrap().calls, 1);
            permit.success();
            assert_eq!(breaker.status().in_flight.unwrap().calls, 1);
            Ok::<_, ()>(())
        })
        .unwrap();
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_call_inside_a_hung_probe_finds_it_open() {
    let (breaker, clock) = half_open(ONE);
    let probe = || {
        clock.advance(seconds(10));
        assert!(!runs(&breaker));
        Ok::<_, ()>(())
    };
    breaker.call(probe).unwrap();
    assert_eq!(openings(&breaker), (State::Open, 2));
}

#[test]
fn probes_that_close_leave_nothing_behind() {
    let (breaker, clock) = half_open(ONE.half_open_max_calls(2));
    let still_out = probe(&breaker);
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
    clock.advance(seconds(100));
    assert_eq!(openings(&breaker), (State::Closed, 0));
    still_out.success();
    assert_eq!(breaker.status().in_flight.unwrap().calls, 0);
}

/// So that nothing of a circuit that nobody looks at is lost.
#[test]
fn all_that_has_happened_meanwhile_is_seen_at_once() {
    let clock = ManualClock::new();
    let policy = ONE.expiry(seconds(30));
    let breaker = CircuitBreaker::with_clock("search", policy, clock.clone()).unwrap();
    let hangs = probe(&breaker);
    clock.advance(seconds(10) + seconds(30));
    let probe = probe(&breaker);
    let status = breaker.status();
    assert_eq!((status.state, status.openings, status.totals.opened), (State::HalfOpen, 1, 1));
    assert_eq!(status.in_flight.unwrap().calls, 1);
    drop((hangs, probe));
}
