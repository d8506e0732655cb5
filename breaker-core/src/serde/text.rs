//! Values that are written as a string.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::options::text::quoted;
use crate::policy::Cancellation;
use crate::reason::Reason;
use crate::state::State;

/// Reads a string with `parse`; `expected` describes the valid strings.
pub(super) fn read_text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    expected: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error> {
    struct TextVisitor<F> {
        expected: &'static str,
        parse: F,
    }

    impl<T, F: FnOnce(&str) -> Option<T>> Visitor<'_> for TextVisitor<F> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.expected)
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
            let expected = self.expected;
            (self.parse)(text).ok_or_else(|| E::custom(format_args!("expected {expected}, not {}", quoted(text))))
        }
    }

    deserializer.deserialize_str(TextVisitor { expected, parse })
}

impl Serialize for State {
    /// Its machine name: `"half_open"`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for State {
    /// Reads the machine name: `"half_open"`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, "the name of a state", |name| name.parse().ok())
    }
}

impl Serialize for Cancellation {
    /// Its name: `"ignore"` or `"failure"`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Cancellation {
    /// Reads the name: `"ignore"` or `"failure"`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, "`ignore` or `failure`", |name| name.parse().ok())
    }
}

impl Serialize for Reason {
    /// The string.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Reason {
    /// Reads a string, which is cut at [`Reason::MAX_LEN`] bytes.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, "a reason", |text| Some(text.into()))
    }
}
