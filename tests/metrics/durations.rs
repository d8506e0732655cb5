//! Durations, where a policy judges slow calls.

use std::time::Duration;

use breaker_box::{Cancellation, CircuitBreaker, ManualClock, Metrics, Outcome, Policy, Registry, Window};
use metrics_exporter_prometheus::PrometheusBuilder;

use crate::exporter::{Exporter, rendered};
use crate::exposition::Scrape;
use crate::support::{millis, registry, seconds, take};
use crate::truth::{durations_of, series_of};

const SEARCH: [(&str, &str); 1] = [("identifier", "search")];

fn timed() -> Policy {
    Policy::consecutive_failures(1_000).or_slow_call_rate(1.0, millis(100), Window::calls(1_000))
}

fn timed_circuit() -> (Registry, ManualClock, CircuitBreaker) {
    let (registry, clock) = registry();
    let breaker = registry.register("search", timed()).unwrap();
    (registry, clock, breaker)
}

fn count(scrape: &Scrape) -> Option<f64> {
    scrape.value("breaker_box_call_duration_seconds_count", &SEARCH)
}

#[test]
fn a_circuit_that_times_nothing_has_no_histogram() {
    let (registry, clock) = registry();
    let breaker = registry.register("search", Policy::failure_rate(0.5, Window::calls(5))).unwrap();
    take(&breaker, &clock, seconds(1));
    let metrics = Metrics::new(&registry);
    for scrape in [rendered(&metrics), Exporter::new().scrape(&metrics)] {
        assert!(!scrape.types.contains_key(Metrics::DURATION));
        assert_eq!(count(&scrape), None);
    }
}

#[test]
fn each_call_that_is_counted_is_in_the_histogram_once_however_it_ended() {
    let (registry, clock, breaker) = timed_circuit();
    take(&breaker, &clock, millis(20));
    let _ = breaker.call(|| {
        clock.advance(millis(200));
        Err::<(), _>("slow and failed")
    });
    let ignored = |(): &()| Outcome::Ignore;
    breaker.call_with(|| clock.advance(millis(3)), ignored).unwrap();
    let because = |(): &()| Outcome::failure_because("why");
    breaker.call_with(|| clock.advance(millis(40)), because).unwrap();
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = breaker.call(|| -> Result<(), &str> {
            clock.advance(millis(5));
            std::panic::resume_unwind(Box::new("on purpose"))
        });
    }));
    assert!(caught.is_err());
    let status = breaker.status();
    let totals = &status.totals;
    assert_eq!(totals.successes + totals.failures + totals.ignored, 5);
    let took = durations_of(&status, None, &[0.02, 0.2, 0.003, 0.04, 0.005]);
    let metrics = Metrics::new(&registry);
    for scrape in [rendered(&metrics), Exporter::new().scrape(&metrics)] {
        let expected = series_of(&status, None).into_iter().chain(took.clone()).collect();
        crate::exposition::assert_same(&scrape.samples, &expected);
    }
}

#[test]
fn what_is_not_counted_is_not_in_the_histogram() {
    let (registry, clock, breaker) = timed_circuit();
    // Cancelled, reported without a duration, late, of a disabled circuit.
    drop(breaker.try_acquire().unwrap());
    breaker.record_success();
    let late = breaker.try_acquire().unwrap();
    breaker.reset();
    late.success();
    breaker.disable();
    take(&breaker, &clock, millis(20));
    let metrics = Metrics::new(&registry);
    assert_eq!(count(&rendered(&metrics)), Some(0.0));
    assert_eq!(count(&Exporter::new().scrape(&metrics)), Some(0.0));
}

#[test]
fn a_cancelled_call_that_counts_as_a_failure_is_in_the_histogram_as_failures_are() {
    let (registry, clock) = registry();
    let breaker = registry.register("search", timed().on_cancel(Cancellation::Failure)).unwrap();
    let permit = breaker.try_acquire().unwrap();
    clock.advance(seconds(2));
    drop(permit);
    let totals = breaker.status().totals;
    assert_eq!((totals.failures, totals.slow, totals.cancelled), (1, 1, 1));
    assert_eq!(count(&rendered(&Metrics::new(&registry))), Some(1.0));
}

#[test]
fn the_exporter_shows_the_same_histogram_scrape_after_scrape() {
    let (registry, clock, breaker) = timed_circuit();
    let metrics = Metrics::new(&registry);
    let exporter = Exporter::new();
    for round in 1..=20_u64 {
        for call in 1..=10 {
            take(&breaker, &clock, Duration::from_micros(round * round * call * 77));
        }
        let (through, own) = (exporter.scrape(&metrics), rendered(&metrics));
        crate::exposition::assert_same(&through.samples, &own.samples);
        assert_eq!(count(&own), Some(f64::from(u32::try_from(round * 10).unwrap())));
    }
}

#[test]
fn the_histogram_goes_on_when_the_circuit_is_registered_again() {
    let (registry, clock, first) = timed_circuit();
    let metrics = Metrics::new(&registry);
    let exporter = Exporter::new();
    take(&first, &clock, millis(10));
    assert_eq!(count(&exporter.scrape(&metrics)), Some(1.0));
    take(&first, &clock, millis(10));
    registry.unregister("search").unwrap();
    let second = registry.register("search", timed()).unwrap();
    take(&second, &clock, millis(10));
    assert_eq!(count(&exporter.scrape(&metrics)), Some(3.0));
    assert_eq!(count(&rendered(&metrics)), Some(1.0));
}

#[test]
fn what_was_measured_stays_when_the_policy_times_no_more() {
    let (registry, clock, breaker) = timed_circuit();
    let metrics = Metrics::new(&registry);
    let exporter = Exporter::new();
    take(&breaker, &clock, millis(10));
    assert_eq!(count(&exporter.scrape(&metrics)), Some(1.0));
    breaker.configure(Policy::new()).unwrap();
    take(&breaker, &clock, millis(10));
    assert_eq!(count(&exporter.scrape(&metrics)), Some(1.0));
    assert_eq!(count(&rendered(&metrics)), Some(1.0));
}

#[test]
fn an_exporter_without_buckets_makes_a_summary_of_the_same_count_and_sum() {
    let (registry, clock, breaker) = timed_circuit();
    for _ in 0..4 {
        take(&breaker, &clock, millis(250));
    }
    let scrape = Exporter::of(PrometheusBuilder::new()).scrape(&Metrics::new(&registry));
    assert_eq!(scrape.types[Metrics::DURATION], "summary");
    assert_eq!(count(&scrape), Some(4.0));
    assert_eq!(scrape.value("breaker_box_call_duration_seconds_sum", &SEARCH), Some(1.0));
}

#[test]
fn a_timed_call_keeps_its_duration_although_its_policy_was_replaced_meanwhile() {
    let outcomes = [Outcome::Success, Outcome::failure(), Outcome::failure_because("why"), Outcome::Ignore];
    for untimed in [Policy::consecutive_failures(1_000), Policy::failure_rate(1.0, Window::calls(1_000))] {
        for outcome in &outcomes {
            let (registry, clock, breaker) = timed_circuit();
            let call = breaker.try_acquire().unwrap();
            breaker.configure(untimed).unwrap();
            // The first result after a new policy takes another way than the others.
            drop(breaker.call(|| Err::<(), _>("before")));
            clock.advance(seconds(2));
            call.settle(outcome.clone());
            assert_eq!(count(&rendered(&Metrics::new(&registry))), Some(1.0), "{untimed}, {outcome:?}");
        }
    }
}
