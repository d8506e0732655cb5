//! Every option in every format.

use std::fs;
use std::time::Duration;

use breaker_box::{CircuitSettings, Key, Policy, Settings, SettingsError, Window};

use crate::{every_option, policy_of_a, seconds};

const TOML: &str = r#"
[defaults]
expiry = "10s"

[templates.http]
window = 200
slow_call_rate = 0.8
slow_call = "2s"

[circuits.payment_api]
template = "http"
identifier = "payment api"
scope = "payments"
kind = "http"
metadata = { team = "checkout", "on call" = "+1 555" }
failure_threshold = 7
failures = 9
within = "60s"
failure_rate = 0.5
slow_call_rate = 0.8
minimum_calls = 20
hung_calls = 15
hung_after = "45s"
debounce = "250ms"
backoff_factor = 2
max_expiry = "5m"
jitter = 0.1
half_open_max_calls = 3
success_threshold = 2
half_open_failure_threshold = 4
half_open_timeout = "1h 30m"
close_on_expiry = true
ramp_up = "1m"
ramp_up_from = 0.25
fail_slower_than = "3s"
max_trip = "10m"
on_cancel = "failure"
"#;

const JSON: &str = r#"{
    "defaults": { "expiry": "10s" },
    "templates": { "http": { "window": 200, "slow_call_rate": 0.8, "slow_call": "2s" } },
    "circuits": {
        "payment_api": {
            "template": "http", "identifier": "payment api", "scope": "payments", "kind": "http",
            "metadata": { "team": "checkout", "on call": "+1 555" },
            "failure_threshold": 7, "failures": 9, "within": "60s", "failure_rate": 0.5, "slow_call_rate": 0.8,
            "minimum_calls": 20, "hung_calls": 15, "hung_after": "45s", "debounce": "250ms", "backoff_factor": 2.0, "max_expiry": "5m", "jitter": 0.1,
            "half_open_max_calls": 3, "success_threshold": 2, "half_open_failure_threshold": 4,
            "half_open_timeout": "90m", "close_on_expiry": true, "fail_slower_than": "3s", "max_trip": "10m",
            "ramp_up": "60s", "ramp_up_from": 0.25, "on_cancel": "failure"
        }
    }
}"#;

const YAML: &str = r#"
defaults:
  expiry: 10s
templates:
  http: { window: 200, slow_call_rate: 0.8, slow_call: 2s }
circuits:
  payment_api:
    template: http
    identifier: payment api
    scope: payments
    kind: http
    metadata:
      team: checkout
      on call: "+1 555"
    failure_threshold: 7
    failures: 9
    within: 60s
    failure_rate: 0.5
    slow_call_rate: 0.8
    minimum_calls: 20
    hung_calls: 15
    hung_after: 45s
    debounce: 250ms
    backoff_factor: 2
    max_expiry: 5m
    jitter: 0.1
    half_open_max_calls: 3
    success_threshold: 2
    half_open_failure_threshold: 4
    half_open_timeout: 90m
    fail_slower_than: 3s
    max_trip: 10m
    close_on_expiry: true
    ramp_up: 1m
    ramp_up_from: 0.25
    on_cancel: failure
"#;

fn only(settings: &Settings) -> &CircuitSettings {
    let circuits: Vec<_> = settings.circuits().collect();
    assert_eq!(circuits.len(), 1);
    circuits[0]
}

#[test]
fn every_option_is_read_in_each_format() {
    for settings in [Settings::from_toml(TOML), Settings::from_json(JSON), Settings::from_yaml(YAML)] {
        let settings = settings.unwrap();
        assert_eq!(settings.default_policy(), Some(Policy::new().expiry(seconds(10))));
        let circuit = only(&settings);
        assert_eq!(circuit.key(), &Key::new("payment api").with_scope("payments").with_kind("http"));
        assert_eq!(circuit.policy(), every_option());
        let metadata: Vec<_> = circuit.metadata().iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(metadata, [("on call", "+1 555"), ("team", "checkout")]);
    }
}

#[test]
fn a_file_is_read_by_its_extension() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("a.toml", TOML), ("b.json", JSON), ("c.yaml", YAML), ("d.YML", YAML)] {
        let path = folder.path().join(name);
        // Some editors begin a file with a byte-order mark.
        fs::write(&path, format!("\u{feff}{text}")).unwrap();
        assert_eq!(only(&Settings::from_file(&path).unwrap()).policy(), every_option(), "{name}");
    }
}

#[test]
fn a_file_that_is_not_there_or_of_no_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Settings::from_file(folder.path().join("missing.toml")).unwrap_err();
    assert!(matches!(&missing, SettingsError::Unreadable { path, .. } if path.ends_with("missing.toml")));
    assert!(missing.to_string().contains("missing.toml cannot be read: "), "{missing}");
    assert!(missing.problems().is_empty());

    let other = Settings::from_file("breaker.ini").unwrap_err();
    assert_eq!(
        other.to_string(),
        "breaker.ini: has no extension that says its format: name it `.toml`, `.json`, `.yaml` or `.yml`"
    );
}

#[test]
fn nothing_is_a_fine_thing_to_say() {
    for settings in [Settings::from_toml(""), Settings::from_json("{}"), Settings::from_yaml("# later\n")] {
        let settings = settings.unwrap();
        assert_eq!((settings.default_policy(), settings.circuits().count()), (None, 0));
    }
    let bare = Settings::from_yaml("defaults:\ntemplates: !mine\ncircuits:\n  a:\n  404: !mine\n").unwrap();
    assert_eq!(bare.default_policy(), Some(Policy::new()));
    assert_eq!((bare.policy("a"), bare.policy("404")), (Some(Policy::new()), Some(Policy::new())));
}

#[test]
fn durations_are_read_as_people_write_them() {
    for (text, duration) in [
        ("250ms", Duration::from_millis(250)),
        ("30s", seconds(30)),
        ("5m", seconds(300)),
        ("1h", seconds(3_600)),
        ("1h 30m", seconds(5_400)),
        ("2 minutes", seconds(120)),
        ("1.5s", Duration::from_millis(1_500)),
        ("forever", Duration::MAX),
    ] {
        let policy = policy_of_a(&format!("[circuits.a]\nexpiry = \"{text}\""));
        assert_eq!(policy, Policy::new().expiry(duration), "{text}");
    }
}

#[test]
fn a_window_is_a_number_of_calls_or_a_duration() {
    let calls = policy_of_a("[circuits.a]\nfailure_rate = 1\nwindow = 50");
    assert_eq!(calls, Policy::failure_rate(1.0, Window::calls(50)));
    let time = policy_of_a("[circuits.a]\nslow_call_rate = 0.25\nslow_call = \"1s\"\nwindow = \"60s\"");
    assert_eq!(time, Policy::slow_call_rate(0.25, seconds(1), Window::time(seconds(60))));
}

#[test]
fn a_share_of_many_digits_is_the_same_number_in_each_format() {
    for share in [0.1 + 0.2, 1.0 / 3.0, 0.07, 0.4_f64.sqrt(), 0.999_999_999_999_999_9, 5e-324] {
        let expected = Policy::failure_rate(share, Window::calls(10)).jitter(share);
        let toml = format!("[circuits.a]\nfailure_rate = {share}\njitter = {share}\nwindow = 10\n");
        let json = format!(r#"{{"circuits": {{"a": {{"failure_rate": {share}, "jitter": {share}, "window": 10}}}}}}"#);
        // JSON is YAML too.
        let read = [Settings::from_toml(&toml), Settings::from_json(&json), Settings::from_yaml(&json)];
        for settings in read {
            assert_eq!(only(&settings.unwrap()).policy(), expected);
        }
    }
    // `serde_json` alone misses about one such number in nine.
    for n in 1..200_u32 {
        let share = f64::from(n).sqrt() / 15.0;
        let json = format!(r#"{{"circuits": {{"a": {{"failure_rate": {share}, "window": 10}}}}}}"#);
        let expected = Policy::failure_rate(share, Window::calls(10));
        assert_eq!(only(&Settings::from_json(&json).unwrap()).policy(), expected, "{share}");
    }
}
