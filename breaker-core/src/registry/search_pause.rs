//! A pause between searches for circuits that could make room.

use std::time::Duration;

use crate::clock::tick::Tick;

/// After a search exhausts the evictable circuits, no newcomer searches again until `len / 64` of
/// them came or a second has passed, whichever ends first.
///
/// A search looks at all circuits while every newcomer waits. So a registry full of busy circuits
/// looks at about 64 of them for each newcomer, and one with fewer than 64 searches each time.
#[derive(Default)]
pub(super) struct SearchPause {
    /// How many more newcomers are turned away without a search.
    newcomers: usize,
    until: Option<Tick>,
}

const CIRCUITS_PER_NEWCOMER: usize = 64;
const LONGEST: Duration = Duration::from_secs(1);

impl SearchPause {
    /// Begins after a search through this many circuits that left none to evict.
    pub(super) fn begin(&mut self, circuits: usize, now: Tick) {
        *self = Self { newcomers: circuits / CIRCUITS_PER_NEWCOMER, until: Some(now.after(LONGEST)) };
    }

    /// Whether a newcomer does not search. It is counted.
    pub(super) fn skips_search(&mut self, now: Tick) -> bool {
        let skips = self.newcomers > 0 && self.until.is_some_and(|until| !until.has_come(now));
        self.newcomers = if skips { self.newcomers - 1 } else { 0 };
        skips
    }
}
