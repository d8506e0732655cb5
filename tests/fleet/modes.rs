//! A `mode` is configuration of one instance: it is not spread, and what the fleet was ordered wins.

use std::sync::Arc;

use breaker_box::fleet::{Change, Shared};
use breaker_box::{Cause, Policy, Registry, Settings, State};

use crate::support::{Recorder, joined, lock, registry};

fn apply(registry: &Registry, text: &str) {
    registry.apply(&Settings::from_toml(text).unwrap()).unwrap();
}

fn states(changes: &[Change]) -> Vec<(State, bool)> {
    changes.iter().map(|change| (change.state, change.only_here)).collect()
}

#[test]
fn a_mode_and_its_end_are_only_here() {
    let joined = joined(Policy::new());
    joined.peer.take();
    apply(&joined.registry, "[circuits.payment_api]\nmode = \"forced_open\"\n[circuits.new]\nmode = \"disabled\"");
    apply(&joined.registry, "[circuits.\"*\"]\nmode = \"metrics_only\"");
    joined.registry.call("later", || Ok::<_, ()>(())).unwrap();
    apply(&joined.registry, "");
    let changes = joined.peer.take_changes();
    assert!(changes.iter().all(|change| matches!(change.cause, Cause::Manual { .. }) && change.only_here));
    let mut told: Vec<_> = changes.iter().map(|change| change.state.as_str()).collect();
    told.sort_unstable();
    assert_eq!(told, ["closed", "closed", "disabled", "forced_open", "metrics_only", "metrics_only"]);
}

#[test]
fn an_order_for_the_fleet_wins_over_the_mode_of_a_new_circuit() {
    let joined = joined(Policy::new());
    let known = |name: &str, state| lock(&joined.peer.known).insert(name.to_owned(), Shared::new(state));
    for (name, state) in [("forced", State::ForcedOpen), ("disabled", State::Disabled), ("open", State::Open)] {
        known(name, state);
    }
    apply(&joined.registry, "[circuits.\"*\"]\nmode = \"metrics_only\"\n[circuits.forced]\nmode = \"metrics_only\"");
    let _ = joined.registry.call("disabled", || Ok::<_, ()>(()));
    let _ = joined.registry.call("open", || Ok::<_, ()>(()));
    assert_eq!(joined.registry.state("forced"), State::ForcedOpen);
    assert_eq!(joined.registry.state("disabled"), State::Disabled);
    assert_eq!(joined.registry.state("open"), State::MetricsOnly, "the others came to that by themselves");
}

#[test]
fn a_mode_that_ends_leaves_the_circuit_as_the_fleet_has_it() {
    let joined = joined(Policy::new());
    apply(&joined.registry, "[circuits.payment_api]\nmode = \"metrics_only\"");
    lock(&joined.peer.known).insert("payment_api".to_owned(), Shared::new(State::Open).openings(2));
    joined.peer.take();
    apply(&joined.registry, "");
    assert_eq!(states(&joined.peer.take_changes()), [(State::Closed, true), (State::Open, false)]);
    assert_eq!(joined.breaker.status().openings, 2);
}

#[test]
fn what_the_fleet_decides_later_holds_and_does_not_end_with_the_mode() {
    let joined = joined(Policy::new());
    apply(&joined.registry, "[circuits.payment_api]\nmode = \"metrics_only\"");
    let _ = joined.membership.adopt(&joined.breaker, None, &Shared::new(State::ForcedOpen));
    assert_eq!(joined.breaker.state(), State::ForcedOpen);
    apply(&joined.registry, "");
    assert_eq!(joined.breaker.state(), State::ForcedOpen);
}

#[test]
fn a_mode_from_before_the_registry_joined_is_present_as_only_here() {
    let (registry, _) = registry();
    apply(&registry, "[circuits.payment_api]\nmode = \"forced_open\"");
    let membership = registry.join(Arc::new(Recorder::default())).unwrap();
    let present = membership.present(&registry.get("payment_api").unwrap());
    assert_eq!((present.state, present.only_here), (State::ForcedOpen, true));
}
