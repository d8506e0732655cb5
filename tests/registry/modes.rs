//! Circuits that begin in metrics-only, because the call site that creates them says so.

use breaker_box::__private::{Admission, CircuitSlot, OfName, SiteOptions, enter_named};
use breaker_box::{CircuitOpenError, EventKind, EventType, Filter, ManualClock, Outcome, Policy, Registry, State};

use crate::support::{seconds, watch};

static ONE: Policy = Policy::consecutive_failures(1);
const TRIAL: SiteOptions = SiteOptions::new(Some(&ONE)).metrics_only();

/// A call of a site that computes its identifier.
fn enter<'a>(
    registry: &Registry,
    name: &str,
    options: SiteOptions,
    slot: &'a mut CircuitSlot<OfName>,
) -> Result<Admission<'a>, CircuitOpenError> {
    enter_named(registry, name, None, None, options, slot)
}

/// Whether a failing call of such a site runs.
fn fails(registry: &Registry, name: &str, options: SiteOptions) -> bool {
    let mut slot = CircuitSlot::new();
    enter(registry, name, options, &mut slot).is_ok_and(|entered| {
        breaker_box::__private::settle(entered, (), |()| Outcome::failure());
        true
    })
}

#[test]
fn a_circuit_that_a_trial_creates_begins_in_metrics_only() {
    let registry = Registry::new();
    let (seen, _subscription) = watch(&registry, Filter::all().events([EventType::StateChanged]));
    for _ in 0..3 {
        assert!(fails(&registry, "a", TRIAL));
    }
    let status = registry.status("a").unwrap();
    assert_eq!((status.state, status.policy, status.totals.failures), (State::MetricsOnly, ONE, 3));
    assert_eq!(seen.types(), [EventType::StateChanged], "watchers are told of the state");

    registry.reset("a").unwrap();
    assert!(fails(&registry, "a", TRIAL));
    assert!(!fails(&registry, "a", TRIAL), "the trial is over");
}

#[test]
fn the_event_says_that_it_was_the_mode() {
    let registry = Registry::new();
    let events = registry.events(Filter::all());
    assert!(fails(&registry, "a", TRIAL));
    let kinds: Vec<_> = events.try_iter().map(|event| event.kind).collect();
    assert!(matches!(kinds[0], EventKind::Registered));
    let EventKind::StateChanged { from: State::Closed, to: State::MetricsOnly, cause, .. } = &kinds[1] else {
        panic!("{kinds:?}")
    };
    assert_eq!(cause.reason().map(breaker_box::Reason::as_str), Some("mode"));
}

#[test]
fn a_circuit_that_exists_keeps_its_state() {
    let registry = Registry::new();
    assert!(fails(&registry, "a", SiteOptions::new(Some(&ONE))));
    assert!(!fails(&registry, "a", TRIAL));
    registry.register("b", ONE).unwrap();
    assert!(fails(&registry, "b", TRIAL));
    assert_eq!(registry.state("b"), State::Open);
}

#[test]
fn circuits_in_a_trial_make_room_and_come_back_in_the_trial() {
    let clock = ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).max_circuits(16).build().unwrap();
    for n in 0..100 {
        let mut slot = CircuitSlot::new();
        let entered = enter(&registry, &format!("user-{n}"), TRIAL, &mut slot).unwrap();
        breaker_box::__private::settle(entered, (), |()| Outcome::Success);
        clock.advance(seconds(2));
    }
    assert_eq!(registry.len(), 16);
    assert!(registry.get("user-99").is_some(), "none runs unguarded");
    assert!(registry.get("user-0").is_none());
    assert!(fails(&registry, "user-0", TRIAL));
    assert_eq!(registry.state("user-0"), State::MetricsOnly);
}

#[test]
fn a_state_that_was_ordered_stays_although_it_is_that_of_the_trial() {
    let clock = ManualClock::new();
    let builder = Registry::builder().clock(clock.clone()).idle_after(seconds(60));
    let registry = builder.build().unwrap();
    for name in ["trial", "ordered"] {
        assert!(fails(&registry, name, TRIAL));
    }
    registry.metrics_only("ordered").unwrap();
    clock.advance(seconds(3_600));
    registry.sweep();
    let names: Vec<_> = registry.list().into_iter().map(|status| status.key.to_string()).collect();
    assert_eq!(names, ["ordered"]);
}
