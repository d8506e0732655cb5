//! A pause between searches for circuits to evict.

use std::time::Duration;

use crate::clock::tick::Tick;

/// After a search exhausts the evictable circuits, no new name searches again until `len / 64` new
/// names have arrived or one second has passed, whichever comes first.
///
/// A search visits all circuits while all new names wait. With this pause, a registry full of busy
/// circuits visits about 64 of them per new name; a registry of fewer than 64 searches each time.
#[derive(Default)]
pub(super) struct SearchPause {
    /// How many more new names are turned away without a search.
    newcomers: usize,
    until: Option<Tick>,
}

const CIRCUITS_PER_NEWCOMER: usize = 64;
const LONGEST: Duration = Duration::from_secs(1);

impl SearchPause {
    /// Starts the pause after a search through this many circuits that left none to evict.
    pub(super) fn begin(&mut self, circuits: usize, now: Tick) {
        *self = Self { newcomers: circuits / CIRCUITS_PER_NEWCOMER, until: Some(now.after(LONGEST)) };
    }

    /// Returns whether a new name skips the search, and counts it.
    pub(super) fn skips_search(&mut self, now: Tick) -> bool {
        let skips = self.newcomers > 0 && self.until.is_some_and(|until| !until.has_come(now));
        self.newcomers = if skips { self.newcomers - 1 } else { 0 };
        skips
    }
}
