//! Exact counters that cost a plain load and store.
//!
//! A counter that all threads share costs a locked instruction per addition, and its cache line
//! moves between cores. So each thread adds to its own stripe, on its own cache line, and a reader
//! sums the stripes. A stripe has **one writer**: the thread that holds its slot (see
//! [`thread_slot`]). That is why an addition can be a load and a store instead of an atomic add.
//!
//! A circuit starts with one stripe, owned by the first thread that calls it. When a second thread
//! calls it, a full set of stripes is allocated. From then on the first stripe has no owner,
//! because it shares its cache line with fields that all threads read. Threads beyond the set share
//! one stripe, with atomic additions.

#[cfg(feature = "metrics")]
pub(crate) mod durations;
mod per_thread;
mod thread_slot;

pub(crate) use per_thread::PerThread;

use crate::primitive::{AtomicU32, AtomicU64, OnceBox, Ordering};

/// What is counted here, and its index in a stripe. What is only known under a circuit's lock is
/// counted under that lock, and so are the failures of a circuit that has windows: its other
/// threads then find their stripes as they left them, when they add up the successes of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Count {
    Successes = 0,
    Failures = 1,
    Ignored = 2,
    Rejected = 3,
}

#[derive(Debug, Default)]
struct Stripe([AtomicU64; 4]);

impl Stripe {
    /// Adds `n`. Must only be called by the one writer of this stripe.
    #[inline]
    fn add_as_owner(&self, count: Count, n: u64) {
        let cell = &self.0[count as usize];
        // Relaxed, load and store: no other thread writes this cell, and readers want a number that
        // was true at some moment. What must be visible after a join or a message is ordered by
        // that join or message.
        cell.store(cell.load(Ordering::Relaxed).wrapping_add(n), Ordering::Relaxed);
    }

    /// Adds `n`, even if other threads add at the same time.
    fn add_shared(&self, count: Count, n: u64) {
        // Relaxed: as above; the addition itself is atomic.
        self.0[count as usize].fetch_add(n, Ordering::Relaxed);
    }

    fn get(&self, count: Count) -> u64 {
        // Relaxed: as above.
        self.0[count as usize].load(Ordering::Relaxed)
    }
}

/// A stripe on its own cache line, so that its writer does not disturb others.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Line(Stripe);

/// The counters of one circuit.
#[derive(Debug)]
pub(crate) struct Counters {
    /// The slot of the thread that owns `first`, or [`Self::NOBODY`].
    owner: AtomicU32,
    first: Stripe,
    /// The stripes of all threads, once there are two.
    rest: OnceBox<PerThread<Line>>,
}

impl Counters {
    /// No thread has this slot.
    const NOBODY: u32 = thread_slot::LAST + 1;

    /// Adds one to `count`.
    #[inline]
    pub(crate) fn add(&self, count: Count) {
        match self.own() {
            Some(stripe) => stripe.add_as_owner(count, 1),
            None => self.add_cold(count, 1),
        }
    }

    /// Adds `n` to `count`.
    pub(crate) fn add_many(&self, count: Count, n: u64) {
        match self.own() {
            _ if n == 0 => {}
            Some(stripe) => stripe.add_as_owner(count, n),
            None => self.add_cold(count, n),
        }
    }

    /// The stripe of this thread, if that is found at once.
    #[inline]
    fn own(&self) -> Option<&Stripe> {
        match self.rest.get() {
            Some(lines) => lines.low(thread_slot::known()).map(|line| &line.0),
            // Relaxed: a thread only finds its own slot here if it put it there itself (or
            // inherited the slot, which the lock of the slot list orders).
            None if self.owner.load(Ordering::Relaxed) == thread_slot::known() => Some(&self.first),
            None => None,
        }
    }

    /// For threads whose line is not among the first ones, and for a thread's first call on this
    /// circuit, which claims the first stripe or allocates the full set.
    #[inline(never)]
    fn add_cold(&self, count: Count, n: u64) {
        let slot = thread_slot::current();
        if let Some(lines) = self.rest.get() {
            return match lines.of(slot) {
                Some(line) => line.0.add_as_owner(count, n),
                None => lines.shared().0.add_shared(count, n),
            };
        }
        // Relaxed: only the slot number itself is handed over.
        let claimed = slot != thread_slot::SHARED
            && self.owner.compare_exchange(Self::NOBODY, slot, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if claimed {
            return self.first.add_as_owner(count, n);
        }
        // The owner may add to the first stripe a few more times before it sees the set. That is
        // fine: no other thread ever writes there.
        self.rest.get_or_init(|| Box::new(PerThread::new()));
        self.add_cold(count, n);
    }

    /// The sum over all threads. It includes everything that happened before, and never decreases,
    /// because no cell does.
    pub(crate) fn get(&self, count: Count) -> u64 {
        let rest = self.rest.get().into_iter().flat_map(PerThread::iter);
        rest.fold(self.first.get(count), |sum, line| sum.wrapping_add(line.0.get(count)))
    }

    /// Whether more than one thread has counted here.
    #[inline]
    pub(crate) fn have_two_threads(&self) -> bool {
        self.rest.get().is_some()
    }
}

impl Default for Counters {
    fn default() -> Self {
        Self { owner: AtomicU32::new(Self::NOBODY), first: Stripe::default(), rest: OnceBox::new() }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn every_addition_of_every_thread_is_in_the_sum() {
        let counters = Counters::default();
        // More threads than stripes, so that the shared line is used too.
        thread::scope(|scope| {
            for _ in 0..100 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        counters.add(Count::Successes);
                    }
                    counters.add(Count::Rejected);
                });
            }
        });
        assert_eq!(counters.get(Count::Successes), 100_000);
        assert_eq!(counters.get(Count::Rejected), 100);
        assert_eq!(counters.get(Count::Failures), 0);
    }

    #[test]
    fn one_thread_needs_no_further_stripes() {
        let counters = Counters::default();
        counters.add(Count::Failures);
        counters.add(Count::Failures);
        assert!(counters.rest.get().is_none());
        assert_eq!(counters.get(Count::Failures), 2);
    }

    #[test]
    fn a_line_is_one_cache_line() {
        assert_eq!(size_of::<Line>(), 64);
    }
}
