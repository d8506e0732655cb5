//! Inheritance: defaults, then templates, then the circuit itself.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound::{Excluded, Unbounded};
use std::rc::Rc;

use super::circuit::CircuitSettings;
use super::family::{FamilySettings, Members};
use super::pattern::Name;
use super::sections::{Sections, Table, circuit_name};
use crate::key::{Key, KeyRef};
use crate::options::nearest::nearest;
use crate::options::problem::{Problems, SettingsProblem};
use crate::options::text::{grouped, shortened};
use crate::options::{Located, Options};
use crate::policy::Policy;
use crate::state::Mode;

/// The default policy, if there is one, every circuit and every family.
#[derive(Debug, Default)]
pub(super) struct Resolved {
    pub(super) default_policy: Option<Policy>,
    pub(super) circuits: BTreeMap<Key, CircuitSettings>,
    pub(super) families: Vec<FamilySettings>,
}

/// What a table passes on to those that inherit from it.
#[derive(Clone, Debug, Default)]
struct Base {
    options: Options,
    mode: Option<Mode>,
}

impl Base {
    /// What a table has together with what it inherits from this.
    fn extended_by(&self, table: &Table) -> Self {
        Self { options: table.options.clone().inherit(self.options.clone()), mode: table.mode.or(self.mode) }
    }
}

/// Which circuits a table is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Circuit(Key),
    Family(Members),
}

impl Target {
    fn of(name: &str, table: &Table) -> Self {
        let (scope, kind) = (table.scope.as_deref(), table.kind.as_deref());
        match Name::read(table.identifier.as_deref().unwrap_or(name)) {
            Name::Exact(identifier) => Self::Circuit(KeyRef::of(kind, scope, &identifier).to_key()),
            Name::Family(pattern) => {
                Self::Family(Members { pattern, scope: table.scope.clone(), kind: table.kind.clone() })
            }
        }
    }
}

/// Resolves every template and circuit.
pub(super) fn resolve(sections: Sections, problems: &mut Problems) -> Resolved {
    let Sections { defaults, templates, circuits } = sections;
    let mut outcome = Resolved::default();
    let mut resolver = Resolver { templates: &templates, bases: HashMap::new(), problems };
    for template in templates.values() {
        resolver.check_template(template);
    }
    let mut base = Some(Rc::default());
    if let Some(defaults) = &defaults {
        outcome.default_policy = resolver.build_policy(&defaults.options, defaults);
        // Otherwise each circuit would report the same problems again.
        base = outcome.default_policy.map(|_| Rc::new(Base { options: defaults.options.clone(), mode: None }));
    }
    for name in templates.keys() {
        resolver.follow(name, base.as_ref());
    }
    let mut names = BTreeMap::new();
    for (name, table) in circuits {
        if resolver.problems.are_enough() {
            break;
        }
        resolver.check_template(&table);
        let target = Target::of(&name, &table);
        if let Some(first) = names.insert(target.clone(), name.clone()) {
            let circuits = if matches!(target, Target::Family(_)) { "circuits" } else { "circuit" };
            let message = format!("names the same {circuits} as `{}`; remove one of the two", circuit_name(&first));
            resolver.problems.push(SettingsProblem::new(table.place.clone(), message));
        }
        // If there is none, its problems were already reported.
        let inherited = match &table.template {
            Some(Located { value, .. }) => resolver.bases.get(value.as_str()).cloned().flatten(),
            None => base.clone(),
        };
        let Some(Base { options, mode }) = inherited.map(|base| base.extended_by(&table)) else { continue };
        let Some(policy) = resolver.build_policy(&options, &table) else { continue };
        let Table { metadata, identifier, .. } = table;
        match target {
            Target::Circuit(key) => {
                outcome.circuits.insert(key.clone(), CircuitSettings { key, policy, metadata, mode });
            }
            Target::Family(members) => {
                let identifier = identifier.unwrap_or(name);
                outcome.families.push(FamilySettings { members, identifier, policy, metadata, mode });
            }
        }
    }
    outcome
}

struct Resolver<'a> {
    templates: &'a BTreeMap<String, Table>,
    /// What each template passes on, with everything it inherits; `None` if something in them is
    /// invalid.
    bases: HashMap<&'a str, Option<Rc<Base>>>,
    problems: &'a mut Problems,
}

impl<'a> Resolver<'a> {
    /// Builds the policy of a table's options, which include the inherited ones.
    fn build_policy(&mut self, options: &Options, table: &Table) -> Option<Policy> {
        if table.is_flawed {
            return None;
        }
        options.build_policy(&table.place.key).map_err(|problems| self.problems.extend(problems)).ok()
    }

    /// Resolves a template and everything it inherits from: up the chain to one that is resolved,
    /// and down again. Each is visited once, however long the chain.
    fn follow(&mut self, first: &'a str, defaults: Option<&Rc<Base>>) {
        let mut chain = Vec::new();
        let mut passed = HashSet::new();
        let mut next = Some(first);
        let mut base = loop {
            let Some(name) = next else { break defaults.cloned() };
            if let Some(base) = self.bases.get(name) {
                break base.clone();
            }
            // A missing template is reported where it is named.
            let Some((name, template)) = self.templates.get_key_value(name) else { break None };
            if !passed.insert(name.as_str()) {
                let round = chain.iter().skip_while(|(other, _)| *other != name).copied().collect();
                self.problems.extend(cycle(round));
                break None;
            }
            chain.push((name.as_str(), template));
            next = template.template.as_ref().map(|found| found.value.as_str());
        };
        for (name, template) in chain.into_iter().rev() {
            base = base.filter(|_| !template.is_flawed);
            base = base.map(|base| Rc::new(base.extended_by(template)));
            self.bases.insert(name, base.clone());
        }
    }

    /// Reports a template that is named but missing.
    fn check_template(&mut self, table: &Table) {
        let Some(Located { value: name, place }) = &table.template else { return };
        if self.templates.contains_key(name) || self.problems.are_enough() {
            return;
        }
        let message = if let Some(meant) = nearest(name, self.neighbours(name)) {
            format!("names an unknown template; did you mean `{meant}`?")
        } else {
            let name = shortened(name);
            format!("names an unknown template: write `[templates.{name}]` and its options, or remove it")
        };
        self.problems.push(SettingsProblem::new((**place).clone(), message));
    }

    /// The candidates for a misspelled name: those next to it in alphabetical order.
    fn neighbours(&self, name: &str) -> impl Iterator<Item = &str> {
        let before = self.templates.range::<str, _>((Unbounded, Excluded(name))).rev().take(NEIGHBOURS);
        let behind = self.templates.range::<str, _>((Excluded(name), Unbounded)).take(NEIGHBOURS);
        before.chain(behind).map(|(name, _)| name.as_str())
    }
}

/// How many names are compared on each side of the missing one.
const NEIGHBOURS: usize = 32;

/// The problem that templates inherit from one another, reported at the first of them by name.
fn cycle(mut round: Vec<(&str, &Table)>) -> Option<SettingsProblem> {
    let first = (0..round.len()).min_by_key(|position| round[*position].0)?;
    round.rotate_left(first);
    let (name, template) = *round.first()?;
    let mut path: Vec<_> = round.iter().take(MAX_NAMED).map(|(name, _)| shortened(name)).collect();
    if round.len() > MAX_NAMED {
        path.push(format!("{} more", grouped(round.len() - MAX_NAMED)));
    }
    path.push(shortened(name));
    let message = format!("makes it inherit from itself, {}: remove one of them", path.join(" → "));
    Some(SettingsProblem::new((*template.template.as_ref()?.place).clone(), message))
}

/// How many templates of a cycle are named.
const MAX_NAMED: usize = 8;
