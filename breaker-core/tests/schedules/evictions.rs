//! Circuits that leave by themselves while others call them: nothing that a circuit remembers is
//! lost with it.

use std::collections::BTreeSet;

use breaker_core::{CircuitBreaker, EventReceiver, EventType, Filter, ManualClock, Policy, Registry, State};

use crate::support::{Work, failures_of, outcomes, outcomes_of_many_steps, seconds, together};

fn on<T: 'static>(registry: &Registry, work: impl FnOnce(&Registry) -> T + 'static) -> Work<T> {
    let registry = registry.clone();
    Box::new(move || work(&registry))
}

/// A registry in which the circuit `a` has been idle for long enough to leave.
fn with_an_idle_circuit() -> Registry {
    let clock = ManualClock::new();
    let builder = Registry::builder().default_policy(Policy::new()).clock(clock.clone());
    let registry = builder.idle_after(seconds(10)).build().expect("a valid policy");
    call(&registry, "a");
    clock.advance(seconds(10));
    registry
}

/// One call by name that succeeds.
fn call(registry: &Registry, name: &str) {
    registry.call_with(name, || (), |()| true).expect("it is closed");
}

fn sweep(registry: &Registry) -> bool {
    registry.sweep();
    true
}

/// A registry of one circuit, `a`, and its events about calls without a circuit.
fn of_one_circuit() -> (Registry, EventReceiver) {
    let builder = Registry::builder().default_policy(Policy::new()).clock(ManualClock::new());
    let registry = builder.max_circuits(1).build().expect("a valid policy");
    call(&registry, "a");
    let events = registry.events(Filter::all().events([EventType::Unguarded]));
    (registry, events)
}

// Seen to fail when `Registry::get` does not pin the circuit, and without either fence.
#[test]
fn a_failure_by_name_stays_in_its_circuit_or_finds_it_gone() {
    let seen = outcomes(|| {
        let registry = with_an_idle_circuit();
        let record = on(&registry, |registry| registry.record_failure("a", "timed out").is_ok());
        let recorded = together([record, on(&registry, sweep)])[0];
        (recorded, failures_of(&registry, "a"))
    });
    assert_eq!(seen, BTreeSet::from([(true, Some(1)), (false, None)]));
}

// Seen to fail when `Registry::get` does not pin the circuit, and without either fence.
#[test]
fn a_command_by_name_keeps_its_circuit_or_finds_it_gone() {
    let seen = outcomes(|| {
        let registry = with_an_idle_circuit();
        let open = on(&registry, |registry| registry.force_open("a").is_ok());
        let opened = together([open, on(&registry, sweep)])[0];
        (opened, registry.len(), registry.state("a"))
    });
    assert_eq!(seen, BTreeSet::from([(true, 1, State::ForcedOpen), (false, 0, State::Closed)]));
}

// Seen to fail when a pin is taken although the circuit had left, when `Counters::has_pins` loads
// what was removed relaxed, and when `Circuit::retire_if_unused` does not check again what the
// circuit remembers.
#[test]
fn a_call_that_fails_is_remembered_whether_its_circuit_stays_or_is_made_anew() {
    let seen = outcomes(|| {
        let registry = with_an_idle_circuit();
        let call = on(&registry, |registry| registry.call_with("a", || (), |()| false).is_ok());
        together([call, on(&registry, sweep)]);
        failures_of(&registry, "a")
    });
    assert_eq!(seen, BTreeSet::from([Some(1)]));
}

// Seen to fail when `Circuit::retire_if_unused` does not check for pins, and without its fence.
#[test]
fn a_circuit_with_a_call_in_flight_stays() {
    let seen = outcomes(|| {
        let registry = with_an_idle_circuit();
        // What the call saw of its circuit while it ran, and what is there at the end.
        let call = on(&registry, |registry| {
            let inner = registry.clone();
            registry.call_with("a", move || inner.len(), |_| true).expect("it is closed") == 1
        });
        together([call, on(&registry, sweep)])[0]
    });
    assert_eq!(seen, BTreeSet::from([true]));
}

// Seen to fail when `Registry::get` does not check whether the circuit has left, and without either
// fence.
#[test]
fn a_handle_is_one_to_the_circuit_that_stays_or_there_is_none() {
    let seen = outcomes(|| {
        let registry = with_an_idle_circuit();
        let get = registry.clone();
        let get: Work<Option<CircuitBreaker>> = Box::new(move || get.get("a"));
        let swept = registry.clone();
        let sweep: Work<Option<CircuitBreaker>> = Box::new(move || {
            swept.sweep();
            None
        });
        let handle = together([get, sweep]).remove(0);
        if let Some(handle) = &handle {
            handle.force_open();
        }
        (handle.is_some(), registry.len(), registry.state("a"))
    });
    assert_eq!(seen, BTreeSet::from([(true, 1, State::ForcedOpen), (false, 0, State::Closed)]));
}

// Seen to fail when a clone of a handle is not counted.
#[test]
fn a_handle_that_is_handed_on_keeps_its_circuit() {
    let seen = outcomes(|| {
        let registry = with_an_idle_circuit();
        let first = registry.get("a").expect("it is there");
        let hand_on = move |_: &Registry| {
            let second = first.clone();
            drop(first);
            second.force_open();
            true
        };
        together([on(&registry, hand_on), on(&registry, sweep)]);
        (registry.len(), registry.state("a"))
    });
    assert_eq!(seen, BTreeSet::from([(1, State::ForcedOpen)]));
}

// Seen to fail when `Circuit::retire_if_unused` does not check what the circuit remembers.
#[test]
fn a_circuit_whose_last_handle_goes_leaves_or_stays_whole() {
    let seen = outcomes(|| {
        let registry = with_an_idle_circuit();
        let handle = registry.get("a").expect("it is there");
        let fail = move |_: &Registry| handle.call_with(|| (), |()| false).is_ok();
        together([on(&registry, fail), on(&registry, sweep)]);
        failures_of(&registry, "a")
    });
    // The failure is younger than what is forgotten.
    assert_eq!(seen, BTreeSet::from([Some(1)]));
}

// Seen to fail when `Circuit::configure` does not mark the circuit as kept.
#[test]
fn a_policy_given_by_name_stays_or_finds_no_circuit() {
    const OTHER: Policy = Policy::consecutive_failures(7);
    let seen = outcomes(|| {
        let registry = with_an_idle_circuit();
        let configure = on(&registry, |registry| registry.configure("a", OTHER).is_ok());
        let configured = together([configure, on(&registry, sweep)])[0];
        registry.sweep();
        (configured, registry.status("a").map(|status| status.policy == OTHER).ok())
    });
    assert_eq!(seen, BTreeSet::from([(true, Some(true)), (false, None)]));
}

// Seen to fail when `Registry::get_or_register` makes its circuit as a call does.
#[test]
fn a_newcomer_that_is_registered_is_not_pushed_out_by_the_next() {
    let seen = outcomes(|| {
        let (registry, _unguarded) = of_one_circuit();
        let register =
            |name: &'static str| move |registry: &Registry| registry.get_or_register(name, Policy::new()).is_ok();
        let mut registered = together([on(&registry, register("b")), on(&registry, register("c"))]);
        registered.sort_unstable();
        (registered, registry.len())
    });
    assert_eq!(seen, BTreeSet::from([(vec![false, true], 1)]));
}

// Seen to fail when `Registry::retire_idle` retires a circuit without checking whether it is used.
#[test]
fn a_full_registry_keeps_its_limit_and_every_failure() {
    let seen = outcomes_of_many_steps(|| {
        let (registry, unguarded) = of_one_circuit();
        let fail = |name| move |registry: &Registry| registry.call_with(name, || (), |()| false).is_ok();
        together([on(&registry, fail("a")), on(&registry, fail("b"))]);
        let unguarded: Vec<_> =
            std::iter::from_fn(|| unguarded.try_recv().ok()).map(|event| event.key.identifier().to_owned()).collect();
        (failures_of(&registry, "a"), failures_of(&registry, "b"), unguarded)
    });
    let expected = [
        // `a` had failed already, or was running: `b` ran without a circuit.
        (Some(1), None, vec!["b".to_owned()]),
        // `b` came first and took the place, and failed: `a` ran without a circuit.
        (None, Some(1), vec!["a".to_owned()]),
    ];
    assert_eq!(seen, BTreeSet::from(expected));
}
