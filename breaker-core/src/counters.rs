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
//!
//! What keeps a circuit in its registry is counted in the same places; see [`pins`].

#[cfg(feature = "metrics")]
pub(crate) mod durations;
mod per_thread;
mod pins;
mod thread_slot;

pub(crate) use per_thread::PerThread;
pub(crate) use pins::{PinCounts, PinPlace};

use crate::clock::tick::Tick;
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

/// A stripe on its own cache line, so that its writer does not disturb others, and the pins of its
/// thread.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Line {
    stripe: Stripe,
    pins: PinCounts,
}

/// Where a thread counts.
enum Place<'a> {
    /// In the first stripe, which it owns.
    First,
    /// On a line of its own.
    Own(&'a Line),
    /// On the line of all threads that have none.
    Shared(&'a Line),
}

impl<'a> Place<'a> {
    fn of_pins(self, counters: &'a Counters, others: &'a PinCounts) -> PinPlace<'a> {
        match self {
            Self::First => PinPlace::First(&counters.first_pins, others),
            Self::Own(line) => PinPlace::Own(&line.pins),
            Self::Shared(line) => PinPlace::Shared(&line.pins),
        }
    }
}

/// The counters of one circuit.
#[derive(Debug)]
pub(crate) struct Counters {
    /// The slot of the thread that owns `first`, or [`Self::NOBODY`].
    owner: AtomicU32,
    /// The pins of that thread, less those that it removed; see [`pins`].
    first_pins: AtomicU32,
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
            Some(lines) => lines.low(thread_slot::known()).map(|line| &line.stripe),
            // Relaxed: a thread only finds its own slot here if it put it there itself (or
            // inherited the slot, which the lock of the slot list orders).
            None if self.owner.load(Ordering::Relaxed) == thread_slot::known() => Some(&self.first),
            None => None,
        }
    }

    /// For threads whose line is not among the first ones, and for a thread's first call on this
    /// circuit.
    #[inline(never)]
    fn add_cold(&self, count: Count, n: u64) {
        match self.claim() {
            Place::First => self.first.add_as_owner(count, n),
            Place::Own(line) => line.stripe.add_as_owner(count, n),
            Place::Shared(line) => line.stripe.add_shared(count, n),
        }
    }

    /// Where this thread counts. If it has not counted here yet, it claims the first stripe or
    /// allocates the full set.
    fn claim(&self) -> Place<'_> {
        let slot = thread_slot::current();
        if let Some(lines) = self.rest.get() {
            return Self::place(lines, slot);
        }
        // Relaxed: only the slot number itself is handed over.
        let claimed = slot != thread_slot::SHARED
            && self.owner.compare_exchange(Self::NOBODY, slot, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if claimed {
            return Place::First;
        }
        // The owner may add to the first stripe a few more times before it sees the set. That is
        // fine: no other thread ever writes there.
        Self::place(self.rest.get_or_init(|| Box::new(PerThread::new())), slot)
    }

    fn place(lines: &PerThread<Line>, slot: u32) -> Place<'_> {
        lines.of(slot).map_or_else(|| Place::Shared(lines.shared()), Place::Own)
    }

    /// The sum over all threads. It includes everything that happened before, and never decreases,
    /// because no cell does.
    pub(crate) fn get(&self, count: Count) -> u64 {
        let rest = self.rest.get().into_iter().flat_map(PerThread::iter);
        rest.fold(self.first.get(count), |sum, line| sum.wrapping_add(line.stripe.get(count)))
    }

    /// Whether more than one thread has counted here.
    #[inline]
    pub(crate) fn have_two_threads(&self) -> bool {
        self.rest.get().is_some()
    }
}

/// # Pins
///
/// `others` are the pins of threads that have no stripe yet.
impl Counters {
    /// Where this thread counts a pin that is not a call's, and what it removes. A handle that
    /// another thread uses is no reason to allocate lines.
    #[inline]
    pub(crate) fn pin_place<'a>(&'a self, others: &'a PinCounts) -> PinPlace<'a> {
        self.known_pin_place(others).unwrap_or_else(|| self.found_pin_place(others))
    }

    /// Where this thread counts the pin of a call, which it will count there, too.
    #[inline]
    pub(crate) fn pin_place_of_call<'a>(&'a self, others: &'a PinCounts) -> PinPlace<'a> {
        self.known_pin_place(others).unwrap_or_else(|| self.claimed_pin_place(others))
    }

    /// The place of a thread that is found at once, as in [`add`](Self::add).
    #[inline]
    fn known_pin_place<'a>(&'a self, others: &'a PinCounts) -> Option<PinPlace<'a>> {
        match self.rest.get() {
            Some(lines) => lines.low(thread_slot::known()).map(|line| PinPlace::Own(&line.pins)),
            // Relaxed: as in `own`.
            None if self.owner.load(Ordering::Relaxed) == thread_slot::known() => {
                Some(PinPlace::First(&self.first_pins, others))
            }
            None => None,
        }
    }

    #[inline(never)]
    fn found_pin_place<'a>(&'a self, others: &'a PinCounts) -> PinPlace<'a> {
        match self.rest.get().map(|lines| Self::place(lines, thread_slot::current())) {
            Some(place) => place.of_pins(self, others),
            None => PinPlace::Shared(others),
        }
    }

    #[inline(never)]
    fn claimed_pin_place<'a>(&'a self, others: &'a PinCounts) -> PinPlace<'a> {
        self.claim().of_pins(self, others)
    }

    /// Whether the circuit has pins. An eviction marks the circuit first.
    pub(crate) fn has_pins(&self, others: &PinCounts) -> bool {
        // See "The order of the reads" in `pins`.
        let removed = self.lines().fold(others.removed(), |sum, line| sum.wrapping_add(line.pins.removed()));
        // Acquire: as a removal, of which it may contain some.
        let first = self.first_pins.load(Ordering::Acquire);
        let added = first.wrapping_add(others.added());
        let added = self.lines().fold(added, |sum, line| sum.wrapping_add(line.pins.added()));
        added != removed
    }

    /// When the last call ended.
    pub(crate) fn last_call(&self, others: &PinCounts) -> Tick {
        let latest = self.lines().map(|line| line.pins.last_call()).max().unwrap_or_default();
        Tick::from_nanos(latest.max(others.last_call()))
    }

    /// The lines of all threads, if there are any.
    fn lines(&self) -> impl Iterator<Item = &Line> {
        self.rest.get().into_iter().flat_map(PerThread::iter)
    }
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            owner: AtomicU32::new(Self::NOBODY),
            first_pins: AtomicU32::new(0),
            first: Stripe::default(),
            rest: OnceBox::new(),
        }
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
        // The difference of the first owner's pins takes no memory.
        assert_eq!(size_of::<Counters>(), 48);
    }

    fn at(nanos: u64) -> Tick {
        Tick::from_nanos(nanos)
    }

    #[test]
    fn pins_are_gone_once_they_are_removed_by_whichever_thread() {
        let (counters, others) = (Counters::default(), PinCounts::new(at(0)));
        assert!(!counters.has_pins(&others));
        // This thread takes the first stripe, and the others the lines.
        for place in [1, 2] {
            counters.pin_place_of_call(&others).pin();
            counters.pin_place_of_call(&others).pin();
            assert!(counters.has_pins(&others));
            thread::scope(|scope| {
                scope.spawn(|| counters.pin_place(&others).unpin());
            });
            assert!(counters.has_pins(&others));
            counters.pin_place(&others).unpin();
            assert!(!counters.has_pins(&others));
            thread::scope(|scope| {
                scope.spawn(|| counters.pin_place_of_call(&others).pin());
            });
            assert!(counters.has_pins(&others));
            counters.pin_place(&others).unpin();
            assert!(!counters.has_pins(&others), "place {place}");
        }
    }

    #[test]
    fn a_handle_takes_no_lines() {
        let (counters, others) = (Counters::default(), PinCounts::new(at(0)));
        counters.pin_place_of_call(&others).pin();
        thread::scope(|scope| {
            scope.spawn(|| counters.pin_place(&others).pin());
        });
        assert!(!counters.have_two_threads());
    }

    #[test]
    fn the_last_call_is_that_of_any_thread() {
        let (counters, others) = (Counters::default(), PinCounts::new(at(1)));
        assert_eq!(counters.last_call(&others), at(1));
        counters.pin_place_of_call(&others).note_call(at(2));
        assert_eq!(counters.last_call(&others), at(2));
        thread::scope(|scope| {
            scope.spawn(|| counters.pin_place_of_call(&others).note_call(at(3)));
        });
        assert_eq!(counters.last_call(&others), at(3));
        counters.pin_place_of_call(&others).note_call(at(4));
        assert_eq!(counters.last_call(&others), at(4));
    }
}
