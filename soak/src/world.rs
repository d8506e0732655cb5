//! Everything that is under load.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use breaker_box::ManualClock;

use crate::arguments::Arguments;
use crate::chance::Chance;
use crate::doors::Desk;
use crate::findings::Findings;
use crate::fleet::Fleet;
use crate::passing::Passing;

/// The circuits, and what all workers share.
#[derive(Debug)]
pub(crate) struct World {
    /// On a clock that jumps, on real time, and of annotated functions.
    pub(crate) fleets: [Fleet; 3],
    pub(crate) passing: Passing,
    /// One for each fleet.
    pub(crate) desks: [Desk; 3],
    pub(crate) findings: Findings,
    pub(crate) tally: Tally,
    /// Dependencies have good and bad moments; this is the number of the present one.
    moment: AtomicU64,
    is_over: AtomicBool,
}

/// What was done in all.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) calls: AtomicU64,
    pub(crate) orders: AtomicU64,
    pub(crate) configured: AtomicU64,
    pub(crate) applied: AtomicU64,
    pub(crate) refused: AtomicU64,
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

impl World {
    pub(crate) fn new(arguments: &Arguments) -> Self {
        let mut chance = Chance::new(arguments.seed, 0);
        let jumping = Fleet::new("on a jumping clock", Some(ManualClock::new()), arguments.circuits, &mut chance);
        let real = Fleet::new("on real time", None, arguments.circuits / 4, &mut chance);
        Self {
            fleets: [jumping, real, Fleet::of_call_sites()],
            passing: Passing::new(),
            desks: Default::default(),
            findings: Findings::default(),
            tally: Tally::default(),
            moment: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
        }
    }

    pub(crate) fn moment(&self) -> u64 {
        // Relaxed: a rough time that moods follow.
        self.moment.load(Ordering::Relaxed)
    }

    pub(crate) fn next_moment(&self) {
        add(&self.moment);
    }

    pub(crate) fn is_over(&self) -> bool {
        // Relaxed: whoever sees it late does a little more.
        self.is_over.load(Ordering::Relaxed)
    }

    pub(crate) fn end(&self) {
        // Relaxed: as `is_over`.
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// One of the fleets: mostly the large one.
    pub(crate) fn any_fleet(&self, chance: &mut Chance) -> (&Fleet, &Desk) {
        let number = chance.pick(&[0, 0, 0, 1, 1, 2]);
        (&self.fleets[number], &self.desks[number])
    }
}
