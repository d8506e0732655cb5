//! A small number for each live thread, so that it can find the stripe that it alone writes.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::primitive::Mutex;

/// The slot of a thread that has none left: it is ending, and its slot may belong to another already.
pub(super) const SHARED: u32 = u32::MAX;

/// The last slot that a thread can have for itself.
pub(super) const LAST: u32 = u32::MAX - 3;

/// No slot was given yet. Slots count from 1.
const NONE: u32 = 0;

thread_local! {
    // Constant and without a destructor: reading it is one instruction, and possible until the very end of the thread.
    static SLOT: Cell<u32> = const { Cell::new(NONE) };
    // Gives the slot back when the thread ends.
    static LEASE: Lease = const { Lease };
}

/// The slots that no live thread holds: those given back, and all from `next` on.
struct Free {
    returned: BinaryHeap<Reverse<u32>>,
    next: u32,
}

static FREE: Mutex<Option<Free>> = Mutex::new(None);

/// The slot of this thread, if it has one already; else a number that is nobody's.
#[inline]
pub(super) fn known() -> u32 {
    SLOT.get()
}

/// The slot of this thread.
#[inline]
pub(super) fn current() -> u32 {
    let slot = SLOT.get();
    if slot == NONE { take() } else { slot }
}

/// Takes the lowest free slot. The lock orders the last writes of a thread that gave it back before the first ones of this thread.
#[cold]
fn take() -> u32 {
    // A thread whose destructors run already could not give a slot back.
    if LEASE.try_with(|_| ()).is_err() {
        SLOT.set(SHARED);
        return SHARED;
    }
    let mut free = FREE.lock();
    let free = free.get_or_insert_with(|| Free { returned: BinaryHeap::new(), next: 1 });
    let slot = free.returned.pop().map_or_else(
        || {
            let slot = free.next;
            free.next = (free.next + 1).min(LAST);
            slot
        },
        |Reverse(slot)| slot,
    );
    SLOT.set(slot);
    slot
}

/// Held by each thread that has a slot.
struct Lease;

impl Drop for Lease {
    fn drop(&mut self) {
        let slot = SLOT.replace(SHARED);
        if slot != NONE && slot != SHARED {
            if let Some(free) = FREE.lock().as_mut() {
                free.returned.push(Reverse(slot));
            }
        }
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
