//! Tables that a later file leaves out: circuits get back what they had before.

use breaker_box::{EventType, Filter, Key, ManualClock, Policy, Registry, Settings, State, circuit_breaker};

use crate::seconds;

const THREE: Policy = Policy::consecutive_failures(3);
const FOUR: Policy = Policy::consecutive_failures(4);
const NINE: Policy = Policy::consecutive_failures(9);
const TABLE: &str = "[circuits.a]\nfailure_threshold = 3";

fn apply(registry: &Registry, text: &str) -> breaker_box::Applied {
    registry.apply(&Settings::from_toml(text).unwrap()).unwrap()
}

fn policy(registry: &Registry, name: &str) -> Policy {
    registry.status(name).unwrap().policy
}

fn call(registry: &Registry, name: &str) {
    registry.call(name, || Ok::<_, ()>(())).unwrap();
}

#[circuit_breaker(identifier = "a", failure_threshold = 9, registry = registry)]
fn site(registry: &Registry) -> Option<()> {
    Some(())
}

#[circuit_breaker(identifier = "{name}", failure_threshold = 9, registry = registry)]
fn keyed(registry: &Registry, name: &str) -> Option<()> {
    Some(())
}

#[test]
fn a_circuit_gets_back_the_policy_that_it_had() {
    type Make = fn(&Registry);
    let make: [(Make, Policy); 4] = [
        (|registry| drop(registry.register("a", NINE)), NINE),
        (|registry| assert_eq!(site(registry), Some(())), NINE),
        (|registry| assert_eq!(keyed(registry, "a"), Some(())), NINE),
        (|registry| call(registry, "a"), FOUR),
    ];
    for (make, before) in make {
        let registry = Registry::builder().default_policy(FOUR).build().unwrap();
        make(&registry);
        // The default policy of another day does not matter.
        registry.set_default_policy(Policy::new()).unwrap();
        for _ in 0..3 {
            assert_eq!(apply(&registry, TABLE).configured, [Key::new("a")]);
            assert_eq!(policy(&registry, "a"), THREE);
            apply(&registry, "[circuits.a]\nexpiry = \"1s\"");
            let applied = apply(&registry, "");
            assert_eq!((applied.restored, applied.unregistered), (vec![Key::new("a")], vec![]));
            assert_eq!(policy(&registry, "a"), before);
            assert_eq!(apply(&registry, ""), breaker_box::Applied::default());
        }
    }
}

#[test]
fn a_circuit_that_a_file_made_gets_what_its_site_says() {
    let sites = [site as fn(&Registry) -> _, |registry| keyed(registry, "a")];
    // In the second mode the calls of the site are rejected.
    let cases = ["", "\nmode = \"forced_open\""].into_iter().flat_map(|mode| sites.map(|site| (site, mode)));
    for (site, mode) in cases {
        let registry = Registry::new();
        apply(&registry, &format!("{TABLE}{mode}"));
        site(&registry);
        assert_eq!(policy(&registry, "a"), THREE);
        apply(&registry, "");
        assert_eq!((policy(&registry, "a"), registry.state("a")), (NINE, State::Closed));
        // The site chose it, so another file can have it again.
        apply(&registry, TABLE);
        assert_eq!(policy(&registry, "a"), THREE);
    }
}

#[test]
fn a_circuit_that_a_file_made_gets_what_it_is_registered_with() {
    let registry = Registry::new();
    apply(&registry, TABLE);
    assert!(registry.register("a", NINE).is_err());
    assert_eq!(registry.get_or_register("a", NINE).unwrap().policy(), THREE);
    apply(&registry, "");
    assert_eq!(policy(&registry, "a"), NINE);
}

#[test]
fn a_circuit_that_only_a_file_asked_for_leaves_with_its_table() {
    let registry = Registry::new();
    apply(&registry, "[circuits.a]\nmetadata = { team = \"x\" }\n[circuits.b]\nmode = \"forced_open\"\n[circuits.c]");
    let events = registry.events(Filter::all());
    let applied = apply(&registry, "[circuits.c]\n[circuits.\"*\"]");
    assert_eq!((applied.unregistered, applied.restored), (vec![Key::new("a"), Key::new("b")], vec![]));
    assert_eq!(registry.list().len(), 1);
    let told: Vec<_> = events.try_iter().map(|event| event.kind.event_type()).collect();
    assert_eq!(told, [EventType::Unregistered; 2]);
}

#[test]
fn a_circuit_that_is_used_stays_with_the_default_policy() {
    let use_it: [fn(&Registry); 3] = [
        |registry| call(registry, "a"),
        |registry| drop(registry.get("a").unwrap().set_metadata("team", "x")),
        |registry| registry.open("a").unwrap(),
    ];
    for use_it in use_it {
        let registry = Registry::builder().default_policy(FOUR).build().unwrap();
        apply(&registry, TABLE);
        use_it(&registry);
        let applied = apply(&registry, "");
        assert_eq!((applied.restored, applied.unregistered), (vec![Key::new("a")], vec![]));
        assert_eq!(policy(&registry, "a"), FOUR);
    }
    for builder in [Registry::builder(), Registry::builder().max_circuits(10)] {
        let registry = builder.build().unwrap();
        apply(&registry, TABLE);
        let held = registry.get("a").unwrap();
        assert_eq!(apply(&registry, "").restored, [Key::new("a")]);
        held.open();
        assert_eq!(registry.state("a"), State::Open, "the handle is still that of the registry");
    }
}

#[test]
fn what_was_configured_by_hand_meanwhile_holds() {
    let registry = Registry::new();
    registry.register("a", NINE).unwrap();
    apply(&registry, TABLE);
    assert_eq!(registry.configure("a", FOUR).unwrap(), THREE);
    assert_eq!(apply(&registry, ""), breaker_box::Applied::default());
    assert_eq!(policy(&registry, "a"), FOUR);

    // Until the next file, which wins, and goes again.
    apply(&registry, TABLE);
    registry.configure("a", FOUR).unwrap();
    assert_eq!(apply(&registry, TABLE).configured, [Key::new("a")]);
    assert_eq!(policy(&registry, "a"), THREE);
    apply(&registry, "");
    assert_eq!(policy(&registry, "a"), FOUR);
}

#[test]
fn state_totals_and_counts_are_kept() {
    let registry = Registry::new();
    registry.register("a", NINE).unwrap();
    apply(&registry, TABLE);
    for _ in 0..2 {
        registry.record_failure("a", "down").unwrap();
    }
    apply(&registry, "");
    let status = registry.status("a").unwrap();
    assert_eq!((status.failure_count, status.totals.failures, status.state), (2, 2, State::Closed));
    for _ in 0..7 {
        registry.record_failure("a", "down").unwrap();
    }
    assert_eq!(registry.state("a"), State::Open, "the ninth in a row");
}

#[test]
fn metadata_comes_back_name_by_name() {
    let registry = Registry::new();
    let breaker = registry.register("a", NINE).unwrap();
    breaker.set_metadata("team", "old").unwrap();
    breaker.set_metadata("region", "eu").unwrap();
    apply(&registry, "[circuits.a]\nmetadata = { team = \"new\", tier = \"1\", page = \"x\" }");
    breaker.set_metadata("page", "by hand").unwrap();
    breaker.set_metadata("more", "by hand").unwrap();

    let applied = apply(&registry, "[circuits.a]\nmetadata = { team = \"newer\" }");
    assert_eq!(applied.configured, [Key::new("a")]);
    let shown = || breaker.metadata().into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
    assert_eq!(shown(), ["more=by hand", "page=by hand", "region=eu", "team=newer"]);
    apply(&registry, "");
    assert_eq!(shown(), ["more=by hand", "page=by hand", "region=eu", "team=old"]);
}

#[test]
fn the_default_policy_comes_back() {
    let registry = Registry::builder().default_policy(NINE).build().unwrap();
    let default = |name: &str| {
        call(&registry, name);
        policy(&registry, name)
    };
    apply(&registry, "[defaults]\nfailure_threshold = 3");
    assert_eq!(default("first"), THREE);
    apply(&registry, "[defaults]\nfailure_threshold = 4");
    assert_eq!(default("second"), FOUR);
    apply(&registry, "");
    assert_eq!(default("third"), NINE);
    assert_eq!(policy(&registry, "first"), THREE, "circuits that exist keep theirs");

    // What was set by hand meanwhile holds.
    apply(&registry, "[defaults]\nfailure_threshold = 3");
    assert_eq!(registry.set_default_policy(FOUR).unwrap(), THREE);
    assert_eq!(default("fourth"), FOUR);
    apply(&registry, "");
    assert_eq!(default("fifth"), FOUR);
}

#[test]
fn a_circuit_whose_table_is_gone_can_be_evicted_as_before() {
    let clock = ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).idle_after(seconds(60)).build().unwrap();
    for name in ["called", "named", "configured"] {
        call(&registry, name);
    }
    let named = "[circuits.called]\n[circuits.named]\n[circuits.configured]\n[circuits.made]";
    apply(&registry, named);
    call(&registry, "made");
    registry.configure("configured", NINE).unwrap();
    apply(&registry, "[circuits.named]\n[circuits.\"*\"]");
    clock.advance(seconds(3_600));
    registry.sweep();
    let kept =
        |registry: &Registry| registry.list().into_iter().map(|status| status.key.to_string()).collect::<Vec<_>>();
    assert_eq!(kept(&registry), ["configured", "named"]);
    apply(&registry, "");
    clock.advance(seconds(3_600));
    registry.sweep();
    assert_eq!(kept(&registry), ["configured"]);
}

#[test]
fn ten_thousand_reloads_leave_nothing_behind() {
    let registry = Registry::new();
    registry.register("a", NINE).unwrap();
    for n in 0..10_000 {
        let text = format!(
            "[circuits.a]\nfailure_threshold = {}\nmetadata = {{ run = \"{n}\" }}\n[circuits.b{n}]\nmode = \"disabled\"\n\
             [circuits.\"{n}*\"]\nexpiry = \"{}s\"",
            n % 5 + 1,
            n % 7 + 1
        );
        apply(&registry, &text);
    }
    assert_eq!(registry.len(), 2);
    assert_eq!(registry.status("a").unwrap().metadata.len(), 1);
    apply(&registry, "");
    assert_eq!((registry.len(), policy(&registry, "a")), (1, NINE));
}

#[test]
fn a_circuit_that_a_handler_replaces_meanwhile_is_left_alone() {
    let registry = Registry::new();
    registry.register("a", NINE).unwrap();
    apply(&registry, "[circuits.a]\nfailure_threshold = 3\n[circuits.b]");
    let inner = registry.clone();
    let filter = Filter::all().events([EventType::Configured]);
    let _subscription = registry.subscribe(filter, move |_| {
        inner.unregister("b").unwrap();
        inner.register("b", FOUR).unwrap();
    });
    let applied = apply(&registry, "");
    assert_eq!((applied.restored, applied.unregistered), (vec![Key::new("a")], vec![]));
    assert_eq!(policy(&registry, "b"), FOUR);
}

#[test]
fn a_handler_can_apply_other_settings() {
    let registry = Registry::new();
    registry.register("a", NINE).unwrap();
    registry.register("b", NINE).unwrap();
    let inner = registry.clone();
    let filter = Filter::all().events([EventType::Configured]).identifier("a");
    let subscription = registry.subscribe(filter, move |_| {
        apply(&inner, "[circuits.\"*\"]\nfailure_threshold = 4");
    });
    // What is applied last holds, though the first is still under way.
    apply(&registry, "[circuits.a]\nfailure_threshold = 3\n[circuits.b]\nfailure_threshold = 3");
    subscription.unsubscribe();
    assert_eq!((policy(&registry, "a"), policy(&registry, "b")), (FOUR, FOUR));
    apply(&registry, "");
    assert_eq!((policy(&registry, "a"), policy(&registry, "b")), (NINE, NINE));
}
