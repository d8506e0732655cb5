//! Calls inside a probe whose stay in half-open has ended meanwhile.

use std::mem::forget;

use breaker_box::{CallError, CircuitBreaker, State};

use super::nested::{ONE, counted, expired, on_another_thread, succeeds, totals};
use crate::support::seconds;

#[test]
fn when_another_probe_has_closed_the_circuit_inner_calls_count_as_any_other() {
    let (breaker, _, before) = expired(ONE.half_open_max_calls(2));
    let other = breaker.try_acquire().unwrap();
    breaker
        .call(|| {
            other.success();
            assert!(succeeds(&breaker));
            Ok::<_, ()>(())
        })
        .unwrap();
    assert_eq!((breaker.state(), counted(&breaker, &before)), (State::Closed, (2, 0, 1)), "the probe itself is late");
}

#[test]
fn when_another_probe_has_opened_the_circuit_inner_calls_are_rejected() {
    let (breaker, clock, before) = expired(ONE.half_open_max_calls(2));
    let other = breaker.try_acquire().unwrap();
    breaker
        .call(|| {
            other.failure("down");
            assert!(!breaker.is_available());
            let Err(CallError::Open(open)) = breaker.call(|| Ok::<_, ()>(())) else { panic!("it was let through") };
            assert_eq!((open.state(), open.retry_after()), (State::Open, Some(seconds(30))));
            // In the next stay it is a probe of that one.
            clock.advance(seconds(30));
            assert!(succeeds(&breaker));
            Ok::<_, ()>(())
        })
        .unwrap();
    assert_eq!((breaker.state(), counted(&breaker, &before)), (State::Closed, (1, 1, 2)));
}

#[test]
fn when_the_circuit_is_half_open_anew_inner_calls_are_asked_as_any_other() {
    let (breaker, clock, _) = expired(ONE);
    breaker
        .call(|| {
            breaker.open();
            clock.advance(seconds(30));
            let other = on_another_thread(|| breaker.try_acquire().unwrap());
            assert!(!breaker.is_available() && !succeeds(&breaker), "the slot of this stay is taken");
            other.ignore();
            assert!(breaker.is_available() && succeeds(&breaker));
            Ok::<_, ()>(())
        })
        .unwrap();
    let totals = totals(&breaker);
    assert_eq!((breaker.state(), totals.successes, totals.late), (State::Closed, 1, 1));
}

/// An order by hand, and whether calls run afterwards.
type Order = (fn(&CircuitBreaker), bool);

#[test]
fn after_a_manual_command_nested_calls_follow_the_new_state() {
    let orders: [Order; 6] = [
        (CircuitBreaker::open, false),
        (CircuitBreaker::force_open, false),
        (CircuitBreaker::close, true),
        (CircuitBreaker::reset, true),
        (CircuitBreaker::disable, true),
        (CircuitBreaker::metrics_only, true),
    ];
    for (order, lets_through) in orders {
        let (breaker, _, _) = expired(ONE);
        breaker
            .call(|| {
                order(&breaker);
                assert_eq!((succeeds(&breaker), breaker.is_available()), (lets_through, lets_through));
                Ok::<_, ()>(())
            })
            .unwrap();
    }
}

#[test]
fn when_the_time_of_the_probe_is_over_inner_calls_are_rejected() {
    let (breaker, clock, _) = expired(ONE.half_open_timeout(seconds(10)));
    breaker
        .call(|| {
            clock.advance(seconds(9));
            assert!(succeeds(&breaker));
            clock.advance(seconds(1));
            assert!(!breaker.is_available());
            let Err(CallError::Open(open)) = breaker.call(|| Ok::<_, ()>(())) else { panic!("it was let through") };
            assert_eq!(open.state(), State::Open);
            Ok::<_, ()>(())
        })
        .unwrap();
    assert_eq!((breaker.state(), totals(&breaker).late), (State::Open, 1));
}

#[test]
fn a_probe_that_gave_its_slot_up_is_still_the_one_that_its_inner_calls_belong_to() {
    let (breaker, clock, before) = expired(ONE);
    breaker
        .call(|| {
            clock.advance(seconds(30));
            let other = breaker.try_acquire().expect("inside, and it counts nothing");
            assert!(succeeds(&breaker));
            drop(other);
            assert!(on_another_thread(|| breaker.try_acquire().map(forget).is_ok()), "the slot is free for others");
            assert!(succeeds(&breaker));
            Ok::<_, ()>(())
        })
        .unwrap();
    assert_eq!((breaker.state(), counted(&breaker, &before)), (State::Closed, (1, 0, 0)));
}
