//! An error is reported with the key, the place and what to write: tables, names, partners,
//! syntax.

use std::fs;

use breaker_box::Settings;

use crate::refusal;

#[test]
fn all_mistakes_of_a_file_are_told_at_once_with_their_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("breaker.toml");
    fs::write(
        &path,
        "[defaults]\nexpiry = \"0s\"\n\n[templates.http]\njitter = 2\n\n[circuits.a]\nfailures = 0\n\n[circuits.b]\nscope = \"\"\n",
    )
    .unwrap();
    let error = Settings::from_file(&path).unwrap_err();
    let told: Vec<_> = error.problems().iter().map(|problem| (problem.key(), problem.line())).collect();
    assert_eq!(
        told,
        [
            ("defaults.expiry", Some(2)),
            ("templates.http.jitter", Some(5)),
            ("circuits.a.failures", Some(8)),
            ("circuits.b.scope", Some(11)),
        ]
    );
    assert!(error.problems().iter().all(|problem| problem.origin() == path.display().to_string()));
    let first = error.to_string().lines().next().unwrap().to_owned();
    assert_eq!(first, format!("{}:2: `defaults.expiry` must be longer than zero: write `\"30s\"`", path.display()));
}

#[test]
fn lines_are_told_in_each_format() {
    let toml = Settings::from_toml("[circuits.a]\n# why\nexpiry = 5\n").unwrap_err().to_string();
    assert_eq!(toml, "TOML text:3: `circuits.a.expiry` takes a duration, not 5: write `\"30s\"`");
    let json =
        Settings::from_json("{\n  \"circuits\": {\n    \"a\": {\n\n      \"expiry\": 5 } } }").unwrap_err().to_string();
    assert_eq!(json, "JSON text:5: `circuits.a.expiry` takes a duration, not 5: write `\"30s\"`");
    let yaml = Settings::from_yaml("circuits:\n  a:\n    # why\n    expiry: 5\n").unwrap_err().to_string();
    assert_eq!(yaml, "YAML text:4: `circuits.a.expiry` takes a duration, not 5: write `\"30s\"`");
    let inline = refusal("circuits = { a = { jitter = 0.1, expiry = 5 } }");
    assert_eq!(inline, "TOML text:1: `circuits.a.expiry` takes a duration, not 5: write `\"30s\"`");
}

#[test]
fn errors_stay_with_their_source() {
    let error = Settings::builder()
        .toml("[circuits.a]\nexpiry = 1\njitter = 3")
        .yaml("circuits:\n  a:\n    expiry: 2\n")
        .build()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "TOML text:3: `circuits.a.jitter` must be between 0 and 1, not 3: for 3 % write `0.03`\n\
         YAML text (source 2):3: `circuits.a.expiry` takes a duration, not 2: write `\"30s\"`"
    );
}

#[test]
fn unknown_names_come_with_what_was_meant() {
    for (text, told) in [
        ("[circuit.a]", "TOML text:1: `circuit` is not a table of settings; did you mean `circuits`?"),
        ("[default]\nexpiry = \"1s\"", "TOML text:1: `default` is not a table of settings; did you mean `defaults`?"),
        (
            "[logging]",
            "TOML text:1: `logging` is not a table of settings; they are `defaults`, `templates`, `circuits`",
        ),
        (
            "expiry = \"1s\"",
            "TOML text:1: `expiry` belongs in a table: write it under `[defaults]`, `[templates.NAME]` or `[circuits.NAME]`",
        ),
        (
            "[circuits.a]\ntreshold = 5",
            "TOML text:2: `circuits.a.treshold` is not an option; did you mean `failure_threshold`?",
        ),
        (
            "[circuits.a]\nreset_timeout = 5",
            "TOML text:2: `circuits.a.reset_timeout` is not an option; did you mean `expiry`?",
        ),
        ("[circuits.a]\nmetdata = {}", "TOML text:2: `circuits.a.metdata` is not an option; did you mean `metadata`?"),
        (
            "[defaults]\nscope = \"x\"",
            "TOML text:2: `defaults.scope` belongs to a circuit: write it under `[circuits.NAME]`",
        ),
        (
            "[defaults]\ntemplate = \"x\"",
            "TOML text:2: `defaults.template` belongs to a circuit or a template: write it under `[circuits.NAME]`",
        ),
        (
            "[templates.http]\n[circuits.a]\ntemplate = \"htpp\"",
            "TOML text:3: `circuits.a.template` names an unknown template; did you mean `http`?",
        ),
        (
            "[circuits.a]\ntemplate = \"slow\"",
            "TOML text:2: `circuits.a.template` names an unknown template: write `[templates.slow]` and its options, or remove it",
        ),
        (
            "[circuits.\"shop.one\"]\nexpire = 1",
            "TOML text:2: `circuits.\"shop.one\".expire` is not an option; did you mean `expiry`?",
        ),
        (
            "[circuits.\"a\\nb\"]\nexpire = 1",
            "TOML text:2: `circuits.\"a\\nb\".expire` is not an option; did you mean `expiry`?",
        ),
    ] {
        assert_eq!(refusal(text), told);
    }
    let far = refusal("[templates.t]\ncolour = 5");
    assert!(
        far.starts_with("TOML text:2: `templates.t.colour` is not an option; the options are `failure_threshold`, "),
        "{far}"
    );
    assert!(far.ends_with("`on_cancel`, `template`, `mode`"), "{far}");
}

#[test]
fn templates_that_go_round_are_told_once() {
    let text = "[templates.a]\ntemplate = \"b\"\n[templates.b]\ntemplate = \"c\"\n[templates.c]\ntemplate = \"a\"\n\
                [templates.d]\ntemplate = \"a\"\n[templates.e]\ntemplate = \"e\"\n[circuits.x]\ntemplate = \"d\"";
    assert_eq!(
        refusal(text),
        "TOML text:2: `templates.a.template` makes it inherit from itself, a → b → c → a: remove one of them\n\
         TOML text:10: `templates.e.template` makes it inherit from itself, e → e: remove one of them"
    );
}

#[test]
fn partnerless_options_name_their_partner() {
    for (options, told) in [
        ("failures = 5", "2: `circuits.a.failures` requires `within`, such as `\"60s\"`"),
        ("within = \"5s\"", "2: `circuits.a.within` requires `failures`, such as `5`"),
        ("failure_rate = 0.5", "2: `circuits.a.failure_rate` requires `window`, such as `100` or `\"60s\"`"),
        ("slow_call_rate = 0.5\nwindow = 9", "2: `circuits.a.slow_call_rate` requires `slow_call`, such as `\"2s\"`"),
        ("slow_call = \"5s\"", "2: `circuits.a.slow_call` requires `slow_call_rate`, such as `0.8`"),
        ("window = 100", "2: `circuits.a.window` requires `failure_rate` or `slow_call_rate`"),
        ("minimum_calls = 5", "2: `circuits.a.minimum_calls` requires `failure_rate` or `slow_call_rate`"),
        ("hung_calls = 10", "2: `circuits.a.hung_calls` requires `hung_after`, such as `\"30s\"`"),
        ("hung_after = \"30s\"", "2: `circuits.a.hung_after` requires `hung_calls`, such as `10`"),
        ("ramp_up_from = 0.2", "2: `circuits.a.ramp_up_from` requires `ramp_up`, such as `\"30s\"`"),
        (
            "on_cancel = \"slow\"",
            "2: `circuits.a.on_cancel` is `slow`, which requires `slow_call` or `fail_slower_than`, such as `\"2s\"`",
        ),
        ("backoff_factor = 2", "2: `circuits.a.backoff_factor` requires `max_expiry`, such as `\"5m\"`"),
        ("max_expiry = \"5m\"", "2: `circuits.a.max_expiry` requires `backoff_factor`, such as `2.0`"),
    ] {
        assert_eq!(refusal(&format!("[circuits.a]\n{options}")), format!("TOML text:{told}"));
    }
    let default = refusal("[defaults]\nramp_up_from = 0.2\n[circuits.a]\nramp_up = \"30s\"");
    assert_eq!(default, "TOML text:2: `defaults.ramp_up_from` requires `ramp_up`, such as `\"30s\"`");
    let inherited = refusal("[templates.t]\nfailures = 5\n[circuits.a]\ntemplate = \"t\"\n[circuits.b]");
    assert_eq!(
        inherited,
        "TOML text:2: `templates.t.failures` requires `within`, such as `\"60s\"` (inherited by `circuits.a`)"
    );
}

#[test]
fn a_mistake_is_not_told_again_as_its_consequences() {
    let misspelt = refusal("[circuits.a]\nfailures = 5\nwihtin = \"5s\"");
    assert_eq!(misspelt, "TOML text:3: `circuits.a.wihtin` is not an option; did you mean `within`?");
    let default = refusal("[defaults]\nfailures = 5\n[circuits.a]\n[circuits.b]");
    assert_eq!(default, "TOML text:2: `defaults.failures` requires `within`, such as `\"60s\"`");
}

#[test]
fn two_tables_of_one_circuit_are_refused() {
    let told = refusal(
        "[circuits.a]\nscope = \"s\"\n[circuits.b]\nidentifier = \"a\"\nscope = \"s\"\n[circuits.c]\nidentifier = \"a\"",
    );
    assert_eq!(told, "TOML text:3: `circuits.b` names the same circuit as `circuits.a`; remove one of the two");
}

#[test]
fn texts_that_are_not_of_their_format_are_told_with_the_line() {
    for (error, begins) in [
        (Settings::from_toml("[defaults]\nexpiry = \n"), "TOML text:2: "),
        (Settings::from_toml("[circuits.a]\n[circuits.a]\n"), "TOML text:2: "),
        (Settings::from_toml("[circuits.a]\njitter = 0\njitter = 1\n"), "TOML text:3: "),
        (Settings::from_json("{\n\"circuits\": {},\n}"), "JSON text:3: key must be a string"),
        (
            Settings::from_json("{\n\"circuits\": {\n\"a\": {},\n\"a\": {} } }"),
            "JSON text:4: `circuits.a` is given twice; remove one of the two",
        ),
        (Settings::from_json("\n[]"), "JSON text:2: expected an object: write "),
        (Settings::from_json(""), "JSON text:1: EOF while parsing a value"),
        (Settings::from_yaml("circuits:\n  a: [\n"), "YAML text:"),
        (Settings::from_yaml("circuits:\n  a:\n  a:\n"), "YAML text:3: "),
        (Settings::from_yaml("circuits:\n  a:\n---\ncircuits:\n"), "YAML text:4: a second document begins; "),
        (Settings::from_yaml("- a\n"), "YAML text:1: expected a mapping: write "),
    ] {
        let told = error.unwrap_err().to_string();
        assert!(told.starts_with(begins), "{told}\n{begins}");
    }
    // However deep the nesting, the stack is not exhausted.
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{{\"circuits\":{}5{}}}", open.repeat(20_000), close.repeat(20_000));
        assert!(Settings::from_json(&deep).is_err());
        assert!(Settings::from_toml(&deep.replace(':', "=").replacen("{\"circuits\"=", "circuits=", 1)).is_err());
        assert!(Settings::from_yaml(&deep).is_err());
    }
    // Both mistakes of the syntax, and nothing that follows from them.
    let two = refusal("[defaults]\nexpiry = \njitter = \n");
    assert_eq!(two.lines().count(), 2, "{two}");
}
