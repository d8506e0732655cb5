//! Circuits that are registered and unregistered while others call them by name.

use std::collections::BTreeSet;

use breaker_core::{EventKind, EventReceiver, EventType, Filter, Policy, RegisterError, Registry, State};

use crate::support::{Work, failures_of, outcomes, registry, together};

fn on<T: 'static>(registry: &Registry, work: impl FnOnce(&Registry) -> T + 'static) -> Work<T> {
    let registry = registry.clone();
    Box::new(move || work(&registry))
}

fn fail(registry: &Registry) -> bool {
    registry.call_with("a", || (), |()| false).is_ok()
}

// Seen to fail when `Registry::make` looks for the name before it takes the lock of the makers, not
// under it.
#[test]
fn a_name_is_registered_once() {
    let seen = outcomes(|| {
        let registry = registry();
        let register = |registry: &Registry| match registry.register("a", Policy::new()) {
            Ok(_) => "registered",
            Err(RegisterError::AlreadyRegistered { .. }) => "taken",
            Err(_) => "refused",
        };
        together([on(&registry, register), on(&registry, register)])
    });
    assert_eq!(seen, BTreeSet::from([vec!["registered", "taken"], vec!["taken", "registered"]]));
}

// Seen to fail when `Registry::make` looks for the name before it takes the lock of the makers, not
// under it.
#[test]
fn calls_by_a_name_that_is_new_meet_in_one_circuit() {
    let seen = outcomes(|| {
        let registry = registry();
        together([on(&registry, fail), on(&registry, fail)]);
        (registry.len(), failures_of(&registry, "a"))
    });
    assert_eq!(seen, BTreeSet::from([(1, Some(2))]));
}

// Seen to fail when `Registry::unregister` retires the circuit and leaves it in the map.
#[test]
fn a_call_is_counted_in_the_circuit_that_leaves_or_in_a_new_one() {
    let seen = outcomes(|| {
        let registry = registry();
        let old = registry.register("a", Policy::new()).expect("a free name");
        together([on(&registry, fail), on(&registry, |registry| registry.unregister("a").is_ok())]);
        (old.status().totals.failures, failures_of(&registry, "a"))
    });
    // In flight already, and it did not bring its circuit back; or it came after and made another.
    assert_eq!(seen, BTreeSet::from([(1, None), (0, Some(1))]));
}

// Seen to fail when `Registry::unregister` first finds the circuit and then removes it, without the
// lock of the makers.
#[test]
fn of_two_that_unregister_one_finds_it_gone() {
    let seen = outcomes(|| {
        let registry = registry();
        registry.register("a", Policy::new()).expect("a free name");
        let unregister = |registry: &Registry| registry.unregister("a").is_ok();
        let mut done = together([on(&registry, unregister), on(&registry, unregister)]);
        done.sort_unstable();
        (done, registry.len())
    });
    assert_eq!(seen, BTreeSet::from([(vec![false, true], 0)]));
}

// Seen to fail when `Registry::act` looks the name up twice.
#[test]
fn a_command_by_name_reaches_the_registered_circuit_or_finds_none() {
    let seen = outcomes(|| {
        let registry = registry();
        let old = registry.register("a", Policy::new()).expect("a free name");
        let opened = on(&registry, |registry| registry.force_open("a").is_ok());
        let unregister = on(&registry, |registry| registry.unregister("a").is_ok());
        let opened = together([opened, unregister])[0];
        (opened, old.state())
    });
    assert_eq!(seen, BTreeSet::from([(true, State::ForcedOpen), (false, State::Closed)]));
}

// Seen to fail when `Registry::make` queues the event after it has released the lock of the
// makers.
#[test]
fn the_events_of_a_circuit_begin_with_its_registration_and_end_with_its_removal() {
    let seen = outcomes(|| {
        let registry = registry();
        let events = comings_and_failures(&registry);
        together([on(&registry, fail), on(&registry, |registry| registry.unregister("a").is_ok())]);
        names(&events)
    });
    let expected = [
        vec!["registered", "failure"],
        vec!["registered", "failure", "unregistered"],
        // The call was in flight when its circuit left.
        vec!["registered", "unregistered", "failure"],
    ];
    assert_eq!(seen, BTreeSet::from(expected));
}

// Seen to fail when `Registry::make` queues the event after it has put the circuit into the map.
#[test]
fn a_registration_is_reported_before_the_failures_of_the_circuit() {
    let seen = outcomes(|| {
        let registry = registry();
        let events = comings_and_failures(&registry);
        together([on(&registry, fail), on(&registry, fail)]);
        names(&events)
    });
    assert_eq!(seen, BTreeSet::from([vec!["registered", "failure", "failure"]]));
}

fn comings_and_failures(registry: &Registry) -> EventReceiver {
    registry.events(Filter::all().events([EventType::Registered, EventType::Unregistered, EventType::Failure]))
}

fn names(events: &EventReceiver) -> Vec<&'static str> {
    std::iter::from_fn(|| events.try_recv().ok()).map(|event| name(&event.kind)).collect()
}

fn name(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::Registered => "registered",
        EventKind::Unregistered => "unregistered",
        EventKind::Failure { .. } => "failure",
        _ => "another",
    }
}
