//! Rates are absent while they are unknown, and never -1.

use breaker_box::{Metrics, Policy, Window};

use crate::exporter::{Exporter, rendered};
use crate::support::{fail, millis, registry_with, seconds, succeed, take};

const SEARCH: [(&str, &str); 1] = [("identifier", "search")];

#[test]
fn a_ratio_appears_with_the_call_that_makes_it_known() {
    let policy = Policy::failure_rate(1.0, Window::calls(4)).or_slow_call_rate(1.0, millis(100), Window::calls(4));
    let (registry, clock) = registry_with(policy);
    let breaker = registry.register("search", policy).unwrap();
    let metrics = Metrics::new(&registry);
    let exporter = Exporter::new();
    let ratios = || {
        let (through, text) = (exporter.scrape(&metrics), rendered(&metrics));
        let of = |name| {
            assert_eq!(through.value(name, &SEARCH), text.value(name, &SEARCH));
            text.value(name, &SEARCH)
        };
        (of("breaker_box_failure_ratio"), of("breaker_box_slow_call_ratio"))
    };
    assert_eq!(ratios(), (None, None));
    take(&breaker, &clock, millis(101));
    fail(&breaker);
    succeed(&breaker);
    assert_eq!(ratios(), (None, None));
    succeed(&breaker);
    assert_eq!(ratios(), (Some(0.25), Some(0.25)));
}

#[test]
fn calls_in_flight_are_shown_where_they_are_known() {
    let policy = Policy::hung_calls(9, seconds(10));
    let (registry, clock) = registry_with(policy);
    let breaker = registry.register("search", policy).unwrap();
    let metrics = Metrics::new(&registry);
    let exporter = Exporter::new();
    let shown = || {
        let (through, text) = (exporter.scrape(&metrics), rendered(&metrics));
        let of = |name| {
            assert_eq!(through.value(name, &SEARCH), text.value(name, &SEARCH));
            text.value(name, &SEARCH)
        };
        (of("breaker_box_calls_in_flight"), of("breaker_box_hung_calls"))
    };
    assert_eq!(shown(), (Some(0.0), Some(0.0)));
    let first = breaker.try_acquire().unwrap();
    clock.advance(seconds(10));
    let second = breaker.try_acquire().unwrap();
    assert_eq!(shown(), (Some(2.0), Some(1.0)));
    drop((first, second));
    assert_eq!(shown(), (Some(0.0), Some(0.0)));
    breaker.configure(Policy::new()).unwrap();
    assert_eq!(rendered(&metrics).value("breaker_box_hung_calls", &SEARCH), None);
}

#[test]
fn a_policy_without_rates_has_no_ratios() {
    let (registry, _clock) = registry_with(Policy::new());
    let breaker = registry.register("search", Policy::new()).unwrap();
    (0..4).for_each(|_| fail(&breaker));
    for scrape in [rendered(&Metrics::new(&registry)), Exporter::new().scrape(&Metrics::new(&registry))] {
        assert!(!scrape.samples.keys().any(|series| series.name.ends_with("_ratio")));
        assert!(!scrape.types.keys().any(|name| name.ends_with("_ratio")));
    }
}

#[test]
fn a_ratio_that_is_no_longer_known_disappears_from_the_text_and_is_nan_for_a_recorder() {
    let policy = Policy::failure_rate(0.9, Window::time(seconds(10))).minimum_calls(2);
    let (registry, clock) = registry_with(policy);
    let breaker = registry.register("search", policy).unwrap();
    let metrics = Metrics::new(&registry);
    let exporter = Exporter::new();
    fail(&breaker);
    succeed(&breaker);
    assert_eq!(exporter.scrape(&metrics).value("breaker_box_failure_ratio", &SEARCH), Some(0.5));
    clock.advance(seconds(11));
    let through = exporter.scrape(&metrics).value("breaker_box_failure_ratio", &SEARCH);
    assert!(through.is_some_and(f64::is_nan), "{through:?}");
    assert_eq!(rendered(&metrics).value("breaker_box_failure_ratio", &SEARCH), None);
    // And known again.
    fail(&breaker);
    succeed(&breaker);
    assert_eq!(exporter.scrape(&metrics).value("breaker_box_failure_ratio", &SEARCH), Some(0.5));
}
