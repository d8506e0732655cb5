//! Pins, which keep a circuit in its registry, counted by the threads that add and remove them.
//!
//! A pin is often removed by another thread than the one that added it, because futures and handles
//! move. So a thread cannot keep one number that returns to zero. It counts what it added and what
//! it removed, both growing, where no other thread writes. A circuit is unpinned if the sums over
//! all threads are equal.
//!
//! # The order of the reads
//!
//! The sums are not read at one moment, so the order matters: **first all removals, then all
//! additions.** A removal is stored with release and loaded with acquire, and whoever removes a pin
//! has seen its addition. So for each removal that is read, its addition is read too. If the sums
//! are equal, each addition that was read has been removed. Read in the other order, a pin that
//! is added and removed in between would count as a removal only, and hide one that is still there.
//!
//! The thread that owns the first stripe keeps only the difference, because there is no room for
//! two numbers. It is read between the others: it may contain removals of pins that others added,
//! which are read after it, and additions of pins that others removed, which were read before it.
//! Its own additions and removals are in the same number. That only works for one thread.
//!
//! An addition that is not read is that of a thread that sees the mark of the eviction instead:
//! both sides execute a sequentially consistent fence between what they write and what they read.

use crate::clock::tick::Tick;
use crate::primitive::{AtomicU32, AtomicU64, Ordering, fence};

/// What one thread has added and removed, or several that share it. The numbers wrap around, which
/// leaves the difference as it is: there are never 2³² pins.
#[derive(Debug, Default)]
pub(crate) struct PinCounts {
    added: AtomicU32,
    removed: AtomicU32,
    /// When the last call of these threads ended.
    last_call: AtomicU64,
}

/// Where this thread counts its pins of a circuit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PinPlace<'a> {
    /// It owns the first stripe, beside which it keeps the difference. The rest it shares.
    First(&'a AtomicU32, &'a PinCounts),
    /// It has a line.
    Own(&'a PinCounts),
    Shared(&'a PinCounts),
}

impl PinPlace<'_> {
    /// Adds a pin. The caller must check afterwards whether the circuit is retired.
    #[inline]
    pub(crate) fn pin(self) {
        self.pin_again();
        // SeqCst, pairs with the fence of an eviction: either this thread sees the mark of the
        // eviction, or the eviction sees this pin.
        fence(Ordering::SeqCst);
    }

    /// Adds a pin while there is another, which no eviction overlooks: whoever sees that one
    /// removed also sees this one.
    #[inline]
    pub(crate) fn pin_again(self) {
        match self {
            // Relaxed load: only this thread writes it. Release store: it may contain removals; see
            // `unpin`.
            Self::First(difference, _) => {
                difference.store(difference.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
            }
            // Relaxed, all: ordered by the fence, or by the removal of the other pin.
            Self::Own(counts) => {
                counts.added.store(counts.added.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
            }
            Self::Shared(counts) => {
                counts.added.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Removes a pin, whichever thread added it.
    #[inline]
    pub(crate) fn unpin(self) {
        // Relaxed loads: only this thread writes there. Release, all: pairs with the acquire in
        // `has_pins`. Whoever reads a removal sees its addition, and what was done while pinned,
        // such as the settlement of a call.
        match self {
            Self::First(difference, _) => {
                difference.store(difference.load(Ordering::Relaxed).wrapping_sub(1), Ordering::Release);
            }
            Self::Own(counts) => {
                counts.removed.store(counts.removed.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
            }
            Self::Shared(counts) => {
                counts.removed.fetch_add(1, Ordering::Release);
            }
        }
    }

    /// Notes that a call ended.
    #[inline]
    pub(crate) fn note_call(self, at: Tick) {
        let (Self::First(_, counts) | Self::Own(counts) | Self::Shared(counts)) = self;
        // Relaxed, both: only a time. Usually it is the same as at the last call, and threads that
        // share it leave each other the cache line.
        if counts.last_call.load(Ordering::Relaxed) != at.as_nanos() {
            counts.last_call.store(at.as_nanos(), Ordering::Relaxed);
        }
    }
}

impl PinCounts {
    /// No pins, and the last call at this time.
    pub(crate) fn new(last_call: Tick) -> Self {
        Self { last_call: AtomicU64::new(last_call.as_nanos()), ..Self::default() }
    }

    pub(super) fn added(&self) -> u32 {
        // Relaxed: the removals were loaded before, with acquire.
        self.added.load(Ordering::Relaxed)
    }

    pub(super) fn removed(&self) -> u32 {
        // Acquire: see `PinPlace::unpin`.
        self.removed.load(Ordering::Acquire)
    }

    pub(super) fn last_call(&self) -> u64 {
        // Relaxed: only a time. Those of calls whose pins were removed are visible.
        self.last_call.load(Ordering::Relaxed)
    }
}
