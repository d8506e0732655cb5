//! Circuits that are not shown, because somebody chose so.

use breaker_box::{Key, Metrics, Registry};

use crate::exporter::{Exporter, rendered};
use crate::scrape::circuits_of_all_kinds;
use crate::support::registry;
use crate::truth::series_of;

fn call(registry: &Registry, name: &str) {
    let _ = registry.call(name, || Ok::<_, &str>(()));
}

#[test]
fn only_circuits_that_are_chosen_are_shown() {
    let (registry, _clock) = circuits_of_all_kinds();
    let metrics = Metrics::new(&registry).only(|key| key.scope() == Some("payments"));
    let chosen = registry.list().into_iter().filter(|status| status.key.scope() == Some("payments"));
    let expected = chosen.flat_map(|status| series_of(&status, None)).collect();
    assert!(rendered(&metrics).samples == expected);
    assert!(Exporter::new().scrape(&metrics).samples == expected);
}

#[test]
fn nothing_is_shown_where_nothing_is_chosen() {
    let (registry, _clock) = circuits_of_all_kinds();
    assert_eq!(Metrics::new(&registry).only(|_| false).render(), "");
}

#[test]
fn circuits_that_are_not_chosen_neither_take_room_nor_are_left_out() {
    let (registry, _clock) = registry();
    for name in ["a", "b", "c", "d"] {
        call(&registry, name);
    }
    let metrics = Metrics::new(&registry).only(|key| key.identifier() > "b").max_circuits(1);
    let scrape = rendered(&metrics);
    let openings = |name| scrape.value("breaker_box_openings_total", &[("identifier", name)]);
    assert_eq!(["a", "b", "c", "d"].map(openings), [None, None, Some(0.0), None]);
    assert_eq!(scrape.value("breaker_box_circuits_left_out", &[]), Some(1.0));
}

#[test]
fn circuits_that_are_not_chosen_are_in_no_group() {
    let (registry, _clock) = registry();
    let metrics = Metrics::new(&registry).group_by(|_| Some("all")).only(|key| key.kind().is_none());
    for name in ["a", "b"] {
        call(&registry, name);
    }
    let _ = registry.call(Key::new("c").with_kind("http"), || Ok::<_, &str>(()));
    for leaving in ["a", "b"] {
        registry.unregister(leaving).unwrap();
    }
    registry.unregister(Key::new("c").with_kind("http")).unwrap();
    call(&registry, "d");
    let successes = [("group", "all"), ("outcome", "success")];
    for scrape in [rendered(&metrics), Exporter::new().scrape(&metrics)] {
        assert_eq!(scrape.value("breaker_box_calls_total", &successes), Some(3.0));
    }
}

#[test]
fn two_objects_that_publish_parts_of_a_registry_leave_each_others_alone() {
    let (registry, _clock) = registry();
    let exporter = Exporter::new();
    let parts = ["a", "b"].map(|name| Metrics::new(&registry).only(move |key| key.identifier() == name));
    let all = Metrics::new(&registry).only(|key| key.identifier() > "b").group_by(|_| Some("all"));
    for round in 1..=3 {
        for name in ["a", "b", "c", "d"] {
            call(&registry, name);
        }
        for metrics in parts.iter().chain([&all]) {
            exporter.record(|| metrics.publish());
        }
        let scrape = exporter.scrape(&parts[0]);
        for (label, circuits) in [(("identifier", "a"), 1), (("identifier", "b"), 1), (("group", "all"), 2)] {
            let successes = scrape.value("breaker_box_calls_total", &[label, ("outcome", "success")]);
            assert_eq!(successes, Some(f64::from(round * circuits)), "{label:?}");
            let closed = scrape.value("breaker_box_state", &[label, ("state", "closed")]);
            assert_eq!(closed, Some(f64::from(circuits)), "{label:?}");
        }
    }
    // What leaves is reported by whoever publishes next.
    call(&registry, "a");
    registry.unregister("a").unwrap();
    let scrape = exporter.scrape(&parts[1]);
    let a = |name, label| scrape.value(name, &[("identifier", "a"), label]);
    assert_eq!(a("breaker_box_calls_total", ("outcome", "success")), Some(4.0));
    assert_eq!(a("breaker_box_state", ("state", "closed")), Some(0.0));
}
