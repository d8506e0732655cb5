//! The tables of settings: `defaults`, `templates`, `circuits`. Every value is read by itself here, and every mistake noted.

use std::collections::BTreeMap;

use figment::value::{Dict, Value};

use super::error::{Place, SettingsProblem};
use super::layers::{Layers, dotted};
use super::nearest::nearest;
use super::options::{ELSEWHERE, Found, NAMES, Options};
use super::values::{self, Raw};

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
    /// Something in it was noted already: what is missing beside it, and what it makes of a policy, is not known.
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
pub(super) fn read(layers: &Layers, problems: &mut Vec<SettingsProblem>) -> Sections {
    let mut reader = Reader { layers, problems, steps: Vec::new() };
    let mut sections = Sections::default();
    for (name, value) in &layers.merged() {
        reader.within(name, |reader| match name.as_str() {
            "defaults" => sections.defaults = reader.table(value, Role::Defaults),
            "templates" => sections.templates = reader.tables(value, Role::Template),
            "circuits" => sections.circuits = reader.tables(value, Role::Circuit),
            _ => reader.refuse_section(name, value),
        });
    }
    sections
}

/// Reads the options of a single policy, which came without a place.
pub(super) fn read_policy(dict: &Dict, problems: &mut Vec<SettingsProblem>) -> Options {
    let mut reader = Reader { layers: &Layers::default(), problems, steps: Vec::new() };
    reader.entries(dict, Role::Defaults).options
}

struct Reader<'a> {
    layers: &'a Layers,
    problems: &'a mut Vec<SettingsProblem>,
    steps: Vec<String>,
}

impl Reader<'_> {
    fn within<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.steps.push(name.to_owned());
        let read = read(self);
        self.steps.pop();
        read
    }

    fn tables(&mut self, value: &Value, role: Role) -> BTreeMap<String, Table> {
        let mut tables = BTreeMap::new();
        for (name, value) in self.dict(value).unwrap_or(&Dict::new()) {
            if let Some(table) = self.within(name, |reader| reader.table(value, role)) {
                tables.insert(name.clone(), table);
            }
        }
        tables
    }

    fn table(&mut self, value: &Value, role: Role) -> Option<Table> {
        if self.steps.last().is_some_and(String::is_empty) {
            self.note(value, "is named by an empty text: write a name".to_owned());
            return None;
        }
        // A key of YAML with nothing behind it names a table that only inherits.
        let nothing = Dict::new();
        let dict = self.dict(value).unwrap_or(&nothing);
        let table = self.entries(dict, role);
        Some(Table { place: self.layers.place(&self.steps, value.tag()), ..table })
    }

    fn entries(&mut self, dict: &Dict, role: Role) -> Table {
        let mut table = Table::default();
        let before = self.problems.len();
        for (name, value) in dict {
            self.within(name, |reader| reader.entry(&mut table, name, value, role));
        }
        table.is_flawed = self.problems.len() > before;
        table
    }

    fn entry(&mut self, table: &mut Table, name: &str, value: &Value, role: Role) {
        let place = self.layers.place(&self.steps, value.tag());
        let raw = self.raw(value, "\"payments\"");
        if !role.more_names().contains(&name) {
            match table.options.read(name, raw, &place) {
                Some(read) => drop(self.keep(place, read)),
                None => self.note(value, unknown_option(name, role)),
            }
            return;
        }
        match name {
            "metadata" => table.metadata = self.metadata(value),
            "template" => {
                let read = values::name(Raw { example: "\"http\"", ..raw });
                table.template = self.keep(place.clone(), read).map(|value| Found { value, place });
            }
            "identifier" => table.identifier = self.keep(place, values::name(raw)),
            "scope" => table.scope = self.keep(place, values::name(raw)),
            _ => table.kind = self.keep(place, values::name(Raw { example: "\"http\"", ..raw })),
        }
    }

    fn metadata(&mut self, value: &Value) -> BTreeMap<String, String> {
        let mut metadata = BTreeMap::new();
        for (name, value) in self.dict(value).unwrap_or(&Dict::new()) {
            self.within(name, |reader| {
                let place = reader.layers.place(&reader.steps, value.tag());
                let read = values::text(reader.raw(value, "\"payments\""));
                metadata.extend(reader.keep(place, read).map(|value| (name.clone(), value)));
            });
        }
        metadata
    }

    /// The entries of a table; none, and a problem, if the value is something else.
    fn dict<'v>(&mut self, value: &'v Value) -> Option<&'v Dict> {
        match value {
            Value::Dict(_, dict) => Some(dict),
            Value::Empty(..) => None,
            _ => {
                let message = self.raw(value, "").takes("a table");
                let message = message.split(": write").next().unwrap_or_default().to_owned();
                self.note(value, message);
                None
            }
        }
    }

    fn refuse_section(&mut self, name: &str, value: &Value) {
        let belongs = NAMES.contains(&name) || Role::Circuit.more_names().contains(&name);
        let message = if belongs {
            "belongs into a table: write it under `[defaults]`, `[templates.NAME]` or `[circuits.NAME]`".to_owned()
        } else {
            match nearest(name, SECTIONS) {
                Some(meant) => format!("is no table of settings; did you mean `{meant}`?"),
                None => format!("is no table of settings; they are {}", listed(SECTIONS.iter())),
            }
        };
        self.note(value, message);
    }

    fn raw<'v>(&self, value: &'v Value, example: &'static str) -> Raw<'v> {
        Raw { value, is_variable: self.layers.is_variable(value.tag()), example }
    }

    fn keep<T>(&mut self, place: Place, read: Result<T, String>) -> Option<T> {
        read.map_err(|message| self.problems.push(SettingsProblem::new(place, message))).ok()
    }

    fn note(&mut self, value: &Value, message: String) {
        let place = self.layers.place(&self.steps, value.tag());
        self.problems.push(SettingsProblem::new(place, message));
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

fn listed<'a>(names: impl Iterator<Item = &'a &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The dotted name of a circuit's table.
pub(super) fn circuit_name(name: &str) -> String {
    dotted(&["circuits".to_owned(), name.to_owned()])
}

const SECTIONS: [&str; 3] = ["defaults", "templates", "circuits"];
