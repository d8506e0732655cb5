//! Circuits that are shown together: sums that never decrease, and how many are in which state.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use breaker_box::{Key, ManualClock, Metrics, Policy, Registry, Status, Window};

use crate::exporter::{Exporter, rendered};
use crate::exposition::{Samples, Scrape, Value, assert_same};
use crate::scrape::circuits_of_all_kinds;
use crate::support::{fail_times, millis, registry, seconds, succeed_times, take};
use crate::truth::{durations_of, series_of};

const SUCCESSES: [(&str, &str); 2] = [("group", "tenant:*"), ("outcome", "success")];

/// The tenants of a registry as one group, everything else as it is.
fn by_family(registry: &Registry) -> Metrics {
    Metrics::new(registry).group_by(|key| key.identifier().starts_with("tenant:").then_some("tenant:*"))
}

fn tenant(registry: &Registry, number: u32) {
    let _ = registry.call(format!("tenant:{number}"), || Ok::<_, &str>(()));
}

/// What a group of these circuits must show, but for durations.
fn series_of_group(group: &str, statuses: &[Status]) -> Samples {
    let mut samples = Samples::new();
    for (mut series, value) in statuses.iter().flat_map(|status| series_of(status, None)) {
        let sums = ["breaker_box_state", "breaker_box_calls_in_flight", "breaker_box_hung_calls"];
        if series.name.ends_with("_total") || sums.contains(&series.name.as_str()) {
            for label in ["identifier", "scope", "kind"] {
                series.labels.remove(label);
            }
            let sum = samples.entry(series.with("group", group)).or_insert(Value(0.0));
            sum.0 += value.0;
        }
    }
    samples
}

/// What both ways show of the tenants' successes and of those that are closed.
#[track_caller]
fn both(exporter: &Exporter, metrics: &Metrics) -> (Option<f64>, Option<f64>) {
    let [published, own] = [exporter.scrape(metrics), rendered(metrics)].map(|scrape| {
        let closed = [("group", "tenant:*"), ("state", "closed")];
        (scrape.value("breaker_box_calls_total", &SUCCESSES), scrape.value("breaker_box_state", &closed))
    });
    assert_eq!(published, own);
    own
}

#[test]
fn a_group_is_the_sum_of_its_circuits() {
    let (registry, _clock) = circuits_of_all_kinds();
    let statuses = registry.list();
    let metrics = Metrics::new(&registry).group_by(|_| Some("all"));
    let took: Vec<_> = [1, 90, 250, 251, 61_000].map(|took| millis(took).as_secs_f64()).into();
    let mut expected = series_of_group("all", &statuses);
    let of_nobody = durations_of(&statuses[0], None, &took);
    expected.extend(of_nobody.into_iter().map(|(mut series, value)| {
        for label in ["identifier", "scope", "kind"] {
            series.labels.remove(label);
        }
        (series.with("group", "all"), value)
    }));
    let own = rendered(&metrics);
    assert_same(&own.samples, &expected);
    let published = Exporter::new().scrape(&metrics);
    assert_same(&published.samples, &expected);
    assert_eq!((published.types, published.helps), (own.types, own.helps));
}

#[test]
fn the_histogram_of_a_group_has_the_calls_of_all_its_circuits() {
    let (registry, clock) = registry();
    let timed = Policy::slow_call_rate(1.0, millis(100), Window::calls(1_000));
    let mut took = Vec::new();
    for (number, policy) in [(1, timed), (2, timed), (3, Policy::new())] {
        let breaker = registry.register(format!("tenant:{number}"), policy).unwrap();
        for call in 1..=3_u32 {
            take(&breaker, &clock, millis(30) * number * call);
            took.extend((number < 3).then_some(0.03 * f64::from(number * call)));
        }
    }
    let metrics = by_family(&registry);
    let histogram = |scrape: &Scrape| -> Samples {
        let own = scrape.samples.iter().filter(|(series, _)| series.name.starts_with(Metrics::DURATION));
        own.map(|(series, value)| (series.clone(), *value)).collect()
    };
    let status = registry.status("tenant:1").unwrap();
    let expected: Samples = durations_of(&status, None, &took)
        .into_iter()
        .map(|(mut series, value)| {
            series.labels.remove("identifier");
            (series.with("group", "tenant:*"), value)
        })
        .collect();
    let exporter = Exporter::new();
    for scrape in [rendered(&metrics), exporter.scrape(&metrics)] {
        assert_same(&histogram(&scrape), &expected);
    }
    // Durations of a circuit that has left stay too.
    registry.unregister("tenant:1").unwrap();
    registry.unregister("tenant:2").unwrap();
    for scrape in [rendered(&metrics), exporter.scrape(&metrics)] {
        assert_same(&histogram(&scrape), &expected);
    }
}

#[test]
fn circuits_without_a_group_are_shown_as_without_groups() {
    let (registry, _clock) = circuits_of_all_kinds();
    let alone = rendered(&Metrics::new(&registry)).samples;
    for number in 0..3 {
        tenant(&registry, number);
    }
    let tenants: Vec<_> = (0..3).map(|number| registry.status(format!("tenant:{number}").as_str()).unwrap()).collect();
    let expected = alone.into_iter().chain(series_of_group("tenant:*", &tenants)).collect();
    assert_same(&rendered(&by_family(&registry)).samples, &expected);
    assert_same(&Exporter::new().scrape(&by_family(&registry)).samples, &expected);
}

#[test]
fn circuits_can_be_grouped_by_any_part_of_their_key() {
    let (registry, _clock) = registry();
    for (scope, name) in [("payments", "a"), ("payments", "b"), ("search", "a")] {
        registry.register(Key::new(name).with_scope(scope).with_kind("http"), Policy::new()).unwrap();
    }
    registry.register("c", Policy::new()).unwrap();
    let metrics = Metrics::new(&registry).group_by(|key| Some(format!("{}/{}", key.kind()?, key.scope()?)));
    let scrape = rendered(&metrics);
    let closed = |label| scrape.value("breaker_box_state", &[label, ("state", "closed")]);
    assert_eq!(closed(("group", "http/payments")), Some(2.0));
    assert_eq!(closed(("group", "http/search")), Some(1.0));
    assert_eq!(closed(("identifier", "c")), Some(1.0));
}

#[test]
fn what_a_circuit_has_counted_stays_when_it_is_unregistered() {
    let (registry, _clock) = registry();
    let (exporter, metrics) = (Exporter::new(), by_family(&registry));
    for number in 0..3 {
        let breaker = registry.register(format!("tenant:{number}"), Policy::new()).unwrap();
        succeed_times(&breaker, 10);
    }
    assert_eq!(both(&exporter, &metrics), (Some(30.0), Some(3.0)));
    // Calls since the last scrape are kept too.
    succeed_times(&registry.get("tenant:0").unwrap(), 5);
    registry.unregister("tenant:0").unwrap();
    assert_eq!(both(&exporter, &metrics), (Some(35.0), Some(2.0)));
    // And the same name again counts on.
    tenant(&registry, 0);
    assert_eq!(both(&exporter, &metrics), (Some(36.0), Some(3.0)));
    for number in 0..3 {
        registry.unregister(format!("tenant:{number}").as_str()).unwrap();
    }
    assert_eq!(both(&exporter, &metrics), (Some(36.0), Some(0.0)));
}

#[test]
fn what_a_circuit_has_counted_stays_when_it_is_evicted() {
    let clock = ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).idle_after(seconds(60)).build().unwrap();
    let (exporter, metrics) = (Exporter::new(), by_family(&registry));
    for number in 0..20 {
        tenant(&registry, number);
    }
    assert_eq!(both(&exporter, &metrics), (Some(20.0), Some(20.0)));
    clock.advance(seconds(60));
    registry.sweep();
    assert!(registry.is_empty());
    assert_eq!(both(&exporter, &metrics), (Some(20.0), Some(0.0)));
}

#[test]
fn circuits_that_come_and_go_between_two_scrapes_are_counted() {
    let registry = Registry::builder().clock(ManualClock::new()).max_circuits(5).build().unwrap();
    let (exporter, metrics) = (Exporter::new(), by_family(&registry));
    for number in 0..1_000 {
        tenant(&registry, number);
    }
    assert_eq!(both(&exporter, &metrics), (Some(1_000.0), Some(5.0)));
}

#[cfg(feature = "settings")]
#[test]
fn circuits_that_make_room_for_settings_are_counted() {
    let registry = Registry::builder().clock(ManualClock::new()).max_circuits(5).build().unwrap();
    let metrics = by_family(&registry);
    for number in 0..5 {
        tenant(&registry, number);
    }
    registry.apply(&breaker_box::Settings::from_toml("[circuits.a]\n[circuits.b]\n[circuits.c]").unwrap()).unwrap();
    assert_eq!(both(&Exporter::new(), &metrics), (Some(5.0), Some(2.0)));
}

#[test]
fn counters_never_go_back_while_circuits_are_called_and_evicted() {
    const THREADS: u32 = 3;
    const CALLS: u32 = 4_000;
    let registry = Registry::builder().max_circuits(16).build().unwrap();
    let (exporter, metrics) = (Exporter::new(), by_family(&registry));
    let ends = AtomicBool::new(false);
    let call = |thread: u32| {
        for call in 0..CALLS {
            tenant(&registry, (thread * 31 + call * 7) % 100);
            if call % 50 == 0 {
                let _ = registry.unregister(format!("tenant:{}", call % 100).as_str());
            }
        }
    };
    let read = |scrape: &dyn Fn() -> Scrape| {
        let mut last = 0.0;
        while !ends.load(Ordering::Relaxed) {
            let now = scrape().value("breaker_box_calls_total", &SUCCESSES).unwrap_or(0.0);
            assert!(now >= last, "a counter went back from {last} to {now}");
            last = now;
        }
    };
    thread::scope(|scope| {
        let readers =
            [scope.spawn(|| read(&|| rendered(&metrics))), scope.spawn(|| read(&|| exporter.scrape(&metrics)))];
        let callers: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || call(thread))).collect();
        for caller in callers {
            caller.join().unwrap();
        }
        ends.store(true, Ordering::Relaxed);
        for reader in readers {
            reader.join().unwrap();
        }
    });
    // A call whose circuit was unregistered while it ran settles outside of the registry.
    let calls = f64::from(THREADS * CALLS);
    let (successes, _) = both(&exporter, &metrics);
    assert!(successes.is_some_and(|successes| successes <= calls && successes > calls * 0.99), "{successes:?}");
}

#[test]
fn a_handle_that_outlives_its_circuit_adds_nothing_more() {
    let (registry, _clock) = registry();
    let (exporter, metrics) = (Exporter::new(), by_family(&registry));
    let kept = registry.register("tenant:1", Policy::new()).unwrap();
    succeed_times(&kept, 7);
    registry.unregister("tenant:1").unwrap();
    fail_times(&kept, 50);
    assert_eq!(both(&exporter, &metrics), (Some(7.0), Some(0.0)));
    let failures = [("group", "tenant:*"), ("outcome", "failure")];
    assert_eq!(rendered(&metrics).value("breaker_box_calls_total", &failures), Some(0.0));
}

#[test]
fn clones_count_together_and_a_new_object_begins_with_what_is_there() {
    let (registry, _clock) = registry();
    let metrics = by_family(&registry);
    let clone = metrics.clone();
    tenant(&registry, 1);
    registry.unregister("tenant:1").unwrap();
    tenant(&registry, 2);
    let successes = |metrics: &Metrics| rendered(metrics).value("breaker_box_calls_total", &SUCCESSES);
    assert_eq!((successes(&metrics), successes(&clone)), (Some(2.0), Some(2.0)));
    assert_eq!(successes(&by_family(&registry)), Some(1.0));
}

#[test]
fn publishing_a_new_object_each_time_counts_nothing_twice() {
    let (registry, _clock) = registry();
    let exporter = Exporter::new();
    for calls in 1..=5 {
        tenant(&registry, 7);
        let scrape = exporter.scrape(&by_family(&registry));
        assert_eq!(scrape.value("breaker_box_calls_total", &SUCCESSES), Some(f64::from(calls)));
    }
}

#[test]
fn a_group_that_would_be_one_too_many_is_shown_with_the_others() {
    let (registry, _clock) = registry();
    let metrics = Metrics::new(&registry).group_by(|key| Some(key.identifier().to_owned()));
    for number in 0..1_005 {
        tenant(&registry, number);
    }
    let exporter = Exporter::new();
    for _ in 0..2 {
        for scrape in [rendered(&metrics), exporter.scrape(&metrics)] {
            let groups = scrape.samples.keys().filter(|series| series.name == "breaker_box_openings_total").count();
            assert_eq!(groups, 1_001);
            let others = [("group", "other"), ("outcome", "success")];
            assert_eq!(scrape.value("breaker_box_calls_total", &others), Some(5.0));
        }
    }
}

#[test]
fn groups_of_two_registries_are_told_apart_by_the_label_of_the_registry() {
    let (orders, _clock) = registry();
    let (jobs, _clock) = registry();
    // Added after the groups were chosen, and grouped all the same.
    let metrics = by_family(&orders).registry("jobs", &jobs);
    tenant(&orders, 1);
    tenant(&jobs, 1);
    tenant(&jobs, 2);
    jobs.unregister("tenant:2").unwrap();
    let exporter = Exporter::new();
    for scrape in [rendered(&metrics), exporter.scrape(&metrics)] {
        assert_eq!(scrape.value("breaker_box_calls_total", &SUCCESSES), Some(1.0));
        let of_jobs = [("group", "tenant:*"), ("outcome", "success"), ("registry", "jobs")];
        assert_eq!(scrape.value("breaker_box_calls_total", &of_jobs), Some(2.0));
    }
}

#[test]
fn a_hostile_label_stays_within_its_quotes_and_an_empty_one_is_no_group() {
    let (registry, _clock) = registry();
    registry.register("a", Policy::new()).unwrap();
    let hostile = "quote\" \\ and\nlines";
    let metrics = Metrics::new(&registry).group_by(move |_| Some(hostile));
    let closed = [("group", hostile), ("state", "closed")];
    assert_eq!(rendered(&metrics).value("breaker_box_state", &closed), Some(1.0));

    let metrics = Metrics::new(&registry).group_by(|_| Some(""));
    let closed = [("identifier", "a"), ("state", "closed")];
    assert_eq!(rendered(&metrics).value("breaker_box_state", &closed), Some(1.0));
}

#[test]
fn a_function_that_panics_where_a_circuit_leaves_harms_nobody() {
    static PANICS: AtomicBool = AtomicBool::new(false);

    let (registry, _clock) = registry();
    let metrics = Metrics::new(&registry).group_by(|_| {
        assert!(!PANICS.load(Ordering::Relaxed), "on purpose");
        Some("tenant:*")
    });
    for number in 0..3 {
        tenant(&registry, number);
    }
    PANICS.store(true, Ordering::Relaxed);
    registry.unregister("tenant:0").unwrap();
    PANICS.store(false, Ordering::Relaxed);
    registry.unregister("tenant:1").unwrap();
    assert_eq!(both(&Exporter::new(), &metrics), (Some(2.0), Some(1.0)));
}

#[test]
fn a_function_may_use_the_registry() {
    let registry = Registry::builder().clock(ManualClock::new()).max_circuits(2).build().unwrap();
    let used = registry.clone();
    let metrics = Metrics::new(&registry).group_by(move |key| {
        let _ = (used.len(), used.get(key.to_key()), used.unregister("nobody"));
        Some("tenant:*")
    });
    for number in 0..50 {
        tenant(&registry, number);
    }
    registry.unregister("tenant:49").unwrap();
    registry.sweep();
    assert_eq!(both(&Exporter::new(), &metrics).0, Some(50.0));
}

#[test]
fn the_size_of_a_group_does_not_depend_on_the_number_of_its_circuits() {
    let size = |circuits| {
        let (registry, _clock) = registry();
        for number in 0..circuits {
            tenant(&registry, number);
        }
        let text = by_family(&registry).render();
        assert_eq!(text.lines().filter(|line| line.starts_with("breaker_box_")).count(), series_in_a_group());
        text.len()
    };
    // The numbers themselves are longer: of calls, and of closed circuits.
    assert_eq!(size(10_000), size(10) + 2 * "000".len());
}

/// How many series one circuit and one group have, without durations and ratios.
fn series_in_a_group() -> usize {
    let (registry, _clock) = registry();
    tenant(&registry, 0);
    series_of_group("tenant:*", &registry.list()).len()
}

#[test]
fn a_group_without_circuits_is_shown_with_zeros() {
    let (registry, clock) = registry();
    let metrics = by_family(&registry);
    let breaker = registry.register("tenant:1", Policy::consecutive_failures(1)).unwrap();
    fail_times(&breaker, 1);
    clock.advance(Duration::from_secs(1));
    let exporter = Exporter::new();
    exporter.scrape(&metrics);
    registry.unregister("tenant:1").unwrap();
    for scrape in [rendered(&metrics), exporter.scrape(&metrics)] {
        for state in ["closed", "open", "half_open"] {
            let state = [("group", "tenant:*"), ("state", state)];
            assert_eq!(scrape.value("breaker_box_state", &state), Some(0.0));
        }
        assert_eq!(scrape.value("breaker_box_openings_total", &[("group", "tenant:*")]), Some(1.0));
    }
}
