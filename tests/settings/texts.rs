//! Names and metadata that are longer than a registry takes.

use breaker_box::{
    ApplyError, EventType, Filter, Key, MetadataError, Policy, RegisterError, Registry, Settings, TextLimits,
};

use crate::refusal;

/// Settings by limits of their own.
fn by(limits: TextLimits, text: &str) -> Settings {
    Settings::builder().text_limits(limits).toml(text).build().unwrap()
}

#[test]
fn a_name_that_is_too_long_is_told_with_its_place() {
    let long = "x".repeat(513);
    let table = refusal(&format!("# why\n[circuits.{long}]\nexpiry = \"1s\""));
    let told =
        format!("TOML text:2: `circuits.\"{}…\"` is a name of 513 bytes: write one of at most 512", "x".repeat(200));
    assert_eq!(table, told);
    for part in ["identifier", "scope", "kind"] {
        let told = refusal(&format!("[circuits.a]\nexpiry = \"1s\"\n{part} = \"{long}\""));
        assert_eq!(told, format!("TOML text:3: `circuits.a.{part}` is a name of 513 bytes: write one of at most 512"));
    }
}

#[test]
fn the_name_of_a_table_may_be_longer_than_the_identifier_that_it_gives() {
    let (long, most) = ("x".repeat(5_000), "y".repeat(512));
    let settings = Settings::from_toml(&format!("[circuits.{long}]\nidentifier = \"{most}\"")).unwrap();
    assert_eq!(settings.circuits().next().unwrap().key(), &Key::new(most));
    assert!(Settings::from_toml(&format!("[templates.{long}]\nexpiry = \"1s\"")).is_ok(), "no circuit has that name");
}

#[test]
fn a_long_name_makes_no_long_message() {
    let long = "é".repeat(50_000);
    let told = refusal(&format!("[circuits.\"{long}\"]\n[circuits.a]\nscope = \"{long}\""));
    assert!(told.len() < 1_000, "{} bytes", told.len());
}

#[test]
fn too_much_metadata_are_told_with_their_place() {
    let entries: Vec<_> = (0..65).map(|number| format!("k{number} = \"v\"")).collect();
    let told = refusal(&format!("[circuits.a]\nexpiry = \"1s\"\n[circuits.a.metadata]\n{}", entries.join("\n")));
    assert_eq!(told, "TOML text:3: `circuits.a.metadata` has 65 entries: the metadata of a circuit may have 64");
    let told = refusal(&format!("[circuits.a]\nmetadata = {{ page = \"{}\" }}", "x".repeat(4_093)));
    assert_eq!(
        told,
        "TOML text:2: `circuits.a.metadata` has 4097 bytes (names and values): the metadata of a circuit may have 4096"
    );
    assert!(Settings::from_toml(&format!("[circuits.a]\nmetadata = {{ page = \"{}\" }}", "x".repeat(4_092))).is_ok());
    assert!(Settings::from_toml(&format!("[circuits.a.metadata]\n{}", entries[1..].join("\n"))).is_ok());
}

#[test]
fn all_formats_and_all_mistakes_are_told() {
    let long = "x".repeat(513);
    let json = format!("{{\"circuits\": {{\n\"{long}\": {{}},\n\"b\": {{\"kind\": \"{long}\", \"expiry\": 5}}}}}}");
    let yaml = format!("circuits:\n  {long}:\n  b:\n    kind: {long}\n    expiry: 5\n");
    for (error, lines) in [
        (Settings::from_json(&json).unwrap_err(), [Some(2), Some(3), Some(3)]),
        (Settings::from_yaml(&yaml).unwrap_err(), [Some(2), Some(4), Some(5)]),
    ] {
        let mut told: Vec<_> = error.problems().iter().map(breaker_box::SettingsProblem::line).collect();
        told.sort_unstable();
        assert_eq!(told, lines, "{error}");
    }
}

#[test]
fn settings_may_be_read_by_the_limits_of_their_registry() {
    let limits = TextLimits::new().name_bytes(2_000).metadata_bytes(100_000);
    let registry = Registry::builder().text_limits(limits).build().unwrap();
    let name = "x".repeat(2_000);
    let settings = by(limits, &format!("[circuits.{name}]\nmetadata = {{ page = \"{}\" }}", "x".repeat(90_000)));
    registry.apply(&settings).unwrap();
    assert_eq!(registry.status(&name).unwrap().metadata["page"].len(), 90_000);
    // They are kept over what is merged later.
    assert!(settings.merge_environment("NOTHING_OF_THAT_NAME").is_ok());
}

#[test]
fn a_registry_that_takes_less_refuses_all_and_changes_nothing() {
    let registry =
        Registry::builder().text_limits(TextLimits::new().name_bytes(3).metadata_entries(2)).build().unwrap();
    let known = registry.register("abc", Policy::new()).unwrap();
    known.set_metadata("by", "hand").unwrap();
    let before = registry.list();
    let events = registry.events(Filter::all());
    let refused = |text: &str| registry.apply(&Settings::from_toml(text).unwrap()).unwrap_err();

    let error = refused("[circuits.a]\nexpiry = \"1s\"\n[circuits.long]");
    assert_eq!(error, ApplyError::Register(RegisterError::InvalidKey { key: "long".into() }));
    // What is there already counts too.
    let error = refused("[circuits.a]\n[circuits.abc]\nexpiry = \"1s\"\nmetadata = { b = \"\", c = \"\" }");
    assert_eq!(error, ApplyError::Metadata(MetadataError::TooManyEntries { key: "abc".into(), limit: 2 }));
    let error = refused("[circuits.a]\n[circuits.new]\nmetadata = { a = \"\", b = \"\", c = \"\" }");
    assert!(matches!(error, ApplyError::Metadata(MetadataError::TooManyEntries { .. })), "{error}");
    assert_eq!(registry.list(), before);
    assert!(events.try_recv().is_err());

    registry.apply(&Settings::from_toml("[circuits.abc]\nmetadata = { by = \"file\", c = \"\" }").unwrap()).unwrap();
    assert_eq!(registry.status("abc").unwrap().metadata["by"], "file");
}

#[test]
fn a_name_and_no_room_are_refused_before_anybody_is_evicted() {
    let registry = Registry::builder().max_circuits(1).text_limits(TextLimits::new().name_bytes(3)).build().unwrap();
    registry.call("old", || Ok::<_, ()>(())).unwrap();
    let events = registry.events(Filter::all().events([EventType::Evicted]));
    assert!(registry.apply(&Settings::from_toml("[circuits.long]").unwrap()).is_err());
    assert!(registry.get("old").is_some() && events.try_recv().is_err());
}
