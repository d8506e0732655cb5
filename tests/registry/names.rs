//! Circuits coming and going by name.

use breaker_box::{Key, NotFoundError, Policy, RegisterError, Registry, State};

use crate::support::{fail, registry, registry_with, seconds, succeed};

const TWO: Policy = Policy::consecutive_failures(2);

#[test]
fn a_registered_circuit_is_closed_with_its_policy() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", TWO).unwrap();
    assert_eq!((breaker.state(), breaker.policy()), (State::Closed, TWO));
    assert_eq!((registry.len(), registry.is_empty()), (1, false));
}

#[test]
fn registering_a_name_again_is_rejected_and_changes_nothing() {
    let (registry, _) = registry();
    let first = registry.register("payment_api", TWO).unwrap();
    fail(&first);
    let refused = registry.register("payment_api", Policy::new()).unwrap_err();
    assert_eq!(refused, RegisterError::AlreadyRegistered { key: Key::new("payment_api") });
    let status = registry.status("payment_api").unwrap();
    assert_eq!((status.policy, status.failure_count), (TWO, 1));
}

#[test]
fn an_empty_identifier_is_rejected() {
    let (registry, _) = registry();
    for key in [Key::new(""), Key::new("").with_scope("payments").with_kind("http")] {
        assert!(matches!(registry.register(&key, TWO), Err(RegisterError::InvalidKey { .. })));
        assert!(matches!(registry.get_or_register(&key, TWO), Err(RegisterError::InvalidKey { .. })));
    }
    assert!(registry.is_empty());
}

#[test]
fn get_or_register_makes_a_missing_circuit() {
    let (registry, _) = registry();
    let breaker = registry.get_or_register("payment_api", TWO).unwrap();
    assert_eq!((breaker.policy(), registry.len()), (TWO, 1));
}

#[test]
fn get_or_register_returns_a_known_circuit_as_it_is() {
    let (registry, _) = registry();
    fail(&registry.register("payment_api", TWO).unwrap());
    let breaker = registry.get_or_register("payment_api", Policy::new()).unwrap();
    assert_eq!((breaker.policy(), breaker.status().failure_count), (TWO, 1));
}

#[test]
fn get_returns_a_handle_to_the_same_circuit() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", TWO).unwrap();
    let other = registry.get("payment_api").unwrap();
    fail(&other);
    assert_eq!(breaker.status().failure_count, 1);
    assert!(registry.get("refund_api").is_none());
}

#[test]
fn clones_are_the_same_registry() {
    let (registry, _) = registry();
    registry.clone().register("payment_api", TWO).unwrap();
    assert!(registry.get("payment_api").is_some());
}

#[test]
fn there_is_one_global_registry() {
    Registry::global().register("tests/registry/names: global", TWO).unwrap();
    let status = std::thread::spawn(|| Registry::global().status("tests/registry/names: global")).join().unwrap();
    assert_eq!(status.unwrap().policy, TWO);
}

#[test]
fn unregistering_forgets_the_name() {
    let (registry, _) = registry();
    registry.register("payment_api", TWO).unwrap();
    let breaker = registry.unregister("payment_api").unwrap();
    assert_eq!(breaker.key(), &Key::new("payment_api"));
    assert!(registry.get("payment_api").is_none());
    assert_eq!((registry.len(), registry.is_empty()), (0, true));
}

#[test]
fn unregistering_an_unknown_name_is_not_found() {
    let (registry, _) = registry();
    assert_eq!(registry.unregister("payment_api").map(drop), Err(NotFoundError::new("payment_api")));
}

#[test]
fn a_name_can_be_registered_anew() {
    let (registry, _) = registry();
    fail(&registry.register("payment_api", TWO).unwrap());
    registry.unregister("payment_api").unwrap();
    let anew = registry.register("payment_api", Policy::new()).unwrap();
    assert_eq!((anew.status().failure_count, anew.status().totals.failures), (0, 0));
}

#[test]
fn calls_in_flight_finish_and_never_bring_an_unregistered_circuit_back() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", TWO).unwrap();
    let permit = breaker.try_acquire().unwrap();
    let answer = registry.call("payment_api", || {
        registry.unregister("payment_api").unwrap();
        Err::<(), _>("unreachable")
    });
    permit.failure("unreachable");
    assert!(answer.is_err());
    assert!(registry.get("payment_api").is_none());
    assert_eq!(registry.status("payment_api").unwrap_err(), NotFoundError::new("payment_api"));
}

#[test]
fn calls_in_flight_of_an_unregistered_circuit_do_not_touch_its_successor() {
    let (registry, _) = registry();
    let old = registry.register("payment_api", Policy::consecutive_failures(1)).unwrap();
    let permit = old.try_acquire().unwrap();
    registry.unregister("payment_api").unwrap();
    let successor = registry.register("payment_api", Policy::consecutive_failures(1)).unwrap();
    permit.failure("unreachable");
    assert_eq!((old.state(), successor.state()), (State::Open, State::Closed));
    assert_eq!(successor.status().totals.late, 0);
}

#[test]
fn a_handle_to_an_unregistered_circuit_keeps_working() {
    let (registry, clock) = registry();
    let breaker = registry.register("payment_api", Policy::consecutive_failures(1)).unwrap();
    registry.unregister("payment_api").unwrap();
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
    clock.advance(seconds(30));
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
    assert!(registry.is_empty());
}

#[test]
fn an_unknown_name_is_closed_not_available_and_not_found() {
    let (registry, _) = registry();
    assert_eq!((registry.state("payment_api"), registry.is_available("payment_api")), (State::Closed, false));
    assert_eq!(registry.status("payment_api"), Err(NotFoundError::new("payment_api")));
    assert!(registry.is_empty(), "looking makes nothing");
}

#[test]
fn not_found_names_the_circuit() {
    let (registry, _) = registry();
    let error = registry.status("payment_api").unwrap_err();
    assert!(error.to_string().contains("payment_api"));
}

#[test]
fn is_available_is_what_a_call_would_find() {
    let (registry, clock) = registry();
    registry.register("payment_api", TWO).unwrap();
    assert!(registry.is_available("payment_api"));
    registry.open("payment_api").unwrap();
    assert!(!registry.is_available("payment_api"));
    clock.advance(seconds(30));
    assert!(registry.is_available("payment_api"));
}

#[test]
fn the_list_is_sorted_by_kind_scope_and_identifier() {
    let (registry, _) = registry();
    let sorted = [
        Key::new("a"),
        Key::new("b"),
        Key::new("a").with_scope("s"),
        Key::new("a").with_scope("t"),
        Key::new("a").with_kind("k"),
        Key::new("a").with_scope("s").with_kind("k"),
        Key::new("a").with_kind("l"),
    ];
    for key in sorted.iter().rev() {
        registry.register(key, TWO).unwrap();
    }
    let listed: Vec<Key> = registry.list().into_iter().map(|status| status.key).collect();
    assert_eq!(listed, sorted);
}

#[test]
fn the_list_holds_full_snapshots() {
    let (registry, _) = registry();
    fail(&registry.register("payment_api", TWO).unwrap());
    assert_eq!(registry.list(), [registry.status("payment_api").unwrap()]);
}

#[test]
fn registries_share_nothing() {
    let (one, _) = registry();
    let (other, _) = registry();
    one.register("payment_api", TWO).unwrap();
    assert!(other.is_empty());
}

#[test]
fn circuits_of_a_registry_are_independent() {
    let (registry, _) = registry_with(Policy::consecutive_failures(1));
    let _ = registry.call("payment_api", || Err::<(), _>(()));
    registry.call("refund_api", || Ok::<_, ()>(())).unwrap();
    assert_eq!((registry.state("payment_api"), registry.state("refund_api")), (State::Open, State::Closed));
}

#[test]
fn one_of_many_concurrent_registrations_wins() {
    let (registry, _) = registry();
    let won: usize = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(|| usize::from(registry.register("payment_api", TWO).is_ok()))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((won, registry.len()), (1, 1));
}
