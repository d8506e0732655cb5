//! TOML, by `toml`, whose values know their place.

mod depth;

use toml::de::{DeTable, DeValue};

use super::{Entries, Lines, Scribe, TOO_DEEP, Value};

pub(super) fn read(text: &str, scribe: &mut Scribe) -> Entries {
    let lines = Lines::of(text);
    // The parser has a limit for each of brackets and dots, but none for what both nest together.
    if let Some(offset) = depth::exceeded(text) {
        scribe.fault(Some(lines.at(offset)), TOO_DEEP);
        return Entries::new();
    }
    let (root, errors) = if text.len() > RECOVERABLE {
        let root = DeTable::parse(text);
        root.map_or_else(|error| (None, vec![error]), |root| (Some(root), Vec::new()))
    } else {
        let (root, errors) = DeTable::parse_recoverable(text);
        (Some(root), errors)
    };
    for error in &errors {
        let line = error.span().map(|span| lines.at(span.start));
        scribe.fault(line, error.message());
    }
    match root {
        Some(root) if errors.is_empty() => table(&lines, root.get_ref(), scribe),
        // What was recovered would only give rise to errors about errors.
        _ => Entries::new(),
    }
}

/// A longer text is read up to its first mistake, for the parser keeps them all, and there may be
/// as many as bytes.
const RECOVERABLE: usize = 1 << 20;

fn table(lines: &Lines, entries: &DeTable<'_>, scribe: &mut Scribe) -> Entries {
    let mut table = Entries::new();
    for (name, found) in entries {
        scribe.begin(name.get_ref().to_string());
        let value = value(lines, found.get_ref(), scribe);
        scribe.finish(&mut table, lines.at(name.span().start), value);
    }
    table
}

fn value(lines: &Lines, found: &DeValue<'_>, scribe: &mut Scribe) -> Value {
    match found {
        DeValue::String(text) => Value::Text(text.to_string()),
        // The parser checked the digits; what no 64 bits hold is out of every option's range
        // anyway.
        DeValue::Integer(number) => {
            Value::Whole(i64::from_str_radix(number.as_str(), number.radix()).unwrap_or(i64::MAX).into())
        }
        DeValue::Float(number) => Value::Fraction(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        // No option takes a date; as a text it can at least be shown.
        DeValue::Datetime(date) => Value::Text(date.to_string()),
        DeValue::Array(_) => Value::List,
        DeValue::Table(entries) => Value::Table(table(lines, entries, scribe)),
    }
}
