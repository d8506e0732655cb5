//! The deadline of an open circuit, which rejections read without a lock.

use std::collections::BTreeSet;

use breaker_core::{CircuitBreaker, Policy, State};

use crate::support::{breaker, expired, outcomes, seconds, together, with};

/// What somebody who asks is told: nothing (let through), or the state and the seconds left.
fn told(breaker: &CircuitBreaker) -> Option<(State, Option<u64>)> {
    let open = breaker.try_acquire().err()?;
    Some((open.state(), open.retry_after().map(|wait| wait.as_secs())))
}

fn nothing<T>(order: impl FnOnce(&CircuitBreaker) + 'static) -> impl FnOnce(&CircuitBreaker) -> Option<T> + 'static {
    move |breaker| {
        order(breaker);
        None
    }
}

#[test]
fn a_rejection_tells_the_time_left_of_the_old_period_or_of_the_new_one() {
    let seen = outcomes(|| {
        let (breaker, clock) = breaker(Policy::new());
        breaker.open_for(seconds(10));
        clock.advance(seconds(4));
        together([with(&breaker, nothing(|breaker| breaker.open_for(seconds(60)))), with(&breaker, told)])[1]
    });
    assert_eq!(seen, BTreeSet::from([Some((State::Open, Some(6))), Some((State::Open, Some(60)))]));
}

#[test]
fn who_asks_when_the_period_is_over_is_a_probe_or_learns_of_the_new_period() {
    let seen = outcomes(|| {
        let (breaker, _) = expired(Policy::new());
        let answers =
            together([with(&breaker, nothing(|breaker| breaker.open_for(seconds(60)))), with(&breaker, told)]);
        (answers[1], breaker.state())
    });
    assert_eq!(seen, BTreeSet::from([(None, State::Open), (Some((State::Open, Some(60))), State::Open)]));
}

#[test]
fn who_asks_while_the_circuit_opens_is_let_through_or_learns_the_whole_period() {
    let seen = outcomes(|| {
        let (breaker, _) = breaker(Policy::new());
        together([with(&breaker, nothing(|breaker| breaker.open_for(seconds(60)))), with(&breaker, told)])[1]
    });
    assert_eq!(seen, BTreeSet::from([None, Some((State::Open, Some(60)))]));
}

#[test]
fn who_asks_while_the_circuit_opens_again_learns_nothing_of_an_earlier_period() {
    let seen = outcomes(|| {
        let (breaker, _) = breaker(Policy::new());
        breaker.open_for(seconds(60));
        breaker.close();
        together([with(&breaker, nothing(|breaker| breaker.open_for(seconds(10)))), with(&breaker, told)])[1]
    });
    assert_eq!(seen, BTreeSet::from([None, Some((State::Open, Some(10)))]));
}

#[test]
fn who_asks_while_the_period_ends_is_rejected_or_a_probe() {
    let seen = outcomes(|| {
        let (breaker, clock) = breaker(Policy::new());
        breaker.open_for(seconds(10));
        clock.advance(seconds(9));
        let advance = nothing(move |_: &CircuitBreaker| clock.advance(seconds(1)));
        let answer = together([with(&breaker, advance), with(&breaker, told)])[1];
        (answer, breaker.state())
    });
    let expected = [(Some((State::Open, Some(1))), State::HalfOpen), (None, State::HalfOpen)];
    assert_eq!(seen, BTreeSet::from(expected));
}

#[test]
fn a_look_and_a_call_come_to_the_same_state() {
    let seen = outcomes(|| {
        let (breaker, _) = expired(Policy::new());
        let looked = with(&breaker, |breaker: &CircuitBreaker| {
            let available = breaker.is_available();
            (Some(breaker.state()), available)
        });
        let asked = with(&breaker, |breaker: &CircuitBreaker| {
            let probe = breaker.try_acquire();
            let let_through = probe.is_ok();
            std::mem::forget(probe);
            (None, let_through)
        });
        together([looked, asked])
    });
    let expected =
        [vec![(Some(State::HalfOpen), true), (None, true)], vec![(Some(State::HalfOpen), false), (None, true)]];
    assert_eq!(seen, BTreeSet::from(expected));
}
