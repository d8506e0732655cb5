//! States that the fleet agrees on.

use std::time::Duration;

use breaker_box::fleet::{Adoption, Shared};
use breaker_box::{Cause, CircuitBreaker, EventKind, EventType, Filter, Policy, State};

use crate::support::{fail, joined, registry, seconds, succeed};

fn open(left: u64) -> Shared {
    Shared::new(State::Open).left(seconds(left)).openings(2)
}

#[test]
fn a_circuit_takes_over_a_state() {
    let all = joined(Policy::new());
    let adoption = all.membership.adopt(&all.breaker, None, &open(12).reason("429"));
    let status = all.breaker.status();
    assert_eq!((status.state, status.openings, status.retry_after), (State::Open, 2, Some(seconds(12))));
    let change = all.peer.take_changes().remove(0);
    assert_eq!(adoption, Adoption::Applied(change.generation));
    assert_eq!((change.state, change.left, change.openings), (State::Open, Some(seconds(12)), 2));
    assert!(matches!(change.cause, Cause::Remote { reason: Some(reason), .. } if reason == "429"));
}

#[test]
fn every_state_can_be_taken_over() {
    let all = joined(Policy::new());
    for state in [State::Open, State::ForcedOpen, State::Disabled, State::MetricsOnly, State::Closed] {
        let adoption = all.membership.adopt(&all.breaker, None, &Shared::new(state).openings(1));
        assert!(matches!(adoption, Adoption::Applied(_)), "{state}: {adoption:?}");
        assert_eq!((all.breaker.state(), all.breaker.status().openings), (state, 1));
    }
}

#[test]
fn half_open_is_read_as_open_with_nothing_left() {
    let all = joined(Policy::new());
    all.membership.adopt(&all.breaker, None, &Shared::new(State::HalfOpen).openings(1));
    assert_eq!(all.breaker.state(), State::HalfOpen);
    assert!(succeed(&all.breaker));
    assert_eq!(all.breaker.state(), State::Closed);
}

#[test]
fn the_time_left_is_exact_or_that_of_the_policy_and_has_no_jitter() {
    let all = joined(Policy::new().progressive_expiry(seconds(10), 2.0, seconds(300)).jitter(1.0));
    all.membership.adopt(&all.breaker, None, &open(7));
    assert_eq!(all.breaker.status().retry_after, Some(seconds(7)));
    all.membership.adopt(&all.breaker, None, &Shared::new(State::Open).openings(3));
    assert_eq!(all.breaker.status().retry_after, Some(seconds(40)));
    all.membership.adopt(&all.breaker, None, &Shared::new(State::Open).left(Duration::MAX));
    all.clock.advance(seconds(1_000_000));
    assert_eq!((all.breaker.state(), all.breaker.status().retry_after), (State::Open, None));
}

#[test]
fn closed_without_openings_is_as_after_a_recovery() {
    let all = joined(Policy::consecutive_failures(3));
    fail(&all.breaker);
    fail(&all.breaker);
    all.breaker.open();
    all.membership.adopt(&all.breaker, None, &Shared::new(State::Closed));
    let status = all.breaker.status();
    assert_eq!((status.state, status.openings, status.failure_count), (State::Closed, 0, 0));
}

#[test]
fn closed_with_openings_is_as_after_a_command_to_close() {
    let all = joined(Policy::consecutive_failures(3));
    fail(&all.breaker);
    fail(&all.breaker);
    all.breaker.open();
    all.membership.adopt(&all.breaker, None, &Shared::new(State::Closed).openings(4));
    let status = all.breaker.status();
    assert_eq!((status.state, status.openings, status.failure_count), (State::Closed, 4, 2));
    succeed(&all.breaker);
    assert_eq!(all.breaker.status().openings, 0);
}

#[test]
fn only_the_expected_generation_is_moved() {
    let all = joined(Policy::new());
    let before = all.generation();
    all.breaker.force_open();
    let adoption = all.membership.adopt(&all.breaker, Some(before), &open(12));
    let Adoption::Moved(change) = adoption else { panic!("{adoption:?}") };
    assert_eq!((change.state, change.generation), (State::ForcedOpen, all.generation()));
    assert_eq!(all.breaker.state(), State::ForcedOpen);
    let adoption = all.membership.adopt(&all.breaker, Some(change.generation), &open(12));
    assert!(matches!(adoption, Adoption::Applied(_)));
}

#[test]
fn time_that_has_passed_moves_the_circuit_first() {
    let all = joined(Policy::new());
    all.breaker.open();
    let before = all.generation();
    all.clock.advance(seconds(30));
    let adoption = all.membership.adopt(&all.breaker, Some(before), &open(12));
    assert!(matches!(adoption, Adoption::Moved(change) if change.state == State::HalfOpen));
}

#[test]
fn a_state_that_the_circuit_is_in_already_begins_no_generation() {
    let all = joined(Policy::new());
    all.membership.adopt(&all.breaker, None, &open(12));
    all.clock.advance(seconds(2));
    all.peer.take();
    let generation = all.generation();
    for left in [Duration::from_millis(9_999), seconds(10), Duration::from_millis(10_001)] {
        let adoption = all.membership.adopt(&all.breaker, Some(generation), &open(0).left(left));
        assert_eq!(adoption, Adoption::Unchanged(generation), "{left:?}");
    }
    assert_eq!(all.peer.take(), []);
    let adoption = all.membership.adopt(&all.breaker, None, &open(0).left(Duration::from_micros(10_001_001)));
    assert!(matches!(adoption, Adoption::Applied(_)));
    let adoption = all.membership.adopt(&all.breaker, None, &open(10).openings(3));
    assert!(matches!(adoption, Adoption::Applied(_)));
}

#[test]
fn calls_in_flight_settle_as_late() {
    let all = joined(Policy::consecutive_failures(1));
    let permit = all.breaker.try_acquire().unwrap();
    all.membership.adopt(&all.breaker, None, &open(12));
    permit.success();
    assert_eq!(all.breaker.status().totals.late, 1);
    assert_eq!(all.breaker.state(), State::Open);
}

#[test]
fn an_adoption_is_an_event_and_an_opening() {
    let all = joined(Policy::new());
    let events = all.registry.events(Filter::all().events([EventType::StateChanged]));
    all.membership.adopt(&all.breaker, None, &open(12));
    let EventKind::StateChanged { from, to, cause, .. } = events.try_recv().unwrap().kind else { panic!() };
    assert_eq!((from, to, cause.as_str()), (State::Closed, State::Open, "remote"));
    assert_eq!(all.breaker.status().totals.opened, 1);
}

#[test]
fn only_circuits_of_the_registry_are_moved() {
    let all = joined(Policy::new());
    let (other, _) = registry();
    let same_name = other.register("payment_api", Policy::new()).unwrap();
    let outside = CircuitBreaker::new("payment_api", Policy::new()).unwrap();
    let unregistered = all.registry.unregister("payment_api").unwrap();
    for circuit in [same_name, outside, unregistered] {
        assert_eq!(all.membership.adopt(&circuit, None, &open(12)), Adoption::Gone);
        let generation = all.membership.present(&circuit).generation;
        assert!(!all.membership.hold_probes(&circuit, generation));
        assert_eq!(circuit.state(), State::Closed);
    }
}

#[test]
fn nothing_is_moved_once_the_registry_is_gone() {
    let all = joined(Policy::new());
    drop(all.registry);
    assert_eq!(all.membership.adopt(&all.breaker, None, &open(12)), Adoption::Gone);
    assert_eq!(all.breaker.state(), State::Closed);
}
