//! Probes of a circuit whose slots the fleet decides about.

use breaker_box::fleet::{Adoption, Shared};
use breaker_box::{CircuitBreaker, EventType, Filter, Policy, State};

use crate::support::{Heard, fail, held, joined, seconds, succeed};

/// What a rejected call learns.
fn rejected(breaker: &CircuitBreaker) -> bool {
    breaker.try_acquire().err().is_some_and(|open| open.state() == State::HalfOpen && open.retry_after().is_none())
}

#[test]
fn a_held_circuit_is_half_open_without_a_slot() {
    let all = held(Policy::new());
    assert_eq!(all.breaker.state(), State::HalfOpen);
    assert!(!all.breaker.is_available());
    assert!(rejected(&all.breaker));
    all.clock.advance(seconds(1_000_000));
    assert!(rejected(&all.breaker));
}

#[test]
fn a_grant_lets_a_probe_through() {
    let all = held(Policy::new());
    all.grant(1, 2);
    assert!(all.breaker.is_available());
    assert!(succeed(&all.breaker));
    assert_eq!(all.breaker.state(), State::Closed);
}

#[test]
fn no_more_probes_run_than_granted_and_than_the_policy_allows() {
    for (granted, expected) in [(1, 1), (2, 2), (3, 3), (9, 3)] {
        let all = held(Policy::new().half_open_max_calls(3));
        all.grant(granted, 2);
        let permits: Vec<_> = (0..20).filter_map(|_| all.breaker.try_acquire().ok()).collect();
        assert_eq!(permits.len(), expected);
        assert!(rejected(&all.breaker));
    }
}

#[test]
fn a_slot_that_is_free_again_is_granted_still() {
    let all = held(Policy::new().success_threshold(3));
    all.grant(1, 2);
    for _ in 0..2 {
        assert!(succeed(&all.breaker));
    }
    assert_eq!(all.breaker.state(), State::HalfOpen);
    assert!(succeed(&all.breaker));
    assert_eq!(all.breaker.state(), State::Closed);
}

#[test]
fn no_probe_is_admitted_from_the_lapse_on() {
    let all = held(Policy::new());
    all.grant(1, 2);
    all.clock.advance(seconds(2));
    assert!(!all.breaker.is_available());
    assert!(rejected(&all.breaker));
}

#[test]
fn a_probe_in_flight_at_the_lapse_is_late_and_counts_neither_way() {
    for works in [true, false] {
        let all = held(Policy::new());
        let late = all.registry.events(Filter::all().events([EventType::Late]));
        all.grant(1, 2);
        let probe = all.breaker.try_acquire().unwrap();
        all.clock.advance(seconds(2));
        probe.settle(works);
        let status = all.breaker.status();
        assert_eq!((status.state, status.totals.late), (State::HalfOpen, 1));
        assert_eq!((status.totals.successes, status.totals.failures), (0, 0));
        assert_eq!(late.try_iter().count(), 1);
    }
}

#[test]
fn the_slot_of_a_lapsed_probe_is_free_for_the_next_grant() {
    let all = held(Policy::new());
    all.grant(1, 2);
    let lapsed = all.breaker.try_acquire().unwrap();
    all.clock.advance(seconds(2));
    all.grant(1, 2);
    let probe = all.breaker.try_acquire().unwrap();
    assert!(rejected(&all.breaker));
    lapsed.success();
    assert!(rejected(&all.breaker));
    assert_eq!(all.breaker.state(), State::HalfOpen);
    probe.success();
    assert_eq!(all.breaker.state(), State::Closed);
}

#[test]
fn a_grant_renewed_in_time_keeps_its_probe() {
    let all = held(Policy::new());
    all.grant(1, 2);
    let probe = all.breaker.try_acquire().unwrap();
    for _ in 0..5 {
        all.clock.advance(seconds(1));
        all.grant(1, 2);
    }
    probe.success();
    assert_eq!((all.breaker.state(), all.breaker.status().totals.late), (State::Closed, 0));
}

#[test]
fn the_hold_of_an_open_circuit_passes_to_its_half_open_period() {
    let all = joined(Policy::new());
    all.breaker.open();
    let open = all.hold();
    assert_eq!(all.breaker.try_acquire().unwrap_err().retry_after(), Some(seconds(30)));
    all.clock.advance(seconds(30));
    assert!(rejected(&all.breaker));
    let half_open = all.generation();
    assert_ne!(half_open, open);
    assert!(!all.membership.grant_probes(&all.breaker, open, 1, seconds(2)));
    assert!(all.membership.grant_probes(&all.breaker, half_open, 1, seconds(2)));
}

#[test]
fn a_grant_before_the_deadline_serves_the_first_call_after_it() {
    let all = joined(Policy::new());
    all.breaker.open();
    all.hold();
    all.clock.advance(seconds(29));
    all.grant(1, 2);
    assert!(all.breaker.try_acquire().is_err());
    all.clock.advance(seconds(1));
    assert!(all.breaker.try_acquire().is_ok());
}

#[test]
fn every_other_new_generation_has_no_hold() {
    let all = joined(Policy::new());
    all.breaker.open();
    all.hold();
    all.breaker.open_for(seconds(1));
    all.clock.advance(seconds(1));
    assert!(succeed(&all.breaker));

    all.breaker.open();
    all.hold();
    let shared = Shared::new(State::Open).left(seconds(1)).openings(1);
    assert!(matches!(all.membership.adopt(&all.breaker, None, &shared), Adoption::Applied(_)));
    all.clock.advance(seconds(1));
    assert!(succeed(&all.breaker));
}

#[test]
fn a_circuit_that_closes_on_expiry_holds_nothing() {
    let all = joined(Policy::new().close_on_expiry());
    all.breaker.open();
    all.hold();
    all.clock.advance(seconds(30));
    assert!(succeed(&all.breaker));
    assert_eq!(all.breaker.state(), State::Closed);
}

#[test]
fn thresholds_stay_in_force() {
    let all = held(Policy::new().half_open_failure_threshold(2));
    all.grant(1, 2);
    assert!(fail(&all.breaker) && fail(&all.breaker));
    let status = all.breaker.status();
    assert_eq!((status.state, status.openings), (State::Open, 2));
    // That generation has no hold.
    all.clock.advance(seconds(30));
    assert!(succeed(&all.breaker));
}

#[test]
fn a_time_limit_of_probes_stays_in_force() {
    let all = held(Policy::new().half_open_timeout(seconds(5)));
    all.grant(1, 60);
    std::mem::forget(all.breaker.try_acquire().unwrap());
    all.clock.advance(seconds(5));
    assert_eq!(all.breaker.state(), State::Open);
}

#[test]
fn a_probe_that_runs_for_the_open_period_gives_its_slot_to_the_next() {
    let all = held(Policy::new().expiry(seconds(30)));
    all.grant(1, 1_000);
    let slow = all.breaker.try_acquire().unwrap();
    assert!(rejected(&all.breaker));
    all.clock.advance(seconds(30));
    let next = all.breaker.try_acquire();
    assert!(next.is_ok() && rejected(&all.breaker));
    slow.success();
    assert_eq!(all.breaker.state(), State::Closed);
}

#[test]
fn a_release_gives_the_slots_of_the_policy_back() {
    let all = held(Policy::new().half_open_max_calls(2));
    assert!(rejected(&all.breaker));
    assert!(all.membership.release_probes(&all.breaker, all.generation()));
    let permits: Vec<_> = (0..5).filter_map(|_| all.breaker.try_acquire().ok()).collect();
    assert_eq!(permits.len(), 2);
}

#[test]
fn probes_that_ran_before_a_hold_go_on() {
    let all = joined(Policy::new().half_open_max_calls(2));
    all.breaker.open();
    all.clock.advance(seconds(30));
    let probe = all.breaker.try_acquire().unwrap();
    all.hold();
    assert!(rejected(&all.breaker));
    probe.success();
    assert_eq!(all.breaker.state(), State::Closed);
}

#[test]
fn orders_for_another_generation_or_state_change_nothing() {
    let all = joined(Policy::new());
    let closed = all.generation();
    assert!(!all.membership.hold_probes(&all.breaker, closed));
    all.breaker.open();
    let open = all.generation();
    assert!(!all.membership.hold_probes(&all.breaker, closed));
    // Not held.
    assert!(!all.membership.grant_probes(&all.breaker, open, 1, seconds(2)));
    assert!(all.membership.hold_probes(&all.breaker, open));
    all.clock.advance(seconds(30));
    assert!(!all.membership.release_probes(&all.breaker, open));
    assert!(rejected(&all.breaker));
}

#[test]
fn the_first_rejection_since_an_order_tells_the_peer_that_a_probe_is_wanted() {
    let all = held(Policy::new());
    for _ in 0..10 {
        assert!(rejected(&all.breaker));
    }
    assert_eq!(all.peer.take(), [Heard::Wanted(all.generation())]);

    all.grant(1, 2);
    let probe = all.breaker.try_acquire().unwrap();
    all.peer.take();
    for _ in 0..10 {
        assert!(rejected(&all.breaker));
    }
    assert_eq!(all.peer.take_wanted(), 1);
    drop(probe);

    all.clock.advance(seconds(2));
    for _ in 0..10 {
        assert!(rejected(&all.breaker));
    }
    assert_eq!(all.peer.take_wanted(), 0);
    all.hold();
    assert!(rejected(&all.breaker));
    assert_eq!(all.peer.take_wanted(), 1);
}

#[test]
fn the_call_that_ends_the_open_period_wants_a_probe() {
    let all = joined(Policy::new());
    all.breaker.open();
    all.hold();
    all.clock.advance(seconds(30));
    all.peer.take();
    assert!(rejected(&all.breaker));
    let heard = all.peer.take();
    assert!(matches!(&heard[..], [Heard::Changed(change), Heard::Wanted(wanted)] if change.generation == *wanted));
}

#[test]
fn a_circuit_that_does_not_hold_its_probes_wants_none() {
    let all = joined(Policy::new());
    all.breaker.open();
    assert!(all.breaker.try_acquire().is_err());
    all.clock.advance(seconds(30));
    let probe = all.breaker.try_acquire();
    assert!(rejected(&all.breaker));
    assert_eq!(all.peer.take_wanted(), 0);
    drop(probe);
    // Nor does an open one that holds them.
    all.breaker.open();
    all.hold();
    assert!(all.breaker.try_acquire().is_err());
    assert_eq!(all.peer.take_wanted(), 0);
}

#[test]
fn a_rejection_for_want_of_a_slot_is_counted_and_an_event() {
    let all = held(Policy::new());
    let events = all.registry.events(Filter::all().events([EventType::Rejected]));
    for _ in 0..3 {
        assert!(rejected(&all.breaker));
    }
    assert_eq!((events.try_iter().count(), all.breaker.status().totals.rejected), (3, 3));
}
