//! Random sequences of what files, call sites and people do to circuits, compared with a naive
//! model of who has the say.

use std::collections::BTreeMap;

use breaker_box::__private::{CircuitSlot, SiteOptions, enter_named, settle};
use breaker_box::{Outcome, Policy, Registry, Settings, State};

const NAMES: [&str; 4] = ["a", "t:1", "t:2", "u"];
const MODES: [State; 4] = [State::Closed, State::MetricsOnly, State::Disabled, State::ForcedOpen];
static OF_SITE: Policy = Policy::consecutive_failures(1_000);
const DEFAULT: Policy = Policy::consecutive_failures(2_000);

/// What a file says about a circuit.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Table {
    policy: Policy,
    mode: Option<State>,
}

/// Without settings.
#[derive(Clone, Copy, Debug)]
struct Base {
    policy: Policy,
    mode: Option<State>,
}

#[derive(Clone, Debug)]
struct Circuit {
    /// `None` as long as only files have asked for it.
    base: Option<Base>,
    table: Option<Table>,
    policy: Policy,
    state: State,
    /// Whether the state is that of a mode.
    is_in_mode: bool,
    is_used: bool,
    /// Whether it has been closed all along.
    is_as_made: bool,
}

impl Circuit {
    fn enter(&mut self, state: State, is_mode: bool) {
        (self.state, self.is_in_mode, self.is_as_made) = (state, is_mode, false);
    }
}

#[derive(Default)]
struct Model {
    circuits: BTreeMap<&'static str, Circuit>,
    tables: BTreeMap<&'static str, Table>,
}

impl Model {
    /// What the file says about a circuit, and whether it does so by name.
    fn table(&self, name: &str) -> Option<(Table, bool)> {
        let family = if name.starts_with("t:") { "t:*" } else { "*" };
        let of = |table: &str| self.tables.get(table).copied();
        of(name).map(|table| (table, true)).or_else(|| Some((of(family).or_else(|| of("*"))?, false)))
    }

    /// The circuit, made if it is missing.
    fn make(&mut self, name: &'static str, base: Option<Base>) -> &mut Circuit {
        let table = self.table(name).map(|(table, _)| table);
        self.circuits.entry(name).or_insert_with(|| {
            let mode = table.and_then(|table| table.mode).or(base.and_then(|base| base.mode));
            let state = mode.unwrap_or(State::Closed);
            let policy = table.map_or_else(|| base.map_or(DEFAULT, |base| base.policy), |table| table.policy);
            let is_closed = state == State::Closed;
            Circuit { base, table, policy, state, is_in_mode: !is_closed, is_used: false, is_as_made: is_closed }
        })
    }

    fn apply(&mut self, tables: BTreeMap<&'static str, Table>) {
        self.tables = tables;
        for name in NAMES {
            let said = self.table(name);
            let Some(circuit) = self.circuits.get_mut(name) else {
                if said.is_some_and(|(_, is_exact)| is_exact) {
                    self.make(name, None);
                }
                continue;
            };
            let is_exact = said.is_some_and(|(_, is_exact)| is_exact);
            if circuit.base.is_none() && !is_exact {
                let is_new = circuit.state == State::Closed || circuit.is_in_mode;
                if is_new && !circuit.is_used {
                    self.circuits.remove(name);
                    continue;
                }
                circuit.base = Some(Base { policy: DEFAULT, mode: None });
            }
            // Its site may have let it begin in a mode.
            let base_mode = circuit.base.and_then(|base| base.mode);
            let base_mode = if circuit.table.is_none() && base_mode.is_some() && !circuit.is_in_mode {
                circuit.base.iter_mut().for_each(|base| base.mode = None);
                None
            } else {
                base_mode
            };
            let mode_of = |table: Option<Table>| {
                let mode = table.and_then(|table| table.mode).or(base_mode);
                mode.filter(|mode| *mode != State::Closed)
            };
            let (before, now) = (mode_of(circuit.table), mode_of(said.map(|(table, _)| table)));
            if before != now {
                match now {
                    Some(mode) if mode != circuit.state => circuit.enter(mode, true),
                    None if circuit.is_in_mode => circuit.enter(State::Closed, false),
                    _ => {}
                }
            }
            circuit.table = said.map(|(table, _)| table);
            let base = circuit.base.map_or(DEFAULT, |base| base.policy);
            circuit.policy = circuit.table.map_or(base, |table| table.policy);
        }
    }
}

/// A generator of numbers that are random enough.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn policy(&mut self) -> Policy {
        Policy::consecutive_failures(u32::try_from(self.below(900)).unwrap() + 1)
    }

    fn table(&mut self) -> Table {
        // Few policies, so that tables often say the same.
        let policy = Policy::consecutive_failures(u32::try_from(self.below(3)).unwrap() + 1);
        let mode = (self.below(2) == 0).then(|| MODES[usize::try_from(self.below(4)).unwrap()]);
        Table { policy, mode }
    }
}

fn text(tables: &BTreeMap<&'static str, Table>) -> String {
    let table = |(name, table): (&&str, &Table)| {
        let threshold = table.policy.values().consecutive_failures.unwrap();
        let mode = table.mode.map(|mode| format!("mode = \"{}\"\n", mode.as_str())).unwrap_or_default();
        format!("[circuits.\"{name}\"]\nfailure_threshold = {threshold}\n{mode}")
    };
    tables.iter().map(table).collect()
}

fn step(random: &mut Random, registry: &Registry, model: &mut Model) -> String {
    let name = NAMES[usize::try_from(random.below(4)).unwrap()];
    match random.below(10) {
        0..3 => {
            let names = ["a", "t:1", "t:*", "*"].into_iter().filter(|_| random.below(5) < 2).collect::<Vec<_>>();
            let tables: BTreeMap<_, _> = names.into_iter().map(|name| (name, random.table())).collect();
            let text = text(&tables);
            registry.apply(&Settings::from_toml(&text).unwrap()).unwrap();
            model.apply(tables);
            format!("apply {text}")
        }
        3 => {
            let _ = registry.call(name, || Ok::<_, ()>(()));
            let circuit = model.make(name, Some(Base { policy: DEFAULT, mode: None }));
            circuit.is_used |= circuit.state != State::Disabled;
            format!("call {name}")
        }
        4 | 5 => {
            let is_trial = random.below(2) == 0;
            let options = SiteOptions::new(Some(&OF_SITE));
            let options = if is_trial { options.metrics_only() } else { options };
            let mut slot = CircuitSlot::new();
            if let Ok(entered) = enter_named(registry, name, None, None, options, &mut slot) {
                settle(entered, (), |()| Outcome::Success);
            }
            let mode = is_trial.then_some(State::MetricsOnly);
            let circuit = model.make(name, Some(Base { policy: OF_SITE, mode }));
            circuit.is_used |= circuit.state != State::Disabled;
            if circuit.base.is_none() {
                circuit.base = Some(Base { policy: OF_SITE, mode });
                let begins_in =
                    mode.filter(|_| circuit.is_as_made && circuit.table.is_some_and(|table| table.mode.is_none()));
                if let Some(mode) = begins_in {
                    circuit.enter(mode, true);
                }
            }
            format!("site {name}, trial: {is_trial}")
        }
        6 => {
            let policy = random.policy();
            let _ = registry.register(name, policy);
            if !model.circuits.contains_key(name) {
                model.make(name, Some(Base { policy, mode: None }));
            }
            format!("register {name} {policy}")
        }
        7 => {
            let policy = random.policy();
            let _ = registry.configure(name, policy);
            if let Some(circuit) = model.circuits.get_mut(name) {
                let mode = circuit.base.and_then(|base| base.mode);
                circuit.base = Some(Base { policy, mode });
                circuit.policy = policy;
            }
            format!("configure {name} {policy}")
        }
        8 => {
            let state = MODES[usize::try_from(random.below(4)).unwrap()];
            let _ = match state {
                State::ForcedOpen => registry.force_open(name),
                State::Disabled => registry.disable(name),
                State::MetricsOnly => registry.metrics_only(name),
                _ => registry.reset(name),
            };
            if let Some(circuit) = model.circuits.get_mut(name) {
                circuit.enter(state, false);
            }
            format!("order {name} {state}")
        }
        _ => {
            let _ = registry.unregister(name);
            model.circuits.remove(name);
            format!("unregister {name}")
        }
    }
}

#[test]
fn the_registry_agrees_with_the_model() {
    for seed in 0..400 {
        let mut random = Random(seed);
        let registry = Registry::builder().default_policy(DEFAULT).build().unwrap();
        let mut model = Model::default();
        let mut done = Vec::new();
        for _ in 0..60 {
            done.push(step(&mut random, &registry, &mut model));
            let found: Vec<_> = registry
                .list()
                .into_iter()
                .map(|status| (status.key.to_string(), status.policy, status.state))
                .collect();
            let expected: Vec<_> = model
                .circuits
                .iter()
                .map(|(name, circuit)| ((*name).to_owned(), circuit.policy, circuit.state))
                .collect();
            assert_eq!(found, expected, "seed {seed}:\n{}", done.join("\n"));
        }
    }
}
