//! A registry that is brought to settings: what differs changes, the rest stays, and all state with
//! it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use breaker_box::{
    ApplyError, EventKind, Filter, Key, ManualClock, Policy, RegisterError, Registry, Settings, State, Window,
    circuit_breaker,
};

use crate::seconds;

fn settings(text: &str) -> Settings {
    Settings::from_toml(text).unwrap()
}

#[test]
fn missing_circuits_are_registered_and_others_configured() {
    let registry = Registry::new();
    registry.register("same", Policy::consecutive_failures(2)).unwrap();
    registry.register("other", Policy::consecutive_failures(3)).unwrap();
    registry.register("stranger", Policy::consecutive_failures(4)).unwrap();
    let events = registry.events(Filter::all());

    let text = "[defaults]\nfailure_threshold = 2\n[circuits.same]\n[circuits.other]\n[circuits.new]\nscope = \"s\"";
    let applied = registry.apply(&settings(text)).unwrap();
    assert_eq!(applied.registered, [Key::new("new").with_scope("s")]);
    assert_eq!(applied.configured, [Key::new("other")]);
    assert_eq!(applied.unchanged, [Key::new("same")]);
    assert_eq!(registry.status("stranger").unwrap().policy, Policy::consecutive_failures(4));

    let told: Vec<_> =
        std::iter::from_fn(|| events.try_recv().ok()).map(|event| (event.key.to_string(), event.kind)).collect();
    assert!(matches!(
        told.as_slice(),
        [(new, EventKind::Registered), (other, EventKind::Configured)] if new == "s/new" && other == "other"
    ));
    // Later circuits get the new default.
    registry.call("later", || Err::<(), _>("down")).unwrap_err();
    assert_eq!(registry.status("later").unwrap().policy, Policy::consecutive_failures(2));

    let again = registry.apply(&settings(text)).unwrap();
    assert_eq!((again.registered.len(), again.configured.len(), again.unchanged.len()), (0, 0, 3));
}

#[test]
fn state_and_counts_are_kept() {
    let registry = Registry::new();
    let first = "[circuits.open]\nfailure_threshold = 1\nexpiry = \"1h\"\n[circuits.closed]\nfailure_threshold = 3";
    registry.apply(&settings(first)).unwrap();
    registry.record_failure("open", "down").unwrap();
    registry.record_failure("closed", "down").unwrap();
    registry.record_failure("closed", "down").unwrap();

    let second = "[circuits.open]\nfailure_threshold = 9\n[circuits.closed]\nfailure_threshold = 4";
    registry.apply(&settings(second)).unwrap();
    let open = registry.status("open").unwrap();
    assert_eq!((open.state, open.openings, open.totals.failures), (State::Open, 1, 1));
    assert!(open.retry_after > Some(seconds(3_000)), "its deadline stays");
    assert_eq!(registry.status("closed").unwrap().failure_count, 2);
    registry.record_failure("closed", "down").unwrap();
    assert_eq!(registry.state("closed"), State::Closed);
    registry.record_failure("closed", "down").unwrap();
    assert_eq!(registry.state("closed"), State::Open, "the fourth in a row");
}

#[test]
fn metadata_are_set_and_others_kept() {
    let registry = Registry::new();
    let breaker = registry.register("a", Policy::new()).unwrap();
    breaker.set_metadata("region", "eu").unwrap();
    breaker.set_metadata("team", "old").unwrap();
    let text = "[circuits.a]\nmetadata = { team = \"checkout\" }";
    assert_eq!(registry.apply(&settings(text)).unwrap().configured, [Key::new("a")]);
    assert_eq!(breaker.metadata()["team"], "checkout");
    assert_eq!(breaker.metadata()["region"], "eu");
    assert_eq!(registry.apply(&settings(text)).unwrap().unchanged, [Key::new("a")]);
}

#[test]
fn without_defaults_the_default_policy_stays() {
    let registry = Registry::builder().default_policy(Policy::consecutive_failures(8)).build().unwrap();
    registry.apply(&settings("[circuits.a]")).unwrap();
    registry.call("later", || Ok::<_, ()>(())).unwrap();
    assert_eq!(registry.status("later").unwrap().policy, Policy::consecutive_failures(8));
}

#[circuit_breaker(identifier = "site", failure_threshold = 50, registry = registry)]
fn site(registry: &Registry) -> Option<()> {
    None
}

#[test]
fn settings_win_over_a_call_site() {
    let before = Registry::new();
    before.apply(&settings("[circuits.site]\nfailure_threshold = 3")).unwrap();
    assert_eq!(site(&before), None);
    assert_eq!(before.status("site").unwrap().policy, Policy::consecutive_failures(3));

    let after = Registry::new();
    assert_eq!(site(&after), None);
    assert_eq!(after.status("site").unwrap().policy, Policy::consecutive_failures(50));
    after.apply(&settings("[circuits.site]\nfailure_threshold = 3")).unwrap();
    assert_eq!(site(&after), None);
    assert_eq!(after.status("site").unwrap().policy, Policy::consecutive_failures(3));
}

#[test]
fn a_full_registry_refuses_all_and_changes_nothing() {
    let registry = Registry::builder().max_circuits(3).build().unwrap();
    registry.register("a", Policy::consecutive_failures(1)).unwrap();
    registry.register("b", Policy::consecutive_failures(1)).unwrap();
    // Open circuits never make room.
    registry.record_failure("a", "down").unwrap();
    registry.record_failure("b", "down").unwrap();
    let before = registry.list();

    let text = "[defaults]\nexpiry = \"1s\"\n[circuits.a]\n[circuits.c]\n[circuits.d]";
    let error = registry.apply(&settings(text)).unwrap_err();
    assert!(matches!(&error, ApplyError::Register(RegisterError::Full { limit: 3, .. })), "{error}");
    let policies = |list: Vec<breaker_box::Status>| list.into_iter().map(|s| (s.key, s.policy)).collect::<Vec<_>>();
    assert_eq!(policies(registry.list()), policies(before));
    registry.call("e", || Ok::<_, ()>(())).unwrap();
    assert_eq!(registry.status("e").unwrap().policy, Policy::new(), "the default policy, too, is as it was");
}

/// What watchers see of a registry from now on.
fn kinds(events: &breaker_box::EventReceiver) -> Vec<breaker_box::EventType> {
    std::iter::from_fn(|| events.try_recv().ok()).map(|event| event.kind.event_type()).collect()
}

#[test]
fn what_finds_no_room_for_all_has_evicted_nobody() {
    let clock = ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).max_circuits(4).build().unwrap();
    registry.register("registered", Policy::new()).unwrap();
    for name in ["a", "b", "c"] {
        registry.call(name, || Ok::<_, ()>(())).unwrap();
        clock.advance(seconds(3_600));
    }
    let handle = registry.get("c").unwrap();
    let events = registry.events(Filter::all());
    let before = registry.list();

    let error = registry.apply(&settings("[circuits.a]\n[circuits.x]\n[circuits.y]\n[circuits.z]")).unwrap_err();
    let ApplyError::Register(RegisterError::Full { key, limit: 4 }) = error else { panic!("{error}") };
    assert_eq!(key.identifier(), "y", "`x` could have taken the place of `b`");
    assert_eq!((registry.list(), kinds(&events)), (before, Vec::new()));
    // No circuit that was to make room is left half-removed.
    for name in ["a", "b", "c"] {
        registry.call(name, || Ok::<_, ()>(())).unwrap();
    }
    drop(handle);

    let applied = registry.apply(&settings("[circuits.a]\n[circuits.x]\n[circuits.y]")).unwrap();
    assert_eq!((applied.registered.len(), applied.configured.len() + applied.unchanged.len()), (2, 1));
    let names: Vec<_> = registry.list().into_iter().map(|status| status.key.to_string()).collect();
    assert_eq!(names, ["a", "registered", "x", "y"], "what a file names makes no room for what it names too");
}

#[test]
fn more_circuits_than_there_is_room_for_are_refused_before_any_is_made() {
    let registry = Registry::builder().max_circuits(2).build().unwrap();
    let events = registry.events(Filter::all());
    assert!(registry.apply(&settings("[circuits.a]\n[circuits.b]\n[circuits.c]")).is_err());
    assert_eq!((registry.len(), kinds(&events)), (0, Vec::new()));
}

#[test]
fn what_a_file_says_holds_although_idle_circuits_leave() {
    let clock = ManualClock::new();
    let builder = Registry::builder().clock(clock.clone()).max_circuits(1_000);
    let registry = builder.idle_after(seconds(3_600)).build().unwrap();
    registry.call("made before", || Ok::<_, ()>(())).unwrap();
    let table = "failure_threshold = 1\nexpiry = \"10m\"\nmetadata = { owner = \"checkout\" }\n";
    registry
        .apply(&settings(&format!("[circuits.new]\n{table}[circuits.\"made before\"]\n{table}[circuits.plain]")))
        .unwrap();
    clock.advance(seconds(8 * 3_600));
    registry.sweep();
    for number in 0..2_000 {
        registry.call(format!("user-{number}"), || Ok::<_, ()>(())).unwrap();
    }
    for name in ["new", "made before"] {
        assert!(registry.call(name, || Err::<(), _>("down")).is_err());
        let status = registry.status(name).unwrap();
        assert_eq!((status.state, status.metadata["owner"].as_str()), (State::Open, "checkout"));
    }
    assert!(registry.get("plain").is_some());
}

#[test]
fn a_wrong_file_changes_nothing() {
    let registry = Registry::new();
    registry.apply(&settings("[circuits.a]\nfailure_threshold = 3")).unwrap();
    let before = registry.list();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("breaker.toml");
    std::fs::write(&path, "[circuits.a]\nfailure_threshold = 4\n[circuits.b]\nexpiry = \"0s\"").unwrap();
    let reload = || -> Result<(), Box<dyn std::error::Error>> {
        registry.apply(&Settings::from_file(&path)?)?;
        Ok(())
    };
    let error = reload().unwrap_err().to_string();
    assert!(
        error.ends_with("breaker.toml:4: `circuits.b.expiry` must be longer than zero: write `\"30s\"`"),
        "{error}"
    );
    assert_eq!(registry.list(), before);
}

#[test]
fn settings_are_applied_while_calls_run() {
    let registry = Registry::new();
    let sets = [
        settings("[circuits.a]\nfailure_threshold = 1000000\n[circuits.b]"),
        settings("[circuits.a]\nfailures = 1000000\nwithin = \"1h\"\n[circuits.b]\nexpiry = \"5s\""),
        settings("[circuits.a]\nfailure_rate = 1.0\nwindow = 100\n[circuits.b]\njitter = 0.1"),
    ];
    let over = AtomicBool::new(false);
    let calls = Arc::new(AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let n = calls.fetch_add(1, Ordering::Relaxed);
                    // Every second one succeeds: no policy of these opens.
                    let done = registry.call("a", || if n % 2 == 0 { Ok(()) } else { Err("down") });
                    assert!(!matches!(done, Err(breaker_box::CallError::Open(_))));
                }
            });
        }
        for round in 0..300 {
            registry.apply(&sets[round % sets.len()]).unwrap();
        }
        over.store(true, Ordering::Relaxed);
    });
    let status = registry.status("a").unwrap();
    let totals = status.totals;
    assert_eq!(totals.successes + totals.failures, calls.load(Ordering::Relaxed), "no result is lost");
    assert_eq!(status.policy, Policy::failure_rate(1.0, Window::calls(100)));
}
