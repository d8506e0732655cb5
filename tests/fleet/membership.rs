//! Joining and leaving.

use std::sync::Arc;

use breaker_box::fleet::{AlreadyJoinedError, Membership};
use breaker_box::{AsKey as _, Key, Policy, Registry, State, WeakRegistry};

use crate::support::{Recorder, held, joined, registry, seconds, succeed};

#[test]
fn a_registry_joins_one_fleet_at_a_time() {
    let all = joined(Policy::new());
    let error = all.registry.join(Arc::new(Recorder::default())).unwrap_err();
    assert_eq!(error, AlreadyJoinedError);
    assert_eq!(error.to_string(), "the registry has joined a fleet already; drop its membership first");
    // The first one stays.
    all.breaker.open();
    assert_eq!(all.peer.take().len(), 1);
}

#[test]
fn a_registry_that_has_left_can_join_again() {
    let all = joined(Policy::new());
    drop(all.membership);
    all.breaker.open();
    assert_eq!(all.peer.take(), []);
    let peer = Arc::new(Recorder::default());
    let _membership = all.registry.join(peer.clone()).unwrap();
    all.breaker.reset();
    assert_eq!((peer.take().len(), all.peer.take().len()), (1, 0));
}

#[test]
fn who_leaves_releases_the_probes_and_keeps_the_states() {
    let all = held(Policy::new());
    let other = all.registry.register("search", Policy::new()).unwrap();
    other.force_open();
    drop(all.membership);
    assert_eq!((all.breaker.state(), other.state()), (State::HalfOpen, State::ForcedOpen));
    assert!(succeed(&all.breaker));
}

#[test]
fn who_leaves_lets_go_of_the_peer() {
    let all = joined(Policy::new());
    all.breaker.open();
    drop(all.membership);
    assert_eq!(Arc::strong_count(&all.peer), 1);
    assert!(all.registry.peer().is_none());
}

#[test]
fn the_peer_can_be_asked_for_by_others() {
    let all = joined(Policy::new());
    let peer = all.registry.peer().unwrap();
    assert_eq!(peer.status().instances, 3);
    assert_eq!(peer.publisher("elsewhere".as_key()).unwrap().instance, "web-3");
    assert!(peer.publisher("payment_api".as_key()).is_none());
    assert!(peer.shares("payment_api".as_key()));
    assert!(!peer.shares(Key::new("payment_api").with_scope("local").as_key()));
}

#[test]
fn a_membership_does_not_keep_the_registry() {
    let all = joined(Policy::new());
    let weak = all.registry.downgrade();
    drop(all.registry);
    assert!(weak.upgrade().is_none());
    all.breaker.open();
    assert_eq!(all.peer.take(), []);
    assert_eq!(Arc::strong_count(&all.peer), 1);
    drop(all.membership);
}

#[test]
fn a_circuit_that_leaves_the_registry_goes_on_by_local_rules() {
    let all = held(Policy::new());
    assert!(!succeed(&all.breaker));
    let same = all.registry.unregister("payment_api").unwrap();
    assert!(succeed(&all.breaker));
    assert_eq!(same.state(), State::Closed);
}

#[test]
fn circuits_that_outlive_the_registry_go_on_by_local_rules() {
    let all = held(Policy::new());
    assert!(!succeed(&all.breaker));
    drop(all.registry);
    assert!(succeed(&all.breaker));
    assert_eq!(all.breaker.state(), State::Closed);
    drop(all.membership);
}

#[test]
fn a_weak_registry_is_the_same_registry() {
    let (registry, _) = registry();
    let weak = registry.downgrade();
    weak.clone().upgrade().unwrap().register("payment_api", Policy::new()).unwrap();
    assert!(registry.get("payment_api").is_some());
    assert_eq!(format!("{weak:?}"), "WeakRegistry { .. }");
}

#[test]
fn handles_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>() {}
    shared::<Membership>();
    shared::<WeakRegistry>();
    shared::<Registry>();
}

#[test]
fn a_grant_does_not_outlive_the_membership() {
    let all = held(Policy::new().half_open_max_calls(2));
    all.grant(1, 5);
    let probe = all.breaker.try_acquire().unwrap();
    drop(all.membership);
    // The probe goes on by local rules, and its lapse no longer matters.
    let second = all.breaker.try_acquire();
    assert!(second.is_ok());
    all.clock.advance(seconds(5));
    probe.success();
    assert_eq!((all.breaker.state(), all.breaker.status().totals.late), (State::Closed, 0));
}
