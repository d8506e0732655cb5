//! The attribute and settings files have the same options, although they are read by two crates
//! that cannot share code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use breaker_box::{Registry, Settings, circuit_breaker};
use proptest::{prop_assert_eq, proptest};
use syn::{Expr, Item, Lit};

#[path = "../breaker-core/src/options/aliases.rs"]
mod settings_aliases;

#[path = "../breaker-macros/src/duration.rs"]
mod attribute_duration;

/// The duration, as settings files read it.
fn of_settings(text: &str) -> Option<Duration> {
    let settings = Settings::from_toml(&format!("[defaults]\ndebounce = {text:?}")).ok()?;
    let policy = settings.default_policy().expect("there is a table of defaults");
    Some(policy.values().debounce)
}

fn of_attribute(text: &str) -> Option<Duration> {
    attribute_duration::parse(text).ok()
}

#[test]
fn both_accept_the_same_durations() {
    let accepted = [
        "0s",
        "0ms",
        "250ms",
        "30s",
        "30 s",
        "007s",
        "5m",
        "5min",
        "1h",
        "2 hours",
        "1m 30s",
        "1m30s",
        "1m  30s ",
        "1.5s",
        "0.001s",
        "1d",
        "1w",
        "250us",
        "7ns",
        "1week 2days",
        "90000s",
        "18446744073709551615s",
        "forever",
    ];
    for text in accepted {
        let read = of_settings(text);
        assert!(read.is_some(), "{text}");
        assert_eq!(of_attribute(text), read, "{text}");
    }
    assert_eq!(of_settings("forever"), Some(Duration::MAX));
}

#[test]
fn both_reject_the_same_durations() {
    let refused = [
        "",
        " ",
        "soon",
        "30",
        "1m 30",
        "-5s",
        "PT30S",
        "1:30",
        "1..5s",
        ".5s",
        "30S",
        "5Minutes",
        "5x",
        "s",
        "m 5",
        "Forever",
        "forever ",
        "forever 1s",
        "1s forever",
        "1s,",
        "1e3s",
        "0.1ns",
        "18446744073709551616ms",
        "18446744073709551615h",
        "18446744073709551615s 1000ms",
        "３０秒",
    ];
    for text in refused {
        assert_eq!(of_settings(text), None, "{text}");
        assert_eq!(of_attribute(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn both_read_any_text_alike(text in "([0-9]{1,20}(\\.[0-9]{1,3})?|[a-zµ]{1,7}|ms|s|m|h| |-){0,6}") {
        prop_assert_eq!(of_attribute(&text), of_settings(&text));
    }
}

/// The options of a policy, out of the table that settings files are read by:
/// `expiry: Duration, …;`.
fn options_of_settings() -> Vec<String> {
    let source = include_str!("../breaker-core/src/options.rs");
    let table = source.split("\noptions! {\n").nth(1).and_then(|rest| rest.split("\n}").next());
    let rows = table.expect("there is a table of options").lines();
    rows.map(|row| row.split(':').next().unwrap().trim().to_owned()).collect()
}

#[test]
fn every_option_is_wherever_options_are_listed() {
    let options = options_of_settings();
    assert!(options.len() >= 25, "{options:?}");
    let places = [
        ("breaker-macros/src/model/option_name.rs", include_str!("../breaker-macros/src/model/option_name.rs")),
        ("breaker-core/src/serde/policy.rs", include_str!("../breaker-core/src/serde/policy.rs")),
        ("breaker-core/src/settings.rs", include_str!("../breaker-core/src/settings.rs")),
        ("src/lib.rs", include_str!("../src/lib.rs")),
        ("README.md", include_str!("../README.md")),
        ("fuzz/dictionaries/attribute.dict", include_str!("../fuzz/dictionaries/attribute.dict")),
        ("fuzz/dictionaries/settings.dict", include_str!("../fuzz/dictionaries/settings.dict")),
    ];
    for (path, text) in places {
        let words: BTreeSet<&str> = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
        let missing: Vec<_> = options.iter().filter(|option| !words.contains(option.as_str())).collect();
        assert!(missing.is_empty(), "{path} lacks {missing:?}");
    }
}

/// Each option and what other libraries call it.
type Aliases = BTreeMap<String, BTreeSet<String>>;

fn aliases_of_settings() -> Aliases {
    let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    settings_aliases::ALIASES.iter().map(|(option, names)| ((*option).to_owned(), owned(names))).collect()
}

/// The table of the attribute, out of its source: `(OptionName::Expiry, &["cooldown", …])`.
fn aliases_of_attribute() -> Aliases {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("breaker-macros/src/model");
    let sources = fs::read_dir(folder).unwrap().filter_map(|entry| fs::read_to_string(entry.unwrap().path()).ok());
    let mut items = sources.flat_map(|source| syn::parse_file(&source).unwrap().items);
    let table = items.find_map(|item| match item {
        Item::Const(table) if table.ident == "ALIASES" => Some(*table.expr),
        _ => None,
    });
    elements(&table.expect("the attribute has a table of aliases")).iter().map(row).collect()
}

fn row(row: &Expr) -> (String, BTreeSet<String>) {
    let Expr::Tuple(row) = row else { panic!("a row is a pair") };
    let Expr::Path(option) = &row.elems[0] else { panic!("a row begins with its option") };
    let option = snake_case(&option.path.segments.last().unwrap().ident.to_string());
    let names = elements(&row.elems[1]).into_iter().map(|name| match name {
        Expr::Lit(literal) => match literal.lit {
            Lit::Str(name) => name.value(),
            _ => panic!("a name is a text"),
        },
        _ => panic!("a name is a literal"),
    });
    (option, names.collect())
}

/// The elements of `&[…]`.
fn elements(expr: &Expr) -> Vec<Expr> {
    match expr {
        Expr::Reference(reference) => elements(&reference.expr),
        Expr::Array(array) => array.elems.iter().cloned().collect(),
        _ => panic!("a table is an array"),
    }
}

fn snake_case(variant: &str) -> String {
    let mut name = String::new();
    for letter in variant.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

#[test]
fn both_know_the_same_names_of_other_libraries() {
    let mut settings = aliases_of_settings();
    // The attribute has its own answer to `timeout`: there it may also mean a limit for the call.
    assert!(settings.get_mut("expiry").unwrap().remove("timeout"));
    let mut attribute = aliases_of_attribute();
    // Settings have no such options; `mode` stands there for `metrics_only`.
    for option in ["error_handler", "fallback", "metrics_only", "policy"] {
        assert!(attribute.remove(option).is_some(), "{option}");
    }
    assert_eq!(attribute, settings);
}

#[test]
fn settings_suggest_the_option_for_each_name_of_other_libraries() {
    for (option, names) in aliases_of_settings() {
        for name in names {
            let error = Settings::from_toml(&format!("[circuits.a]\n{name} = 1")).unwrap_err().to_string();
            assert!(
                error.ends_with(&format!("`circuits.a.{name}` is not an option; did you mean `{option}`?")),
                "{error}"
            );
        }
    }
    // Where the option cannot be, it is not suggested.
    let error = Settings::from_toml("[defaults]\nnamespace = 1").unwrap_err().to_string();
    assert!(!error.contains("`scope`?"), "{error}");
}

#[circuit_breaker(
    identifier = "same",
    registry = registry,
    failure_threshold = 3,
    debounce = "1m 30s",
    expiry = "forever",
    max_trip = "2 hours"
)]
fn with_durations(registry: &Registry) -> Option<()> {
    Some(())
}

#[test]
fn durations_mean_the_same_policy() {
    let registry = Registry::new();
    with_durations(&registry);
    let table = r#"
        failure_threshold = 3
        debounce = "1m 30s"
        expiry = "forever"
        max_trip = "2 hours"
    "#;
    let settings = Settings::from_toml(&format!("[defaults]\n{table}")).unwrap();
    assert_eq!(settings.default_policy(), Some(registry.status("same").unwrap().policy));
}
