//! Everything about a circuit that threads share without its lock, and the protocol by which they
//! do. Every memory ordering of a circuit is in this file.
//!
//! # Who writes what
//!
//! | atomic | written | read by |
//! |---|---|---|
//! | the word: state, generation, flags | under the lock | every call, twice |
//! | the word: failures in a row | by any thread, within one generation | failures, and the step |
//! | `threshold` | under the lock, around the word of a new policy | failures |
//! | `opened_at`, `deadline` | under the lock, before the word that says open | rejections |
//! | `probe_limit` | under the lock, after the word that says that all probes are out | rejections |
//! | `fast_until`, `bucket_end` | under the lock | timed successes; successes of a time window |
//! | `compared` | under the lock | calls that bring the policy of their site |
//! | `last_failure`, `last_call` | by any thread | the status, evictions |
//! | `pins` | by any thread | evictions |
//!
//! The cold part of them is allocated by whoever needs it first; [`OnceBox`] publishes it.
//!
//! # One word decides
//!
//! State, generation, flags and the count of failures in a row are one number, the [`Word`], so
//! they never disagree. Every change of it is a compare-and-swap of the whole number, which fails
//! if anything in it has changed meanwhile. A step of the state machine, taken under the lock, is
//! written back in this way too, and taken again if another thread has changed the count. Therefore
//! no failure is lost, and none is counted in a generation that it does not belong to.
//!
//! The swaps release, and every load of the word acquires. Whoever has seen a word also sees all
//! that was stored before it was published.
//!
//! # A healthy call
//!
//! A call is admitted by one load: if the word says closed and no flag requires more, the
//! call runs, and its ticket is that word. When it has succeeded, one more load decides: if the
//! word is still the same and has no failures to clear, the success changes nothing, and is added
//! to a counter that this thread alone writes.
//!
//! Why that is right: between the second load and the addition the state may change. Windows derive
//! the number of their calls from the sum of the counters, so that the success is found in the
//! window of the next generation. That is off by one call per thread at most, and the totals are
//! exact.
//!
//! # A failure that is only counted
//!
//! It loads the word and then the threshold, and swaps in the count plus one, if that is below the
//! threshold. From the threshold on it takes the lock, where the machine decides. So n concurrent
//! failures with threshold n open the circuit.
//!
//! A new policy stores a threshold of 0, then changes the word, then stores its own threshold.
//! While it is 0, every failure takes the lock, and waits there for the new policy. A failure that
//! had loaded the old threshold either swaps its count in first, where the step of the new policy
//! finds it, or fails to swap. The next result after a new policy evaluates the conditions in any
//! case.
//!
//! # A rejection
//!
//! Opening stores `opened_at` and `deadline` with release and then swaps in the word that says
//! open. A call that finds that word loads the deadline with acquire, and then the word again. If
//! the deadline were that of a later generation, then the word before that generation would be
//! visible too, and the second load would differ: so the deadline belongs to the word. There is one
//! exception, a generation that is just being published by a command that re-arms an open circuit.
//! To be rejected until then is as good an answer.
//!
//! `probe_limit` is stored the other way round, after the word. A call that still sees an earlier
//! half-open word must not take the new limit for that word's. A call that sees that all probes are
//! out, but the old limit, finds that limit reached, and takes the lock. Within a generation only a
//! new policy makes the limit earlier.
//!
//! # Evictions
//!
//! An eviction marks the word as retired and then looks at `pins`; a call by name adds its pin and
//! then looks at the mark. Between the two, both sides execute a fence with sequential consistency,
//! so one of them sees the other: no call is left with a circuit that its registry has forgotten.
//! Pins are removed with release and looked at with acquire, so that the settlement of a call comes
//! before the end of its circuit.

mod cold;

use std::time::Duration;

pub(super) use cold::{Cold, FailureStamp};

use super::origin::{Compared, Origin};
use super::word::Word;
use crate::clock::tick::Tick;
use crate::policy::Policy;
use crate::primitive::{AtomicU32, AtomicU64, AtomicUsize, OnceBox, Ordering, fence};

/// The atomics of one circuit.
///
/// The word comes last, beside the counters: see [`Circuit`](super::Circuit).
#[derive(Debug)]
#[repr(C)]
pub(super) struct Atomics {
    /// The failures in a row that open the circuit; `u32::MAX` if the policy has no such condition.
    threshold: AtomicU32,
    /// A [`Compared`].
    compared: AtomicUsize,
    cold: OnceBox<Cold>,
    /// A [`Word`].
    word: AtomicU64,
}

impl Atomics {
    /// Those of a new circuit.
    pub(super) fn new(policy: &Policy, origin: Origin, word: Word, bucket_end: Option<Tick>, now: Tick) -> Self {
        Self {
            threshold: AtomicU32::new(threshold(policy)),
            compared: AtomicUsize::new(Compared::at_first(origin).0),
            cold: cold::preallocate(policy, bucket_end, word, now),
            word: AtomicU64::new(word.0),
        }
    }

    /// The word as it is now.
    #[inline]
    pub(super) fn word(&self) -> Word {
        // Acquire: pairs with the release in `swap_word`, so that whatever was stored before a word
        // was published is at least as new as the word.
        Word(self.word.load(Ordering::Acquire))
    }

    /// Replaces the word if it is still `current`; else says what it is.
    #[inline]
    pub(super) fn swap_word(&self, current: Word, next: Word) -> Result<(), Word> {
        // AcqRel: publishes what was stored before, and reads a word as `word` does.
        // Acquire: so does a failure.
        match self.word.compare_exchange(current.0, next.0, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Ok(()),
            Err(found) => Err(Word(found)),
        }
    }

    /// Changes flags of the word, whatever happens to the count meanwhile. The lock is held.
    pub(super) fn change_word(&self, change: impl Fn(Word) -> Word) {
        let mut word = self.word();
        while let Err(found) = self.swap_word(word, change(word)) {
            word = found;
        }
    }

    /// The failures in a row from which on a failure takes the lock.
    #[inline]
    pub(super) fn threshold(&self) -> u32 {
        // Relaxed: a threshold that does not belong to the word fails the swap of the word, or is
        // found by the step of the new policy; see `change_policy`.
        self.threshold.load(Ordering::Relaxed)
    }

    /// Puts the threshold of a new policy in force, and changes the word for it. The lock is held.
    pub(super) fn change_policy(&self, policy: &Policy, change: impl Fn(Word) -> Word) {
        // Relaxed: nobody may count by the new threshold before the word has changed, because that
        // count may not be kept; whoever fails until then takes the lock, and waits.
        self.threshold.store(0, Ordering::Relaxed);
        self.change_word(change);
        // Relaxed: whoever has loaded the old word fails to swap it.
        self.threshold.store(threshold(policy), Ordering::Relaxed);
    }

    /// What the policy in force was compared with.
    pub(super) fn compared(&self) -> Compared {
        // Relaxed: it is only compared with an address; at worst two sites take turns to look under
        // the lock, where it is written.
        Compared(self.compared.load(Ordering::Relaxed))
    }

    /// The lock is held.
    pub(super) fn set_compared(&self, compared: Compared) {
        // Relaxed: as above.
        self.compared.store(compared.0, Ordering::Relaxed);
    }

    /// The cold part, if it was needed yet.
    #[inline]
    pub(super) fn cold(&self) -> Option<&Cold> {
        self.cold.get()
    }

    /// The cold part, allocated now if it was not needed yet.
    pub(super) fn make_cold(&self, now: Tick) -> &Cold {
        self.cold.get_or_init(|| Box::new(Cold::new(now)))
    }
}

/// Open periods.
impl Cold {
    /// When the open period ends.
    #[inline]
    pub(super) fn deadline(&self) -> Tick {
        // Acquire: pairs with `begin_open_period`; see "A rejection" above.
        Tick::from_nanos(self.deadline.load(Ordering::Acquire))
    }

    /// When the open period began.
    #[inline]
    pub(super) fn opened_at(&self) -> Tick {
        // Acquire: as the deadline.
        Tick::from_nanos(self.opened_at.load(Ordering::Acquire))
    }

    /// Stores both, before the word that says open is published. The lock is held.
    #[inline]
    pub(super) fn begin_open_period(&self, opened_at: Tick, deadline: Tick) {
        // Release, both: read by whoever has seen an open word. All that opens holds the lock, so
        // they only run ahead of the word by the step that is being published.
        self.opened_at.store(opened_at.as_nanos(), Ordering::Release);
        self.deadline.store(deadline.as_nanos(), Ordering::Release);
    }

    /// When the next slot of a probe becomes free by itself.
    #[inline]
    pub(super) fn probe_limit(&self) -> Tick {
        // Acquire: pairs with `set_probe_limit`.
        Tick::from_nanos(self.probe_limit.load(Ordering::Acquire))
    }

    /// Stores it, after the word is published. The lock is held.
    #[inline]
    pub(super) fn set_probe_limit(&self, limit: Tick) {
        // Release: whoever sees this limit sees the word that it belongs to; see "A rejection"
        // above.
        self.probe_limit.store(limit.as_nanos(), Ordering::Release);
    }
}

/// Successes that need the lock.
impl Cold {
    /// Whether a success that took this long is certainly neither slow nor a failure.
    #[inline]
    pub(super) fn is_fast(&self, elapsed: Duration) -> bool {
        // Relaxed: a limit that is changed at this moment may apply or not.
        elapsed <= Duration::from_nanos(self.fast_until.load(Ordering::Relaxed))
    }

    /// When the current bucket of the time window ends.
    #[inline]
    pub(super) fn bucket_end(&self) -> Tick {
        // Relaxed: at worst the new end is not visible yet, and a success takes the lock.
        Tick::from_nanos(self.bucket_end.load(Ordering::Relaxed))
    }

    /// The lock is held.
    #[inline]
    pub(super) fn set_bucket_end(&self, end: Tick) {
        // Relaxed: a success that compares with the old end looks again under the lock.
        self.bucket_end.store(end.as_nanos(), Ordering::Relaxed);
    }

    /// Puts the limits of a new policy in force. The lock is held.
    pub(super) fn set_policy(&self, policy: &Policy, bucket_end: Option<Tick>) {
        // Relaxed: as `is_fast`.
        self.fast_until.store(cold::fast_until(policy), Ordering::Relaxed);
        self.set_bucket_end(bucket_end.unwrap_or(Tick::MAX));
    }
}

/// Times that are only shown, or only roughly matter.
impl Cold {
    pub(super) fn last_failure(&self) -> FailureStamp {
        // Relaxed: a time to show.
        FailureStamp(self.last_failure.load(Ordering::Relaxed))
    }

    /// Notes when a failure was. The reason of an earlier one stays under the lock, but is shown no
    /// longer if this one has none.
    #[inline]
    pub(super) fn note_failure(&self, stamp: FailureStamp) {
        // Relaxed: a time to show; of two failures at the same moment, whichever comes last is the
        // last.
        self.last_failure.store(stamp.0, Ordering::Relaxed);
    }

    pub(super) fn last_call(&self) -> Tick {
        // Relaxed: a time; whether a call is in flight is a matter of pins.
        Tick::from_nanos(self.last_call.load(Ordering::Relaxed))
    }

    #[inline]
    pub(super) fn note_call(&self, at: Tick) {
        // Relaxed: a time on which nothing depends.
        self.last_call.store(at.as_nanos(), Ordering::Relaxed);
    }
}

/// Pins: handles, calls in flight and call sites, which keep a circuit in its registry.
impl Cold {
    /// In the number of pins: call sites with a fixed identifier, however many they are. No number
    /// of handles comes near it.
    const SITES: u64 = 1 << 63;

    /// Adds a pin. Whether the circuit is retired must be looked at afterwards.
    #[inline]
    pub(super) fn pin(&self) {
        // Relaxed, ordered by the SeqCst fence, which pairs with the one in `is_unpinned`: either
        // this thread sees the mark of the eviction, or the eviction sees this pin.
        self.pins.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// Adds a pin while there is another, so that the number does not fall to zero meanwhile.
    pub(super) fn pin_again(&self) {
        // Relaxed: the other pin keeps the circuit.
        self.pins.fetch_add(1, Ordering::Relaxed);
    }

    /// Pins the circuit for as long as the program runs, while there is another pin.
    pub(super) fn pin_for_site(&self) {
        // Relaxed, both: as `pin_again`.
        if self.pins.load(Ordering::Relaxed) & Self::SITES == 0 {
            self.pins.fetch_or(Self::SITES, Ordering::Relaxed);
        }
    }

    #[inline]
    pub(super) fn unpin(&self) {
        // Release: pairs with the acquire in `is_unpinned`; what was done while pinned, the
        // settlement of a call included, is visible to an eviction that no longer finds the pin.
        self.pins.fetch_sub(1, Ordering::Release);
    }

    /// Whether the circuit has no pin, once it is marked as retired.
    pub(super) fn is_unpinned(&self) -> bool {
        // SeqCst fence: see `pin`.
        fence(Ordering::SeqCst);
        // Acquire: see `unpin`.
        self.pins.load(Ordering::Acquire) == 0
    }

    /// Whether the circuit seems to be pinned.
    pub(super) fn seems_pinned(&self) -> bool {
        // Relaxed: a hint; an eviction asks again.
        self.pins.load(Ordering::Relaxed) != 0
    }

    /// Whether a call site with a fixed identifier uses the circuit.
    #[cfg(feature = "metrics")]
    pub(super) fn is_pinned_by_site(&self) -> bool {
        // Relaxed: to show.
        self.pins.load(Ordering::Relaxed) & Self::SITES != 0
    }
}

fn threshold(policy: &Policy) -> u32 {
    policy.consecutive_failures.unwrap_or(u32::MAX)
}
