//! TOML, by `toml`, whose values know their place.

use figment::value::{Dict, Value};
use toml::de::{DeTable, DeValue};

use super::{Scribe, line_of, list};

pub(super) fn read(text: &str, scribe: &mut Scribe) -> Dict {
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        match error.span() {
            Some(span) => scribe.fault(Some(line_of(text, span.start)), error.message()),
            // The one error that the parser gives without its place.
            None => scribe.fault(Some(line_of_depth(text)), "nests too many tables; settings have four levels"),
        }
    }
    // What was recovered would only give rise to errors about errors.
    if errors.is_empty() { table(text, root.get_ref(), scribe) } else { Dict::new() }
}

/// The last line of the shortest beginning that the parser refuses without a place.
fn line_of_depth(text: &str) -> usize {
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let is_fine = |end: &usize| DeTable::parse_recoverable(&text[..*end]).1.iter().all(|error| error.span().is_some());
    ends.partition_point(is_fine) + 1
}

fn table(text: &str, entries: &DeTable<'_>, scribe: &mut Scribe) -> Dict {
    let mut table = Dict::new();
    for (name, found) in entries {
        let line = line_of(text, name.span().start);
        scribe.entry(&mut table, name.get_ref().to_string(), line, |scribe| value(text, found.get_ref(), scribe));
    }
    table
}

fn value(text: &str, found: &DeValue<'_>, scribe: &mut Scribe) -> Value {
    match found {
        DeValue::String(text) => Value::from(text.as_ref()),
        // The parser checked the digits; what no 64 bits hold is out of every option's range anyway.
        DeValue::Integer(number) => {
            Value::from(i64::from_str_radix(number.as_str(), number.radix()).unwrap_or(i64::MAX))
        }
        DeValue::Float(number) => Value::from(number.as_str().parse::<f64>().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::from(*flag),
        // No option takes a date; as a text it can at least be shown.
        DeValue::Datetime(date) => Value::from(date.to_string()),
        DeValue::Array(_) => list(),
        DeValue::Table(entries) => Value::from(table(text, entries, scribe)),
    }
}
