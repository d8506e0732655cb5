//! A small number for each live thread, which selects the stripe that only this thread writes.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::OnceLock;
use std::thread::available_parallelism;

use crate::primitive::{Mutex, shared, thread_local};

/// The slot of a thread that is ending: its own slot may already belong to another thread.
pub(super) const SHARED: u32 = u32::MAX;

/// The last slot that belongs to a single thread.
pub(super) const LAST: u32 = u32::MAX - 3;

/// How many threads get their own line even on the smallest machine.
pub(super) const LOW: usize = if cfg!(breaker_loom) { 1 } else { 8 };

/// No slot was assigned yet. Slots count from 1.
const NONE: u32 = 0;

thread_local! {
    // Const-initialized and without a destructor, so that reading it is one instruction and
    // possible until the thread has ended.
    static SLOT: Cell<u32> = const { Cell::new(NONE) };
    // Returns the slot when the thread ends.
    static LEASE: Cell<Option<Lease>> = const { Cell::new(None) };
}

/// The slots that no live thread holds: those that were returned, and all from `next` on.
struct Free {
    returned: BinaryHeap<Reverse<u32>>,
    next: u32,
}

shared! {
    static FREE: Mutex<Free> = Mutex::new(Free { returned: BinaryHeap::new(), next: 1 });
}

/// The slot of this thread, if it already has one; otherwise a number that belongs to no thread.
#[inline]
pub(super) fn known() -> u32 {
    SLOT.with(Cell::get)
}

/// The slot of this thread.
#[inline]
pub(crate) fn current() -> u32 {
    let slot = SLOT.with(Cell::get);
    if slot == NONE { take() } else { slot }
}

#[cold]
fn take() -> u32 {
    let lease = Lease::take(&FREE);
    let slot = lease.slot;
    // A thread whose destructors already run cannot keep a lease: it is returned at once.
    let slot = if LEASE.try_with(|held| held.set(Some(lease))).is_ok() { slot } else { SHARED };
    SLOT.with(|own| own.set(slot));
    slot
}

/// How many threads get their own line: those with slots from 1 to this number.
pub(super) fn owned_lines() -> usize {
    static OWNED: OnceLock<usize> = OnceLock::new();
    let owned = OWNED.get_or_init(|| available_parallelism().map_or(LOW, |cores| (cores.get() * 2).clamp(LOW, 64)));
    // A schedule checker runs few threads, and some of them must share a line.
    if cfg!(breaker_loom) { LOW } else { *owned }
}

/// Held by each thread that has a slot.
struct Lease {
    slot: u32,
    free: &'static Mutex<Free>,
}

impl Lease {
    /// Takes the lowest free slot. The lock orders the last writes of the thread that returned it
    /// before the first ones of this thread.
    fn take(free: &'static Mutex<Free>) -> Self {
        let mut list = free.lock();
        let slot = list.returned.pop().map_or(list.next, |Reverse(slot)| slot);
        if slot == list.next {
            list.next = (list.next + 1).min(LAST);
        }
        Self { slot, free }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Never fails: a thread-local without a destructor lives until the thread has ended.
        let _ = SLOT.try_with(|own| own.set(SHARED));
        self.free.lock().returned.push(Reverse(self.slot));
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_thread_keeps_its_slot_and_no_live_thread_shares_it() {
        let mine = current();
        assert_eq!(current(), mine);
        let other = thread::spawn(current).join().unwrap();
        assert_ne!(other, mine);
        assert_ne!(other, SHARED);
    }
}
