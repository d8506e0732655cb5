//! Everything about a circuit that threads share without its lock, and the protocol for it. Every
//! memory ordering of a circuit is in this file, or, for a ramp-up, in [`ramp`].
//!
//! # Who writes what
//!
//! | atomic | written | read by |
//! |---|---|---|
//! | the word: state, generation, flags | under the lock | every call, twice |
//! | the word: failures in a row | by any thread, within one generation | failures, and the step |
//! | `threshold` | under the lock, around the word of a new policy | failures |
//! | `opened_at`, `deadline` | under the lock, before the word that says open | rejections |
//! | `probe_limit` | under the lock, after the word that says that all slots are taken; set back before the word of a hold, of a grant, or of a probe that can hang | rejections |
//! | `fast_until`, `bucket_end` | under the lock | timed successes; successes of a time window |
//! | `compared` | under the lock | calls that bring the policy of their site |
//! | `last_failure` | by any thread | the status |
//! | `has_site` | by calls of sites | evictions |
//!
//! The cold atomics are allocated by the first thread that needs them; [`OnceBox`] publishes them.
//!
//! # One word decides
//!
//! State, generation, flags and the count of failures in a row are one number, the [`Word`], so
//! they are always consistent. Every change of it is a compare-and-swap of the whole number, which
//! fails if any part of it has changed in the meantime. A step of the state machine, taken under
//! the lock, is written back the same way, and is repeated if another thread has changed the count.
//! Therefore no failure is lost, and none is counted in a generation that it does not belong to.
//!
//! The swaps release, and every load of the word acquires. A thread that has seen a word also sees
//! everything that was stored before the word was published.
//!
//! # A healthy call
//!
//! A call is admitted by one load. If the word says closed and no flag requires more, the call
//! runs, and its ticket is that word. When it has succeeded, a second load decides. If the word is
//! still the same and has no failures to clear, the success changes nothing, and is added to a
//! counter that only this thread writes.
//!
//! Between the second load and the addition the state may change. Windows derive the number of
//! their calls from the sum of the counters, so the success then appears in the window of the next
//! generation. That is off by at most one call per thread, and the totals are exact.
//!
//! # A failure that is only counted
//!
//! It loads the word and then the threshold, and swaps in the count plus one, if that is below the
//! threshold. From the threshold on it takes the lock, where the machine decides. So n concurrent
//! failures with threshold n open the circuit.
//!
//! A new policy stores a threshold of 0, then changes the word, then stores its own threshold.
//! While it is 0, every failure takes the lock and waits there for the new policy. A failure that
//! had loaded the old threshold either swaps its count in first, and the step of the new policy
//! finds it, or fails to swap, unless the word is the same for both policies. Then its count is one
//! from before the new policy: the next failure is compared with the new threshold, and a success
//! clears the count. Where there are windows, or failures in a row, the next result after a new
//! policy evaluates the conditions.
//!
//! # A rejection
//!
//! Opening stores `opened_at` and `deadline` with release and then swaps in the word that says
//! open. A call that finds that word loads the deadline with acquire, and then the word again. If
//! the deadline belonged to a later generation, the word before that generation would be visible
//! too, and the second load would differ. So the deadline belongs to the word. There is one
//! exception: a generation that is just being published by a command that reopens an open circuit.
//! Until it is published, either rejection is correct.
//!
//! `probe_limit` is stored in the opposite order, after the word. A call that still sees an earlier
//! half-open word must not take the new limit for that word's. A call that sees that all slots are
//! taken, but the old limit, finds that limit reached and takes the lock. Within a generation only
//! these make the limit earlier: a new policy; a fleet that holds or grants probes, because without
//! a slot there is no limit at all; and the admission of a probe that can hang, because the limit
//! is also the instant at which hung calls open the circuit. So whatever changes the granted slots,
//! or admits such a probe, sets the limit to zero before it publishes its word. Until the new limit
//! is stored, calls take the lock. While a fleet holds the probes, it also stays zero until a call
//! has asked for a slot, because the first one must be noticed.
//!
//! # Evictions
//!
//! An eviction marks the word as retired and then reads the pins; a call by name adds its pin and
//! then reads the mark. Between the two, both sides execute a sequentially consistent fence, so at
//! least one of them sees the other: no call is left with a circuit that its registry has dropped.
//! Pins are removed with release and read with acquire, so that the settlement of a call happens
//! before the end of its circuit. Each thread counts pins for itself; [`counters`] explains why
//! the sums can be trusted. Calls by handle and of sites with a fixed identifier have no pins: the
//! handle has one, and the site has marked the circuit with `has_site` while a call of it, which
//! was by name, had one.
//!
//! [`counters`]: crate::counters

mod cold;
mod ramp;

use std::time::Duration;

pub(super) use cold::Cold;
pub(super) use ramp::CreditOf;

use super::compared::Compared;
use super::failure_stamp::FailureStamp;
use super::word::Word;
use crate::clock::tick::Tick;
use crate::policy::Policy;
use crate::primitive::{AtomicU32, AtomicU64, AtomicUsize, OnceBox, Ordering};

/// The atomics of one circuit.
///
/// The word comes last, next to the counters; see [`Circuit`](super::Circuit).
#[derive(Debug)]
#[repr(C)]
pub(super) struct Atomics {
    /// The failures in a row that open the circuit; `u32::MAX` if the policy has no such condition.
    threshold: AtomicU32,
    /// 1 if a call site with a fixed identifier uses the circuit.
    has_site: AtomicU32,
    /// A [`Compared`].
    compared: AtomicUsize,
    cold: OnceBox<Cold>,
    /// A [`Word`].
    word: AtomicU64,
}

impl Atomics {
    /// Creates the atomics of a new circuit.
    pub(super) fn new(policy: &Policy, compared: Compared, word: Word, bucket_end: Option<Tick>, now: Tick) -> Self {
        Self {
            threshold: AtomicU32::new(threshold(policy)),
            has_site: AtomicU32::new(0),
            compared: AtomicUsize::new(compared.0),
            cold: cold::preallocate(policy, bucket_end, word, now),
            word: AtomicU64::new(word.0),
        }
    }

    /// The word as it is now.
    #[inline]
    pub(super) fn word(&self) -> Word {
        // Acquire: pairs with the release in `swap_word`, so that everything that was stored before
        // a word was published is at least as new as the word.
        Word(self.word.load(Ordering::Acquire))
    }

    /// Replaces the word if it is still `current`; otherwise returns the actual word.
    #[inline]
    pub(super) fn swap_word(&self, current: Word, next: Word) -> Result<(), Word> {
        // AcqRel: publishes what was stored before, and reads a word as `word` does. Acquire: so
        // does a failed exchange.
        match self.word.compare_exchange(current.0, next.0, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Ok(()),
            Err(found) => Err(Word(found)),
        }
    }

    /// Changes flags of the word, even if the count changes in the meantime. The caller holds the
    /// lock.
    pub(super) fn change_word(&self, change: impl Fn(Word) -> Word) {
        let mut word = self.word();
        while let Err(found) = self.swap_word(word, change(word)) {
            word = found;
        }
    }

    /// The number of failures in a row from which a failure takes the lock.
    #[inline]
    pub(super) fn threshold(&self) -> u32 {
        // Relaxed: a threshold that does not belong to the word fails the swap of the word, or is
        // found by the step of the new policy; see `change_policy`.
        self.threshold.load(Ordering::Relaxed)
    }

    /// Replaces the threshold by that of a new policy, and changes the word for it. The caller
    /// holds the lock.
    pub(super) fn change_policy(&self, policy: &Policy, change: impl Fn(Word) -> Word) {
        // Relaxed: no thread may count by the new threshold before the word has changed, because
        // that count may not be kept. Failures until then take the lock, and wait.
        self.threshold.store(0, Ordering::Relaxed);
        self.change_word(change);
        // Relaxed: a thread that has loaded the old word fails to swap it.
        self.threshold.store(threshold(policy), Ordering::Relaxed);
    }

    /// What the policy in force was compared with.
    pub(super) fn compared(&self) -> Compared {
        // Relaxed: it is only compared with an address. At worst two sites take turns comparing
        // under the lock, where it is written.
        Compared(self.compared.load(Ordering::Relaxed))
    }

    /// The caller holds the lock.
    pub(super) fn set_compared(&self, compared: Compared) {
        // Relaxed: as above.
        self.compared.store(compared.0, Ordering::Relaxed);
    }

    /// Whether a call site with a fixed identifier uses the circuit.
    pub(super) fn has_site(&self) -> bool {
        // Relaxed: an eviction has read that the pin of the call that marked it is gone, which
        // orders this.
        self.has_site.load(Ordering::Relaxed) == 1
    }

    /// Marks it as used by a call site for as long as the program runs, while there is a pin.
    pub(super) fn note_site(&self) {
        // Relaxed, both: as above. The load leaves the cache line to other threads.
        if self.has_site.load(Ordering::Relaxed) == 0 {
            self.has_site.store(1, Ordering::Relaxed);
        }
    }

    /// The cold part, if it was already needed.
    #[inline]
    pub(super) fn cold(&self) -> Option<&Cold> {
        self.cold.get()
    }

    /// The cold part, allocated now if it was not yet needed.
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

    /// Stores both, before the word that says open is published. The caller holds the lock.
    #[inline]
    pub(super) fn begin_open_period(&self, opened_at: Tick, deadline: Tick) {
        // Release, both: read by threads that have seen an open word. Everything that opens holds
        // the lock, so they are ahead of the word only by the step that is being published.
        self.opened_at.store(opened_at.as_nanos(), Ordering::Release);
        self.deadline.store(deadline.as_nanos(), Ordering::Release);
    }

    /// Until when a half-open circuit without a free slot rejects without the lock.
    #[inline]
    pub(super) fn probe_limit(&self) -> Tick {
        // Acquire: pairs with `set_probe_limit`.
        Tick::from_nanos(self.probe_limit.load(Ordering::Acquire))
    }

    /// Sets it back, before a word is published after which it may be earlier. The caller holds the
    /// lock.
    #[cold]
    pub(super) fn withdraw_probe_limit(&self) {
        // Relaxed: published together with the word. Whoever sees zero earlier takes the lock.
        self.probe_limit.store(0, Ordering::Relaxed);
    }

    /// Stores it, after the word is published. The caller holds the lock.
    #[inline]
    pub(super) fn set_probe_limit(&self, limit: Tick) {
        // Release: a thread that sees this limit also sees the word that it belongs to; see "A
        // rejection" above.
        self.probe_limit.store(limit.as_nanos(), Ordering::Release);
    }
}

/// Successes that need the lock.
impl Cold {
    /// Whether a success that took this long is certainly neither slow nor a failure.
    #[inline]
    pub(super) fn is_fast(&self, elapsed: Duration) -> bool {
        // Relaxed: a limit that is being changed may apply or not.
        elapsed <= Duration::from_nanos(self.fast_until.load(Ordering::Relaxed))
    }

    /// When the current bucket of the time window ends.
    #[inline]
    pub(super) fn bucket_end(&self) -> Tick {
        // Relaxed: at worst the new end is not visible yet, and a success takes the lock.
        Tick::from_nanos(self.bucket_end.load(Ordering::Relaxed))
    }

    /// The caller holds the lock.
    #[inline]
    pub(super) fn set_bucket_end(&self, end: Tick) {
        // Relaxed, both: a success that compares with the old end checks again under the lock,
        // where it is written. A store of the same would take the cache line from all successes.
        if self.bucket_end.load(Ordering::Relaxed) != end.as_nanos() {
            self.bucket_end.store(end.as_nanos(), Ordering::Relaxed);
        }
    }

    /// Replaces the limits by those of a new policy. The caller holds the lock.
    pub(super) fn set_policy(&self, policy: &Policy, bucket_end: Option<Tick>) {
        // Relaxed: as `is_fast`.
        self.fast_until.store(cold::fast_until(policy), Ordering::Relaxed);
        self.set_bucket_end(bucket_end.unwrap_or(Tick::MAX));
    }
}

/// Times that are only shown, or only roughly matter.
impl Cold {
    pub(super) fn last_failure(&self) -> FailureStamp {
        // Relaxed: a time that is only displayed.
        FailureStamp(self.last_failure.load(Ordering::Relaxed))
    }

    /// Records the time of a failure. If it has no reason, that of an earlier failure stays under
    /// the lock but is no longer shown.
    #[inline]
    pub(super) fn note_failure(&self, stamp: FailureStamp) {
        // Relaxed: a time that is only displayed. Of two simultaneous failures, either may be the
        // last.
        self.last_failure.store(stamp.0, Ordering::Relaxed);
    }
}

fn threshold(policy: &Policy) -> u32 {
    policy.consecutive_failures.unwrap_or(u32::MAX)
}
