//! Calls in flight, by the instants at which they were admitted: the probes that hold slots, and
//! where hung calls matter, all calls.
//!
//! Calls return in any order, and millions may be in flight, so a call is found by a binary search
//! for its instant. Removing one moves nothing: it leaves a hole, and the list is compacted once
//! half of it is holes.

use std::mem;

use crate::clock::tick::Tick;
use crate::machine::Outstanding;

/// Calls of one generation, the oldest first. Those of the same instant are interchangeable.
#[derive(Debug, Default)]
pub(super) struct Admissions {
    list: Vec<Outstanding>,
    /// The entries before this index have been removed.
    begin: usize,
    /// The number of later entries that have no call left.
    holes: usize,
}

impl Admissions {
    /// Up to so many entries the list keeps its memory.
    const SMALL: usize = 64;

    /// For so many entries it keeps its memory from one generation to the next.
    const KEPT: usize = 4;

    /// The calls in flight, with holes between them.
    pub(super) fn outstanding(&self) -> &[Outstanding] {
        &self.list[self.begin..]
    }

    /// When the oldest call was admitted.
    pub(super) fn oldest(&self) -> Option<Tick> {
        // The first entry is never a hole.
        self.outstanding().first().map(|out| out.admitted)
    }

    /// The first calls that were admitted after this instant.
    pub(super) fn first_after(&self, instant: Tick) -> Option<Outstanding> {
        let later = self.outstanding().partition_point(|out| out.admitted <= instant);
        self.outstanding()[later..].iter().find(|out| out.calls > 0).copied()
    }

    /// The number of calls that were admitted up to this instant.
    pub(super) fn count_until(&self, instant: Tick) -> u64 {
        let earlier = self.outstanding().iter().take_while(|out| out.admitted <= instant);
        earlier.map(|out| u64::from(out.calls)).sum()
    }

    /// Adds a call. Instants never decrease.
    pub(super) fn add(&mut self, admitted: Tick) {
        match self.list[self.begin..].last_mut() {
            Some(last) if last.admitted == admitted => last.calls += 1,
            _ => self.list.push(Outstanding { admitted, calls: 1 }),
        }
    }

    /// Removes a call that was admitted at this instant. False if there is none.
    #[inline]
    pub(super) fn remove(&mut self, admitted: Tick) -> bool {
        if matches!(self.outstanding(), [only] if *only == Outstanding { admitted, calls: 1 }) {
            self.list.clear();
            self.begin = 0;
            self.return_memory();
            return true;
        }
        self.remove_one_of_many(admitted)
    }

    fn remove_one_of_many(&mut self, admitted: Tick) -> bool {
        let place = self.begin + self.outstanding().partition_point(|out| out.admitted < admitted);
        match self.list.get_mut(place) {
            Some(out) if out.admitted == admitted && out.calls > 0 => out.calls -= 1,
            _ => return false,
        }
        if self.list[place].calls == 0 {
            self.holes += 1;
            self.remove_holes();
        }
        true
    }

    /// Removes all calls that were admitted before this instant.
    pub(super) fn remove_before(&mut self, instant: Tick) {
        let removed = self.outstanding().partition_point(|out| out.admitted < instant);
        let holes = self.outstanding()[..removed].iter().filter(|out| out.calls == 0).count();
        self.begin += removed;
        self.holes -= holes;
        self.remove_holes();
    }

    /// The generation is over. The next one may have as many calls, if those were a few.
    pub(super) fn clear(&mut self) {
        let mut list = mem::take(&mut self.list);
        *self = Self::default();
        if list.capacity() <= Self::KEPT {
            list.clear();
            self.list = list;
        }
    }

    /// Removes holes at both ends, and compacts the list if there are too many.
    fn remove_holes(&mut self) {
        while self.begin < self.list.len() && self.list[self.begin].calls == 0 {
            self.begin += 1;
            self.holes -= 1;
        }
        while self.list.len() > self.begin && self.list.last().is_some_and(|out| out.calls == 0) {
            self.list.pop();
            self.holes -= 1;
        }
        if (self.begin + self.holes) * 2 > self.list.len() {
            self.list.drain(..self.begin);
            self.list.retain(|out| out.calls > 0);
            (self.begin, self.holes) = (0, 0);
        }
        self.return_memory();
    }

    /// Returns memory that was needed for many more calls.
    fn return_memory(&mut self) {
        if self.list.capacity() > Self::SMALL.max(self.list.len() * 4) {
            self.list.shrink_to(Self::SMALL.max(self.list.len() * 2));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn tick(nanos: u64) -> Tick {
        Tick::from_nanos(nanos)
    }

    fn left(admissions: &Admissions) -> Vec<(u64, u32)> {
        let left = admissions.outstanding().iter().filter(|out| out.calls > 0);
        left.map(|out| (out.admitted.as_nanos(), out.calls)).collect()
    }

    #[test]
    fn calls_are_kept_by_their_instants_whatever_order_they_come_back_in() {
        let mut admissions = Admissions::default();
        for nanos in [1, 2, 2, 3, 4] {
            admissions.add(tick(nanos));
        }
        admissions.remove(tick(2));
        admissions.remove(tick(3));
        assert_eq!(left(&admissions), [(1, 1), (2, 1), (4, 1)]);
        admissions.remove(tick(1));
        assert_eq!((admissions.oldest(), left(&admissions)), (Some(tick(2)), vec![(2, 1), (4, 1)]));
        admissions.remove(tick(4));
        admissions.remove(tick(2));
        assert_eq!((admissions.oldest(), left(&admissions)), (None, vec![]));
    }

    #[test]
    fn calls_that_have_been_removed_or_are_unknown_are_not_removed() {
        let mut admissions = Admissions::default();
        for nanos in 1..=5 {
            admissions.add(tick(nanos));
        }
        admissions.remove(tick(2));
        admissions.remove_before(tick(4));
        for nanos in [1, 2, 3, 9] {
            assert!(!admissions.remove(tick(nanos)));
        }
        assert_eq!((admissions.oldest(), left(&admissions)), (Some(tick(4)), vec![(4, 1), (5, 1)]));
    }

    #[test]
    fn the_list_does_not_grow_while_calls_come_and_go_for_ever() {
        let mut admissions = Admissions::default();
        // One call never returns, others return in another order than they left, and one per round
        // is forgotten.
        admissions.add(tick(0));
        for round in 1..10_000 {
            for call in 0..8 {
                admissions.add(tick(round * 10 + call));
            }
            for call in [3, 0, 7, 1, 4, 6, 2] {
                admissions.remove(tick(round * 10 + call));
            }
            if round > 5 {
                admissions.remove_before(tick((round - 4) * 10));
            }
            assert!(admissions.list.len() < 100, "{} entries", admissions.list.len());
        }
    }

    #[test]
    fn a_million_calls_are_out_and_back_without_a_long_search() {
        let mut admissions = Admissions::default();
        let million = 1_000_000;
        (0..million).for_each(|nanos| admissions.add(tick(nanos)));
        // The stride visits each once. A linear search, or moving the list, would take hours.
        (0..million).for_each(|step| assert!(admissions.remove(tick(step * 617_729 % million))));
        assert_eq!(left(&admissions), []);
    }

    #[test]
    fn memory_for_many_calls_is_returned_when_few_are_left() {
        let mut admissions = Admissions::default();
        (0..100_000).for_each(|nanos| admissions.add(tick(nanos)));
        // The last ones first, which leaves no holes.
        (10..100_000).rev().for_each(|nanos| assert!(admissions.remove(tick(nanos))));
        assert_eq!(left(&admissions).len(), 10);
        assert!(admissions.list.capacity() <= Admissions::SMALL, "{}", admissions.list.capacity());
    }
}
