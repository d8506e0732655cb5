//! JSON, by `serde_json`, whose raw values are slices of the text and so tell their place.

use std::fmt;

use figment::value::{Dict, Value};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Scribe, line_of, list};

pub(super) fn read(text: &str, scribe: &mut Scribe) -> Dict {
    // Checked as a whole first, so that the rest need not look for errors of syntax.
    let root = match serde_json::from_str::<&RawValue>(text) {
        Ok(root) => root,
        Err(error) => {
            let line = error.line();
            let message = error.to_string();
            // Its place is told in our own way.
            let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
            scribe.fault(Some(line), message);
            return Dict::new();
        }
    };
    if let Value::Dict(_, table) = value(text, root, scribe) {
        return table;
    }
    scribe.fault(Some(line(text, root)), "expected an object: write `{ \"circuits\": { … } }`");
    Dict::new()
}

fn value(text: &str, raw: &RawValue, scribe: &mut Scribe) -> Value {
    match raw.get().as_bytes().first() {
        Some(b'{') => table(text, raw, scribe),
        Some(b'[') => list(),
        _ => match serde_json::from_str(raw.get()) {
            Ok(value) => value,
            Err(error) => {
                scribe.fault(Some(line(text, raw)), error.to_string());
                Value::from(false)
            }
        },
    }
}

fn table(text: &str, raw: &RawValue, scribe: &mut Scribe) -> Value {
    let mut table = Dict::new();
    match serde_json::from_str::<Entries<'_>>(raw.get()) {
        Ok(Entries(entries)) => {
            for (name, raw) in entries {
                let line = line(text, raw);
                let is_second = table.contains_key(&name);
                scribe.entry(&mut table, name, line, |scribe| {
                    if is_second {
                        scribe.fault(Some(line), "is given twice; remove one of the two");
                    }
                    value(text, raw, scribe)
                });
            }
        }
        Err(error) => scribe.fault(Some(line(text, raw)), error.to_string()),
    }
    Value::from(table)
}

/// A raw value borrows from the text, so the distance of the two is its place.
fn line(text: &str, raw: &RawValue) -> usize {
    let offset = raw.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
    line_of(text, offset)
}

/// The entries of an object, also those that are there twice, which a map would hide.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor).map(Entries)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(entries)
    }
}
