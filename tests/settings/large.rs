//! As many circuits, templates and variables as anybody has. What took time with the square of them
//! would not come to an end.

use breaker_box::{Policy, Registry, Settings};

use crate::{numbered, seconds};

const MANY: usize = 100_000;

fn check(settings: &Settings) {
    assert_eq!(settings.circuits().count(), MANY);
    let last = format!("c{}", MANY - 1);
    let policy = Policy::consecutive_failures(3).expiry(seconds(10));
    assert_eq!(settings.policy(&last), Some(policy));
}

#[test]
fn a_hundred_thousand_circuits_are_applied() {
    let circuits = numbered(0..MANY, |i| format!("  c{i}:\n    failure_threshold: 3\n"));
    let settings = Settings::from_yaml(&format!("circuits:\n{circuits}")).unwrap();
    let registry = Registry::new();
    assert_eq!(registry.apply(&settings).unwrap().registered.len(), MANY);
    assert_eq!(registry.apply(&settings).unwrap().unchanged.len(), MANY);
    assert_eq!(registry.status("c99999").unwrap().policy, Policy::consecutive_failures(3));
}

#[test]
fn a_hundred_thousand_circuits_are_read_from_toml() {
    let mut text = "[defaults]\nexpiry = \"10s\"\n".to_owned();
    text += &numbered(0..MANY, |i| format!("[circuits.c{i}]\nfailure_threshold = 3\n"));
    check(&Settings::from_toml(&text).unwrap());
    // In one line.
    let inline: Vec<_> = (0..MANY).map(|i| format!("c{i} = {{ failure_threshold = 3 }}")).collect();
    let text = format!("defaults.expiry = \"10s\"\ncircuits = {{ {} }}\n", inline.join(", "));
    assert_eq!(Settings::from_toml(&text).unwrap().circuits().count(), MANY);
}

#[test]
fn a_hundred_thousand_circuits_are_read_from_json() {
    let circuits: Vec<_> = (0..MANY).map(|i| format!("\"c{i}\": {{ \"failure_threshold\": 3 }}")).collect();
    let text = format!("{{ \"defaults\": {{ \"expiry\": \"10s\" }}, \"circuits\": {{ {} }} }}", circuits.join(",\n"));
    check(&Settings::from_json(&text).unwrap());
    // JSON is YAML as well.
    assert_eq!(Settings::from_yaml(&text).unwrap().circuits().count(), MANY);
}

#[test]
fn a_hundred_thousand_circuits_are_read_from_yaml() {
    let mut text = "defaults:\n  expiry: 10s\nshared: &shared\n  failure_threshold: 3\n"
        .replace("shared: &", "templates:\n  t: &");
    text = text.replace("\n  failure", "\n    failure") + "circuits:\n";
    text += &numbered(0..MANY, |i| match i % 2 {
        0 => format!("  c{i}: *shared\n"),
        _ => format!("  c{i}:\n    failure_threshold: 3\n"),
    });
    check(&Settings::from_yaml(&text).unwrap());
}

#[test]
fn a_hundred_thousand_variables_are_laid_upon_as_many_circuits() {
    let mut text = "[defaults]\nexpiry = \"10s\"\n".to_owned();
    text += &numbered(0..MANY, |i| format!("[circuits.c{i}]\n"));
    let variable = |i| (format!("B_CIRCUITS__C{i}__FAILURE_THRESHOLD"), "3".to_owned());
    check(&Settings::builder().toml(&text).variables("B_", (0..MANY).map(variable)).build().unwrap());
    // Of circuits that nothing else names.
    let settings = Settings::builder().variables("B_", (0..MANY).map(variable)).build().unwrap();
    assert_eq!(settings.circuits().count(), MANY);
}

#[test]
fn many_circuits_at_the_ends_of_long_chains_of_templates() {
    let mut text = "[templates.t0]\nfailure_threshold = 3\nexpiry = \"10s\"\n".to_owned();
    text += &numbered(1..10_000, |i| format!("[templates.t{i}]\ntemplate = \"t{}\"\n", i - 1));
    text += &numbered(0..MANY, |i| format!("[circuits.c{i}]\ntemplate = \"t{}\"\n", 9_999 - i % 5_000));
    check(&Settings::from_toml(&text).unwrap());
}

#[test]
fn many_circuits_that_name_no_template_of_many() {
    let mut text = String::new();
    text += &numbered(0..10_000, |i| format!("[templates.template-number-{i}]\n"));
    text += &numbered(0..10_000, |i| format!("[circuits.c{i}]\ntemplate = \"templat-number-{i}\"\n"));
    let error = Settings::from_toml(&text).unwrap_err();
    assert_eq!(error.problems().len(), 100);
    assert!(
        error.problems()[0].message().starts_with("names an unknown template; did you mean `template-number-"),
        "{error}"
    );
}
