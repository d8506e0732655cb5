//! A circuit that leaves takes its series along: at once in the text, after its idle timeout in the
//! exporter.

use std::thread;
use std::time::{Duration, Instant};

use breaker_box::{Metrics, Policy, Registry, Window};
use metrics_util::MetricKindMask;

use crate::exporter::{Exporter, builder, rendered};
use crate::exposition::Scrape;
use crate::support::{fail_times, registry, registry_with, seconds, succeed_times};
use crate::truth::series_of;

/// The gauges of a circuit that are not zero or without a value.
fn gauges_that_say_something(scrape: &Scrape, identifier: &str) -> usize {
    let is_gauge = |name: &str| scrape.types.get(name).is_some_and(|kind| kind == "gauge");
    let series = scrape.having("identifier", identifier);
    series.iter().filter(|(series, value)| is_gauge(&series.name) && value.0 != 0.0 && !value.0.is_nan()).count()
}

/// Two circuits with a known rate each, one of which leaves.
fn two_with_rates() -> Registry {
    let (registry, _clock) = registry_with(Policy::failure_rate(0.9, Window::calls(2)));
    for identifier in ["leaves", "stays"] {
        let _ = registry.call(identifier, || Err::<(), _>("unreachable"));
        let _ = registry.call(identifier, || Ok::<_, &str>(()));
    }
    registry
}

#[test]
fn the_text_of_its_own_forgets_a_circuit_at_once() {
    let registry = two_with_rates();
    let metrics = Metrics::new(&registry);
    assert_eq!(rendered(&metrics).having("identifier", "leaves").len(), 18);
    registry.unregister("leaves").unwrap();
    let scrape = rendered(&metrics);
    assert_eq!(scrape.samples, series_of(&registry.status("stays").unwrap(), None));
    registry.unregister("stays").unwrap();
    assert_eq!(metrics.render(), "");
}

#[test]
fn the_exporter_drops_the_gauges_of_a_circuit_that_left_and_of_no_other() {
    let registry = two_with_rates();
    let metrics = Metrics::new(&registry);
    let timeout = Duration::from_millis(20);
    let exporter = Exporter::of(builder().idle_timeout(MetricKindMask::GAUGE, Some(timeout)));
    exporter.record(|| metrics::counter!("shop_orders_total").increment(3));
    let before = exporter.scrape(&metrics);
    assert_eq!(gauges_that_say_something(&before, "leaves"), 2);

    registry.unregister("leaves").unwrap();
    let deadline = Instant::now() + Duration::from_secs(120);
    let after = loop {
        let scrape = exporter.scrape(&metrics);
        assert_eq!(gauges_that_say_something(&scrape, "leaves"), 0, "they are taken back at the next scrape");
        // What stays is never dropped, however often it is scraped.
        let stays: Vec<_> = scrape.having("identifier", "stays").into_iter().collect();
        assert_eq!(stays, series_of(&registry.status("stays").unwrap(), None).into_iter().collect::<Vec<_>>());
        let left = scrape.having("identifier", "leaves");
        if !left.keys().any(|series| scrape.types.get(&series.name).is_some_and(|kind| kind == "gauge")) {
            break scrape;
        }
        assert!(Instant::now() < deadline, "still there: {left:?}");
        thread::yield_now();
    };
    // Counters stay: they say what has been.
    assert_eq!(after.having("identifier", "leaves").len(), 9);
    assert_eq!(after.value("shop_orders_total", &[]), Some(3.0));
}

#[test]
fn a_recorder_that_forgets_nothing_gets_zeros_and_nans() {
    let registry = two_with_rates();
    let metrics = Metrics::new(&registry);
    let exporter = Exporter::new();
    assert_eq!(gauges_that_say_something(&exporter.scrape(&metrics), "leaves"), 2);
    registry.unregister("leaves").unwrap();
    for _ in 0..3 {
        let scrape = exporter.scrape(&metrics);
        assert_eq!(gauges_that_say_something(&scrape, "leaves"), 0);
        let ratio = scrape.value("breaker_box_failure_ratio", &[("identifier", "leaves")]);
        assert!(ratio.is_some_and(f64::is_nan), "{ratio:?}");
        assert_eq!(gauges_that_say_something(&scrape, "stays"), 2);
    }
}

#[test]
fn an_open_circuit_that_is_unregistered_is_open_no_more() {
    let (registry, _clock) = registry();
    registry.register("search", Policy::new()).unwrap().open();
    let exporter = Exporter::new();
    let open = [("identifier", "search"), ("state", "open")];
    assert_eq!(exporter.scrape(&Metrics::new(&registry)).value("breaker_box_state", &open), Some(1.0));
    registry.unregister("search").unwrap();
    assert_eq!(exporter.scrape(&Metrics::new(&registry)).value("breaker_box_state", &open), Some(0.0));
}

#[test]
fn a_circuit_that_is_registered_again_is_shown_again() {
    let (registry, _clock) = registry();
    let metrics = Metrics::new(&registry);
    let exporter = Exporter::new();
    registry.register("search", Policy::new()).unwrap();
    let closed = [("identifier", "search"), ("state", "closed")];
    for _ in 0..2 {
        assert_eq!(exporter.scrape(&metrics).value("breaker_box_state", &closed), Some(1.0));
        registry.unregister("search").unwrap();
        assert_eq!(exporter.scrape(&metrics).value("breaker_box_state", &closed), Some(0.0));
        registry.register("search", Policy::new()).unwrap();
    }
}

#[test]
fn the_series_of_an_evicted_circuit_end() {
    let clock = breaker_box::ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).idle_after(seconds(60)).build().unwrap();
    let metrics = Metrics::new(&registry);
    let exporter = Exporter::new();
    registry.call("search", || Ok::<_, &str>(())).unwrap();
    succeed_times(&registry.get("search").unwrap(), 4);
    exporter.scrape(&metrics);

    // These are reported although the circuit is gone by the next scrape. What was reported to a
    // recorder does not keep a circuit.
    succeed_times(&registry.get("search").unwrap(), 2);
    clock.advance(seconds(60));
    registry.sweep();
    assert!(registry.is_empty());
    let successes = [("identifier", "search"), ("outcome", "success")];
    let scrape = exporter.scrape(&metrics);
    assert_eq!(scrape.value("breaker_box_calls_total", &successes), Some(7.0));
    assert_eq!(gauges_that_say_something(&scrape, "search"), 0);
    assert_eq!(metrics.render(), "");

    // The next call by name makes a new circuit, which is shown under the old name.
    registry.call("search", || Ok::<_, &str>(())).unwrap();
    assert_eq!(exporter.scrape(&metrics).value("breaker_box_calls_total", &successes), Some(8.0));
    assert_eq!(rendered(&metrics).value("breaker_box_calls_total", &successes), Some(1.0));
}

#[test]
fn calls_by_a_handle_to_a_removed_circuit_are_not_shown() {
    let registry = Registry::new();
    let metrics = Metrics::new(&registry);
    let exporter = Exporter::new();
    let kept = registry.register("search", Policy::new()).unwrap();
    succeed_times(&kept, 7);
    exporter.scrape(&metrics);
    registry.unregister("search").unwrap();
    exporter.scrape(&metrics);
    let successes = [("identifier", "search"), ("outcome", "success")];

    // It is a standalone breaker now: what it does no longer shows in the registry.
    fail_times(&kept, 5);
    let scrape = exporter.scrape(&metrics);
    assert_eq!(scrape.value("breaker_box_calls_total", &successes), Some(7.0));
    assert_eq!(scrape.value("breaker_box_openings_total", &[("identifier", "search")]), Some(0.0));
    assert_eq!(gauges_that_say_something(&scrape, "search"), 0);

    // The next call by name makes a new circuit, which is shown under the old name.
    let _ = registry.call("search", || Ok::<_, &str>(()));
    succeed_times(&kept, 100);
    assert_eq!(exporter.scrape(&metrics).value("breaker_box_calls_total", &successes), Some(8.0));
    assert_eq!(rendered(&metrics).value("breaker_box_calls_total", &successes), Some(1.0));
}
