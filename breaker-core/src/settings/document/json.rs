//! JSON, by `serde_json`, whose raw values are slices of the text and so tell their place. It
//! passes over a raw value without recursing into it.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::embedded::AnyValue;
use super::{DEEPEST, Entries, Lines, Scribe, TOO_DEEP, Value};

pub(super) fn read(text: &str, scribe: &mut Scribe) -> Entries {
    // Checked as a whole first, so that the rest need not look for errors of syntax.
    let root = match serde_json::from_str::<&RawValue>(text) {
        Ok(root) => root,
        Err(error) => {
            scribe.fault(Some(error.line()), message(&error));
            return Entries::new();
        }
    };
    let mut reader = Reader { text, lines: Lines::of(text), scribe };
    if let Value::Table(table) = reader.value(root) {
        return table;
    }
    reader.fault(root, "expected an object: write `{ \"circuits\": { … } }`");
    Entries::new()
}

struct Reader<'a> {
    text: &'a str,
    lines: Lines,
    scribe: &'a mut Scribe,
}

impl Reader<'_> {
    fn value(&mut self, raw: &RawValue) -> Value {
        match raw.get().as_bytes().first() {
            Some(b'{') if self.scribe.steps.len() == DEEPEST => {
                self.fault(raw, TOO_DEEP);
                Value::Nothing
            }
            Some(b'{') => self.table(raw),
            Some(b'[') => Value::List,
            _ => {
                let scalar = AnyValue { levels: 0 };
                match scalar.deserialize(&mut serde_json::Deserializer::from_str(raw.get())) {
                    // Read once more: where there are many digits, `serde_json` may miss the
                    // nearest number by one step.
                    Ok(Value::Fraction(near)) => Value::Fraction(raw.get().parse().unwrap_or(near)),
                    Ok(value) => value,
                    Err(error) => {
                        self.fault(raw, message(&error));
                        Value::Nothing
                    }
                }
            }
        }
    }

    fn table(&mut self, raw: &RawValue) -> Value {
        let mut table = Entries::new();
        match serde_json::from_str::<Pairs<'_>>(raw.get()) {
            Ok(Pairs(pairs)) => {
                for (name, raw) in pairs {
                    let line = self.line(raw);
                    self.scribe.begin(name);
                    let value = self.value(raw);
                    self.scribe.finish(&mut table, line, value);
                }
            }
            Err(error) => self.fault(raw, message(&error)),
        }
        Value::Table(table)
    }

    /// A raw value borrows from the text, so the distance of the two is its place.
    fn line(&self, raw: &RawValue) -> usize {
        self.lines.at(raw.get().as_ptr().addr().saturating_sub(self.text.as_ptr().addr()))
    }

    fn fault(&mut self, raw: &RawValue, message: impl Into<String>) {
        let line = self.line(raw);
        self.scribe.fault(Some(line), message);
    }
}

/// What is wrong, without its place, which is told in our own way.
fn message(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message).to_owned()
}

/// The entries of an object, also those that are there twice, which a map would hide.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor).map(Pairs)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}
