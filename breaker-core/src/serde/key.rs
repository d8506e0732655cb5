//! The names of circuits.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::key::{Key, KeyRef};

impl Serialize for Key {
    /// A map of `kind`, `scope` (both may be null) and `identifier`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_fields!(serializer, { "kind": self.kind(), "scope": self.scope(), "identifier": self.identifier() })
    }
}

impl<'de> Deserialize<'de> for Key {
    /// Reads a map of `kind`, `scope` and `identifier`, of which the first two may be missing, or a
    /// string, which is the identifier.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a circuit: a string, or a map with an `identifier`")
            }

            fn visit_str<E>(self, identifier: &str) -> Result<Key, E> {
                Ok(Key::new(identifier))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Key, A::Error> {
                let fields = read_fields!(MapAccessDeserializer::new(map), "the name of a circuit", {
                    "kind" => kind: Option<String>,
                    "scope" => scope: Option<String>,
                    "identifier" => identifier: String,
                })?;
                let identifier = required!(fields.identifier, "identifier");
                let [kind, scope] = [fields.kind, fields.scope].map(Option::flatten);
                Ok(KeyRef::of(kind.as_deref(), scope.as_deref(), &identifier).to_key())
            }
        }

        deserializer.deserialize_any(KeyVisitor)
    }
}
