//! One value per thread, for what threads must not share.

use super::thread_slot::{self, LOW};

/// A value for each of the first slots, and one that all other threads share.
#[derive(Debug)]
pub(crate) struct PerThread<T> {
    /// Inline, so that a call with one of these slots touches nothing but its own value.
    low: [T; LOW],
    high: Box<[T]>,
    shared: T,
}

impl<T: Default> PerThread<T> {
    /// Default values for as many threads as get their own.
    pub(crate) fn new() -> Self {
        let high = (LOW..thread_slot::owned_lines()).map(|_| T::default()).collect();
        Self { low: Default::default(), high, shared: T::default() }
    }
}

impl<T> PerThread<T> {
    /// The value of a slot, if it is one of the first. Slots count from 1, and 0 is none.
    #[inline]
    pub(super) fn low(&self, slot: u32) -> Option<&T> {
        self.low.get(place(slot))
    }

    /// The value of a slot, if it has its own.
    pub(super) fn of(&self, slot: u32) -> Option<&T> {
        let high = || self.high.get(place(slot).wrapping_sub(LOW));
        self.low(slot).or_else(high)
    }

    /// The value of the threads that do not have their own.
    pub(super) const fn shared(&self) -> &T {
        &self.shared
    }

    /// The value of this thread, or else the shared one.
    #[inline]
    pub(crate) fn mine(&self) -> &T {
        match self.low(thread_slot::known()) {
            Some(value) => value,
            None => self.mine_of_many(),
        }
    }

    #[cold]
    #[inline(never)]
    fn mine_of_many(&self) -> &T {
        self.of(thread_slot::current()).unwrap_or(&self.shared)
    }

    /// All of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.low.iter().chain(&self.high).chain([&self.shared])
    }
}

const fn place(slot: u32) -> usize {
    slot.wrapping_sub(1) as usize
}
