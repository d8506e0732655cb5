//! How full a registry is, the calls that it had no circuit for, and what a scrape leaves out.

use breaker_box::{Key, ManualClock, Metrics, Policy, Registry};

use crate::exporter::{Exporter, rendered};
use crate::exposition::Scrape;
use crate::support::registry;

const ONE: Policy = Policy::consecutive_failures(1);

fn call(registry: &Registry, name: &str) {
    let _ = registry.call(name, || Ok::<_, ()>(()));
}

fn bounded(n: usize) -> Registry {
    Registry::builder().clock(ManualClock::new()).max_circuits(n).build().unwrap()
}

/// What both ways say of a series of the registry as a whole.
#[track_caller]
fn value(exporter: &Exporter, metrics: &Metrics, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let [published, own] = [exporter.scrape(metrics), rendered(metrics)].map(|scrape| scrape.value(name, labels));
    assert_eq!(published, own, "{name}");
    own
}

fn identifiers(scrape: &Scrape) -> Vec<&str> {
    let openings = scrape.samples.keys().filter(|series| series.name == "breaker_box_openings_total");
    openings.map(|series| series.labels["identifier"].as_str()).collect()
}

#[test]
fn a_bounded_registry_says_how_full_it_is_from_the_beginning() {
    let registry = bounded(3);
    let (exporter, metrics) = (Exporter::new(), Metrics::new(&registry));
    for (circuits, name) in [(0.0, "a"), (1.0, "b"), (2.0, "c"), (3.0, "d"), (3.0, "e")] {
        assert_eq!(value(&exporter, &metrics, "breaker_box_circuits", &[]), Some(circuits));
        assert_eq!(value(&exporter, &metrics, "breaker_box_max_circuits", &[]), Some(3.0));
        for reason in ["full", "invalid_key"] {
            assert_eq!(
                value(&exporter, &metrics, "breaker_box_unguarded_calls_total", &[("reason", reason)]),
                Some(0.0)
            );
        }
        assert_eq!(value(&exporter, &metrics, "breaker_box_circuits_left_out", &[]), Some(0.0));
        call(&registry, name);
    }
}

#[test]
fn unguarded_calls_are_counted_by_their_reason() {
    let registry = bounded(1);
    registry.register("only", ONE).unwrap();
    let (exporter, metrics) = (Exporter::new(), Metrics::new(&registry));
    exporter.scrape(&metrics);
    for _ in 0..2 {
        for name in ["a", "b", "", &"x".repeat(513)] {
            call(&registry, name);
        }
        call(&registry, "c");
    }
    let unguarded = |reason| value(&exporter, &metrics, "breaker_box_unguarded_calls_total", &[("reason", reason)]);
    assert_eq!((unguarded("full"), unguarded("invalid_key")), (Some(6.0), Some(4.0)));
    assert_eq!(value(&exporter, &metrics, "breaker_box_overflow_calls_total", &[]), Some(0.0));
}

#[test]
fn calls_that_share_the_overflow_circuit_are_counted_apart() {
    let registry = Registry::builder().max_circuits(1).overflow("others", Policy::new()).build().unwrap();
    let (exporter, metrics) = (Exporter::new(), Metrics::new(&registry));
    for name in ["a", "b", "others"] {
        call(&registry, name);
    }
    assert_eq!(value(&exporter, &metrics, "breaker_box_overflow_calls_total", &[]), Some(2.0));
    let successes = [("identifier", "others"), ("outcome", "success")];
    assert_eq!(value(&exporter, &metrics, "breaker_box_calls_total", &successes), Some(3.0));
    let unguarded = [("reason", "full")];
    assert_eq!(value(&exporter, &metrics, "breaker_box_unguarded_calls_total", &unguarded), Some(0.0));
}

#[test]
fn an_unbounded_registry_has_no_series_of_its_own_until_needed() {
    let (registry, _) = registry();
    let (exporter, metrics) = (Exporter::new(), Metrics::new(&registry));
    assert_eq!(metrics.render(), "");
    call(&registry, "");
    let invalid = [("reason", "invalid_key")];
    assert_eq!(value(&exporter, &metrics, "breaker_box_unguarded_calls_total", &invalid), Some(1.0));
    assert_eq!(value(&exporter, &metrics, "breaker_box_circuits", &[]), Some(0.0));
    assert_eq!(value(&exporter, &metrics, "breaker_box_max_circuits", &[]), None);
}

#[test]
fn registries_are_distinguished_by_their_label() {
    let (orders, jobs) = (bounded(5), bounded(7));
    call(&jobs, "a");
    let exporter = Exporter::new();
    let metrics = Metrics::new(&orders).registry("jobs", &jobs);
    assert_eq!(value(&exporter, &metrics, "breaker_box_max_circuits", &[]), Some(5.0));
    assert_eq!(value(&exporter, &metrics, "breaker_box_max_circuits", &[("registry", "jobs")]), Some(7.0));
    assert_eq!(value(&exporter, &metrics, "breaker_box_circuits", &[("registry", "jobs")]), Some(1.0));
}

#[test]
fn of_too_many_circuits_the_wanted_ones_are_shown_then_the_open_ones() {
    let (registry, _) = registry();
    for name in ["a", "b", "c", "d", "open", "z"] {
        call(&registry, name);
    }
    registry.open("open").unwrap();
    registry.register("registered", ONE).unwrap();
    registry.get("z").unwrap().set_metadata("owner", "checkout").unwrap();
    let shown = |n| {
        let scrape = rendered(&Metrics::new(&registry).max_circuits(n));
        let left_out = scrape.value("breaker_box_circuits_left_out", &[]);
        (identifiers(&scrape).join(" "), left_out)
    };
    assert_eq!(shown(2), ("registered z".to_owned(), Some(5.0)));
    assert_eq!(shown(3), ("open registered z".to_owned(), Some(4.0)));
    assert_eq!(shown(5), ("a b open registered z".to_owned(), Some(2.0)));
    assert_eq!(shown(7), ("a b c d open registered z".to_owned(), None));
    assert_eq!(shown(0), (String::new(), Some(7.0)));
}

#[test]
fn made_up_names_do_not_hide_a_function_named_in_the_code() {
    #[breaker_box::circuit_breaker(identifier = "zoo", registry = registry)]
    fn zoo(registry: &Registry) -> Option<()> {
        Some(())
    }

    let (registry, _) = registry();
    for number in 0..100 {
        call(&registry, &format!("aaa {number}"));
        registry.open(format!("aaa {number}")).unwrap();
    }
    zoo(&registry).unwrap();
    assert!(identifiers(&rendered(&Metrics::new(&registry).max_circuits(10))).contains(&"zoo"));
}

#[test]
fn ten_thousand_circuits_of_a_registry_are_shown_by_default() {
    let (registry, _) = registry();
    for number in 0..10_001 {
        call(&registry, &format!("{number:05}"));
    }
    let text = Metrics::new(&registry).render();
    assert!(text.ends_with("breaker_box_circuits_left_out 1\n"));
    assert!(text.contains("identifier=\"09999\"") && !text.contains("identifier=\"10000\""));
}

#[test]
fn a_recorder_that_skips_a_circuit_counts_nothing_twice() {
    let (registry, _) = registry();
    let (exporter, metrics) = (Exporter::new(), Metrics::new(&registry).max_circuits(1));
    let successes = [("identifier", "a"), ("outcome", "success")];
    let state = [("identifier", "a"), ("state", "closed")];
    for _ in 0..3 {
        call(&registry, "a");
    }
    let scrape = exporter.scrape(&metrics);
    assert_eq!(scrape.value("breaker_box_calls_total", &successes), Some(3.0));
    assert_eq!(scrape.value("breaker_box_circuits_left_out", &[]), None);

    // A registered circuit pushes it out of the scrape, and its gauges are taken back.
    registry.register(Key::new("wanted"), ONE).unwrap();
    call(&registry, "a");
    for _ in 0..2 {
        let scrape = exporter.scrape(&metrics);
        assert_eq!(scrape.value("breaker_box_calls_total", &successes), Some(3.0));
        assert_eq!(scrape.value("breaker_box_state", &state), Some(0.0));
        assert_eq!(scrape.value("breaker_box_circuits_left_out", &[]), Some(1.0));
    }
    registry.unregister("wanted").unwrap();
    let scrape = exporter.scrape(&metrics);
    assert_eq!(scrape.value("breaker_box_calls_total", &successes), Some(4.0));
    assert_eq!(scrape.value("breaker_box_state", &state), Some(1.0));
    assert_eq!(scrape.value("breaker_box_circuits_left_out", &[]), Some(0.0), "reported again");

    // Pushed out again, it is made anew behind the recorder's back.
    registry.register(Key::new("wanted"), ONE).unwrap();
    exporter.scrape(&metrics);
    registry.unregister("a").unwrap();
    call(&registry, "a");
    exporter.scrape(&metrics);
    registry.unregister("wanted").unwrap();
    assert_eq!(exporter.scrape(&metrics).value("breaker_box_calls_total", &successes), Some(5.0));
}
