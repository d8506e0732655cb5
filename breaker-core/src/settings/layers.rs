//! Sources on top of each other. `figment` merges them and knows from which one each value came; the marks know where it stands.

use std::collections::BTreeMap;

use figment::value::{Dict, Map, Tag, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::document::{Document, Mark, Steps};
use super::error::Place;

/// Sources in the order they were added; what a later one names wins.
#[derive(Clone, Debug, Default)]
pub(super) struct Layers {
    figment: Figment,
    sources: Vec<Source>,
}

#[derive(Clone, Debug)]
struct Source {
    name: String,
    marks: BTreeMap<Steps, Mark>,
}

/// A source as `figment` wants it. The metadata carry its number, by which a value finds it again.
struct Layer {
    number: usize,
    name: String,
    table: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::from(self.name.clone(), self.number.to_string())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.table.clone())]))
    }
}

impl Layers {
    pub(super) fn add(&mut self, name: String, document: Document) {
        let layer = Layer { number: self.sources.len(), name: name.clone(), table: document.table };
        self.figment = std::mem::take(&mut self.figment).merge(layer);
        self.sources.push(Source { name, marks: document.marks });
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.sources.len()
    }

    /// What all of them say together.
    pub(super) fn merged(&self) -> Dict {
        // Fails only where a source does, and those were read before.
        self.figment.find_value("").ok().and_then(Value::into_dict).unwrap_or_default()
    }

    /// Where the value at `steps` came from.
    pub(super) fn place(&self, steps: &[String], tag: Tag) -> Place {
        let key = dotted(steps);
        let number =
            self.figment.get_metadata(tag).and_then(|metadata| metadata.source.as_ref()?.custom()?.parse().ok());
        let Some((number, source)) = number.and_then(|number: usize| Some((number, self.sources.get(number)?))) else {
            return Place { key, ..Place::default() };
        };
        match source.nearest_mark(steps) {
            Some(Mark::Variable(variable)) => {
                let origin = format!("environment variable `{variable}`");
                Place { source: number, key, origin, line: None }
            }
            Some(Mark::Line(line)) => Place { source: number, key, origin: source.name.clone(), line: Some(*line) },
            None => Place { source: number, key, origin: source.name.clone(), line: None },
        }
    }

    /// Whether the value came from an environment variable, where everything is a text.
    pub(super) fn is_variable(&self, tag: Tag) -> bool {
        let name = self.figment.get_metadata(tag).map(|metadata| metadata.name.as_ref());
        name == Some(ENVIRONMENT)
    }
}

impl Source {
    /// The mark of the value or of the nearest table around it; of a table without one, that of its first entry.
    fn nearest_mark(&self, steps: &[String]) -> Option<&Mark> {
        let inside = self.marks.range(steps.to_vec()..).next().filter(|(marked, _)| marked.starts_with(steps));
        let around = || (0..steps.len()).rev().find_map(|length| self.marks.get(&steps[..length]));
        inside.map(|(_, mark)| mark).or_else(around)
    }
}

/// The name of the source that environment variables are.
pub(super) const ENVIRONMENT: &str = "environment";

/// The key as it is written in TOML: names with dots or blanks in quotes.
pub(super) fn dotted(steps: &[String]) -> String {
    let is_bare = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    let quoted = steps.iter().map(|name| if is_bare(name) { name.clone() } else { format!("{name:?}") });
    quoted.collect::<Vec<_>>().join(".")
}
