//! Values that a deserializer of somebody else gives, and what JSON says of a single value.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{DEEPEST, Entries, Mark, Node, TOO_DEEP, Value};

/// Reads a table, from whatever describes itself.
pub(in crate::settings) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Entries, D::Error> {
    match deserializer.deserialize_map(AnyValue { levels: DEEPEST })? {
        Value::Table(entries) => Ok(entries),
        _ => Err(D::Error::custom("expected a table")),
    }
}

/// Reads any value with so many levels of tables and lists in it, at most.
pub(super) struct AnyValue {
    pub(super) levels: usize,
}

impl AnyValue {
    /// What reads the values one level deeper, if there may be any.
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
        // What does not fit is out of every option's range anyway.
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
        let inside = self.inside()?;
        let mut entries = Entries::new();
        while let Some(name) = map.next_key()? {
            let value = map.next_value_seed(inside())?;
            entries.insert(name, Node { value, mark: Mark::Unknown });
        }
        Ok(Value::Table(entries))
    }
}

impl AnyValue {
    /// A wrapper is a level as well, for whoever made it may have made many.
    fn nested<'de, D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let inside = self.inside()?;
        inside().deserialize(deserializer)
    }
}
