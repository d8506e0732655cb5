//! TOML, read by `toml`, whose values have spans.

mod depth;

use toml::de::{DeTable, DeValue};

use crate::options::value::{Entries, TOO_DEEP, Value};
use crate::settings::recorder::{Lines, Recorder};

pub(super) fn read(text: &str, recorder: &mut Recorder) -> Entries {
    let lines = Lines::of(text);
    // The parser limits brackets and dots separately, but not what both nest together.
    if let Some(offset) = depth::exceeded(text) {
        recorder.error(Some(lines.at(offset)), TOO_DEEP);
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
        recorder.error(line, error.message());
    }
    match root {
        Some(root) if errors.is_empty() => table(&lines, root.get_ref(), recorder),
        // Recovered values would only cause errors about errors.
        _ => Entries::new(),
    }
}

/// The longest text in which the parser looks for all errors. A longer one is read up to its first
/// error, because the parser keeps them all and there may be one per byte.
const RECOVERABLE: usize = 1 << 20;

fn table(lines: &Lines, entries: &DeTable<'_>, recorder: &mut Recorder) -> Entries {
    let mut table = Entries::new();
    for (name, found) in entries {
        recorder.begin(name.get_ref().to_string());
        let value = value(lines, found.get_ref(), recorder);
        recorder.finish(&mut table, lines.at(name.span().start), value);
    }
    table
}

fn value(lines: &Lines, found: &DeValue<'_>, recorder: &mut Recorder) -> Value {
    match found {
        DeValue::String(text) => Value::Text(text.to_string()),
        // The parser checked the digits; a number that does not fit into 64 bits is out of every
        // option's range.
        DeValue::Integer(number) => {
            Value::Whole(i64::from_str_radix(number.as_str(), number.radix()).unwrap_or(i64::MAX).into())
        }
        DeValue::Float(number) => Value::Fraction(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        // No option takes a date. As a string it can at least be shown.
        DeValue::Datetime(date) => Value::Text(date.to_string()),
        DeValue::Array(_) => Value::List,
        DeValue::Table(entries) => Value::Table(table(lines, entries, recorder)),
    }
}
