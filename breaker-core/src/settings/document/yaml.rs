//! YAML 1.2, by `saphyr`, whose nodes know their place.

use figment::value::{Dict, Empty, Value};
use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

use super::{Scribe, list};

pub(super) fn read(text: &str, scribe: &mut Scribe) -> Dict {
    let documents = match MarkedYaml::load_from_str(text) {
        Ok(documents) => documents,
        Err(error) => {
            scribe.fault(Some(error.marker().line()), error.info());
            return Dict::new();
        }
    };
    match documents.as_slice() {
        // A file of comments only says nothing, which is no mistake.
        [] => Dict::new(),
        [root] => match value(root, scribe) {
            Value::Dict(_, table) => table,
            Value::Empty(..) => Dict::new(),
            _ => {
                scribe.fault(Some(root.span.start.line()), "expected a mapping: write `circuits:` and what follows it");
                Dict::new()
            }
        },
        [_, second, ..] => {
            let line = second.span.start.line();
            scribe.fault(Some(line), "a second document begins; write all settings in one, without `---` between them");
            Dict::new()
        }
    }
}

fn value(node: &MarkedYaml<'_>, scribe: &mut Scribe) -> Value {
    match &node.data {
        YamlData::Value(scalar) => of_scalar(scalar),
        YamlData::Representation(text, ..) => Value::from(text.as_ref()),
        YamlData::Sequence(_) => list(),
        YamlData::Mapping(entries) => {
            let mut table = Dict::new();
            for (name, node) in entries {
                let line = name.span.start.line();
                match name_of(name) {
                    Some(name) => scribe.entry(&mut table, name, line, |scribe| value(node, scribe)),
                    None => scribe.fault(Some(line), "a key must be a plain name"),
                }
            }
            Value::from(table)
        }
        YamlData::Tagged(_, node) => value(node, scribe),
        YamlData::Alias(_) | YamlData::BadValue => {
            scribe.fault(Some(node.span.start.line()), "this value cannot be read; write it without a tag");
            Value::from(false)
        }
    }
}

fn of_scalar(scalar: &Scalar<'_>) -> Value {
    match scalar {
        Scalar::Null => Value::from(Empty::Unit),
        Scalar::Boolean(flag) => Value::from(*flag),
        Scalar::Integer(number) => Value::from(*number),
        Scalar::FloatingPoint(number) => Value::from(number.into_inner()),
        Scalar::String(text) => Value::from(text.as_ref()),
    }
}

/// YAML takes any value for a key: a circuit may be called `404`.
fn name_of(node: &MarkedYaml<'_>) -> Option<String> {
    match &node.data {
        YamlData::Value(Scalar::String(text)) => Some(text.to_string()),
        YamlData::Value(Scalar::Integer(number)) => Some(number.to_string()),
        YamlData::Value(Scalar::Boolean(flag)) => Some(flag.to_string()),
        _ => None,
    }
}
