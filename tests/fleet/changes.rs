//! What the peer hears: every new generation, in order.

use std::sync::Arc;
use std::time::Duration;

use breaker_box::fleet::{Adoption, Shared};
use breaker_box::{Cause, CircuitBreaker, Outcome, Policy, State};

use crate::support::{Heard, Recorder, fail, joined, registry, seconds, succeed};

/// Without the generation.
fn heard(peer: &Recorder) -> Vec<(State, Option<Duration>, u32, &'static str)> {
    let changes = peer.take_changes();
    changes.iter().map(|change| (change.state, change.left, change.openings, change.cause.as_str())).collect()
}

const MANUAL: &str = "manual";

#[test]
fn every_order_is_a_change() {
    let all = joined(Policy::new());
    let orders: [(fn(&CircuitBreaker), _, _, _); 8] = [
        (CircuitBreaker::open, State::Open, Some(seconds(30)), 1),
        (|breaker| breaker.open_for(seconds(5)), State::Open, Some(seconds(5)), 2),
        (|breaker| breaker.open_for(Duration::MAX), State::Open, None, 3),
        (CircuitBreaker::force_open, State::ForcedOpen, None, 3),
        (CircuitBreaker::disable, State::Disabled, None, 3),
        (CircuitBreaker::metrics_only, State::MetricsOnly, None, 3),
        (CircuitBreaker::close, State::Closed, None, 3),
        (CircuitBreaker::reset, State::Closed, None, 0),
    ];
    for (order, state, left, openings) in orders {
        order(&all.breaker);
        assert_eq!(heard(&all.peer), [(state, left, openings, MANUAL)]);
    }
}

#[test]
fn an_order_that_leaves_the_state_as_it_is_is_a_change() {
    let all = joined(Policy::new());
    all.breaker.reset();
    all.breaker.reset();
    assert_eq!(heard(&all.peer), [(State::Closed, None, 0, MANUAL), (State::Closed, None, 0, MANUAL)]);
    all.breaker.force_open();
    all.breaker.force_open();
    assert_eq!(heard(&all.peer).len(), 2);
}

#[test]
fn an_order_comes_with_its_reason() {
    let all = joined(Policy::new());
    all.breaker.force_open_because("maintenance");
    let changes = all.peer.take_changes();
    assert_eq!(changes[0].cause.reason().map(breaker_box::Reason::as_str), Some("maintenance"));
}

#[test]
fn what_the_policy_decides_is_a_change() {
    let all = joined(Policy::consecutive_failures(2));
    fail(&all.breaker);
    assert_eq!(heard(&all.peer), []);
    fail(&all.breaker);
    assert_eq!(heard(&all.peer), [(State::Open, Some(seconds(30)), 1, "consecutive_failures")]);
    all.clock.advance(seconds(30));
    succeed(&all.breaker);
    let expected = [(State::HalfOpen, None, 1, "expired"), (State::Closed, None, 0, "probes_succeeded")];
    assert_eq!(heard(&all.peer), expected);
}

#[test]
fn an_opening_by_hung_calls_is_a_change_with_the_time_that_is_left() {
    let all = joined(Policy::hung_calls(1, seconds(10)));
    std::mem::forget(all.breaker.try_acquire().unwrap());
    all.clock.advance(seconds(12));
    assert_eq!(heard(&all.peer), []);
    succeed(&all.breaker);
    assert_eq!(heard(&all.peer), [(State::Open, Some(seconds(28)), 1, "hung_calls")]);
}

#[test]
fn an_adoption_after_hung_calls_finds_the_circuit_moved() {
    let all = joined(Policy::hung_calls(1, seconds(10)));
    std::mem::forget(all.breaker.try_acquire().unwrap());
    let before = all.membership.present(&all.breaker).generation;
    all.clock.advance(seconds(12));
    let adoption = all.membership.adopt(&all.breaker, Some(before), &Shared::new(State::Closed));
    assert!(matches!(&adoption, Adoption::Moved(change) if change.state == State::Open), "{adoption:?}");
}

#[test]
fn a_trip_is_a_change_with_its_own_time() {
    let all = joined(Policy::new());
    let outcome = Outcome::Trip { open_for: Some(seconds(7)), reason: Some("429".into()) };
    all.breaker.try_acquire().unwrap().settle(outcome);
    let changes = all.peer.take_changes();
    assert_eq!((changes[0].left, changes[0].cause.as_str()), (Some(seconds(7)), "tripped"));
    assert!(matches!(&changes[0].cause, Cause::Tripped { reason: Some(reason), .. } if reason == "429"));
}

#[test]
fn changes_that_only_time_makes_come_one_by_one_when_somebody_looks() {
    let policy = Policy::consecutive_failures(1).expiry(seconds(10)).half_open_timeout(seconds(5));
    let all = joined(policy);
    all.breaker.open();
    all.clock.advance(seconds(10));
    std::mem::forget(all.breaker.try_acquire().unwrap());
    all.peer.take();
    // The probe times out after 5 seconds, and the next open period is over after 10 more.
    all.clock.advance(seconds(20));
    all.breaker.disable();
    let expected = [
        (State::Open, Some(Duration::ZERO), 2, "half_open_timeout"),
        (State::HalfOpen, None, 2, "expired"),
        (State::Disabled, None, 2, MANUAL),
    ];
    assert_eq!(heard(&all.peer), expected);
}

#[test]
fn every_change_is_of_another_generation_and_the_last_is_the_present_one() {
    let all = joined(Policy::new());
    for _ in 0..3 {
        all.breaker.open();
        all.breaker.reset();
    }
    let generations: Vec<_> = all.peer.take_changes().iter().map(|change| change.generation).collect();
    assert_eq!(generations.len(), 6);
    for (place, generation) in generations.iter().enumerate() {
        assert!(!generations[..place].contains(generation));
    }
    assert_eq!(generations.last(), Some(&all.generation()));
}

#[test]
fn a_change_comes_with_the_circuit_that_it_happened_to() {
    let all = joined(Policy::new());
    let other = all.registry.register("search", Policy::new()).unwrap();
    other.open();
    all.breaker.open();
    let names: Vec<_> = all.peer.take_named().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["search", "payment_api"]);
}

#[test]
fn what_changes_nothing_is_not_heard() {
    let all = joined(Policy::new());
    succeed(&all.breaker);
    fail(&all.breaker);
    all.breaker.configure(Policy::consecutive_failures(9)).unwrap();
    let _ = (all.breaker.status(), all.breaker.state(), all.breaker.is_available());
    all.registry.sweep();
    assert_eq!(all.peer.take(), []);
}

#[test]
fn a_circuit_that_has_left_its_registry_is_not_heard() {
    let all = joined(Policy::new());
    let gone = all.registry.unregister("payment_api").unwrap();
    gone.force_open();
    all.breaker.reset();
    assert_eq!(all.peer.take(), []);
    // Nor is it taken for the next one of that name.
    let next = all.registry.register("payment_api", Policy::new()).unwrap();
    gone.open();
    assert_eq!(all.peer.take(), []);
    next.open();
    assert_eq!(all.peer.take().len(), 1);
}

#[test]
fn a_circuit_of_another_registry_is_not_heard() {
    let all = joined(Policy::new());
    let (other, _) = registry();
    other.register("payment_api", Policy::new()).unwrap().open();
    CircuitBreaker::new("payment_api", Policy::new()).unwrap().open();
    assert_eq!(all.peer.take(), []);
}

#[test]
fn circuits_that_exist_when_the_registry_joins_are_heard_from_then_on() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", Policy::new()).unwrap();
    breaker.force_open();
    let peer = Arc::new(Recorder::default());
    let membership = registry.join(peer.clone()).unwrap();
    assert_eq!(peer.take(), []);
    let present = membership.present(&breaker);
    assert_eq!((present.state, present.cause.as_str()), (State::ForcedOpen, MANUAL));
    breaker.reset();
    let heard = peer.take();
    assert!(matches!(&heard[..], [Heard::Changed(change)] if change.state == State::Closed));
}

#[test]
fn present_tells_the_last_change() {
    let all = joined(Policy::consecutive_failures(1));
    let fresh = all.membership.present(&all.breaker);
    assert_eq!((fresh.state, fresh.left, fresh.openings, fresh.cause.as_str()), (State::Closed, None, 0, MANUAL));
    fail(&all.breaker);
    all.clock.advance(seconds(10));
    let open = all.membership.present(&all.breaker);
    assert_eq!((open.state, open.left, open.openings), (State::Open, Some(seconds(20)), 1));
    assert_eq!(open.cause, Cause::ConsecutiveFailures);
    // It applies what is due.
    all.clock.advance(seconds(20));
    let half_open = all.membership.present(&all.breaker);
    assert_eq!((half_open.state, half_open.left, half_open.cause), (State::HalfOpen, None, Cause::Expired));
    assert_ne!(half_open.generation, open.generation);
    assert_eq!(all.peer.take_changes().last().map(|change| change.generation), Some(half_open.generation));
}
