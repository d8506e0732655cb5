//! Which events a subscription gets.

use breaker_box::{EventType, Filter, Key, Policy};

use crate::support::{fail, registry, watch};

const ONE: Policy = Policy::consecutive_failures(1);

#[test]
fn filters_by_kind_let_only_those_through() {
    let (registry, _) = registry();
    let filter = Filter::all().events([EventType::StateChanged, EventType::Registered]);
    let (seen, _subscription) = watch(&registry, filter);
    fail(&registry.register("payment_api", ONE).unwrap());
    assert_eq!(seen.types(), [EventType::Registered, EventType::StateChanged]);
}

#[test]
fn a_filter_of_no_kinds_lets_nothing_through() {
    let (registry, _) = registry();
    let (seen, _subscription) = watch(&registry, Filter::all().events([]));
    fail(&registry.register("payment_api", ONE).unwrap());
    assert_eq!(seen.types(), []);
}

/// How many registrations pass, of one identifier in two scopes, another identifier, and one in two
/// kinds.
fn passing(filter: Filter) -> Vec<String> {
    let (registry, _) = registry();
    let (seen, _subscription) = watch(&registry, filter.events([EventType::Registered]));
    for key in [
        Key::new("pay"),
        Key::new("pay").with_scope("eu"),
        Key::new("pay").with_scope("us"),
        Key::new("ship").with_scope("eu"),
        Key::new("pay").with_scope("eu").with_kind("http"),
    ] {
        registry.register(key, ONE).unwrap();
    }
    seen.events().iter().map(|event| event.key.to_string()).collect()
}

#[test]
fn a_filter_for_everything_lets_everything_through() {
    assert_eq!(passing(Filter::all()).len(), 5);
}

#[test]
fn filters_by_identifier_let_all_scopes_and_kinds_of_it_through() {
    assert_eq!(passing(Filter::all().identifier("pay")), ["pay", "eu/pay", "us/pay", "http/eu/pay"]);
}

#[test]
fn filters_by_scope_let_no_circuit_without_scope_through() {
    assert_eq!(passing(Filter::all().scope("eu")), ["eu/pay", "eu/ship", "http/eu/pay"]);
}

#[test]
fn filters_combine_with_and() {
    assert_eq!(passing(Filter::all().identifier("pay").scope("eu")), ["eu/pay", "http/eu/pay"]);
    assert_eq!(passing(Filter::all().identifier("ship").scope("us")), Vec::<String>::new());
}
