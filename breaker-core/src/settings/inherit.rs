//! Defaults, then templates, then the circuit itself: what each circuit is in the end.

use std::collections::BTreeMap;

use super::CircuitSettings;
use super::error::SettingsProblem;
use super::nearest::nearest;
use super::options::{Found, Options};
use super::sections::{Sections, Table, circuit_name};
use crate::key::Key;
use crate::policy::Policy;

/// The default policy, if one is given, and every circuit.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    pub(super) default_policy: Option<Policy>,
    pub(super) circuits: BTreeMap<Key, CircuitSettings>,
}

/// Follows every template.
pub(super) fn resolve(sections: Sections, problems: &mut Vec<SettingsProblem>) -> Resolved {
    let Sections { defaults, templates, circuits } = sections;
    let mut resolver = Resolver { defaults: Options::default(), defaults_are_sound: true, templates, problems };
    resolver.check_templates();
    let mut outcome = Resolved::default();
    if let Some(defaults) = defaults {
        outcome.default_policy = resolver.judge(&defaults.options, &defaults);
        resolver.defaults_are_sound = outcome.default_policy.is_some();
        resolver.defaults = defaults.options;
    }
    let mut names = BTreeMap::new();
    for (name, table) in circuits {
        resolver.check_template(&table);
        let key = key(&name, &table);
        if let Some(first) = names.insert(key.clone(), name.clone()) {
            let message = format!("names the same circuit as `{}`; remove one of the two", circuit_name(&first));
            resolver.problems.push(SettingsProblem::new(table.place.clone(), message));
        }
        if let Some(circuit) = resolver.circuit(key.clone(), table) {
            outcome.circuits.insert(key, circuit);
        }
    }
    outcome
}

fn key(name: &str, table: &Table) -> Key {
    let mut key = Key::new(table.identifier.as_deref().unwrap_or(name));
    key.scope = table.scope.as_deref().map(Into::into);
    key.kind = table.kind.as_deref().map(Into::into);
    key
}

struct Resolver<'a> {
    defaults: Options,
    /// Otherwise each circuit would tell their mistakes again.
    defaults_are_sound: bool,
    templates: BTreeMap<String, Table>,
    problems: &'a mut Vec<SettingsProblem>,
}

impl Resolver<'_> {
    fn circuit(&mut self, key: Key, table: Table) -> Option<CircuitSettings> {
        // A chain that breaks off was told already.
        let chain = self.chain(table.template.as_ref())?;
        if !self.defaults_are_sound || chain.iter().any(|template| template.is_flawed) {
            return None;
        }
        let base =
            chain.iter().rev().fold(self.defaults.clone(), |base, template| template.options.clone().inherit(base));
        let policy = self.judge(&table.options.clone().inherit(base), &table)?;
        Some(CircuitSettings { key, policy, metadata: table.metadata })
    }

    /// The policy that a table's options make with all that they inherit.
    fn judge(&mut self, options: &Options, table: &Table) -> Option<Policy> {
        if table.is_flawed {
            return None;
        }
        options.policy(&table.place.key).map_err(|problems| self.problems.extend(problems)).ok()
    }

    /// Templates from the nearest to the farthest; `None` if they break off or go round.
    fn chain<'a>(&'a self, first: Option<&'a Found<String>>) -> Option<Vec<&'a Table>> {
        let mut chain = Vec::new();
        let mut next = first;
        while let Some(Found { value: name, .. }) = next {
            let template = self.templates.get(name)?;
            // No chain is longer than there are templates, unless it bites its tail.
            if chain.len() > self.templates.len() {
                return None;
            }
            next = template.template.as_ref();
            chain.push(template);
        }
        Some(chain)
    }

    fn check_templates(&mut self) {
        let names: Vec<_> = self.templates.keys().cloned().collect();
        for name in names {
            let Some(template) = self.templates.get(&name) else { continue };
            if let Some(problem) = self.unknown_template(template).or_else(|| self.cycle(&name, template)) {
                self.problems.push(problem);
            }
        }
    }

    fn check_template(&mut self, table: &Table) {
        let problem = self.unknown_template(table);
        self.problems.extend(problem);
    }

    fn unknown_template(&self, table: &Table) -> Option<SettingsProblem> {
        let Found { value: name, place } = table.template.as_ref()?;
        if self.templates.contains_key(name) {
            return None;
        }
        let message = match nearest(name, self.templates.keys().map(String::as_str)) {
            Some(meant) => format!("names no template; did you mean `{meant}`?"),
            None => format!("names no template: write `[templates.{name}]` and its options, or remove it"),
        };
        Some(SettingsProblem::new(place.clone(), message))
    }

    /// A cycle, told at the first of its templates.
    fn cycle(&self, name: &str, template: &Table) -> Option<SettingsProblem> {
        let mut path = vec![name];
        let mut next = template.template.as_ref();
        while let Some(Found { value, .. }) = next {
            path.push(value);
            if value == name {
                let place = template.template.as_ref()?.place.clone();
                let message = format!("makes it inherit from itself, {}: remove one of them", path.join(" → "));
                return Some(SettingsProblem::new(place, message));
            }
            // One that begins at a later name has been told there, or will be.
            if value.as_str() < name || path.len() > self.templates.len() {
                return None;
            }
            next = self.templates.get(value)?.template.as_ref();
        }
        None
    }
}
