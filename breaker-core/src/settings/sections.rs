//! The tables of settings: `defaults`, `templates`, `circuits`. Here each value is read by itself,
//! and each problem recorded.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::sources::Sources;
use crate::limits::TextLimits;
use crate::options::nearest::nearest;
use crate::options::problem::{Place, Problems, SettingsProblem};
use crate::options::text::{dotted, grouped, listed};
use crate::options::value::{Entries, Node, Value};
use crate::options::values::{self, Raw};
use crate::options::{Located, NAMES, Options, unknown_option};
use crate::state::Mode;

/// The content of all sources together.
#[derive(Debug, Default)]
pub(super) struct Sections {
    pub(super) defaults: Option<Table>,
    pub(super) templates: BTreeMap<String, Table>,
    pub(super) circuits: BTreeMap<String, Table>,
}

/// One table of options.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Its dotted name, and where it was found.
    pub(super) place: Place,
    pub(super) options: Options,
    pub(super) template: Option<Located<String>>,
    pub(super) identifier: Option<String>,
    pub(super) scope: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) mode: Option<Mode>,
    /// Whether a problem in it was recorded, so that its policy is unknown.
    pub(super) is_flawed: bool,
}

/// The role of a table decides which names it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Defaults,
    Template,
    Circuit,
}

impl Role {
    /// The names that a table may have beside the options of a policy.
    const fn other_names(self) -> &'static [&'static str] {
        match self {
            Self::Defaults => &[],
            Self::Template => &["template", "mode"],
            Self::Circuit => &["template", "mode", "identifier", "scope", "kind", "metadata"],
        }
    }
}

/// Reads the merged sources.
pub(super) fn read(sources: &Sources, limits: TextLimits, problems: &mut Problems) -> Sections {
    let mut reader = Reader { sources, limits, problems, key_path: Vec::new() };
    let mut sections = Sections::default();
    for (name, node) in sources.merged() {
        reader.within(name, |reader| match name.as_str() {
            "defaults" => sections.defaults = reader.table(node, Role::Defaults),
            "templates" => sections.templates = reader.tables(node, Role::Template),
            "circuits" => sections.circuits = reader.tables(node, Role::Circuit),
            _ => reader.reject_section(name, node),
        });
    }
    sections
}

struct Reader<'a> {
    sources: &'a Sources,
    limits: TextLimits,
    problems: &'a mut Problems,
    key_path: Vec<&'a str>,
}

impl<'a> Reader<'a> {
    fn within<T>(&mut self, name: &'a str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.key_path.push(name);
        let read = read(self);
        self.key_path.pop();
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
        if self.key_path.last().is_some_and(|name| name.is_empty()) {
            self.report(node, "has an empty name: write one".to_owned());
            return None;
        }
        // In YAML, a key without a value is a table that only inherits.
        let mut table = self.inside(node).map(|entries| self.entries(entries, role)).unwrap_or_default();
        if let (Role::Circuit, None, Some(name)) = (role, &table.identifier, self.key_path.last()) {
            let before = self.problems.len();
            self.check_length(node, name);
            table.is_flawed |= self.problems.len() > before;
        }
        Some(Table { place: self.place(node), ..table })
    }

    fn entries(&mut self, entries: &'a Entries, role: Role) -> Table {
        let mut table = Table::default();
        let before = self.problems.len();
        for (name, node) in entries {
            if self.problems.are_enough() {
                break;
            }
            self.within(name, |reader| reader.entry(&mut table, name, node, role));
        }
        table.is_flawed = self.problems.len() > before;
        table
    }

    fn entry(&mut self, table: &mut Table, name: &str, node: &'a Node, role: Role) {
        let raw = Raw::new(node, "\"payments\"");
        if !role.other_names().contains(&name) {
            let place = Rc::new(self.place(node));
            match table.options.read(name, raw, &place) {
                Some(Ok(())) => {}
                Some(Err(message)) => self.report(node, message),
                None => self.report(node, unknown_name(name, role)),
            }
            return;
        }
        match name {
            "metadata" => {
                table.metadata = self.metadata(node);
                if let Err(excess) = self.limits.check_metadata(table.metadata.iter().collect()) {
                    self.report(node, format!("has {excess}"));
                }
            }
            "template" => {
                let read = values::name(Raw { example: "\"http\"", ..raw });
                let place = Rc::new(self.place(node));
                table.template = self.keep(node, read).map(|value| Located { value, place });
            }
            "mode" => {
                let read = values::mode(Raw { example: "\"metrics_only\"", ..raw });
                table.mode = self.keep(node, read);
            }
            "identifier" => table.identifier = self.name(node, raw),
            "scope" => table.scope = self.label(node, raw),
            _ => table.kind = self.label(node, Raw { example: "\"http\"", ..raw }),
        }
    }

    /// A part of a circuit's name.
    fn name(&mut self, node: &'a Node, raw: Raw<'_>) -> Option<String> {
        let name = self.keep(node, values::name(raw))?;
        self.check_length(node, &name);
        Some(name)
    }

    /// A scope or a kind.
    fn label(&mut self, node: &'a Node, raw: Raw<'_>) -> Option<String> {
        let label = self.name(node, raw)?;
        if label.contains('*') {
            let part = self.key_path.last().copied().unwrap_or_default();
            let message = format!(
                "cannot contain `*`: remove it, because a family without a {part} is for circuits of any {part}"
            );
            self.report(node, message);
            return None;
        }
        Some(label)
    }

    fn check_length(&mut self, node: &Node, name: &str) {
        let limit = self.limits.name_bytes;
        if name.len() > limit {
            let (bytes, limit) = (grouped(name.len()), grouped(limit));
            self.report(node, format!("is a name of {bytes} bytes: write one of at most {limit}"));
        }
    }

    fn metadata(&mut self, node: &'a Node) -> BTreeMap<String, String> {
        let mut metadata = BTreeMap::new();
        for (name, node) in self.inside(node).into_iter().flatten() {
            if self.problems.are_enough() {
                break;
            }
            self.within(name, |reader| {
                let read = values::text(Raw::new(node, "\"payments\""));
                metadata.extend(reader.keep(node, read).map(|value| (name.clone(), value)));
            });
        }
        metadata
    }

    /// The entries of a table; none, and a recorded problem, if the value is not a table.
    fn inside(&mut self, node: &'a Node) -> Option<&'a Entries> {
        match &node.value {
            Value::Table(entries) => Some(entries),
            Value::Nothing => None,
            _ => {
                let message = Raw::new(node, "").takes("a table");
                let message = message.split(": write").next().unwrap_or_default().to_owned();
                self.report(node, message);
                None
            }
        }
    }

    fn reject_section(&mut self, name: &str, node: &Node) {
        let belongs = NAMES.contains(&name) || Role::Circuit.other_names().contains(&name);
        let message = if name == "mode" {
            MISPLACED_MODE.to_owned()
        } else if belongs {
            "belongs in a table: write it under `[defaults]`, `[templates.NAME]` or `[circuits.NAME]`".to_owned()
        } else {
            match nearest(name, SECTIONS) {
                Some(meant) => format!("is not a table of settings; did you mean `{meant}`?"),
                None => format!("is not a table of settings; they are {}", listed(SECTIONS.into_iter())),
            }
        };
        self.report(node, message);
    }

    /// Returns the value if it could be read, and records the problem otherwise.
    fn keep<T>(&mut self, node: &Node, read: Result<T, String>) -> Option<T> {
        read.map_err(|message| self.report(node, message)).ok()
    }

    fn report(&mut self, node: &Node, message: String) {
        let place = self.place(node);
        self.problems.push(SettingsProblem::new(place, message));
    }

    /// Where the value with the current key path was found.
    fn place(&self, node: &Node) -> Place {
        self.sources.place(&self.key_path, &node.location)
    }
}

/// The defaults have none, because call sites with options of their own do not inherit from them.
const MISPLACED_MODE: &str = "belongs to a circuit or a template: for all circuits write it under `[circuits.\"*\"]`";

fn unknown_name(name: &str, role: Role) -> String {
    if name == "mode" {
        return MISPLACED_MODE.to_owned();
    }
    if Role::Circuit.other_names().contains(&name) {
        let owner = if name == "template" { "a circuit or a template" } else { "a circuit" };
        return format!("belongs to {owner}: write it under `[circuits.NAME]`");
    }
    unknown_option(name, role.other_names())
}

/// The dotted name of a circuit's table.
pub(super) fn circuit_name(name: &str) -> String {
    dotted(["circuits", name])
}

const SECTIONS: [&str; 3] = ["defaults", "templates", "circuits"];
