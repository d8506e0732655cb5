//! What goes to the log, at which level, and what never does.

use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use breaker_box::fleet::{Change, Peer, Shared};
use breaker_box::{CircuitBreaker, ManualClock, Outcome, Policy, Registry, State, circuit_breaker};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};

/// One line as a reader of the log would see it.
#[derive(Clone, Debug)]
struct Line {
    level: Level,
    target: &'static str,
    text: String,
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<Line>>>);

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        self.0.lock().unwrap().push(Line {
            level: *event.metadata().level(),
            target: event.metadata().target(),
            text: text.0,
        });
    }
}

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0, "{field}={value:?} ").unwrap();
    }
}

fn logged(work: impl FnOnce()) -> Vec<Line> {
    let lines = Lines::default();
    let collected = lines.clone();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), work);
    let lines = collected.0.lock().unwrap();
    lines.clone()
}

fn at(lines: &[Line], level: Level) -> Vec<&str> {
    lines.iter().filter(|line| line.level == level).map(|line| line.text.as_str()).collect()
}

#[test]
fn opening_is_a_warning_with_name_states_cause_and_counts() {
    let breaker = CircuitBreaker::new("payment_api", Policy::consecutive_failures(2)).unwrap();
    let lines = logged(|| {
        breaker.record_failure("secret 1");
        breaker.record_failure("secret 2");
    });
    let warnings = at(&lines, Level::WARN);
    assert_eq!(warnings.len(), 1, "{lines:?}");
    for part in
        ["circuit=payment_api", "from=closed", "to=open", "cause=consecutive_failures", "failures=2", "openings=1"]
    {
        assert!(warnings[0].contains(part), "{part} is missing in {}", warnings[0]);
    }
}

#[test]
fn an_opening_by_hung_calls_says_how_many_they_were() {
    let clock = ManualClock::new();
    let policy = Policy::hung_calls(2, Duration::from_secs(10));
    let breaker = CircuitBreaker::with_clock("payment_api", policy, &clock).unwrap();
    let hung = [breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap(), breaker.try_acquire().unwrap()];
    clock.advance(Duration::from_secs(5));
    let later = breaker.try_acquire().unwrap();
    clock.advance(Duration::from_secs(30));
    let lines = logged(|| breaker.open());
    let warnings = at(&lines, Level::WARN);
    // Opened again by hand, which is no change of state.
    assert_eq!(warnings.len(), 1, "{lines:?}");
    for part in ["from=closed", "to=open", "cause=hung_calls", "failures=0", "hung=3"] {
        assert!(warnings[0].contains(part), "{part} is missing in {}", warnings[0]);
    }
    drop((hung, later));
    let lines = logged(|| breaker.force_open());
    assert!(!at(&lines, Level::WARN)[0].contains("hung"), "{lines:?}");
}

#[test]
fn half_open_and_closed_are_logged_as_info() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("payment_api", Policy::new(), &clock).unwrap();
    breaker.open();
    clock.advance(Duration::from_secs(30));
    let lines = logged(|| breaker.try_acquire().unwrap().success());
    let information = at(&lines, Level::INFO);
    assert_eq!(information.len(), 2, "{lines:?}");
    assert!(information[0].contains("to=half_open") && information[0].contains("cause=expired"));
    assert!(information[1].contains("to=closed") && information[1].contains("cause=probes_succeeded"));
}

#[test]
fn the_beginning_and_the_end_of_a_ramp_up_are_logged_as_info() {
    let clock = ManualClock::new();
    let policy = Policy::new().ramp_up(Duration::from_secs(60));
    let breaker = CircuitBreaker::with_clock("payment_api", policy, &clock).unwrap();
    breaker.open();
    clock.advance(Duration::from_secs(30));
    let lines = logged(|| breaker.try_acquire().unwrap().success());
    let information = at(&lines, Level::INFO);
    assert!(information[1].contains("circuit is ramping up") && information[1].contains("to=ramping_up"), "{lines:?}");
    assert!(information[1].contains("cause=probes_succeeded") && information[1].contains("openings=1"), "{lines:?}");
    clock.advance(Duration::from_secs(60));
    let lines = logged(|| breaker.try_acquire().unwrap().success());
    let information = at(&lines, Level::INFO);
    assert_eq!(information.len(), 1, "{lines:?}");
    for part in ["from=ramping_up", "to=closed", "cause=ramped_up", "openings=0"] {
        assert!(information[0].contains(part), "{part} is missing in {}", information[0]);
    }
}

/// Panics when it hears something.
struct Panics;

impl Peer for Panics {
    fn changed(&self, _: &CircuitBreaker, _: &Change) {
        panic!("card 4711")
    }
}

#[test]
fn a_remote_change_is_logged_as_others_are_and_a_peer_that_panics_as_an_error() {
    let registry = Registry::new();
    let membership = registry.join(Arc::new(Panics)).unwrap();
    let breaker = registry.register("payment_api", Policy::new()).unwrap();
    let lines = logged(|| {
        let shared = Shared::new(State::Open).openings(2).reason("card 4711");
        membership.adopt(&breaker, None, &shared);
    });
    let warnings = at(&lines, Level::WARN);
    assert_eq!(warnings.len(), 1, "{lines:?}");
    for part in ["circuit=payment_api", "from=closed", "to=open", "cause=remote", "openings=2"] {
        assert!(warnings[0].contains(part), "{part} is missing in {}", warnings[0]);
    }
    let errors = at(&lines, Level::ERROR);
    assert_eq!(errors, ["message=the peer of a registry panicked circuit=payment_api "], "{lines:?}");
    assert!(at(&lines, Level::DEBUG).iter().any(|text| text.contains("4711")));
}

#[test]
fn a_reason_is_logged_at_debug_only() {
    let breaker = CircuitBreaker::new("payment_api", Policy::consecutive_failures(1)).unwrap();
    let lines = logged(|| {
        let _ = breaker.call_with(|| (), |()| Outcome::failure_because("card 4711"));
        breaker.force_open_because("card 4711");
    });
    let (debug, louder): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line.level >= Level::DEBUG);
    assert!(louder.iter().all(|line| !line.text.contains("4711")), "{louder:?}");
    assert_eq!(debug.iter().filter(|line| line.text.contains("4711")).count(), 2, "{debug:?}");
}

#[test]
fn a_line_break_in_a_reason_is_escaped() {
    let breaker = CircuitBreaker::new("payment_api", Policy::new()).unwrap();
    let lines = logged(|| breaker.record_failure("a\nb"));
    assert!(lines.iter().any(|line| line.text.contains("a\\nb")), "{lines:?}");
    assert!(lines.iter().all(|line| !line.text.contains('\n')), "{lines:?}");
}

#[test]
fn a_panic_is_an_error_with_the_name_and_without_its_message() {
    let breaker = CircuitBreaker::new("payment_api", Policy::new()).unwrap();
    let lines = logged(|| {
        let call = AssertUnwindSafe(|| breaker.call(|| -> Result<(), ()> { panic!("card 4711") }));
        assert!(catch_unwind(call).is_err());
    });
    let errors = at(&lines, Level::ERROR);
    assert_eq!(errors.len(), 1, "{lines:?}");
    assert!(errors[0].contains("circuit=payment_api") && !errors[0].contains("4711"));
    assert!(at(&lines, Level::DEBUG).iter().any(|text| text.contains("4711")));
}

#[test]
fn the_text_of_a_panic_is_a_field_beside_the_text_of_the_line() {
    let breaker = CircuitBreaker::new("payment_api", Policy::new()).unwrap();
    let lines = logged(|| {
        let call = AssertUnwindSafe(|| breaker.call(|| -> Result<(), ()> { panic!("boom") }));
        assert!(catch_unwind(call).is_err());
    });
    let line = "message=message of the panic circuit=payment_api panic=boom ";
    assert!(at(&lines, Level::DEBUG).contains(&line), "{lines:?}");
}

#[test]
fn every_line_has_the_target_that_the_guide_names() {
    let breaker = CircuitBreaker::new("payment_api", Policy::consecutive_failures(1)).unwrap();
    let registry = Registry::builder().max_circuits(1).build().unwrap();
    registry.register("full", Policy::new()).unwrap();
    let lines = logged(|| {
        breaker.record_failure("timed out");
        breaker.metrics_only();
        breaker.record_failure("timed out");
        let call = AssertUnwindSafe(|| breaker.call(|| -> Result<(), ()> { panic!("boom") }));
        assert!(catch_unwind(call).is_err());
        registry.call("no room", || Ok::<_, ()>(())).unwrap();
    });
    let mut levels: Vec<_> = lines.iter().map(|line| line.level).collect();
    levels.sort();
    levels.dedup();
    assert_eq!(levels, [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG], "{lines:?}");
    assert!(lines.iter().all(|line| line.target == "breaker_box"), "{lines:?}");
}

/// The macros of `tracing` that write a line, in the sources of the crates that are published: each
/// says its target, because the default is a module path that no user knows; and none has a field
/// called `message`, which is the name of the text itself.
#[test]
fn no_line_of_the_sources_lacks_a_target_or_takes_the_name_of_the_text() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path().join("src"));
    let (mut files, mut lines) = (crates.filter(|src| src.is_dir()).collect::<Vec<_>>(), 0);
    files.push(root.join("src"));
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for (place, _) in text.match_indices("tracing::") {
            let Some((name, after)) = text[place + "tracing::".len()..].split_once("!(") else { continue };
            if !["error", "warn", "info", "debug", "trace", "event", "$level"].contains(&name) {
                continue;
            }
            lines += 1;
            let told = format!("{}: tracing::{name}!(…)", path.display());
            assert!(after.trim_start().starts_with("target:"), "{told} lacks a target");
        }
        for field in ["message = %", "message = ?", "%message,", "?message,"] {
            assert!(!text.contains(field), "{}: a field called `message`", path.display());
        }
    }
    assert!(lines >= 2, "the macro of the core, and the lines of the panel");
}

#[test]
fn two_call_sites_that_disagree_are_logged_once() {
    #[circuit_breaker(identifier = "disputed", failure_threshold = 3, registry = registry)]
    fn first(registry: &Registry) -> Option<()> {
        Some(())
    }

    #[circuit_breaker(identifier = "disputed", failure_threshold = 4, registry = registry)]
    fn second(registry: &Registry) -> Option<()> {
        Some(())
    }

    let registry = Registry::new();
    let lines = logged(|| {
        for _ in 0..3 {
            first(&registry).unwrap();
            second(&registry).unwrap();
        }
    });
    let warnings = at(&lines, Level::WARN);
    assert_eq!(warnings.len(), 1, "{lines:?}");
    assert!(
        warnings[0].contains("disputed") && warnings[0].contains("3 failures") && warnings[0].contains("4 failures")
    );
    assert_eq!(registry.status("disputed").unwrap().policy, Policy::consecutive_failures(3));
}

#[test]
fn a_circuit_registered_by_hand_wins_without_a_log_line() {
    #[circuit_breaker(identifier = "by_hand", failure_threshold = 3, registry = registry)]
    fn site(registry: &Registry) -> Option<()> {
        Some(())
    }

    let registry = Registry::new();
    registry.register("by_hand", Policy::consecutive_failures(9)).unwrap();
    let lines = logged(|| site(&registry).unwrap());
    assert!(lines.is_empty(), "{lines:?}");
    assert_eq!(registry.status("by_hand").unwrap().policy, Policy::consecutive_failures(9));
}

/// A registry without room, on a clock that only the test moves.
fn full() -> (Registry, ManualClock) {
    let clock = ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).max_circuits(1).build().unwrap();
    registry.register("only", Policy::new()).unwrap();
    (registry, clock)
}

fn call(registry: &Registry, name: &str) {
    registry.call(name, || Ok::<_, ()>(())).unwrap();
}

#[test]
fn unguarded_calls_are_logged_once_a_minute_with_their_number() {
    let (registry, clock) = full();
    let lines = logged(|| {
        for number in 0..60 {
            call(&registry, &format!("user {number}"));
            clock.advance(Duration::from_secs(1));
        }
        call(&registry, "user 60");
        call(&registry, "user 61");
        clock.advance(Duration::from_secs(3_600));
        call(&registry, "user 62");
    });
    let errors = at(&lines, Level::ERROR);
    assert_eq!(errors.len(), 3, "{errors:?}");
    for (line, (name, calls)) in errors.iter().zip([("user 0", 1), ("user 60", 60), ("user 62", 2)]) {
        assert!(line.contains(name) && line.contains(&format!("calls={calls} ")), "{line}");
    }
}

#[test]
fn a_name_that_is_too_long_is_logged_apart_from_a_full_registry_and_cut() {
    let (registry, _clock) = full();
    let lines = logged(|| {
        call(&registry, "newcomer");
        call(&registry, &"long\n".repeat(10_000));
        call(&registry, "");
    });
    let errors = at(&lines, Level::ERROR);
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].contains("newcomer") && errors[0].contains("full"));
    assert!(errors[1].contains("50000 bytes") && errors[1].len() < 1_000, "{}", errors[1]);
    assert!(!errors[1].contains('\n'));
}

#[test]
fn calls_through_the_overflow_circuit_are_logged_as_often() {
    let clock = ManualClock::new();
    let builder = Registry::builder().clock(clock.clone()).max_circuits(1).overflow("others", Policy::new());
    let registry = builder.build().unwrap();
    let lines = logged(|| {
        for number in 0..10 {
            call(&registry, &format!("user {number}"));
        }
        clock.advance(Duration::from_secs(60));
        call(&registry, "user 10");
    });
    let errors = at(&lines, Level::ERROR);
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].contains("overflow=others") && errors[0].contains("user 0"), "{}", errors[0]);
    assert!(errors[1].contains("calls=10 "), "{}", errors[1]);
}

#[test]
fn each_registry_logs_its_own_unguarded_calls() {
    let lines = logged(|| {
        for _ in 0..2 {
            call(&full().0, "newcomer");
        }
    });
    assert_eq!(at(&lines, Level::ERROR).len(), 2, "{lines:?}");
}

#[test]
fn concurrent_unguarded_calls_are_logged_once() {
    let registry = Registry::builder().max_circuits(1).build().unwrap();
    registry.register("only", Policy::new()).unwrap().force_open();
    let lines = logged(|| {
        for _ in 0..3 {
            registry.call("other", || Ok::<_, ()>(())).unwrap();
        }
    });
    let errors = at(&lines, Level::ERROR);
    assert_eq!(errors.len(), 1, "{lines:?}");
    assert!(errors[0].contains("other") && errors[0].contains("full"));
}

#[test]
fn a_log_subscriber_may_call_the_circuit_that_is_logged() {
    #[derive(Clone)]
    struct Asks(CircuitBreaker, Arc<Mutex<Vec<String>>>);

    impl<S: Subscriber> Layer<S> for Asks {
        fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
            self.1.lock().unwrap().push(self.0.status().state.to_string());
        }
    }

    let breaker = CircuitBreaker::new("payment_api", Policy::new()).unwrap();
    let seen = Arc::default();
    let layer = Asks(breaker.clone(), Arc::clone(&seen));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || breaker.force_open());
    assert_eq!(*seen.lock().unwrap(), ["forced open"]);
}
