//! Environment variables: `BREAKER_CIRCUITS__PAYMENT_API__EXPIRY=10s`.

use figment::value::{Dict, Value};

use super::{Document, Mark, Steps};

/// Reads the variables that begin with `prefix` and have a `__` behind it. Names that `known` has are found whatever their case,
/// and with `_` for what a variable's name cannot hold; others are taken in lower case.
pub(in crate::settings) fn read(
    prefix: &str,
    variables: impl IntoIterator<Item = (String, String)>,
    known: &Dict,
) -> Document {
    let mut document = Document::default();
    let mut variables: Vec<_> = variables.into_iter().collect();
    // So that the result does not depend on the order in which the system lists them.
    variables.sort();
    for (variable, value) in variables {
        let Some(rest) = variable.strip_prefix(prefix) else { continue };
        // Other programs, and other parts of this one, may use the prefix for variables that have one level.
        if rest.contains("__") {
            let steps = steps(rest, known);
            insert(&mut document.table, &steps, value);
            document.marks.insert(steps, Mark::Variable(variable));
        }
    }
    document
}

fn steps(rest: &str, known: &Dict) -> Steps {
    let mut level = Some(known);
    let mut steps = Steps::new();
    for part in rest.split("__") {
        let name = level.and_then(|table| table.keys().find(|name| folded(name) == folded(part))).cloned();
        let name = name.unwrap_or_else(|| part.to_lowercase());
        level = level.and_then(|table| table.get(&name)).and_then(Value::as_dict);
        steps.push(name);
    }
    steps
}

/// What is left of a name in a variable.
fn folded(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

fn insert(table: &mut Dict, steps: &[String], text: String) {
    match steps {
        [] => {}
        [name] => {
            table.insert(name.clone(), Value::from(text));
        }
        [name, rest @ ..] => {
            let inner = table.entry(name.clone()).or_insert_with(|| Value::from(Dict::new()));
            // A variable that gives a text to what another takes for a table: the text stays, and is refused as no table.
            if let Value::Dict(_, inner) = inner {
                insert(inner, rest, text);
            }
        }
    }
}
