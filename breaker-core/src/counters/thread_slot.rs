//! A small number for each live thread, so that it can find the stripe that it alone writes.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::OnceLock;
use std::thread::available_parallelism;

use crate::primitive::{Mutex, shared, thread_local};

/// The slot of a thread that has none left: it is ending, and its slot may belong to another
/// already.
pub(super) const SHARED: u32 = u32::MAX;

/// The last slot that a thread can have for itself.
pub(super) const LAST: u32 = u32::MAX - 3;

/// How many threads at least get a line for themselves, on however small a machine.
pub(super) const LOW: usize = if cfg!(breaker_loom) { 1 } else { 8 };

/// No slot was given yet. Slots count from 1.
const NONE: u32 = 0;

thread_local! {
    // Constant and without a destructor: reading it is one instruction, and possible until the very
    // end of the thread.
    static SLOT: Cell<u32> = const { Cell::new(NONE) };
    // Gives the slot back when the thread ends.
    static LEASE: Cell<Option<Lease>> = const { Cell::new(None) };
}

/// The slots that no live thread holds: those given back, and all from `next` on.
struct Free {
    returned: BinaryHeap<Reverse<u32>>,
    next: u32,
}

shared! {
    static FREE: Mutex<Free> = Mutex::new(Free { returned: BinaryHeap::new(), next: 1 });
}

/// The slot of this thread, if it has one already; else a number that is nobody's.
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
    // A thread whose destructors run already cannot keep a lease: it goes back at once.
    let slot = if LEASE.try_with(|held| held.set(Some(lease))).is_ok() { slot } else { SHARED };
    SLOT.with(|own| own.set(slot));
    slot
}

/// How many threads get a line for themselves: those with the slots from 1 to this number.
pub(super) fn owned_lines() -> usize {
    static OWNED: OnceLock<usize> = OnceLock::new();
    let owned = OWNED.get_or_init(|| available_parallelism().map_or(LOW, |cores| (cores.get() * 2).clamp(LOW, 64)));
    // A schedule checker runs few threads, some of which are to share a line.
    if cfg!(breaker_loom) { LOW } else { *owned }
}

/// Held by each thread that has a slot.
struct Lease {
    slot: u32,
    free: &'static Mutex<Free>,
}

impl Lease {
    /// Takes the lowest free slot. The lock orders the last writes of a thread that gave it back
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
        // Never fails: what has no destructor is there until the very end.
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
