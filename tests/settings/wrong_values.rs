//! Values of the wrong type or out of their range: what the option takes, and what to write.

use breaker_box::Settings;

use crate::refusal;

#[test]
fn each_option_says_what_it_takes() {
    for (option, told) in [
        ("failure_threshold = 0", "must be between 1 and 10,000,000, not 0: write `5`"),
        ("failure_threshold = -1", "must be between 1 and 10,000,000, not -1: write `5`"),
        ("failure_threshold = 10000001", "must be between 1 and 10,000,000, not 10000001: write `5`"),
        ("failure_threshold = 5.0", "takes a whole number, not 5: write `5`"),
        ("failure_threshold = \"7\"", "takes a whole number, not the string \"7\": write `7`"),
        ("failure_threshold = \"seven\"", "takes a whole number, not \"seven\": write `5`"),
        ("failures = true", "takes a whole number, not true: write `5`"),
        ("half_open_max_calls = 0", "must be between 1 and 10,000,000, not 0: write `1`"),
        ("success_threshold = []", "takes a whole number, not a list: write `1`"),
        ("half_open_failure_threshold = {}", "takes a whole number, not a table: write `1`"),
        ("minimum_calls = 0", "must be between 1 and 10,000,000, not 0: write `20`"),
        ("failure_rate = 0", "must be above 0 and at most 1, not 0: write `0.5`"),
        ("failure_rate = 50", "must be above 0 and at most 1, not 50: for 50 % write `0.5`"),
        ("failure_rate = nan", "must be above 0 and at most 1, not NaN: write `0.5`"),
        ("slow_call_rate = -0.1", "must be above 0 and at most 1, not -0.1: write `0.8`"),
        ("slow_call_rate = \"0.7\"", "takes a number, not the string \"0.7\": write `0.7`"),
        ("hung_calls = 0", "must be between 1 and 10,000,000, not 0: write `10`"),
        ("hung_after = 30", "takes a duration, not 30: write `\"30s\"`"),
        ("hung_after = \"0s\"", "must be longer than zero: write `\"30s\"`"),
        ("ramp_up = \"0s\"", "must be longer than zero: write `\"30s\"`"),
        ("ramp_up = true", "takes a duration, not true: write `\"30s\"`"),
        ("ramp_up_from = 0", "must be above 0 and at most 1, not 0: write `0.1`"),
        ("ramp_up_from = 10", "must be above 0 and at most 1, not 10: for 10 % write `0.1`"),
        ("jitter = 1.5", "must be between 0 and 1, not 1.5: write `0.1`"),
        ("backoff_factor = 0.5", "must be at least 1, not 0.5: write `2.0`"),
        ("backoff_factor = inf", "must be at least 1, not inf: write `2.0`"),
        ("expiry = 30", "takes a duration, not 30: write `\"30s\"`"),
        ("expiry = \"\"", "takes a duration, not \"\": write `\"30s\"`"),
        ("expiry = \"soon\"", "takes a duration, not \"soon\": write `\"30s\"`"),
        ("expiry = \"45\"", "takes a duration, and \"45\" has no unit: write `\"45s\"`"),
        (
            "expiry = \"45 parsecs\"",
            "takes a duration, and \"45 parsecs\" has the unknown unit `parsecs`: write `\"30s\"`",
        ),
        ("expiry = \"-5s\"", "takes a duration, not \"-5s\": write `\"30s\"`"),
        ("expiry = \"0ms\"", "must be longer than zero: write `\"30s\"`"),
        (
            "expiry = \"99999999999999999h\"",
            "takes a duration, and \"99999999999999999h\" is too long or finer than a nanosecond: write `\"30s\"`",
        ),
        (
            "expiry = \"18446744073709551615s 1000ms\"",
            "takes a duration, and \"18446744073709551615s 1000ms\" is too long or finer than a nanosecond: write `\"30s\"`",
        ),
        ("expiry = 10:00:00", "takes a duration, not \"10:00:00\": write `\"30s\"`"),
        ("within = \"0s\"", "must be longer than zero: write `\"60s\"`"),
        ("slow_call = \"0s\"", "must be longer than zero: write `\"2s\"`"),
        ("max_expiry = \"0s\"", "must be longer than zero: write `\"5m\"`"),
        ("half_open_timeout = \"0s\"", "must be longer than zero: write `\"30s\"`"),
        ("debounce = 5", "takes a duration, not 5: write `\"250ms\"`"),
        ("window = 0", "must be between 1 and 10,000,000, not 0: write `100`"),
        ("window = \"0s\"", "must be longer than zero: write `100`"),
        ("window = true", "takes a number of calls or a duration, not true: write `100`"),
        ("close_on_expiry = \"true\"", "takes `true` or `false`, not \"true\": write `true`"),
        ("close_on_expiry = 1", "takes `true` or `false`, not 1: write `true`"),
        ("on_cancel = \"failur\"", "takes `failure`, `slow` or `ignore`; did you mean `failure`?"),
        ("on_cancel = \"slowly\"", "takes `failure`, `slow` or `ignore`; did you mean `slow`?"),
        ("on_cancel = \"panic\"", "takes `failure`, `slow` or `ignore`, not \"panic\": write `\"failure\"`"),
        ("on_cancel = false", "takes `failure`, `slow` or `ignore`, not false: write `\"failure\"`"),
        ("scope = \"\"", "must not be empty: write a name, or remove it"),
        ("kind = 5", "takes a string, not 5: write `\"http\"`"),
        ("identifier = \"\"", "must not be empty: write a name, or remove it"),
        ("template = 5", "takes a string, not 5: write `\"http\"`"),
        ("metadata = 5", "takes a table, not 5"),
    ] {
        let name = option.split(' ').next().unwrap();
        assert_eq!(refusal(&format!("[circuits.a]\n{option}")), format!("TOML text:2: `circuits.a.{name}` {told}"));
    }
}

#[test]
fn metadata_are_texts() {
    assert_eq!(
        refusal("[circuits.a.metadata]\nteam = \"a\"\nport = 8080\nlist = []"),
        "TOML text:3: `circuits.a.metadata.port` takes a string, not 8080: write `\"8080\"`\n\
         TOML text:4: `circuits.a.metadata.list` takes a string, not a list: write `\"payments\"`"
    );
}

#[test]
fn a_table_must_be_one() {
    assert_eq!(refusal("circuits = 5"), "TOML text:1: `circuits` takes a table, not 5");
    assert_eq!(refusal("[circuits]\na = \"5s\""), "TOML text:2: `circuits.a` takes a table, not \"5s\"");
    assert_eq!(refusal("defaults = []"), "TOML text:1: `defaults` takes a table, not a list");
    assert_eq!(refusal("[circuits.\"\"]"), "TOML text:1: `circuits.\"\"` has an empty name: write one");
}

#[test]
fn nothing_is_not_a_value() {
    let yaml = Settings::from_yaml("circuits:\n  a:\n    expiry:\n").unwrap_err().to_string();
    assert_eq!(yaml, "YAML text:3: `circuits.a.expiry` takes a duration, not nothing: write `\"30s\"`");
}

#[test]
fn values_that_contradict_one_another_are_refused() {
    assert_eq!(
        refusal("[circuits.a]\nfailure_rate = 0.5\nwindow = 10\nminimum_calls = 20"),
        "TOML text:4: `circuits.a.minimum_calls` is more than the window of 10 calls holds: write at most `10`"
    );
    assert_eq!(
        refusal("[defaults]\nbackoff_factor = 2\nmax_expiry = \"1m\"\n[circuits.a]\nexpiry = \"2m\""),
        "TOML text:3: `defaults.max_expiry` is shorter than the expiry of 120s: write at least `\"2m\"` (inherited by `circuits.a`)"
    );
}
