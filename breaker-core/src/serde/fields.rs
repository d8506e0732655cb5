//! Maps of named fields.

/// Writes a map of fields to a serializer. It is a map in every format, including those that write
/// structs as lists.
macro_rules! write_fields {
    ($serializer:expr, { $($key:literal: $value:expr),* $(,)? }) => {{
        let length = <[&str]>::len(&[$($key),*]);
        let mut map = serde::Serializer::serialize_map($serializer, Some(length))?;
        $(serde::ser::SerializeMap::serialize_entry(&mut map, $key, &$value)?;)*
        serde::ser::SerializeMap::end(map)
    }};
}

/// Reads a map into a struct with an `Option` for each field. Unknown fields are ignored.
macro_rules! read_fields {
    ($deserializer:expr, $expected:literal, { $($key:literal => $field:ident: $type:ty),* $(,)? }) => {{
        #[derive(Default)]
        struct Fields {
            $($field: Option<$type>,)*
        }

        struct FieldsVisitor;

        impl<'de> serde::de::Visitor<'de> for FieldsVisitor {
            type Value = Fields;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($expected)
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Fields::default();
                while let Some(name) = map.next_key::<String>()? {
                    match name.as_str() {
                        $($key => {
                            if fields.$field.replace(map.next_value()?).is_some() {
                                return Err(serde::de::Error::duplicate_field($key));
                            }
                        })*
                        _ => {
                            map.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(fields)
            }
        }

        serde::Deserializer::deserialize_map($deserializer, FieldsVisitor)
    }};
}

/// The value of a field, or the error that it is missing.
macro_rules! required {
    ($fields:ident.$field:ident, $key:literal) => {
        $fields.$field.ok_or_else(|| serde::de::Error::missing_field($key))?
    };
}
