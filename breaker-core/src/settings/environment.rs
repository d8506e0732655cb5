//! Environment variables: `BREAKER_CIRCUITS__PAYMENT_API__EXPIRY=10s`.

use std::collections::HashMap;
use std::sync::Arc;

use crate::options::value::{Entries, Location, MAX_DEPTH, Node, Value};

/// Reads the variables that start with `prefix` and have a `__` after it, as the source with that
/// number. Names in `known` are found regardless of case, and with `_` for characters that a
/// variable's name cannot contain. Other names are converted to lower case.
pub(super) fn read(
    prefix: &str,
    variables: impl IntoIterator<Item = (String, String)>,
    known: &Entries,
    source: usize,
) -> Entries {
    let ours = |(variable, value): (String, String)| {
        // Variables with one level may belong to other parts of the program, or to other programs.
        variable.strip_prefix(prefix).is_some_and(|rest| rest.contains("__")).then_some((variable, value))
    };
    let mut variables: Vec<_> = variables.into_iter().filter_map(ours).collect();
    // The order in which the system lists them is arbitrary.
    variables.sort();
    let mut names = Names { table: Some(known), ..Names::default() };
    let mut table = Entries::new();
    for (variable, value) in variables {
        let key_path = names.key_path(&variable[prefix.len()..]);
        let location = Location::Variable { source, name: Arc::from(variable) };
        insert(&mut table, &key_path, Node { value: Value::Text(value), location });
    }
    table
}

/// The names of a table as variables spell them, collected on the first use.
#[derive(Default)]
struct Names<'k> {
    table: Option<&'k Entries>,
    by_spelling: Option<HashMap<String, &'k str>>,
    inside: HashMap<String, Names<'k>>,
}

impl<'k> Names<'k> {
    /// The key path that a variable's name spells. One that is too deep is rejected by the level
    /// above it.
    fn key_path(&mut self, rest: &str) -> Vec<String> {
        let mut names = self;
        let mut key_path = Vec::new();
        for part in rest.split("__").take(MAX_DEPTH) {
            let name = names.find(part).map_or_else(|| part.to_lowercase(), str::to_owned);
            let table = names.table;
            names = names.inside.entry(name.clone()).or_insert_with(|| Names {
                table: table.and_then(|table| match &table.get(&name)?.value {
                    Value::Table(table) => Some(table),
                    _ => None,
                }),
                ..Names::default()
            });
            key_path.push(name);
        }
        key_path
    }

    fn find(&mut self, part: &str) -> Option<&'k str> {
        let table = self.table?;
        let by_spelling = self.by_spelling.get_or_insert_with(|| {
            let mut names = HashMap::new();
            for name in table.keys() {
                // If two names have the same spelling, the first one counts.
                names.entry(spelling(name)).or_insert(name.as_str());
            }
            names
        });
        by_spelling.get(&spelling(part)).copied()
    }
}

/// A name as a variable can spell it.
fn spelling(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

fn insert(table: &mut Entries, key_path: &[String], node: Node) {
    match key_path {
        [] => {}
        [name] => {
            table.insert(name.clone(), node);
        }
        [name, rest @ ..] => {
            let empty = || Node { value: Value::Table(Entries::new()), location: node.location.clone() };
            // If one variable gives a string where another needs a table, the string stays, and is
            // rejected because it is not a table.
            if let Value::Table(inner) = &mut table.entry(name.clone()).or_insert_with(empty).value {
                insert(inner, rest, node);
            }
        }
    }
}
