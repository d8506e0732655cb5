//! Counters only grow, and every call is in them once.

use std::thread;

use breaker_box::{Metrics, Policy, Registry};

use crate::exporter::{Exporter, rendered};
use crate::support::{fail, registry, succeed_times};

const SUCCESSES: [(&str, &str); 2] = [("identifier", "search"), ("outcome", "success")];

fn successes(exporter: &Exporter, metrics: &Metrics) -> Option<f64> {
    exporter.scrape(metrics).value("breaker_box_calls_total", &SUCCESSES)
}

#[test]
fn a_circuit_registered_again_under_its_name_goes_on_where_the_old_one_ended() {
    let (registry, _clock) = registry();
    let metrics = Metrics::new(&registry);
    let exporter = Exporter::new();
    let first = registry.register("search", Policy::new()).unwrap();
    succeed_times(&first, 10);
    assert_eq!(successes(&exporter, &metrics), Some(10.0));

    // All between two scrapes: calls of the old one, its end, and fewer calls of the new one than
    // the old one had.
    succeed_times(&first, 4);
    registry.unregister("search").unwrap();
    let second = registry.register("search", Policy::new()).unwrap();
    succeed_times(&second, 3);
    assert_eq!(successes(&exporter, &metrics), Some(17.0));
    succeed_times(&second, 1);
    assert_eq!(successes(&exporter, &metrics), Some(18.0));

    // In the text a new circuit begins at zero, which Prometheus knows as a reset.
    assert_eq!(rendered(&metrics).value("breaker_box_calls_total", &SUCCESSES), Some(4.0));
}

#[test]
fn publishing_again_and_by_others_counts_nothing_twice() {
    let (registry, _clock) = registry();
    let breaker = registry.register("search", Policy::new()).unwrap();
    let exporter = Exporter::new();
    for calls in 1..=5 {
        succeed_times(&breaker, 1);
        // A new object for each scrape, as in a handler that makes its own.
        assert_eq!(successes(&exporter, &Metrics::new(&registry)), Some(f64::from(calls)));
        assert_eq!(successes(&exporter, &Metrics::new(&registry)), Some(f64::from(calls)));
    }
}

#[test]
fn a_circuit_is_shown_from_the_beginning_with_zeros() {
    let (registry, _clock) = registry();
    registry.register("search", Policy::new()).unwrap();
    let exporter = Exporter::new();
    let scrape = exporter.scrape(&Metrics::new(&registry));
    let zeros = scrape.samples.iter().filter(|(series, value)| series.name.ends_with("_total") && value.0 == 0.0);
    assert_eq!(zeros.count(), 9);
}

#[test]
fn calls_and_scrapes_at_the_same_time_lose_nothing() {
    const THREADS: u32 = 4;
    const CALLS: u32 = 5_000;
    let registry = Registry::new();
    let metrics = Metrics::new(&registry);
    let exporter = Exporter::new();
    thread::scope(|scope| {
        let call = || {
            for _ in 0..CALLS {
                let _ = registry.call("search", || Ok::<_, &str>(()));
            }
        };
        let callers: Vec<_> = (0..THREADS).map(|_| scope.spawn(call)).collect();
        let mut last = 0.0;
        while !callers.iter().all(thread::ScopedJoinHandle::is_finished) {
            let now = successes(&exporter, &metrics).unwrap_or(0.0);
            assert!(now >= last, "a counter went back from {last} to {now}");
            last = now;
        }
    });
    assert_eq!(successes(&exporter, &metrics), Some(f64::from(THREADS * CALLS)));
}

#[test]
fn openings_are_counted_each_time_and_not_forgotten_by_a_reset() {
    let (registry, _clock) = registry();
    let breaker = registry.register("search", Policy::consecutive_failures(1)).unwrap();
    let exporter = Exporter::new();
    let metrics = Metrics::new(&registry);
    for opening in 1..=3 {
        fail(&breaker);
        // While it is open, an order to open is no opening.
        breaker.open();
        breaker.force_open();
        let scrape = exporter.scrape(&metrics);
        let openings = scrape.value("breaker_box_openings_total", &[("identifier", "search")]);
        assert_eq!(openings, Some(f64::from(opening)));
        breaker.reset();
        let scrape = exporter.scrape(&metrics);
        assert_eq!(scrape.value("breaker_box_openings_total", &[("identifier", "search")]), openings);
        assert_eq!(scrape.value("breaker_box_consecutive_openings", &[("identifier", "search")]), Some(0.0));
    }
}
