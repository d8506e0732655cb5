//! The state that all workers share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use breaker_box::ManualClock;

use crate::arguments::Arguments;
use crate::calls::HeldPermits;
use crate::circuit_set::CircuitSet;
use crate::problems::Problems;
use crate::random::Random;
use crate::small_registry::SmallRegistry;

/// The circuits, the problems and the counters of a run.
#[derive(Debug)]
pub(crate) struct Shared {
    /// On a manual clock, on real time, and of annotated functions.
    pub(crate) circuit_sets: [CircuitSet; 3],
    pub(crate) small_registry: SmallRegistry,
    /// One for each circuit set.
    pub(crate) held_permits: [HeldPermits; 3],
    pub(crate) problems: Problems,
    pub(crate) counters: Counters,
    /// Dependencies have good and bad phases; this is the number of the present one.
    phase: AtomicU64,
    is_over: AtomicBool,
}

/// How often each kind of thing was done.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) calls: AtomicU64,
    pub(crate) commands: AtomicU64,
    pub(crate) configured: AtomicU64,
    pub(crate) applied: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) jumps: AtomicU64,
    pub(crate) subscribed: AtomicU64,
    pub(crate) delivered: AtomicU64,
    pub(crate) items: AtomicU64,
    pub(crate) threads: AtomicU64,
}

/// Adds one.
pub(crate) fn add(count: &AtomicU64) {
    // Relaxed: a count to show.
    count.fetch_add(1, Ordering::Relaxed);
}

impl Shared {
    pub(crate) fn new(arguments: &Arguments) -> Self {
        let mut random = Random::new(arguments.seed, 0);
        let jumping = CircuitSet::new("on a manual clock", Some(ManualClock::new()), arguments.circuits, &mut random);
        let real = CircuitSet::new("on real time", None, arguments.circuits / 4, &mut random);
        Self {
            circuit_sets: [jumping, real, CircuitSet::of_call_sites()],
            small_registry: SmallRegistry::new(),
            held_permits: Default::default(),
            problems: Problems::default(),
            counters: Counters::default(),
            phase: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
        }
    }

    pub(crate) fn phase(&self) -> u64 {
        // Relaxed: a rough time that moods follow.
        self.phase.load(Ordering::Relaxed)
    }

    pub(crate) fn next_phase(&self) {
        add(&self.phase);
    }

    pub(crate) fn is_over(&self) -> bool {
        // Relaxed: whoever sees it late does a little more.
        self.is_over.load(Ordering::Relaxed)
    }

    pub(crate) fn end(&self) {
        // Relaxed: as `is_over`.
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// A random circuit set, mostly the large one.
    pub(crate) fn any_circuit_set(&self, random: &mut Random) -> (&CircuitSet, &HeldPermits) {
        let number = random.pick(&[0, 0, 0, 1, 1, 2]);
        (&self.circuit_sets[number], &self.held_permits[number])
    }
}
