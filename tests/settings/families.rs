//! Families: tables for all circuits of a name with `*`.

use std::time::Instant;

use breaker_box::{
    ApplyError, FamilySettings, Key, ManualClock, MetadataError, Policy, Registry, Settings, State, circuit_breaker,
};

use crate::{numbered, refusal, seconds};

const THREE: Policy = Policy::consecutive_failures(3);
const FOUR: Policy = Policy::consecutive_failures(4);
const NINE: Policy = Policy::consecutive_failures(9);

fn settings(text: &str) -> Settings {
    Settings::from_toml(text).unwrap()
}

fn policy(registry: &Registry, key: impl breaker_box::AsKey) -> Policy {
    registry.status(key).unwrap().policy
}

/// A registry that was brought to a text.
fn brought_to(text: &str) -> Registry {
    let registry = Registry::new();
    registry.apply(&settings(text)).unwrap();
    registry
}

fn call(registry: &Registry, key: impl breaker_box::AsKey) {
    registry.call(key, || Ok::<_, ()>(())).unwrap();
}

#[circuit_breaker(identifier = "tenant:{id}", failure_threshold = 9, registry = registry)]
fn keyed(registry: &Registry, id: &str) -> Option<()> {
    Some(())
}

#[circuit_breaker(identifier = "tenant:fixed", failure_threshold = 9, registry = registry)]
fn fixed(registry: &Registry) -> Option<()> {
    Some(())
}

#[test]
fn a_family_is_for_circuits_that_calls_make_later_in_whatever_way() {
    let registry = brought_to("[circuits.\"tenant:*\"]\nfailure_threshold = 3");
    assert!(registry.is_empty(), "a family is no circuit");
    call(&registry, "tenant:called");
    keyed(&registry, "keyed");
    fixed(&registry);
    registry.try_acquire("tenant:acquired").unwrap().success();
    assert_eq!(registry.get_or_register("tenant:asked", NINE).unwrap().policy(), THREE);
    assert_eq!(registry.register("tenant:registered", NINE).unwrap().policy(), THREE);
    assert_eq!(registry.len(), 6);
    assert!(registry.list().iter().all(|status| status.policy == THREE));
    call(&registry, "other");
    assert_eq!(policy(&registry, "other"), Policy::new());
}

#[test]
fn a_family_is_for_circuits_that_exist() {
    let registry = Registry::new();
    call(&registry, "tenant:called");
    keyed(&registry, "keyed");
    fixed(&registry);
    registry.register("tenant:registered", NINE).unwrap();
    registry.register("other", NINE).unwrap();
    let applied = registry.apply(&settings("[circuits.\"tenant:*\"]\nfailure_threshold = 3")).unwrap();
    let names = ["tenant:called", "tenant:fixed", "tenant:keyed", "tenant:registered"];
    assert_eq!(applied.configured, names.map(Key::new));
    assert!(names.into_iter().all(|name| policy(&registry, name) == THREE));
    assert_eq!(policy(&registry, "other"), NINE);
    let again = registry.apply(&settings("[circuits.\"tenant:*\"]\nfailure_threshold = 3")).unwrap();
    assert_eq!(again, breaker_box::Applied::default(), "they match already");
}

#[test]
fn a_family_that_changes_or_goes_takes_its_circuits_along() {
    let registry = brought_to("[circuits.\"tenant:*\"]\nfailure_threshold = 3");
    call(&registry, "tenant:called");
    keyed(&registry, "keyed");
    fixed(&registry);
    registry.register("tenant:registered", FOUR).unwrap();

    let applied = registry.apply(&settings("[circuits.\"tenant:*\"]\nexpiry = \"1s\"")).unwrap();
    assert_eq!(applied.configured.len(), 4);
    assert!(registry.list().iter().all(|status| status.policy == Policy::new().expiry(seconds(1))));

    let applied = registry.apply(&settings("[circuits.\"t*:fixed\"]\nfailure_threshold = 5")).unwrap();
    assert_eq!(applied.configured, [Key::new("tenant:fixed")]);
    assert_eq!(applied.restored.len(), 3);
    assert_eq!(policy(&registry, "tenant:called"), Policy::new());
    assert_eq!(policy(&registry, "tenant:keyed"), NINE);
    assert_eq!(policy(&registry, "tenant:registered"), FOUR);

    let applied = registry.apply(&settings("")).unwrap();
    assert_eq!(applied.restored, [Key::new("tenant:fixed")]);
    assert_eq!(policy(&registry, "tenant:fixed"), NINE);
    assert_eq!(registry.len(), 4);
}

#[test]
fn the_exact_name_wins_and_then_the_longer_literal_part() {
    let text = "[circuits.\"*\"]\nfailure_threshold = 1\n[circuits.\"tenant:*\"]\nfailure_threshold = 2\n\
                [circuits.\"tenant:eu:*\"]\nfailure_threshold = 3\n[circuits.\"tenant:eu:7\"]\nfailure_threshold = 4\n\
                [circuits.\"*:eu:*:long-suffix\"]\nfailure_threshold = 5";
    let settings = settings(text);
    let registry = Registry::new();
    registry.apply(&settings).unwrap();
    for (name, threshold) in [
        ("other", 1),
        ("tenant:us:7", 2),
        ("tenant:eu:8", 3),
        ("tenant:eu:7", 4),
        ("tenant:eu:7:long-suffix", 5),
        ("", 1),
    ] {
        let expected = Policy::consecutive_failures(threshold);
        assert_eq!(settings.policy(name), Some(expected), "{name}");
        if !name.is_empty() {
            call(&registry, name);
            assert_eq!(policy(&registry, name), expected, "{name}");
        }
    }
}

#[test]
fn of_families_with_equal_literal_parts_one_wins_whatever_their_order() {
    let table = |name: &str, rest: &str, n: u32| format!("[circuits.{name}]\n{rest}failure_threshold = {n}\n");
    let tables = [
        table("'a*'", "", 1),
        table("'*a'", "", 2),
        table("scoped", "identifier = '*a'\nscope = 's'\n", 3),
        table("kinded", "identifier = '*a'\nkind = 'k'\n", 4),
        table("both", "identifier = '*a'\nscope = 's'\nkind = 'k'\n", 5),
        table("'*b'", "", 6),
    ];
    let reversed: String = tables.iter().rev().cloned().collect();
    for text in [tables.concat(), reversed] {
        let settings = settings(&text);
        let threshold = |key: Key| settings.policy(&key).unwrap().to_string();
        let expected = |n: u32| Policy::consecutive_failures(n).to_string();
        assert_eq!(threshold(Key::new("a-a")), expected(1), "the longer part before the `*`");
        assert_eq!(threshold(Key::new("ab")), expected(1));
        assert_eq!(threshold(Key::new("a-a").with_scope("s")), expected(3), "a scope");
        assert_eq!(threshold(Key::new("a-a").with_kind("k")), expected(4), "a kind");
        assert_eq!(threshold(Key::new("a-a").with_scope("s").with_kind("k")), expected(5), "both");
        assert_eq!(threshold(Key::new("a-a").with_scope("s").with_kind("other")), expected(3));
    }
    let names = |text: &str| settings(text).families().map(|family| family.identifier().to_owned()).collect::<Vec<_>>();
    assert_eq!(names("[circuits.'a*cd*']\n[circuits.'a*b*c']"), ["a*b*c", "a*cd*"], "then the alphabet");
}

#[test]
fn a_family_without_a_scope_is_for_circuits_of_any() {
    let registry = brought_to("[circuits.\"tenant:*\"]\nfailure_threshold = 3");
    for key in [
        Key::new("tenant:1"),
        Key::new("tenant:1").with_scope("billing"),
        Key::new("tenant:1").with_kind("http"),
        Key::new("tenant:1").with_scope("billing").with_kind("http"),
    ] {
        call(&registry, &key);
        assert_eq!(policy(&registry, &key), THREE);
    }
    let registry = brought_to("[circuits.\"tenant:*\"]\nscope = \"billing\"\nkind = \"http\"\nfailure_threshold = 3");
    let inside = Key::new("tenant:1").with_scope("billing").with_kind("http");
    call(&registry, &inside);
    assert_eq!(policy(&registry, &inside), THREE);
    for outside in [inside.clone().with_scope("other"), inside.with_kind("other"), Key::new("tenant:1")] {
        call(&registry, &outside);
        assert_eq!(policy(&registry, &outside), Policy::new(), "{outside}");
    }
}

#[test]
fn an_exact_table_without_a_scope_is_for_the_circuit_without_one() {
    let registry = brought_to("[circuits.a]\nfailure_threshold = 4\n[circuits.\"*\"]\nfailure_threshold = 3");
    let scoped = Key::new("a").with_scope("s");
    call(&registry, &scoped);
    assert_eq!((policy(&registry, "a"), policy(&registry, &scoped)), (FOUR, THREE));
}

#[test]
fn a_star_can_be_literal() {
    let registry =
        brought_to("[circuits.'cron:\\*']\nfailure_threshold = 3\n[circuits.'\\\\*']\nfailure_threshold = 4");
    assert_eq!(policy(&registry, "cron:*"), THREE);
    call(&registry, "cron:daily");
    assert_eq!(policy(&registry, "cron:daily"), Policy::new());
    call(&registry, "\\daily");
    assert_eq!(policy(&registry, "\\daily"), FOUR);
    // Names without a star are as they are written.
    let settings = settings("[circuits.'DOMAIN\\user']");
    assert_eq!(settings.circuits().next().unwrap().key(), &Key::new("DOMAIN\\user"));
}

#[test]
fn a_family_given_twice_is_refused() {
    assert_eq!(
        refusal("[circuits.\"a*\"]\n[circuits.b]\nidentifier = \"a*\""),
        "TOML text:2: `circuits.b` names the same circuits as `circuits.\"a*\"`; remove one of the two"
    );
    assert_eq!(
        refusal("[circuits.\"a**\"]\n[circuits.\"a*\"]"),
        "TOML text:1: `circuits.\"a**\"` names the same circuits as `circuits.\"a*\"`; remove one of the two"
    );
    let scoped = "[circuits.\"a*\"]\n[circuits.b]\nidentifier = \"a*\"\nscope = \"s\"";
    assert_eq!(settings(scoped).families().count(), 2, "these are for other circuits");
}

#[test]
fn a_star_in_a_scope_or_a_kind_is_refused() {
    assert_eq!(
        refusal("[circuits.\"a*\"]\nscope = \"team-*\"\nkind = \"*\""),
        "TOML text:2: `circuits.\"a*\".scope` cannot contain `*`: remove it, because a family without a scope is for \
         circuits of any scope\n\
         TOML text:3: `circuits.\"a*\".kind` cannot contain `*`: remove it, because a family without a kind is for \
         circuits of any kind"
    );
}

#[test]
fn a_variable_reaches_a_family_through_the_name_of_its_table() {
    let variables = [
        ("B_CIRCUITS__TENANTS__IDENTIFIER", "tenant:*"),
        ("B_CIRCUITS__TENANTS__MODE", "disabled"),
        ("B_CIRCUITS__LEDGERS__FAILURE_THRESHOLD", "4"),
    ];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let text = "[circuits.ledgers]\nidentifier = \"ledger-*\"\nfailure_threshold = 3";
    let settings = Settings::builder().toml(text).variables("B_", variables).build().unwrap();
    let names: Vec<_> = settings.families().map(|family| (family.identifier(), family.mode())).collect();
    assert_eq!(names, [("ledger-*", None), ("tenant:*", Some(State::Disabled))]);
    assert_eq!(settings.policy("ledger-1"), Some(FOUR));
}

#[test]
fn a_family_inherits_as_a_circuit_does() {
    let text = "[defaults]\nexpiry = \"5s\"\n[templates.t]\nfailure_threshold = 3\nmode = \"metrics_only\"\n\
                [circuits.\"a*\"]\ntemplate = \"t\"\n[circuits.\"b*\"]";
    let settings = settings(text);
    assert_eq!(settings.policy("a1"), Some(THREE.expiry(seconds(5))));
    assert_eq!(settings.policy("b1"), Some(Policy::new().expiry(seconds(5))));
    assert_eq!(settings.policy("c1"), None);
    let modes: Vec<_> = settings.families().map(FamilySettings::mode).collect();
    assert_eq!(modes, [Some(State::MetricsOnly), None]);
}

#[test]
fn circuits_of_a_family_leave_and_come_back_to_it() {
    let clock = ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).max_circuits(16).build().unwrap();
    let text = "[circuits.\"*\"]\nfailure_threshold = 3\nmetadata = { team = \"edge\" }";
    registry.apply(&settings(text)).unwrap();
    for n in 0..100 {
        keyed(&registry, &n.to_string());
        clock.advance(seconds(2));
    }
    assert_eq!(registry.len(), 16, "their metadata does not hold them");
    assert!(registry.get("tenant:0").is_none());
    keyed(&registry, "0");
    let status = registry.status("tenant:0").unwrap();
    assert_eq!((status.policy, status.metadata["team"].as_str()), (THREE, "edge"));

    // A circuit with metadata of its own stays.
    registry.get("tenant:0").unwrap().set_metadata("team", "core").unwrap();
    clock.advance(seconds(7_200));
    for n in 200..300 {
        keyed(&registry, &n.to_string());
        clock.advance(seconds(2));
    }
    assert_eq!(registry.status("tenant:0").unwrap().metadata["team"], "core");
}

#[test]
fn a_circuit_that_was_unregistered_comes_back_under_its_own_table() {
    let registry = brought_to("[circuits.\"a*\"]\nfailure_threshold = 3\n[circuits.a1]\nfailure_threshold = 4");
    registry.unregister("a1").unwrap();
    call(&registry, "a1");
    assert_eq!(policy(&registry, "a1"), FOUR);
}

#[test]
fn metadata_of_a_family_that_does_not_fit_changes_nothing() {
    let registry = Registry::builder().text_limits(breaker_box::TextLimits::new().metadata_bytes(20)).build().unwrap();
    let breaker = registry.register("a1", NINE).unwrap();
    breaker.set_metadata("owner", "me").unwrap();
    let text = "[circuits.b]\n[circuits.\"a*\"]\nfailure_threshold = 3\nmetadata = { team = \"0123456789\" }";
    let error = registry.apply(&settings(text)).unwrap_err();
    let ApplyError::Metadata(MetadataError::TooManyBytes { key, .. }) = error else { panic!("{error}") };
    assert_eq!((key, registry.len(), breaker.policy()), (Key::new("a1"), 1, NINE));

    let text = "[circuits.\"c*\"]\nmetadata = { team = \"01234567890123456789\" }";
    assert!(registry.apply(&settings(text)).is_err(), "it would fit no circuit");
}

#[test]
fn among_a_thousand_families_the_right_one_is_found_quickly() {
    let families = [
        numbered(0..400, |i| format!("[circuits.\"tenant-{i}:*\"]\nfailure_threshold = {}\n", i + 1)),
        numbered(0..300, |i| format!("[circuits.\"*:region-{i}\"]\nfailure_threshold = {}\n", i + 1_001)),
        numbered(0..300, |i| format!("[circuits.\"shop-*-{i}\"]\nfailure_threshold = {}\n", i + 2_001)),
    ];
    let settings = settings(&families.concat());
    assert_eq!(settings.families().count(), 1_000);
    let threshold = |name: &str| settings.policy(name).map(|policy| policy.to_string());
    let expected = |n: u32| Some(Policy::consecutive_failures(n).to_string());
    let began = Instant::now();
    for i in 0..300 {
        assert_eq!(threshold(&format!("tenant-{i}:orders")), expected(i + 1));
        assert_eq!(threshold(&format!("cart:region-{i}")), expected(i + 1_001));
        assert_eq!(threshold(&format!("shop-eu-{i}")), expected(i + 2_001));
        assert_eq!(threshold(&format!("none {i}")), None);
    }
    println!("{:?} each", began.elapsed() / 1_200);
}
