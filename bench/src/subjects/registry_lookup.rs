//! Circuits that are looked up at each call, beside a lookup in the map alone.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use breaker_box::Registry;
use papaya::HashMap;

use super::evicting;
use super::handle::FIVE;
use super::recloser;
use super::recloser_in_map::{ByName, CONFIGURATION, IN_MAP};
use crate::case::{Case, Group, NAMES_1M, NAMES_10, NAMES_10K, Side};
use crate::guarded_function::{GuardedFunction, Succeeds};
use crate::run::{Run, plain};

const INDEX: (Side, &str) = (Side::Limit, "array of names");
const PAPAYA: (Side, &str) = (Side::Limit, "papaya alone");
const REGISTRY: (Side, &str) = (Side::Ours, "registry.call");
const EVICTING: (Side, &str) = (Side::Ours, "registry.call, evicting");

/// The names and their circuits, created once and shared by all rounds.
struct Fixture {
    names: Vec<String>,
    registry: OnceLock<Registry>,
    evicting: OnceLock<Registry>,
    map: OnceLock<HashMap<String, AtomicU64, foldhash::fast::RandomState>>,
    reclosers: OnceLock<ByName>,
}

static TEN: OnceLock<Fixture> = OnceLock::new();
static TEN_THOUSAND: OnceLock<Fixture> = OnceLock::new();
static MILLION: OnceLock<Fixture> = OnceLock::new();

pub(super) fn cases() -> Vec<Case> {
    let sizes = [(NAMES_10, 10, &TEN), (NAMES_10K, 10_000, &TEN_THOUSAND), (NAMES_1M, 1_000_000, &MILLION)];
    sizes.into_iter().flat_map(|(group, size, fixture)| of_size(group, size, fixture)).collect()
}

fn of_size(group: &'static Group, size: usize, fixture: &'static OnceLock<Fixture>) -> [Case; 5] {
    let fixture = move || fixture.get_or_init(|| Fixture::new(size));
    // What fits into the caches is in them, as in a service that calls nothing else.
    let warm = move |run: Box<dyn Run>| {
        run.run(&mut 0, if size > 10_000 { 0 } else { 20_000 });
        run
    };
    [
        Case::new(group, INDEX, "a name is drawn and read, then the function is called", move || {
            plain(fixture(), |fixture, turn| !fixture.draw(turn).is_empty() & Succeeds::call(turn).is_ok())
        }),
        Case::new(group, PAPAYA, "papaya::HashMap with foldhash: the name is looked up, a word read", move || {
            warm(alone(fixture()))
        }),
        Case::new(group, REGISTRY, format!("{FIVE}"), move || {
            let subject = (fixture(), fixture().registry().clone());
            warm(plain(subject, |(fixture, registry), turn| {
                registry.call(fixture.draw(turn), || Succeeds::call(turn)).is_ok()
            }))
        }),
        Case::new(group, EVICTING, evicting::shown(), move || {
            let subject = (fixture(), fixture().evicting().clone());
            warm(plain(subject, |(fixture, registry), turn| {
                registry.call(fixture.draw(turn), || Succeeds::call(turn)).is_ok()
            }))
        }),
        Case::new(group, IN_MAP, CONFIGURATION, move || {
            let subject = (fixture(), fixture().reclosers());
            warm(plain(subject, |(fixture, map), turn| map.call::<Succeeds>(fixture.draw(turn), turn)))
        }),
    ]
}

fn alone(fixture: &'static Fixture) -> Box<dyn Run> {
    plain((fixture, fixture.map()), |(fixture, map), turn| {
        // Acquire: as a breaker reads its word.
        let found = map.pin().get(fixture.draw(turn)).is_some_and(|word| word.load(Ordering::Acquire) == 0);
        found & Succeeds::call(turn).is_ok()
    })
}

impl Fixture {
    fn new(size: usize) -> Self {
        // As long as names are in practice: 23 bytes.
        let names = (0..size).map(|number| format!("service-{number:08}-status")).collect();
        Self {
            names,
            registry: OnceLock::new(),
            evicting: OnceLock::new(),
            map: OnceLock::new(),
            reclosers: OnceLock::new(),
        }
    }

    fn registry(&self) -> &Registry {
        self.registry.get_or_init(|| {
            let registry = Registry::new();
            for name in &self.names {
                registry.register(name, FIVE).expect("a new name");
            }
            registry
        })
    }

    fn evicting(&self) -> &Registry {
        self.evicting.get_or_init(|| {
            let registry = evicting::registry();
            for name in &self.names {
                let _ = registry.call(name, || Succeeds::call(1));
            }
            registry
        })
    }

    fn map(&self) -> &HashMap<String, AtomicU64, foldhash::fast::RandomState> {
        self.map.get_or_init(|| {
            let map = HashMap::with_hasher(foldhash::fast::RandomState::default());
            for name in &self.names {
                map.pin().insert(name.clone(), AtomicU64::new(0));
            }
            map
        })
    }

    fn reclosers(&self) -> &ByName {
        self.reclosers.get_or_init(|| {
            let map = ByName::default();
            for name in &self.names {
                map.insert(name, recloser::new(5, 1.0));
            }
            map
        })
    }

    /// The name of this call: all are used, in an order that no cache can predict.
    fn draw(&self, turn: u64) -> &str {
        let spread = turn.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        // Both factors have 32 bits at the most, so that the result is below the number of names.
        &self.names[((spread * self.names.len() as u64) >> 32) as usize]
    }
}
