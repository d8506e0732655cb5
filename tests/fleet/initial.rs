//! The state in which a circuit begins.

use std::sync::{Arc, Mutex};

use breaker_box::fleet::{Change, Peer, Shared};
use breaker_box::{CircuitBreaker, EventKind, Filter, KeyRef, Policy, Registry, State, circuit_breaker};
use breaker_box::{CircuitOpenError, EventType};

use crate::support::{Recorder, lock, registry, seconds};

fn knowing(name: &str, shared: Shared) -> Arc<Recorder> {
    let peer = Arc::new(Recorder::default());
    lock(&peer.known).insert(name.to_owned(), shared);
    peer
}

#[test]
fn a_registered_circuit_begins_as_the_fleet_has_it() {
    let (registry, _) = registry();
    let peer = knowing("payment_api", Shared::new(State::Open).left(seconds(12)).openings(3));
    let _membership = registry.join(peer.clone()).unwrap();
    let breaker = registry.register("payment_api", Policy::new()).unwrap();
    let status = breaker.status();
    assert_eq!((status.state, status.openings, status.retry_after), (State::Open, 3, Some(seconds(12))));
    let changes = peer.take_changes();
    assert_eq!((changes.len(), changes[0].state, changes[0].cause.as_str()), (1, State::Open, "remote"));
}

#[test]
fn the_first_call_by_name_is_decided_by_the_fleet() {
    let (registry, _) = registry();
    let peer = knowing("payment_api", Shared::new(State::ForcedOpen));
    let _membership = registry.join(peer).unwrap();
    assert!(registry.call("payment_api", || Ok::<_, ()>(())).is_err());
    assert_eq!(registry.status("payment_api").unwrap().totals.rejected, 1);
    assert!(registry.call("search", || Ok::<_, ()>(())).is_ok());
}

#[circuit_breaker(identifier = "annotated", registry = registry)]
fn annotated(registry: &Registry) -> Result<(), CircuitOpenError> {
    let _ = registry;
    Ok(())
}

#[test]
fn the_first_call_of_an_annotated_function_is_decided_by_the_fleet() {
    let (registry, _) = registry();
    let _membership = registry.join(knowing("annotated", Shared::new(State::ForcedOpen))).unwrap();
    assert_eq!(annotated(&registry).unwrap_err().state(), State::ForcedOpen);
}

#[cfg(feature = "settings")]
#[test]
fn circuits_from_settings_begin_as_the_fleet_has_them() {
    let (registry, _) = registry();
    let peer = knowing("payment_api", Shared::new(State::ForcedOpen));
    let _membership = registry.join(peer.clone()).unwrap();
    let settings = breaker_box::Settings::from_toml("[circuits.search]\n[circuits.payment_api]").unwrap();
    registry.apply(&settings).unwrap();
    assert_eq!(registry.state("payment_api"), State::ForcedOpen);
    assert_eq!(registry.state("search"), State::Closed);
    assert_eq!(peer.take().len(), 1);
}

#[test]
fn a_circuit_that_is_evicted_and_made_anew_begins_as_the_fleet_has_it() {
    let clock = breaker_box::ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).idle_after(seconds(10)).build().unwrap();
    let peer = Arc::new(Recorder::default());
    let _membership = registry.join(peer.clone()).unwrap();
    registry.call("payment_api", || Ok::<_, ()>(())).unwrap();
    clock.advance(seconds(10));
    registry.sweep();
    assert_eq!(registry.len(), 0);
    lock(&peer.known).insert("payment_api".to_owned(), Shared::new(State::ForcedOpen));
    assert!(registry.call("payment_api", || Ok::<_, ()>(())).is_err());
}

#[test]
fn the_circuit_is_registered_first_and_changes_then() {
    let (registry, _) = registry();
    let events = registry.events(Filter::all().events([EventType::Registered, EventType::StateChanged]));
    let _membership = registry.join(knowing("payment_api", Shared::new(State::Disabled))).unwrap();
    registry.register("payment_api", Policy::new()).unwrap();
    let kinds: Vec<_> = events.try_iter().map(|event| event.kind).collect();
    let [EventKind::Registered, EventKind::StateChanged { to, cause, .. }] = &kinds[..] else { panic!("{kinds:?}") };
    assert_eq!((*to, cause.as_str()), (State::Disabled, "remote"));
}

#[test]
fn a_circuit_that_is_closed_in_the_fleet_is_a_new_circuit() {
    let (registry, _) = registry();
    let peer = knowing("payment_api", Shared::new(State::Closed));
    let _membership = registry.join(peer.clone()).unwrap();
    assert_eq!(registry.register("payment_api", Policy::new()).unwrap().state(), State::Closed);
    assert_eq!(peer.take(), []);
}

#[test]
fn a_handler_may_call_the_registry_when_a_circuit_begins_open() {
    let (registry, _) = registry();
    let _membership = registry.join(knowing("payment_api", Shared::new(State::ForcedOpen))).unwrap();
    let inner = registry.clone();
    let _subscription = registry.subscribe(Filter::all().events([EventType::StateChanged]), move |_| {
        let _ = inner.get_or_register("fallback_api", Policy::new());
    });
    registry.register("payment_api", Policy::new()).unwrap();
    assert!(registry.get("fallback_api").is_some());
}

/// Looks its circuit up from within `changed`, and panics when it is asked.
#[derive(Default)]
struct Careless(Mutex<Vec<bool>>);

impl Peer for Careless {
    fn initial(&self, _: KeyRef<'_>) -> Option<Shared> {
        panic!("asked too much")
    }

    fn changed(&self, circuit: &CircuitBreaker, _: &Change) {
        lock(&self.0).push(circuit.is_available());
    }
}

#[test]
fn a_peer_that_panics_when_it_is_asked_knows_nothing() {
    let (registry, _) = registry();
    let _membership = registry.join(Arc::new(Careless::default())).unwrap();
    let breaker = registry.register("payment_api", Policy::new()).unwrap();
    assert_eq!(breaker.state(), State::Closed);
    assert!(registry.register("search", Policy::new()).is_ok());
}
