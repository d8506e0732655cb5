//! Real scrapes over HTTP, compared with `status()` series by series.

use std::mem::forget;
use std::thread;

use breaker_box::{CircuitBreaker, Key, ManualClock, Metrics, Outcome, Policy, Registry, Window};

use crate::exporter::{Exporter, Service, builder, rendered};
use crate::exposition::{Samples, Scrape, Value, assert_same};
use crate::support::{
    fail, fail_times, millis, panic_in, poll_once, registry_with, runs, seconds, succeed_times, take,
};
use crate::truth::{durations_of, series_of};

/// How long the calls of the circuit `slow` take.
const DURATIONS: [u64; 5] = [1, 90, 250, 251, 61_000];

/// A circuit in each state, and a call of each kind.
pub(crate) fn circuits_of_all_kinds() -> (Registry, ManualClock) {
    let (registry, clock) = registry_with(Policy::consecutive_failures(2));
    let make = |key: Key, policy| registry.register(key, policy).expect("a free name");

    let closed = make(Key::new("closed").with_scope("payments").with_kind("http"), Policy::new());
    succeed_times(&closed, 7);
    fail_times(&closed, 3);
    closed.call_with(|| 404, |_| Outcome::Ignore).expect("it is closed");
    drop(closed.try_acquire().expect("it is closed"));
    panic_in(&closed, "on purpose");

    let rates = Policy::failure_rate(0.9, Window::calls(4)).or_slow_call_rate(1.0, millis(250), Window::calls(4));
    let slow = make(Key::new("slow"), rates);
    for duration in DURATIONS {
        take(&slow, &clock, millis(duration));
    }
    make(Key::new("too few calls for a rate"), rates);

    let open = make(Key::new("open").with_scope("payments"), Policy::consecutive_failures(1));
    let late = open.try_acquire().expect("it is closed");
    fail(&open);
    late.success();
    assert!(!runs(&open) && !runs(&open));

    // Of an expired circuit the scrape shows what a call would find.
    let half_open =
        make(Key::new("half-open").with_kind("database"), Policy::consecutive_failures(1).expiry(millis(10)));
    fail(&half_open);
    clock.advance(millis(10));

    let ramping_up =
        make(Key::new("ramping up"), Policy::consecutive_failures(1).ramp_up(seconds(60)).close_on_expiry());
    fail(&ramping_up);
    clock.advance(seconds(45));
    assert!(runs(&ramping_up));

    let hanging = make(Key::new("hanging"), Policy::hung_calls(9, millis(5)));
    forget(hanging.try_acquire().expect("it is closed"));
    clock.advance(millis(5));
    forget(hanging.try_acquire().expect("it is closed"));

    make(Key::new("forced"), Policy::new()).force_open();
    make(Key::new("disabled"), Policy::new()).disable();
    let dry_run = make(Key::new("dry run"), Policy::consecutive_failures(1));
    dry_run.metrics_only();
    fail_times(&dry_run, 2);
    (registry, clock)
}

/// What a scrape must show.
fn truth(registry: &Registry) -> Samples {
    let mut samples = Samples::new();
    for status in registry.list() {
        samples.extend(series_of(&status, None));
        let took: &[u64] = match status.key.identifier() {
            "slow" => &DURATIONS,
            "too few calls for a rate" | "hanging" => &[],
            _ => continue,
        };
        let took: Vec<_> = took.iter().map(|took| millis(*took).as_secs_f64()).collect();
        samples.extend(durations_of(&status, None, &took));
    }
    samples
}

#[test]
fn every_series_of_a_scrape_is_what_status_says() {
    let (registry, clock) = circuits_of_all_kinds();
    let metrics = Metrics::new(&registry);
    let service = Service::start(Exporter::new(), metrics);
    assert_same(&service.get("/metrics").samples, &truth(&registry));
    assert_same(&service.get("/circuits").samples, &truth(&registry));

    // And so the next one, when all has changed.
    for status in registry.list() {
        let breaker = registry.get(&status.key).expect("it is listed");
        // The durations of these are written down above.
        if !["slow", "too few calls for a rate", "hanging"].contains(&status.key.identifier()) {
            succeed_times(&breaker, 3);
            fail(&breaker);
        }
    }
    clock.advance(seconds(3));
    assert_same(&service.get("/metrics").samples, &truth(&registry));
    assert_same(&service.get("/circuits").samples, &truth(&registry));
}

#[test]
fn both_exports_agree_on_types_and_descriptions() {
    let (registry, _clock) = circuits_of_all_kinds();
    let service = Service::start(Exporter::new(), Metrics::new(&registry));
    let (exporter, own) = (service.get("/metrics"), service.get("/circuits"));
    assert_same(&exporter.samples, &own.samples);
    assert_eq!(exporter.types, own.types);
    assert_eq!(exporter.helps, own.helps);
    assert_eq!(own.types.len(), 14);
}

#[test]
fn the_names_are_those_that_prometheus_recommends() {
    let (registry, _clock) = circuits_of_all_kinds();
    let recommended = Exporter::of(builder().with_recommended_naming(true)).scrape(&Metrics::new(&registry));
    // The exporter found nothing to repair.
    assert_same(&recommended.samples, &truth(&registry));
}

#[test]
fn the_text_can_be_appended_to_what_the_exporter_renders() {
    let (registry, _clock) = circuits_of_all_kinds();
    let exporter = Exporter::new();
    exporter.record(|| metrics::counter!("shop_orders_total", "country" => "no").increment(3));
    let whole = Scrape::parse(&(exporter.render() + &Metrics::new(&registry).render()));
    assert_eq!(whole.value("shop_orders_total", &[("country", "no")]), Some(3.0));
    assert_eq!(whole.samples.len(), truth(&registry).len() + 1);
}

#[test]
fn the_openings_of_a_circuit_that_nobody_calls_are_shown_when_their_time_has_come() {
    let policy = Policy::consecutive_failures(1).half_open_timeout(seconds(5));
    let (registry, clock) = registry_with(policy);
    let breaker: CircuitBreaker = registry.register("search", policy).unwrap();
    fail(&breaker);
    clock.advance(seconds(30));
    let probe = breaker.try_acquire().unwrap();
    let openings = || Exporter::new().scrape(&Metrics::new(&registry));
    assert_eq!(openings().value("breaker_box_openings_total", &[("identifier", "search")]), Some(1.0));
    // The probe never comes back, which opens the circuit again. There are no calls, so nothing has
    // noticed yet.
    clock.advance(seconds(5));
    let text = rendered(&Metrics::new(&registry));
    assert_eq!(text.value("breaker_box_openings_total", &[("identifier", "search")]), Some(2.0));
    assert_eq!(text.value("breaker_box_state", &[("identifier", "search"), ("state", "open")]), Some(1.0));
    drop(probe);
    let text = rendered(&Metrics::new(&registry));
    assert_eq!(text.value("breaker_box_openings_total", &[("identifier", "search")]), Some(2.0));
}

#[test]
fn a_cancelled_future_is_in_a_series_of_its_own() {
    let (registry, _clock) = registry_with(Policy::new());
    let breaker = registry.register("search", Policy::new()).unwrap();
    let mut future = Box::pin(breaker.call_async(std::future::pending::<Result<(), &str>>()));
    assert!(poll_once(future.as_mut()).is_pending());
    drop(future);
    let scrape = Exporter::new().scrape(&Metrics::new(&registry));
    assert_eq!(scrape.value("breaker_box_cancelled_calls_total", &[("identifier", "search")]), Some(1.0));
    assert_eq!(scrape.value("breaker_box_calls_total", &[("identifier", "search"), ("outcome", "failure")]), Some(0.0));
}

#[test]
fn a_circuit_is_in_one_state_in_every_scrape_however_fast_it_changes() {
    let (registry, _clock) = registry_with(Policy::new());
    let breaker = registry.register("search", Policy::new()).unwrap();
    let metrics = Metrics::new(&registry);
    let exporter = Exporter::new();
    thread::scope(|scope| {
        let mover = scope.spawn(|| {
            for _ in 0..2_000 {
                breaker.open();
                breaker.force_open();
                breaker.disable();
                breaker.metrics_only();
                breaker.reset();
            }
        });
        let mut is_last = false;
        while !is_last {
            is_last = mover.is_finished();
            for scrape in [rendered(&metrics), exporter.scrape(&metrics)] {
                let states = scrape.samples.iter().filter(|(series, _)| series.name == "breaker_box_state");
                let states: Vec<_> = states.filter(|(_, value)| value.0 != 0.0).collect();
                assert!(states.len() == 1 && *states[0].1 == Value(1.0), "{states:?}");
            }
        }
    });
}
