//! What the store keeps of the samples and events of circuits.

use std::time::Duration;

use breaker_core::{EventType, Filter, Policy};

use super::*;
use crate::documents;
use crate::history::PERIODS;

fn store(registry: &Registry) -> Store {
    let settings = Settings {
        title: String::new(),
        hide_reasons: false,
        max_circuits: 10_000,
        interval: Duration::from_secs(1),
        controls: "read_only",
    };
    Store::new(registry.clone(), settings)
}

fn only(store: &Store) -> &Record {
    store.records().next().unwrap()
}

#[test]
fn an_open_period_that_is_over_without_a_call_is_still_the_same_outage() {
    let clock = breaker_core::ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).build().unwrap();
    let events = registry.events(Filter::all().events([EventType::StateChanged]));
    let policy = Policy::consecutive_failures(1).expiry(Duration::from_secs(30));
    let circuit = registry.register("a", policy).unwrap();
    let mut store = store(&registry);
    store.sample_all();
    circuit.record_failure("timed out");
    store.add_event(&events.try_recv().unwrap());
    store.sample_changed();
    let outage = only(&store).outage.clone().unwrap();
    assert_eq!(outage.cause.as_ref().unwrap().name, Cause::ConsecutiveFailures.as_str());

    clock.advance(Duration::from_secs(30));
    store.sample_all();
    assert_eq!(only(&store).status.state, State::HalfOpen);
    assert_eq!(only(&store).outage.as_ref(), Some(&outage), "no call has come yet");

    circuit.record_failure("timed out");
    while let Ok(event) = events.try_recv() {
        store.add_event(&event);
    }
    store.sample_changed();
    assert_eq!(only(&store).onset.cause.as_ref().unwrap().name, Cause::ProbeFailed.as_str());
    assert_eq!(only(&store).outage.as_ref(), Some(&outage), "the first cause stays");
    circuit.reset();
    store.add_event(&events.try_recv().unwrap());
    store.sample_changed();
    assert_eq!(only(&store).outage, None);
}

#[test]
fn a_circuit_that_ramps_up_has_no_outage_and_says_how_far_it_is() {
    let clock = breaker_core::ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).build().unwrap();
    let policy = Policy::new().ramp_up(Duration::from_secs(100)).ramp_up_from(0.2).close_on_expiry();
    let circuit = registry.register("a", policy).unwrap();
    circuit.open();
    let mut store = store(&registry);
    store.sample_all();
    assert!(only(&store).outage.is_some());
    assert_eq!(only(&store).ramp(), None);
    clock.advance(Duration::from_secs(30 + 25));
    store.sample_all();
    let record = only(&store);
    assert_eq!((record.status.state, record.outage.as_ref()), (State::RampingUp, None));
    let (share, until) = record.ramp().unwrap();
    assert!((share - 0.4).abs() < 0.011, "{share}");
    assert!(until.is_some());
    clock.advance(Duration::from_secs(75));
    store.sample_all();
    assert_eq!((only(&store).status.state, only(&store).ramp()), (State::Closed, None));
}

#[test]
fn a_circuit_whose_recovery_nobody_has_seen_has_no_outage_when_it_is_first_sampled() {
    let clock = breaker_core::ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).build().unwrap();
    let events = registry.events(Filter::all().events([EventType::StateChanged]));
    let mut store = store(&registry);
    store.sample_all();
    let policy = Policy::new().ramp_up(Duration::from_secs(100)).close_on_expiry();
    registry.register("a", policy).unwrap().open();
    store.add_event(&events.try_recv().unwrap());
    clock.advance(Duration::from_secs(40));
    store.sample_all();
    let record = only(&store);
    assert_eq!((record.status.state, &record.outage, &record.onset.cause), (State::RampingUp, &None, &None));
}

#[test]
fn an_opening_that_is_heard_of_after_its_end_leaves_no_outage() {
    let clock = breaker_core::ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).build().unwrap();
    let events = registry.events(Filter::all().events([EventType::StateChanged]));
    let policy = Policy::new().expiry(Duration::from_nanos(1)).close_on_expiry();
    let circuit = registry.register("a", policy).unwrap();
    let mut store = store(&registry);
    circuit.open();
    clock.advance(Duration::from_secs(1));
    store.sample_all();
    store.add_event(&events.try_recv().unwrap());
    assert!(only(&store).outage.is_some());
    store.sample_all();
    assert_eq!((only(&store).status.state, &only(&store).outage), (State::Closed, &None));
}

#[test]
fn a_half_open_circuit_is_probing_only_while_its_probes_are_out() {
    let clock = breaker_core::ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).build().unwrap();
    let policy = Policy::new().expiry(Duration::from_secs(30)).half_open_max_calls(2).success_threshold(2);
    let circuit = registry.register("a", policy).unwrap();
    circuit.open();
    clock.advance(Duration::from_secs(30));
    let mut store = store(&registry);
    let mut probing = || {
        store.sample_all();
        assert_eq!(only(&store).status.state, State::HalfOpen);
        only(&store).probing
    };
    assert!(!probing(), "no call has come since");
    let first = circuit.try_acquire().unwrap();
    assert!(!probing(), "one more probe would be admitted");
    let second = circuit.try_acquire().unwrap();
    assert!(probing());
    first.ignore();
    assert!(!probing(), "it returned without a verdict");
    drop(second);
    assert!(!probing());
}

#[test]
fn the_history_has_the_first_calls_of_a_new_circuit_but_none_from_before_the_panel() {
    let registry = Registry::new();
    registry.register("old", Policy::new()).unwrap().record_failure("long ago");
    let mut store = store(&registry);
    store.sample_all();
    registry.register("new", Policy::new()).unwrap().record_failure("just now");
    store.sample_all();
    let failures = |name: &str| {
        let points = store.records[&Key::new(name)].history.fine.until(0);
        points.map(|(_, point)| point.failures).sum::<u32>()
    };
    assert_eq!((failures("old"), failures("new")), (0, 1));
}

#[test]
fn a_circuit_that_replaces_another_with_the_same_key_starts_afresh() {
    let registry = Registry::new();
    registry.register("a", Policy::new()).unwrap().record_success();
    let mut store = store(&registry);
    store.sample_all();
    let first = only(&store).id;
    registry.unregister("a").unwrap();
    registry.register("a", Policy::new()).unwrap();
    let delta = store.sample_all();
    assert_eq!(delta.removed, [first]);
    assert_ne!(only(&store).id, first);
}

#[test]
fn the_cause_of_a_circuit_that_opened_before_its_first_sample_is_known() {
    let registry = Registry::new();
    let events = registry.events(Filter::all().events([EventType::StateChanged]));
    let mut store = store(&registry);
    registry.register("a", Policy::new()).unwrap().open_because("a reason");
    store.add_event(&events.try_recv().unwrap());
    store.sample_changed();
    let cause = only(&store).outage.as_ref().unwrap().cause.clone().unwrap();
    assert_eq!((cause.name, cause.reason.as_deref()), ("manual", Some("a reason")));
    assert_eq!(only(&store).entries.len(), 1);
}

/// The figure in the documentation: 5,000 circuits, each with calls in every period of its
/// history.
#[test]
fn five_thousand_busy_circuits_take_at_most_the_documented_memory() {
    const CIRCUITS: u32 = 5_000;
    let registry = Registry::new();
    let policy = Policy::consecutive_failures(9);
    for shop in 0..CIRCUITS {
        let circuit = registry.register(format!("shop:{shop}"), policy).unwrap();
        circuit.record_failure("x".repeat(256));
    }
    let busy = |store: &mut Store| {
        // Every coarse period of the last hour, and every fine one of its last minutes.
        let hour = u64::from(PERIODS) * 60;
        for seconds in (0..hour).step_by(60).chain((hour..hour + u64::from(PERIODS) * 5).step_by(5)) {
            for record in store.records.values_mut() {
                let mut counts = breaker_core::Totals::default();
                (counts.successes, counts.rejected) = (7, 1);
                record.history.add(Duration::from_secs(seconds), &counts, State::Open);
            }
        }
    };
    let mut kept = None;
    let memory = allocation_counter::measure(|| {
        let mut store = store(&registry);
        store.sample_all();
        busy(&mut store);
        kept = Some(store);
    });
    let each = u64::try_from(memory.bytes_current).unwrap() / u64::from(CIRCUITS);
    println!("{each} bytes for each circuit, {} in all", memory.bytes_current);
    assert!(each < 10_000, "{each} bytes for each circuit");
    let message = documents::snapshot(kept.as_ref().unwrap(), 0);
    println!("{} bytes of snapshot", message.len());
}
