//! `mode`: the state that a circuit begins in.

use breaker_box::__private::{CircuitSlot, Outcome, SiteOptions, enter_named, settle};
use breaker_box::{
    CircuitSettings, EventKind, EventReceiver, Filter, Key, ManualClock, Policy, Registry, Settings, State,
    circuit_breaker,
};

use crate::{refusal, seconds};

const ONE: Policy = Policy::consecutive_failures(1);

fn apply(registry: &Registry, text: &str) -> breaker_box::Applied {
    registry.apply(&Settings::from_toml(text).unwrap()).unwrap()
}

/// The changes of state that were seen.
fn changes(events: &EventReceiver) -> Vec<(String, State)> {
    let change = |event: breaker_box::Event| match event.kind {
        EventKind::StateChanged { to, .. } => Some((event.key.to_string(), to)),
        _ => None,
    };
    events.try_iter().filter_map(change).collect()
}

fn fail(registry: &Registry, name: &str) {
    let _ = registry.call(name, || Err::<(), _>("down"));
}

#[circuit_breaker(identifier = "site:{id}", failure_threshold = 1, registry = registry)]
fn site(registry: &Registry, id: &str) -> Option<()> {
    Some(())
}

const EACH: [(&str, State); 3] =
    [("metrics_only", State::MetricsOnly), ("disabled", State::Disabled), ("forced_open", State::ForcedOpen)];

#[test]
fn a_circuit_begins_in_its_mode() {
    for (mode, state) in EACH {
        let registry = Registry::new();
        let events = registry.events(Filter::all());
        let applied =
            apply(&registry, &format!("[circuits.a]\nmode = \"{mode}\"\n[circuits.\"site:*\"]\nmode = \"{mode}\""));
        assert_eq!(applied.registered, [Key::new("a")]);
        assert_eq!(registry.state("a"), state);
        let _ = site(&registry, "1");
        fail(&registry, "site:2");
        assert_eq!((registry.state("site:1"), registry.state("site:2")), (state, state));
        let told = ["a", "site:1", "site:2"].map(|name| (name.to_owned(), state));
        assert_eq!(changes(&events), told);
    }
}

#[test]
fn closed_takes_the_mode_of_a_template_or_an_earlier_source_back() {
    let text = "[templates.trial]\nmode = \"metrics_only\"\n[templates.more]\ntemplate = \"trial\"\n\
                [circuits.a]\ntemplate = \"more\"\n[circuits.b]\ntemplate = \"trial\"\nmode = \"closed\"\n\
                [circuits.c]\ntemplate = \"trial\"";
    let variable = ("B_CIRCUITS__C__MODE".to_owned(), "closed".to_owned());
    let settings = Settings::builder().toml(text).variables("B_", [variable]).build().unwrap();
    let modes: Vec<_> = settings.circuits().map(CircuitSettings::mode).collect();
    assert_eq!(modes, [Some(State::MetricsOnly), Some(State::Closed), Some(State::Closed)]);
    let registry = Registry::new();
    registry.apply(&settings).unwrap();
    assert_eq!((registry.state("a"), registry.state("b")), (State::MetricsOnly, State::Closed));
}

#[test]
fn a_mode_that_is_added_has_effect_on_circuits_that_exist() {
    let registry = Registry::new();
    for name in ["closed", "open", "ordered"] {
        registry.register(name, ONE).unwrap();
    }
    registry.open("open").unwrap();
    registry.disable("ordered").unwrap();
    let applied = apply(&registry, "[circuits.\"*\"]\nfailure_threshold = 1\nmode = \"metrics_only\"");
    assert_eq!(applied.configured.len(), 3);
    assert!(registry.list().iter().all(|status| status.state == State::MetricsOnly), "also over earlier orders");
}

#[test]
fn the_same_mode_again_leaves_what_was_done_by_hand() {
    let text = "[circuits.a]\nmode = \"metrics_only\"\n[circuits.b]\nmode = \"metrics_only\"";
    let registry = Registry::new();
    apply(&registry, text);
    registry.reset("a").unwrap();
    registry.force_open("b").unwrap();
    assert_eq!(apply(&registry, text).unchanged.len(), 2);
    assert_eq!((registry.state("a"), registry.state("b")), (State::Closed, State::ForcedOpen));
    // Another option is no other mode.
    apply(&registry, &text.replace("mode", "expiry = \"1s\"\nmode"));
    assert_eq!((registry.state("a"), registry.state("b")), (State::Closed, State::ForcedOpen));
}

#[test]
fn a_mode_that_is_removed_is_taken_back() {
    for (mode, state) in EACH {
        let with_mode = format!("[circuits.a]\nmode = \"{mode}\"\nfailure_threshold = 2");
        for later in
            ["[circuits.a]\nfailure_threshold = 2", "[circuits.a]\nfailure_threshold = 2\nmode = \"closed\"", ""]
        {
            let registry = Registry::new();
            registry.register("a", ONE).unwrap();
            apply(&registry, &with_mode);
            fail(&registry, "a");
            assert_eq!(registry.state("a"), state);
            let applied = apply(&registry, later);
            assert_eq!(applied.configured.len() + applied.restored.len(), 1, "{later}");
            assert_eq!(registry.state("a"), State::Closed, "{later}");
            assert_eq!(registry.status("a").unwrap().failure_count, 0, "it begins anew");
        }
    }
}

#[test]
fn a_mode_that_is_removed_leaves_what_was_done_by_hand() {
    for (done, state) in [
        (Registry::force_open as fn(&Registry, &'static str) -> _, State::ForcedOpen),
        (Registry::disable, State::Disabled),
        // The same state, but by order.
        (Registry::metrics_only, State::MetricsOnly),
        (Registry::open, State::Open),
        (Registry::reset, State::Closed),
    ] {
        let registry = Registry::new();
        registry.register("a", ONE).unwrap();
        apply(&registry, "[circuits.a]\nmode = \"metrics_only\"");
        done(&registry, "a").unwrap();
        apply(&registry, "[circuits.a]");
        assert_eq!(registry.state("a"), state);
        apply(&registry, "");
        assert_eq!(registry.state("a"), state);
    }
}

#[test]
fn a_state_that_was_ordered_before_stays_when_the_same_mode_comes_and_goes() {
    let registry = Registry::new();
    registry.register("a", ONE).unwrap();
    registry.metrics_only("a").unwrap();
    apply(&registry, "[circuits.a]\nmode = \"metrics_only\"");
    apply(&registry, "");
    assert_eq!(registry.state("a"), State::MetricsOnly);
}

#[test]
fn one_mode_follows_another() {
    let registry = Registry::new();
    apply(&registry, "[circuits.a]\nmode = \"metrics_only\"");
    apply(&registry, "[circuits.\"*\"]\nmode = \"disabled\"\n[circuits.a]\nmode = \"forced_open\"");
    assert_eq!(registry.state("a"), State::ForcedOpen);
    fail(&registry, "a");
    apply(&registry, "[circuits.\"*\"]\nmode = \"disabled\"");
    assert_eq!(registry.state("a"), State::Disabled, "that of its family");
    apply(&registry, "");
    assert_eq!(registry.state("a"), State::Closed);
}

#[test]
fn circuits_of_a_family_make_room_in_any_mode_and_come_back_in_it() {
    for (mode, state) in EACH {
        let clock = ManualClock::new();
        let registry = Registry::builder().clock(clock.clone()).max_circuits(16).build().unwrap();
        apply(&registry, &format!("[circuits.\"site:*\"]\nmode = \"{mode}\""));
        for n in 0..100 {
            let _ = site(&registry, &n.to_string());
            clock.advance(seconds(2));
        }
        assert_eq!(registry.len(), 16);
        assert!(registry.get("site:99").is_some() && registry.get("site:0").is_none(), "{mode}");
        let _ = site(&registry, "0");
        assert_eq!(registry.state("site:0"), state);
    }
}

#[test]
fn a_trial_says_when_the_policy_would_have_opened() {
    let registry = Registry::new();
    apply(&registry, "[circuits.a]\nfailure_threshold = 2\nmode = \"metrics_only\"");
    let events = registry.events(Filter::all());
    for _ in 0..3 {
        fail(&registry, "a");
    }
    let would_open = events.try_iter().filter(|event| matches!(event.kind, EventKind::WouldOpen { .. })).count();
    assert_eq!((would_open, registry.state("a")), (1, State::MetricsOnly));
    // The trial ends.
    apply(&registry, "[circuits.a]\nfailure_threshold = 2");
    fail(&registry, "a");
    assert_eq!(registry.state("a"), State::Closed);
    fail(&registry, "a");
    assert_eq!(registry.state("a"), State::Open);
}

#[test]
fn a_wrong_mode_is_refused_with_what_was_meant() {
    for (value, told) in [
        ("\"metric_only\"", "; did you mean `metrics_only`?"),
        ("\"open\"", "; did you mean `forced_open`?"),
        ("\"Disabled\"", "; did you mean `disabled`?"),
        ("\"on\"", ", not \"on\": write `\"metrics_only\"`"),
        ("true", ", not true: write `\"metrics_only\"`"),
    ] {
        assert_eq!(
            refusal(&format!("[circuits.a]\nmode = {value}")),
            format!("TOML text:2: `circuits.a.mode` takes `metrics_only`, `disabled`, `forced_open` or `closed`{told}")
        );
    }
    let told = "belongs to a circuit or a template: for all circuits write it under `[circuits.\"*\"]`";
    assert_eq!(refusal("[defaults]\nmode = \"disabled\""), format!("TOML text:2: `defaults.mode` {told}"));
    assert_eq!(refusal("mode = \"disabled\""), format!("TOML text:1: `mode` {told}"));
    assert_eq!(
        refusal("[circuits.a]\nmod = \"disabled\""),
        "TOML text:2: `circuits.a.mod` is not an option; did you mean `mode`?"
    );
}

static FOUR: Policy = Policy::consecutive_failures(4);

/// A call of a site whose circuits begin in metrics-only, with a policy or without.
fn trial(registry: &Registry, name: &str, policy: Option<&'static Policy>) {
    let mut slot = CircuitSlot::new();
    let options = SiteOptions::new(policy).metrics_only();
    if let Ok(entered) = enter_named(registry, name, None, None, options, &mut slot) {
        settle(entered, (), |()| Outcome::Success);
    }
}

#[test]
fn settings_without_a_mode_leave_it_to_the_site() {
    for (policy, before) in [(Some(&FOUR), FOUR), (None, Policy::new())] {
        for text in ["[circuits.a]\nfailure_threshold = 1", "[circuits.\"a*\"]\nfailure_threshold = 1"] {
            let first: [fn(&Registry, &str, Option<&'static Policy>); 2] = [
                |registry, text, policy| {
                    trial(registry, "a", policy);
                    apply(registry, text);
                },
                |registry, text, policy| {
                    apply(registry, text);
                    trial(registry, "a", policy);
                },
            ];
            for first in first {
                let registry = Registry::new();
                first(&registry, text, policy);
                assert_eq!((registry.state("a"), registry.status("a").unwrap().policy), (State::MetricsOnly, ONE));
                // Without the settings it goes on.
                apply(&registry, "");
                assert_eq!((registry.state("a"), registry.status("a").unwrap().policy), (State::MetricsOnly, before));
            }
        }
    }
}

#[test]
fn the_mode_of_settings_wins_over_the_site_and_gives_way_to_it_again() {
    for (mode, state) in [("closed", State::Closed), ("disabled", State::Disabled)] {
        for table in ["a", "'a*'"] {
            let registry = Registry::new();
            apply(&registry, &format!("[circuits.{table}]\nmode = \"{mode}\""));
            trial(&registry, "a", Some(&FOUR));
            assert_eq!(registry.state("a"), state);
            apply(&registry, "");
            assert_eq!(registry.state("a"), State::MetricsOnly);
            apply(&registry, &format!("[circuits.{table}]\nmode = \"{mode}\""));
            assert_eq!(registry.state("a"), state);
        }
    }
}

#[test]
fn a_trial_of_a_site_that_was_ended_by_hand_does_not_begin_again() {
    let registry = Registry::new();
    trial(&registry, "a", Some(&FOUR));
    registry.reset("a").unwrap();
    apply(&registry, "[circuits.a]\nmode = \"disabled\"");
    apply(&registry, "");
    assert_eq!(registry.state("a"), State::Closed);
}
