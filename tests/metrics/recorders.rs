//! Recorders of all sorts: none, one that calls back, one that panics, the global one.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use breaker_box::{CircuitBreaker, Metrics, Policy, Registry};
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

use crate::exporter::{Exporter, builder};
use crate::exposition::Scrape;
use crate::support::{fail_times, registry, runs, succeed_times};

/// A recorder that runs code of its own whenever a counter is reported to it.
struct Meddler<F>(F);

impl<F: Fn()> Recorder for Meddler<F> {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        (self.0)();
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[test]
fn without_a_recorder_nothing_happens() {
    let (registry, _clock) = registry();
    succeed_times(&registry.register("search", Policy::new()).unwrap(), 3);
    Metrics::new(&registry).publish();
}

#[test]
fn a_circuit_can_be_called_and_controlled_during_a_publish() {
    let (registry, _clock) = registry();
    let breaker = registry.register("search", Policy::consecutive_failures(2)).unwrap();
    let told = AtomicU32::new(0);
    // Whatever lock a publish holds, none of these waits for it: neither on this thread nor on
    // another.
    let recorder = Meddler(|| {
        told.fetch_add(1, Ordering::Relaxed);
        thread::scope(|scope| scope.spawn(|| assert!(runs(&breaker))).join().unwrap());
        fail_times(&breaker, 2);
        assert!(!runs(&breaker));
        breaker.reset();
        let _ = registry.call("another", || Ok::<_, &str>(()));
        assert_eq!(registry.list().len(), 2);
        let _ = registry.unregister("another");
    });
    metrics::with_local_recorder(&recorder, || Metrics::new(&registry).publish());
    assert!(told.load(Ordering::Relaxed) >= 9);
}

#[test]
fn after_a_recorder_has_panicked_the_next_publish_goes_on() {
    let (registry, _clock) = registry();
    for name in ["a", "b", "c"] {
        succeed_times(&registry.register(name, Policy::new()).unwrap(), 2);
    }
    let metrics = Metrics::new(&registry);
    let told = AtomicU32::new(0);
    let recorder = Meddler(|| {
        // In the middle of the second circuit.
        if told.fetch_add(1, Ordering::Relaxed) == 12 {
            std::panic::resume_unwind(Box::new("on purpose"));
        }
    });
    let publish = || metrics::with_local_recorder(&recorder, || metrics.publish());
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(publish)).is_err());
    let scrape = Exporter::new().scrape(&metrics);
    let successes = |name| scrape.value("breaker_box_calls_total", &[("identifier", name), ("outcome", "success")]);
    // Nothing is reported twice: the first circuit was reported in full; of the second, what came
    // before the panic is lost.
    assert_eq!((successes("a"), successes("b"), successes("c")), (Some(0.0), Some(0.0), Some(2.0)));
}

#[test]
fn a_publisher_feeds_the_global_recorder_until_it_is_dropped() {
    let handle = builder().install_recorder().expect("no other test installs one");
    let registry = Registry::new();
    // No other test has a circuit of that name: what is published without a recorder of its own
    // ends up here too.
    let breaker = registry.register("published", Policy::new()).unwrap();
    let publisher = Metrics::new(&registry).publish_every(Duration::from_millis(1)).unwrap();
    succeed_times(&breaker, 3);
    await_successes(&handle, 3.0);
    succeed_times(&breaker, 4);
    await_successes(&handle, 7.0);

    drop(publisher);
    succeed_times(&breaker, 1);
    let before = successes(&handle);
    assert_eq!(before, Some(7.0), "the thread has ended when the drop returns");
    // By hand it goes on where the thread ended.
    Metrics::new(&registry).publish();
    assert_eq!(successes(&handle), Some(8.0));
}

fn successes(handle: &metrics_exporter_prometheus::PrometheusHandle) -> Option<f64> {
    let success = [("identifier", "published"), ("outcome", "success")];
    Scrape::parse(&handle.render()).value("breaker_box_calls_total", &success)
}

fn await_successes(handle: &metrics_exporter_prometheus::PrometheusHandle, expected: f64) {
    let deadline = Instant::now() + Duration::from_secs(120);
    while successes(handle) != Some(expected) {
        assert!(Instant::now() < deadline, "{:?}", successes(handle));
        thread::yield_now();
    }
}

#[test]
fn metrics_can_be_sent_between_threads_and_keep_their_registry_alive() {
    fn check<T: Send + Sync + Clone + std::fmt::Debug + 'static>(_: &T) {}
    let breaker: CircuitBreaker;
    let metrics = {
        let registry = Registry::new();
        breaker = registry.register("search", Policy::new()).unwrap();
        Metrics::new(&registry)
    };
    check(&metrics);
    succeed_times(&breaker, 1);
    assert!(metrics.render().contains("outcome=\"success\"} 1"));
    let seen = Arc::new(Mutex::new(String::new()));
    let sink = Arc::clone(&seen);
    thread::spawn(move || *sink.lock().unwrap() = metrics.render()).join().unwrap();
    assert!(seen.lock().unwrap().contains("outcome=\"success\"} 1"));
}
