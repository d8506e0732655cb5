//! Names as labels: hostile ones, empty parts, and two registries in one process.

use breaker_box::{Key, ManualClock, Metrics, Policy, Registry};

use crate::exporter::{Exporter, rendered};
use crate::support::{registry, succeed_times};

/// Names that would break out of their quotes, or of their line.
const HOSTILE: [&str; 9] = [
    "quote\"quote",
    "two\nlines",
    "carriage\rreturn",
    "forged\"} 1\nbreaker_box_state{identifier=\"forged",
    "braces{},=",
    "nul\u{0}and\u{1b}",
    "# HELP no help",
    "Straße 東京 🦀",
    " ",
];

/// More hostile names for code that does not escape well: the exporter takes a backslash before a
/// quote for an escape.
const BACKSLASHES: [&str; 6] = ["\\", "\\\\", "back\\slash", "\\\"", "\\\n", "\\n"];

/// A circuit of each hostile name, called once.
pub(crate) fn hostile_circuits() -> (Registry, ManualClock) {
    let (registry, clock) = registry();
    for name in HOSTILE {
        let key = Key::new(name).with_scope(name).with_kind(name);
        succeed_times(&registry.register(key, Policy::new()).unwrap(), 1);
    }
    (registry, clock)
}

#[test]
fn a_hostile_identifier_comes_back_from_the_scrape_as_it_is() {
    let (registry, _clock) = hostile_circuits();
    let metrics = Metrics::new(&registry);
    for name in BACKSLASHES {
        let key = Key::new(name).with_scope(name).with_kind(name);
        succeed_times(&registry.register(key, Policy::new()).unwrap(), 1);
    }
    let scrape = rendered(&metrics);
    let exported = Exporter::new();
    exported.record(|| metrics.publish());
    let exported_text = exported.render();
    for name in HOSTILE.into_iter().chain(BACKSLASHES) {
        let success = [("identifier", name), ("scope", name), ("kind", name), ("outcome", "success")];
        assert_eq!(scrape.value("breaker_box_calls_total", &success), Some(1.0), "{name:?}");
    }
    assert_eq!(scrape.samples.len(), 15 * 17);
    // One line for each series in both outputs: no name breaks out of a label.
    let lines = |text: &str| text.split('\n').filter(|line| line.starts_with("breaker_box_")).count();
    assert_eq!(lines(&exported_text), 15 * 17);
    assert_eq!(lines(&metrics.render()), 15 * 17);
}

#[test]
fn through_the_exporter_too_while_no_backslash_is_in_it() {
    let (registry, _clock) = hostile_circuits();
    let scrape = Exporter::new().scrape(&Metrics::new(&registry));
    for name in HOSTILE {
        let success = [("identifier", name), ("scope", name), ("kind", name), ("outcome", "success")];
        assert_eq!(scrape.value("breaker_box_calls_total", &success), Some(1.0), "{name:?}");
    }
}

#[test]
fn parts_that_are_missing_or_empty_are_left_out() {
    let (registry, _clock) = registry();
    registry.register(Key::new("plain"), Policy::new()).unwrap();
    registry.register(Key::new("scoped").with_scope("payments").with_kind(""), Policy::new()).unwrap();
    let scrape = rendered(&Metrics::new(&registry));
    let names = |identifier| {
        let series = scrape.having("identifier", identifier).into_keys().find(|s| s.name.ends_with("openings_total"));
        series.unwrap().labels.into_keys().collect::<Vec<_>>()
    };
    assert_eq!(names("plain"), ["identifier"]);
    assert_eq!(names("scoped"), ["identifier", "scope"]);
}

#[test]
fn two_circuits_that_would_look_the_same_do_not_spoil_the_scrape() {
    let (registry, _clock) = registry();
    let metrics = Metrics::new(&registry);
    for key in [Key::new("a").with_scope(""), Key::new("a").with_kind(""), Key::new("b").with_kind(""), Key::new("b")] {
        succeed_times(&registry.register(key, Policy::new()).unwrap(), 2);
    }
    let missing = registry.register("a", Policy::new()).unwrap();
    succeed_times(&missing, 9);
    // The reader accepts no series twice.
    let exporter = Exporter::new();
    for scrape in [rendered(&metrics), exporter.scrape(&metrics), exporter.scrape(&metrics)] {
        let successes = |name| scrape.value("breaker_box_calls_total", &[("identifier", name), ("outcome", "success")]);
        assert_eq!((successes("a"), successes("b")), (Some(9.0), Some(2.0)));
    }
}

#[test]
fn two_registries_are_distinguished_by_a_label() {
    let (shop, jobs) = (Registry::new(), Registry::new());
    succeed_times(&shop.register("database", Policy::new()).unwrap(), 3);
    succeed_times(&jobs.register("database", Policy::new()).unwrap(), 5);
    let metrics = Metrics::new(&shop).registry("jobs", &jobs);
    for scrape in [rendered(&metrics), Exporter::new().scrape(&metrics)] {
        let plain = [("identifier", "database"), ("outcome", "success")];
        let labelled = [("identifier", "database"), ("outcome", "success"), ("registry", "jobs")];
        assert_eq!(scrape.value("breaker_box_calls_total", &plain), Some(3.0));
        assert_eq!(scrape.value("breaker_box_calls_total", &labelled), Some(5.0));
    }
}

#[test]
fn a_label_or_a_registry_that_is_given_twice_is_replaced() {
    let (shop, jobs) = (Registry::new(), Registry::new());
    shop.register("shop", Policy::new()).unwrap();
    jobs.register("jobs", Policy::new()).unwrap();
    let shown = |metrics: &Metrics| {
        let scrape = rendered(metrics);
        let series = scrape.samples.into_keys().filter(|series| series.name == "breaker_box_openings_total");
        series
            .map(|series| (series.labels["identifier"].clone(), series.labels.get("registry").cloned()))
            .collect::<Vec<_>>()
    };
    let plain = |name: &str| vec![(name.to_owned(), None)];
    let labelled = |name: &str, label: &str| vec![(name.to_owned(), Some(label.to_owned()))];
    let metrics = Metrics::new(&shop);
    assert_eq!(plain("shop"), shown(&metrics));
    // The same registry under another label: not shown twice.
    assert_eq!(labelled("shop", "shop"), shown(&metrics.clone().registry("shop", &shop)));
    // Another registry under the same label, which an empty one is too.
    assert_eq!(plain("jobs"), shown(&metrics.clone().registry("", &jobs)));
    let twice = Metrics::new(&shop).registry("x", &shop).registry("x", &jobs);
    assert_eq!(labelled("jobs", "x"), shown(&twice));
}
