//! The tables of settings: `defaults`, `templates`, `circuits`. Every value is read by itself here,
//! and every mistake noted.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::document::{Entries, Mark, Node, Value};
use super::error::{Place, SettingsProblem};
use super::layers::Layers;
use super::nearest::nearest;
use super::options::{ELSEWHERE, Found, NAMES, Options};
use super::problems::Problems;
use super::shown::{dotted, grouped, listed};
use super::values::{self, Raw};
use crate::limits::TextLimits;

/// Everything that the sources say.
#[derive(Debug, Default)]
pub(super) struct Sections {
    pub(super) defaults: Option<Table>,
    pub(super) templates: BTreeMap<String, Table>,
    pub(super) circuits: BTreeMap<String, Table>,
}

/// One table of options.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Its dotted name, and where it begins.
    pub(super) place: Place,
    pub(super) options: Options,
    pub(super) template: Option<Found<String>>,
    pub(super) identifier: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
    /// Something in it was noted already: what is missing beside it, and what it makes of a policy,
    /// is not known.
    pub(super) is_flawed: bool,
}

/// What a table is, which decides what may stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Defaults,
    Template,
    Circuit,
}

impl Role {
    /// What a table may say beside the options of a policy.
    const fn more_names(self) -> &'static [&'static str] {
        match self {
            Self::Defaults => &[],
            Self::Template => &["template"],
            Self::Circuit => &["template", "identifier", "scope", "kind", "metadata"],
        }
    }
}

/// Reads what the layers say together.
pub(super) fn read(layers: &Layers, limits: TextLimits, problems: &mut Problems) -> Sections {
    let mut reader = Reader { layers, limits, problems, steps: Vec::new() };
    let mut sections = Sections::default();
    for (name, node) in layers.merged() {
        reader.within(name, |reader| match name.as_str() {
            "defaults" => sections.defaults = reader.table(node, Role::Defaults),
            "templates" => sections.templates = reader.tables(node, Role::Template),
            "circuits" => sections.circuits = reader.tables(node, Role::Circuit),
            _ => reader.refuse_section(name, node),
        });
    }
    sections
}

/// Reads the options of a single policy, which came without a place.
pub(super) fn read_policy(entries: &Entries, problems: &mut Problems) -> Options {
    let mut reader = Reader { layers: &Layers::default(), limits: TextLimits::new(), problems, steps: Vec::new() };
    reader.entries(entries, Role::Defaults).options
}

struct Reader<'a> {
    layers: &'a Layers,
    limits: TextLimits,
    problems: &'a mut Problems,
    steps: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    fn within<T>(&mut self, name: &'a str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.steps.push(name);
        let read = read(self);
        self.steps.pop();
        read
    }

    fn tables(&mut self, node: &'a Node, role: Role) -> BTreeMap<String, Table> {
        let mut tables = BTreeMap::new();
        for (name, node) in self.inside(node).into_iter().flatten() {
            if self.problems.are_enough() {
                break;
            }
            if let Some(table) = self.within(name, |reader| reader.table(node, role)) {
                tables.insert(name.clone(), table);
            }
        }
        tables
    }

    fn table(&mut self, node: &'a Node, role: Role) -> Option<Table> {
        if self.steps.last().is_some_and(|name| name.is_empty()) {
            self.note(node, "is named by an empty text: write a name".to_owned());
            return None;
        }
        // A key of YAML with nothing behind it names a table that only inherits.
        let mut table = self.inside(node).map(|entries| self.entries(entries, role)).unwrap_or_default();
        if let (Role::Circuit, None, Some(name)) = (role, &table.identifier, self.steps.last()) {
            let before = self.problems.noted();
            self.check_length(node, name);
            table.is_flawed |= self.problems.noted() > before;
        }
        Some(Table { place: self.place(node), ..table })
    }

    fn entries(&mut self, entries: &'a Entries, role: Role) -> Table {
        let mut table = Table::default();
        let before = self.problems.noted();
        for (name, node) in entries {
            if self.problems.are_enough() {
                break;
            }
            self.within(name, |reader| reader.entry(&mut table, name, node, role));
        }
        table.is_flawed = self.problems.noted() > before;
        table
    }

    fn entry(&mut self, table: &mut Table, name: &str, node: &'a Node, role: Role) {
        let raw = Self::raw(node, "\"payments\"");
        if !role.more_names().contains(&name) {
            let place = Rc::new(self.place(node));
            match table.options.read(name, raw, &place) {
                Some(Ok(())) => {}
                Some(Err(message)) => self.note(node, message),
                None => self.note(node, unknown_option(name, role)),
            }
            return;
        }
        match name {
            "metadata" => {
                table.metadata = self.metadata(node);
                if let Err(excess) = self.limits.check_metadata(table.metadata.iter().collect()) {
                    self.note(node, format!("has {excess}"));
                }
            }
            "template" => {
                let read = values::name(Raw { example: "\"http\"", ..raw });
                let place = Rc::new(self.place(node));
                table.template = self.keep(node, read).map(|value| Found { value, place });
            }
            "identifier" => table.identifier = self.name(node, raw),
            "scope" => table.scope = self.name(node, raw),
            _ => table.kind = self.name(node, Raw { example: "\"http\"", ..raw }),
        }
    }

    /// A part of a circuit's name.
    fn name(&mut self, node: &'a Node, raw: Raw<'_>) -> Option<String> {
        let name = self.keep(node, values::name(raw))?;
        self.check_length(node, &name);
        Some(name)
    }

    fn check_length(&mut self, node: &Node, name: &str) {
        let limit = self.limits.name_bytes;
        if name.len() > limit {
            let (bytes, limit) = (grouped(name.len()), grouped(limit));
            self.note(node, format!("is a name of {bytes} bytes: write one of at most {limit}"));
        }
    }

    fn metadata(&mut self, node: &'a Node) -> BTreeMap<String, String> {
        let mut metadata = BTreeMap::new();
        for (name, node) in self.inside(node).into_iter().flatten() {
            if self.problems.are_enough() {
                break;
            }
            self.within(name, |reader| {
                let read = values::text(Self::raw(node, "\"payments\""));
                metadata.extend(reader.keep(node, read).map(|value| (name.clone(), value)));
            });
        }
        metadata
    }

    /// The entries of a table; none, and a problem, if the value is something else.
    fn inside(&mut self, node: &'a Node) -> Option<&'a Entries> {
        match &node.value {
            Value::Table(entries) => Some(entries),
            Value::Nothing => None,
            _ => {
                let message = Self::raw(node, "").takes("a table");
                let message = message.split(": write").next().unwrap_or_default().to_owned();
                self.note(node, message);
                None
            }
        }
    }

    fn refuse_section(&mut self, name: &str, node: &Node) {
        let belongs = NAMES.contains(&name) || Role::Circuit.more_names().contains(&name);
        let message = if belongs {
            "belongs into a table: write it under `[defaults]`, `[templates.NAME]` or `[circuits.NAME]`".to_owned()
        } else {
            match nearest(name, SECTIONS) {
                Some(meant) => format!("is no table of settings; did you mean `{meant}`?"),
                None => format!("is no table of settings; they are {}", listed(SECTIONS.iter())),
            }
        };
        self.note(node, message);
    }

    fn raw(node: &'a Node, example: &'static str) -> Raw<'a> {
        Raw { value: &node.value, is_variable: matches!(node.mark, Mark::Variable { .. }), example }
    }

    fn keep<T>(&mut self, node: &Node, read: Result<T, String>) -> Option<T> {
        read.map_err(|message| self.note(node, message)).ok()
    }

    fn note(&mut self, node: &Node, message: String) {
        let place = self.place(node);
        self.problems.push(SettingsProblem::new(place, message));
    }

    /// Where the value stands under whose name the reader is.
    fn place(&self, node: &Node) -> Place {
        self.layers.place(&self.steps, &node.mark)
    }
}

fn unknown_option(name: &str, role: Role) -> String {
    if Role::Circuit.more_names().contains(&name) {
        let owner = if name == "template" { "a circuit or a template" } else { "a circuit" };
        return format!("belongs to {owner}: write it under `[circuits.NAME]`");
    }
    let elsewhere = ELSEWHERE.iter().find(|(other, _)| *other == name).map(|(_, meant)| *meant);
    let names = || NAMES.iter().chain(role.more_names());
    match elsewhere.or_else(|| nearest(name, names().copied())) {
        Some(meant) => format!("is no option; did you mean `{meant}`?"),
        None => format!("is no option; the options are {}", listed(names())),
    }
}

/// The dotted name of a circuit's table.
pub(super) fn circuit_name(name: &str) -> String {
    dotted(["circuits", name])
}

const SECTIONS: [&str; 3] = ["defaults", "templates", "circuits"];
