//! Values of settings in any format, and where each of them was found.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::text::shortened;

/// The entries of a table by name.
pub(crate) type Entries = BTreeMap<String, Node>;

/// A value and where it was found.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) location: Location,
}

/// A value. Values nest at most [`MAX_DEPTH`] levels deep, so that copying and dropping recurse
/// only a few times.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Nothing,
    Flag(bool),
    Whole(i128),
    Fraction(f64),
    Text(String),
    /// No option takes a list, so its items are not kept.
    List,
    Table(Entries),
}

/// Where a value was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Location {
    /// In a value read by another deserializer.
    #[default]
    Unknown,
    /// On a line, from 1, of the source with that number.
    Line { source: usize, line: usize },
    /// In an environment variable; the source has that number.
    Variable { source: usize, name: Arc<str> },
}

/// How many levels of tables and lists are read. Deeper input is rejected before anything recurses
/// into it. Settings have four levels; a few more allow errors that name the place where a text
/// goes wrong.
pub(crate) const MAX_DEPTH: usize = 16;

/// The problem of a text that nests deeper.
pub(crate) const TOO_DEEP: &str = "nests more than 16 levels, and settings have four, as in \
                                   `circuits.payment_api.metadata.team`: write this value without nesting";

/// Reads a table from any self-describing format.
pub(crate) fn read_table<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Entries, D::Error> {
    match deserializer.deserialize_map(AnyValue { levels: MAX_DEPTH })? {
        Value::Table(entries) => Ok(entries),
        _ => Err(D::Error::custom("expected a table")),
    }
}

/// Reads any value with at most `levels` levels of tables and lists in it.
pub(crate) struct AnyValue {
    pub(crate) levels: usize,
}

impl AnyValue {
    /// Returns readers for the values one level deeper, if that is allowed.
    fn inside<E: Error>(&self) -> Result<impl Fn() -> Self + use<E>, E> {
        let levels = self.levels.checked_sub(1).ok_or_else(|| E::custom(TOO_DEEP))?;
        Ok(move || Self { levels })
    }
}

impl<'de> DeserializeSeed<'de> for AnyValue {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of settings")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Whole(number.into()))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Value, E> {
        Ok(Value::Whole(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Whole(number.into()))
    }

    fn visit_u128<E>(self, number: u128) -> Result<Value, E> {
        // A number that does not fit is out of every option's range anyway.
        Ok(Value::Whole(i128::try_from(number).unwrap_or(i128::MAX)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Fraction(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.nested(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.nested(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        while items.next_element_seed(inside())?.is_some() {}
        Ok(Value::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut next_name = map.next_key::<String>()?;
        if next_name.as_deref() == Some(JSON_NUMBER) {
            return number(&map.next_value::<String>()?);
        }
        let inside = self.inside()?;
        let mut entries = Entries::new();
        while let Some(name) = next_name {
            let value = map.next_value_seed(inside())?;
            match entries.entry(name) {
                Entry::Vacant(entry) => entry.insert(Node { value, location: Location::Unknown }),
                Entry::Occupied(entry) => {
                    let name = shortened(entry.key());
                    return Err(A::Error::custom(format_args!("`{name}` is given twice; remove one of the two")));
                }
            };
            next_name = map.next_key()?;
        }
        Ok(Value::Table(entries))
    }
}

/// What `serde_json` names the only entry of a map that stands for a number, whose digits are the
/// value. It reads all numbers in this way if any crate of the program enables its feature
/// `arbitrary_precision`.
const JSON_NUMBER: &str = "$serde_json::private::Number";

fn number<E: Error>(digits: &str) -> Result<Value, E> {
    let whole = digits.parse().map(Value::Whole);
    whole.or_else(|_| digits.parse().map(Value::Fraction)).map_err(E::custom)
}

impl AnyValue {
    /// A wrapper counts as a level, because input may consist of many of them.
    fn nested<'de, D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let inside = self.inside()?;
        inside().deserialize(deserializer)
    }
}
