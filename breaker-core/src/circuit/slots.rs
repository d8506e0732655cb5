//! The slots that probes hold, with the time at which each probe was admitted.
//!
//! Probes return in any order, and millions may be in flight, so a slot is found by a binary search
//! for its instant. Removing one moves nothing: it leaves a hole, and the list is compacted once
//! half of it is holes.

use std::mem;

use crate::clock::tick::Tick;
use crate::machine::Outstanding;

/// The slots of one half-open period, the oldest first. No memory is allocated while no slot is
/// held.
#[derive(Debug, Default)]
pub(super) struct Slots {
    list: Vec<Outstanding>,
    /// The entries before this index have been given up.
    begin: usize,
    /// The number of later entries that have no probe left.
    holes: usize,
}

impl Slots {
    /// The slots that are held, with holes between them.
    pub(super) fn outstanding(&self) -> &[Outstanding] {
        &self.list[self.begin..]
    }

    /// When the oldest probe that holds a slot was admitted.
    pub(super) fn oldest(&self) -> Option<Tick> {
        // The first entry is never a hole.
        self.outstanding().first().map(|out| out.admitted)
    }

    /// A probe takes a slot. Instants never decrease.
    pub(super) fn take(&mut self, admitted: Tick) {
        match self.list[self.begin..].last_mut() {
            Some(last) if last.admitted == admitted => last.probes += 1,
            _ => self.list.push(Outstanding { admitted, probes: 1 }),
        }
    }

    /// A probe that was admitted at this instant frees its slot.
    pub(super) fn free(&mut self, admitted: Tick) {
        let place = self.begin + self.outstanding().partition_point(|out| out.admitted < admitted);
        match self.list.get_mut(place) {
            Some(out) if out.admitted == admitted && out.probes > 0 => out.probes -= 1,
            _ => return,
        }
        if self.list[place].probes == 0 {
            self.holes += 1;
            self.remove_holes();
        }
    }

    /// Probes that were admitted up to this instant no longer hold slots.
    pub(super) fn give_up(&mut self, until: Tick) {
        let given_up = self.outstanding().partition_point(|out| out.admitted <= until);
        let holes = self.outstanding()[..given_up].iter().filter(|out| out.probes == 0).count();
        self.begin += given_up;
        self.holes -= holes;
        self.remove_holes();
    }

    /// The half-open period is over.
    pub(super) fn clear(&mut self) {
        drop(mem::take(self));
    }

    /// Removes holes at both ends, and compacts the list if there are too many.
    fn remove_holes(&mut self) {
        while self.begin < self.list.len() && self.list[self.begin].probes == 0 {
            self.begin += 1;
            self.holes -= 1;
        }
        while self.list.len() > self.begin && self.list.last().is_some_and(|out| out.probes == 0) {
            self.list.pop();
            self.holes -= 1;
        }
        if (self.begin + self.holes) * 2 > self.list.len() {
            self.list.drain(..self.begin);
            self.list.retain(|out| out.probes > 0);
            (self.begin, self.holes) = (0, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn tick(nanos: u64) -> Tick {
        Tick::from_nanos(nanos)
    }

    fn held(slots: &Slots) -> Vec<(u64, u32)> {
        let held = slots.outstanding().iter().filter(|out| out.probes > 0);
        held.map(|out| (out.admitted.as_nanos(), out.probes)).collect()
    }

    #[test]
    fn slots_are_kept_by_their_instants_whatever_order_they_come_back_in() {
        let mut slots = Slots::default();
        for nanos in [1, 2, 2, 3, 4] {
            slots.take(tick(nanos));
        }
        slots.free(tick(2));
        slots.free(tick(3));
        assert_eq!(held(&slots), [(1, 1), (2, 1), (4, 1)]);
        slots.free(tick(1));
        assert_eq!((slots.oldest(), held(&slots)), (Some(tick(2)), vec![(2, 1), (4, 1)]));
        slots.free(tick(4));
        slots.free(tick(2));
        assert_eq!((slots.oldest(), held(&slots)), (None, vec![]));
    }

    #[test]
    fn slots_that_are_given_up_or_unknown_are_not_freed() {
        let mut slots = Slots::default();
        for nanos in 1..=5 {
            slots.take(tick(nanos));
        }
        slots.free(tick(2));
        slots.give_up(tick(3));
        for nanos in [1, 2, 3, 9] {
            slots.free(tick(nanos));
        }
        assert_eq!((slots.oldest(), held(&slots)), (Some(tick(4)), vec![(4, 1), (5, 1)]));
    }

    #[test]
    fn the_list_does_not_grow_while_probes_come_and_go_for_ever() {
        let mut slots = Slots::default();
        // One probe never returns, others return in another order than they left, and one per round
        // is forgotten.
        slots.take(tick(0));
        for round in 1..10_000 {
            for probe in 0..8 {
                slots.take(tick(round * 10 + probe));
            }
            for probe in [3, 0, 7, 1, 4, 6, 2] {
                slots.free(tick(round * 10 + probe));
            }
            if round > 5 {
                slots.give_up(tick((round - 5) * 10 + 9));
            }
            assert!(slots.list.len() < 100, "{} entries", slots.list.len());
        }
    }

    #[test]
    fn a_million_probes_are_out_and_back_without_a_long_search() {
        let mut slots = Slots::default();
        let million = 1_000_000;
        (0..million).for_each(|nanos| slots.take(tick(nanos)));
        // The stride visits each once. A linear search, or moving the list, would take hours.
        (0..million).for_each(|step| slots.free(tick(step * 617_729 % million)));
        assert_eq!(held(&slots), []);
    }
}
