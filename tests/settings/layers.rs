//! Several sources, the environment among them.

use std::process::Command;

use breaker_box::{Key, Policy, Settings, Window};

use crate::{every_option, seconds};

fn with_variables(toml: &str, variables: &[(&str, &str)]) -> Result<Settings, String> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let settings = Settings::builder().toml(toml).variables("BREAKER_", variables).build();
    settings.map_err(|error| error.to_string())
}

#[test]
fn a_later_source_wins_option_by_option() {
    let settings = Settings::builder()
        .toml("[circuits.a]\nfailures = 5\nwithin = \"1m\"\nexpiry = \"10s\"\n[circuits.b]")
        .json(r#"{ "circuits": { "a": { "failures": 7 }, "c": {} } }"#)
        .yaml("circuits:\n  a:\n    expiry: 20s\n")
        .build()
        .unwrap();
    assert_eq!(settings.policy("a"), Some(Policy::failures_within(7, seconds(60)).expiry(seconds(20))));
    assert_eq!(settings.circuits().count(), 3);
}

#[test]
fn an_empty_table_takes_nothing_back() {
    let settings = Settings::builder()
        .toml("[circuits.a]\nexpiry = \"1s\"")
        .yaml("defaults:\ncircuits:\n  a:\n")
        .json(r#"{ "circuits": { "a": null } }"#)
        .build()
        .unwrap();
    assert_eq!(settings.policy("a"), Some(Policy::new().expiry(seconds(1))));
}

#[test]
fn a_template_may_stand_in_another_source() {
    let settings = Settings::builder()
        .toml("[circuits.a]\ntemplate = \"quick\"")
        .toml("[templates.quick]\nexpiry = \"1s\"")
        .build()
        .unwrap();
    assert_eq!(settings.policy("a"), Some(Policy::new().expiry(seconds(1))));
}

#[test]
fn every_option_is_read_from_variables() {
    let variables = [
        ("BREAKER_DEFAULTS__EXPIRY", "10s"),
        ("BREAKER_TEMPLATES__HTTP__WINDOW", "200"),
        ("BREAKER_CIRCUITS__A__TEMPLATE", "http"),
        ("BREAKER_CIRCUITS__A__IDENTIFIER", "5"),
        ("BREAKER_CIRCUITS__A__SCOPE", "payments"),
        ("BREAKER_CIRCUITS__A__KIND", "true"),
        ("BREAKER_CIRCUITS__A__METADATA__TEAM", "007"),
        ("BREAKER_CIRCUITS__A__FAILURE_THRESHOLD", "7"),
        ("BREAKER_CIRCUITS__A__FAILURES", "9"),
        ("BREAKER_CIRCUITS__A__WITHIN", "60s"),
        ("BREAKER_CIRCUITS__A__FAILURE_RATE", "0.5"),
        ("BREAKER_CIRCUITS__A__SLOW_CALL_RATE", "0.8"),
        ("BREAKER_CIRCUITS__A__SLOW_CALL", "2s"),
        ("BREAKER_CIRCUITS__A__MINIMUM_CALLS", "20"),
        ("BREAKER_CIRCUITS__A__HUNG_CALLS", "15"),
        ("BREAKER_CIRCUITS__A__HUNG_AFTER", "45s"),
        ("BREAKER_CIRCUITS__A__DEBOUNCE", "250ms"),
        ("BREAKER_CIRCUITS__A__BACKOFF_FACTOR", "2"),
        ("BREAKER_CIRCUITS__A__MAX_EXPIRY", "5m"),
        ("BREAKER_CIRCUITS__A__JITTER", "0.1"),
        ("BREAKER_CIRCUITS__A__HALF_OPEN_MAX_CALLS", "3"),
        ("BREAKER_CIRCUITS__A__SUCCESS_THRESHOLD", "2"),
        ("BREAKER_CIRCUITS__A__HALF_OPEN_FAILURE_THRESHOLD", "4"),
        ("BREAKER_CIRCUITS__A__HALF_OPEN_TIMEOUT", "90m"),
        ("BREAKER_CIRCUITS__A__CLOSE_ON_EXPIRY", "true"),
        ("BREAKER_CIRCUITS__A__RAMP_UP", "1m"),
        ("BREAKER_CIRCUITS__A__RAMP_UP_FROM", "0.25"),
        ("BREAKER_CIRCUITS__A__FAIL_SLOWER_THAN", "3s"),
        ("BREAKER_CIRCUITS__A__MAX_TRIP", "10m"),
        ("BREAKER_CIRCUITS__A__ON_CANCEL", "failure"),
    ];
    let settings = with_variables("", &variables).unwrap();
    let key = Key::new("5").with_scope("payments").with_kind("true");
    assert_eq!(settings.policy(&key), Some(every_option()));
    assert_eq!(settings.circuits().next().unwrap().metadata()["team"], "007");
}

#[test]
fn a_variable_finds_the_names_of_a_file() {
    let file = "[circuits.Payment-API]\n[circuits.\"shop.one\"]\n[circuits.plain]";
    let settings = with_variables(
        file,
        &[
            ("BREAKER_CIRCUITS__PAYMENT_API__FAILURE_THRESHOLD", "1"),
            ("BREAKER_CIRCUITS__SHOP_ONE__FAILURE_THRESHOLD", "2"),
            ("breaker_circuits__plain__failure_threshold", "9"),
            ("BREAKER_LOG", "no option of ours"),
            ("OTHER__THING", "5"),
        ],
    )
    .unwrap();
    assert_eq!(settings.circuits().count(), 3);
    assert_eq!(settings.policy("Payment-API"), Some(Policy::consecutive_failures(1)));
    assert_eq!(settings.policy("shop.one"), Some(Policy::consecutive_failures(2)));
    assert_eq!(settings.policy("plain"), Some(Policy::new()), "the prefix is taken as it is written");
}

#[test]
fn a_wrong_variable_is_named() {
    let wrong = with_variables(
        "[circuits.a]\nfailure_rate = 0.5\nwindow = 100",
        &[
            ("BREAKER_CIRCUITS__A__EXPIRY", "30"),
            ("BREAKER_CIRCUITS__A__FAILURE_RATE", "often"),
            ("BREAKER_CIRCUITS__A__WINDOWS", "5"),
            ("BREAKER_CIRCUITS__B", "5"),
            ("BREAKER_CIRCUITS__B__EXPIRY", "5s"),
            ("BREAKER_DEFALTS__EXPIRY", "5s"),
        ],
    );
    let told = wrong.unwrap_err();
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(
        lines,
        [
            "environment variable `BREAKER_CIRCUITS__A__EXPIRY`: `circuits.a.expiry` takes a duration, and \"30\" has no \
             unit: write `30s`",
            "environment variable `BREAKER_CIRCUITS__A__FAILURE_RATE`: `circuits.a.failure_rate` takes a number, not \
             \"often\": write `0.5`",
            "environment variable `BREAKER_CIRCUITS__A__WINDOWS`: `circuits.a.windows` is not an option; did you mean `window`?",
            "environment variable `BREAKER_CIRCUITS__B`: `circuits.b` takes a table, not \"5\"",
            "environment variable `BREAKER_DEFALTS__EXPIRY`: `defalts` is not a table of settings; did you mean `defaults`?",
        ]
    );
}

#[test]
fn an_inherited_option_of_a_variable_stays_that_of_the_variable() {
    let wrong = with_variables(
        "[circuits.a]\nfailure_rate = 0.5\nwindow = 100",
        &[
            ("BREAKER_DEFAULTS__MINIMUM_CALLS", "200"),
            ("BREAKER_DEFAULTS__FAILURE_RATE", "0.1"),
            ("BREAKER_DEFAULTS__WINDOW", "500"),
        ],
    );
    assert_eq!(
        wrong.unwrap_err(),
        "environment variable `BREAKER_DEFAULTS__MINIMUM_CALLS`: `defaults.minimum_calls` is more than the window of 100 calls \
         holds: write at most `100` (inherited by `circuits.a`)"
    );
}

/// Set for the child process of the next test only: a process cannot safely change its own
/// environment.
const MARKER: &str = "SETTINGS_TEST_CIRCUITS__LEDGER__WINDOW";

#[test]
fn the_environment_of_the_process_is_read() {
    let ledger = Policy::failure_rate(0.5, Window::calls(100));
    let settings = || Settings::from_toml("[circuits.ledger]\nfailure_rate = 0.5\nwindow = 100");
    let merged = settings().unwrap().merge_environment("SETTINGS_TEST_").unwrap();
    if std::env::var_os(MARKER).is_some() {
        assert_eq!(merged.policy("ledger"), Some(Policy::failure_rate(0.5, Window::calls(7))));
        return;
    }
    assert_eq!(merged.policy("ledger"), Some(ledger));
    let name = "layers::the_environment_of_the_process_is_read";
    let child =
        Command::new(std::env::current_exe().unwrap()).args(["--exact", name]).env(MARKER, "7").output().unwrap();
    let told = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && told.contains("1 passed"), "{told}");
}
