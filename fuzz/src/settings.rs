//! Settings, from any texts in any order. A line `#%toml`, `#%json`, `#%yaml` or `#%env` begins a
//! source; a text without such a line is read as each of the three formats.

use breaker_box::{Key, Policy, Registry, Settings, SettingsBuilder, SettingsError, SettingsProblem};
use serde_json::{Map, Value, json};

/// Reads what is there; if it is sound, writes it and reads it again.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let sources = divided(text);
    if sources.is_empty() {
        for format in ["toml", "json", "yaml"] {
            check(&[(format, text)]);
        }
    } else {
        check(&sources);
    }
}

/// The sources, each with its format.
fn divided(text: &str) -> Vec<(&str, &str)> {
    let formats = ["toml", "json", "yaml", "env"];
    let mut sources = Vec::new();
    for part in text.split("#%").skip(1) {
        let (format, text) = part.split_once('\n').unwrap_or((part, ""));
        sources.extend(formats.contains(&format).then_some((format, text)));
    }
    sources
}

fn built(sources: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let add = |builder: SettingsBuilder, &(format, text): &(&str, &str)| match format {
        "toml" => builder.toml(text),
        "json" => builder.json(text),
        "yaml" => builder.yaml(text),
        _ => {
            let variables = text.lines().filter_map(|line| line.split_once('='));
            builder.variables(PREFIX, variables.map(|(name, value)| (name.to_owned(), value.to_owned())))
        }
    };
    sources.iter().fold(Settings::builder(), add).build()
}

fn check(sources: &[(&str, &str)]) {
    match built(sources) {
        Ok(settings) => {
            check_round_trip(&settings);
            check_application(&settings);
        }
        Err(error) => {
            let again = built(sources).expect_err("the same texts are wrong in the same way");
            assert_eq!(error.problems(), again.problems());
            assert!(!error.problems().is_empty(), "{error:?}");
            error.problems().iter().for_each(|problem| check_problem(problem, sources));
        }
    }
}

/// It names a line or a variable, and a key unless the text as such cannot be read.
fn check_problem(problem: &SettingsProblem, sources: &[(&str, &str)]) {
    assert!(!problem.message().is_empty(), "{problem:?}");
    assert!(!problem.to_string().contains(char::is_control), "{problem:?}");
    assert!(!problem.message().starts_with("is refused"), "a reader let it through: {problem}");
    if let Some(variable) = problem.origin().strip_prefix("environment variable `") {
        let variable = variable.trim_end_matches('`');
        assert!(variable.starts_with(PREFIX), "{problem}");
        assert!(sources.iter().any(|(_, text)| text.contains(variable)), "{problem}");
        assert!(!problem.key().is_empty(), "{problem}");
        return;
    }
    let line = problem.line().unwrap_or_else(|| panic!("no line: {problem:?}"));
    let fits = |(format, text): &(&str, &str)| {
        let named = problem.origin().to_lowercase().starts_with(format);
        // A text that breaks off does so on the line after its last.
        named && (1..=text.split(['\n', '\r']).count() + 1).contains(&line)
    };
    assert!(sources.iter().any(fits), "no such line: {problem}");
}

/// Written as one text without templates, it says the same: in JSON, in YAML, of which JSON is a
/// part, and by way of `serde`.
fn check_round_trip(settings: &Settings) {
    let mut circuits = Map::new();
    for (number, circuit) in settings.circuits().enumerate() {
        circuit.policy().validate().expect("what settings say is valid");
        let Value::Object(mut table) = written(circuit.policy()) else { panic!("a policy is a table") };
        table.insert("identifier".to_owned(), escaped(circuit.key().identifier()).into());
        table.extend(circuit.mode().map(|mode| ("mode".to_owned(), mode.as_str().into())));
        for (name, part) in [("scope", circuit.key().scope()), ("kind", circuit.key().kind())] {
            table.extend(part.map(|part| (name.to_owned(), part.into())));
        }
        table.insert("metadata".to_owned(), json!(circuit.metadata()));
        circuits.insert(number.to_string(), table.into());
    }
    for (number, family) in settings.families().enumerate() {
        family.policy().validate().expect("what settings say is valid");
        let Value::Object(mut table) = written(family.policy()) else { panic!("a policy is a table") };
        table.insert("identifier".to_owned(), family.identifier().into());
        table.extend(family.mode().map(|mode| ("mode".to_owned(), mode.as_str().into())));
        for (name, part) in [("scope", family.scope()), ("kind", family.kind())] {
            table.extend(part.map(|part| (name.to_owned(), part.into())));
        }
        table.insert("metadata".to_owned(), json!(family.metadata()));
        circuits.insert(format!("family {number}"), table.into());
    }
    let mut document = json!({ "circuits": circuits });
    if let Some(policy) = settings.default_policy() {
        document["defaults"] = written(policy);
    }
    let text = document.to_string();
    let readings = [
        Settings::from_json(&text).map_err(|error| error.to_string()),
        Settings::from_yaml(&text).map_err(|error| error.to_string()),
        serde_json::from_value(document).map_err(|error| error.to_string()),
    ];
    for read in readings {
        let read = read.unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(read.default_policy(), settings.default_policy(), "{text}");
        assert!(read.circuits().eq(settings.circuits()), "{text}");
        assert!(read.families().eq(settings.families()), "{text}");
    }
}

/// An identifier as it is written for one circuit.
fn escaped(identifier: &str) -> String {
    if identifier.contains('*') { identifier.replace('\\', "\\\\").replace('*', "\\*") } else { identifier.to_owned() }
}

fn written(policy: Policy) -> Value {
    serde_json::to_value(policy).expect("a policy can be written")
}

/// A registry takes it, and then has it.
fn check_application(settings: &Settings) {
    let registry = Registry::new();
    let applied = registry.apply(settings).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(applied.registered.len(), settings.circuits().count());
    for circuit in settings.circuits() {
        let status = registry.status(circuit.key()).expect("it was registered");
        assert_eq!(status.policy, circuit.policy());
        assert!(status.metadata.iter().eq(circuit.metadata()), "{status}");
    }
    let again = registry.apply(settings).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((again.registered.len(), again.configured.len()), (0, 0), "{again}");
    check_families(settings, &registry);
    let none = Settings::from_toml("").expect("no text is valid");
    registry.apply(&none).unwrap_or_else(|error| panic!("{error}"));
    assert!(registry.is_empty(), "only settings had asked for what there was: {registry:?}");
}

/// A circuit whose name is that of a family, with each `*` as a `*`, gets what the settings say
/// of it, and loses that again.
fn check_families(settings: &Settings, registry: &Registry) {
    for family in settings.families() {
        let name = family.identifier();
        let key = Key::new(name).with_scope(family.scope().unwrap_or("s")).with_kind(family.kind().unwrap_or("k"));
        // A name with a backslash does not match itself.
        if family.contains(&key) && registry.get(&key).is_none() {
            let breaker = registry.register(&key, Policy::new()).expect("names of settings are short");
            assert_eq!(Some(breaker.policy()), settings.policy(&key), "{key}");
            registry.unregister(&key).expect("it was registered");
        }
    }
}

/// What the variables of all inputs begin with.
const PREFIX: &str = "B_";
