//! Environment variables: `BREAKER_CIRCUITS__PAYMENT_API__EXPIRY=10s`.

use std::collections::HashMap;
use std::sync::Arc;

use super::{DEEPEST, Entries, Mark, Node, Value};

/// Reads the variables that begin with `prefix` and have a `__` behind it, which are the source of
/// that number. Names that `known` has are found whatever their case, and with `_` for what a
/// variable's name cannot hold; others are taken in lower case.
pub(in crate::settings) fn read(
    prefix: &str,
    variables: impl IntoIterator<Item = (String, String)>,
    known: &Entries,
    source: usize,
) -> Entries {
    let ours = |(variable, value): (String, String)| {
        // Other programs, and other parts of this one, may use the prefix for variables that have
        // one level.
        variable.strip_prefix(prefix).is_some_and(|rest| rest.contains("__")).then_some((variable, value))
    };
    let mut variables: Vec<_> = variables.into_iter().filter_map(ours).collect();
    // So that the result does not depend on the order in which the system lists them.
    variables.sort();
    let mut names = Names { table: Some(known), ..Names::default() };
    let mut table = Entries::new();
    for (variable, value) in variables {
        let steps = names.steps(&variable[prefix.len()..]);
        let mark = Mark::Variable { source, name: Arc::from(variable) };
        insert(&mut table, &steps, Node { value: Value::Text(value), mark });
    }
    table
}

/// The names of a table as variables spell them, collected when the first variable asks.
#[derive(Default)]
struct Names<'k> {
    table: Option<&'k Entries>,
    by_spelling: Option<HashMap<String, &'k str>>,
    inside: HashMap<String, Names<'k>>,
}

impl<'k> Names<'k> {
    /// The names from the root that a variable's name spells. A value so deep is refused for what
    /// is above it.
    fn steps(&mut self, rest: &str) -> Vec<String> {
        let mut names = self;
        let mut steps = Vec::new();
        for part in rest.split("__").take(DEEPEST) {
            let name = names.find(part).map_or_else(|| part.to_lowercase(), str::to_owned);
            let table = names.table;
            names = names.inside.entry(name.clone()).or_insert_with(|| Names {
                table: table.and_then(|table| match &table.get(&name)?.value {
                    Value::Table(table) => Some(table),
                    _ => None,
                }),
                ..Names::default()
            });
            steps.push(name);
        }
        steps
    }

    fn find(&mut self, part: &str) -> Option<&'k str> {
        let table = self.table?;
        let by_spelling = self.by_spelling.get_or_insert_with(|| {
            let mut names = HashMap::new();
            for name in table.keys() {
                // Of two names that are spelt alike, the first one is meant.
                names.entry(spelling(name)).or_insert(name.as_str());
            }
            names
        });
        by_spelling.get(&spelling(part)).copied()
    }
}

/// What is left of a name in a variable.
fn spelling(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

fn insert(table: &mut Entries, steps: &[String], node: Node) {
    match steps {
        [] => {}
        [name] => {
            table.insert(name.clone(), node);
        }
        [name, rest @ ..] => {
            let empty = || Node { value: Value::Table(Entries::new()), mark: node.mark.clone() };
            // A variable that gives a text to what another takes for a table: the text stays, and
            // is refused as no table.
            if let Value::Table(inner) = &mut table.entry(name.clone()).or_insert_with(empty).value {
                insert(inner, rest, node);
            }
        }
    }
}
