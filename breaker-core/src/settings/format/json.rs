//! JSON, read by `serde_json`. Its raw values are slices of the text, which gives their lines, and
//! it skips a raw value without recursing into it.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::options::value::{AnyValue, Entries, MAX_DEPTH, TOO_DEEP, Value};
use crate::settings::recorder::{Lines, Recorder};

pub(super) fn read(text: &str, recorder: &mut Recorder) -> Entries {
    // The whole text is checked first, so that the remaining code need not look for syntax errors.
    let root = match serde_json::from_str::<&RawValue>(text) {
        Ok(root) => root,
        Err(error) => {
            recorder.error(Some(error.line()), message(&error));
            return Entries::new();
        }
    };
    let mut reader = Reader { text, lines: Lines::of(text), recorder };
    if let Value::Table(table) = reader.value(root) {
        return table;
    }
    reader.error(root, "expected an object: write `{ \"circuits\": { … } }`");
    Entries::new()
}

struct Reader<'a> {
    text: &'a str,
    lines: Lines,
    recorder: &'a mut Recorder,
}

impl Reader<'_> {
    fn value(&mut self, raw: &RawValue) -> Value {
        match raw.get().as_bytes().first() {
            Some(b'{') if self.recorder.key_path.len() == MAX_DEPTH => {
                self.error(raw, TOO_DEEP);
                Value::Nothing
            }
            Some(b'{') => self.table(raw),
            Some(b'[') => Value::List,
            _ => {
                let scalar = AnyValue { levels: 0 };
                match scalar.deserialize(&mut serde_json::Deserializer::from_str(raw.get())) {
                    // With many digits, `serde_json` may be off by one unit in the last place; the
                    // standard library is not.
                    Ok(Value::Fraction(near)) => Value::Fraction(raw.get().parse().unwrap_or(near)),
                    Ok(value) => value,
                    Err(error) => {
                        self.error(raw, message(&error));
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
                    self.recorder.begin(name);
                    let value = self.value(raw);
                    self.recorder.finish(&mut table, line, value);
                }
            }
            Err(error) => self.error(raw, message(&error)),
        }
        Value::Table(table)
    }

    /// A raw value borrows from the text, so the distance between the two is its offset.
    fn line(&self, raw: &RawValue) -> usize {
        self.lines.at(raw.get().as_ptr().addr().saturating_sub(self.text.as_ptr().addr()))
    }

    fn error(&mut self, raw: &RawValue, message: impl Into<String>) {
        let line = self.line(raw);
        self.recorder.error(Some(line), message);
    }
}

/// The message without the place, which our errors state themselves.
fn message(error: &serde_json::Error) -> String {
    let message = error.to_string();
    message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message).to_owned()
}

/// The entries of an object, including duplicates, which a map would hide.
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
