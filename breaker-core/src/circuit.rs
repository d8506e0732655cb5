//! A circuit: the one place where policy and storage meet.
//!
//! Two paths lead through it.
//!
//! * **The open road**, without a lock: one load of the hot [`Word`](crate::circuit::word::Word)
//!   admits a call, one more finds that its success changes nothing. A failure that only adds to
//!   the count, a success that only clears it, and a rejection before the deadline stay on it too.
//!   See [`admit`] and [`settle`].
//! * **Transactions**, under the lock: everything that can change the state, and all windows. Here the
//!   pure machine decides, and its step is written back into the word by compare-and-swap, because
//!   the open road may change the count meanwhile. See [`transaction`].
//!
//! State and generation change only under the lock. The count may change without it, but only
//! within one generation.

mod admit;
mod cold;
mod control;
mod locked;
mod nested;
mod retire;
mod settle;
mod slots;
mod status;
mod transaction;
pub(crate) mod word;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use admit::{NotAdmitted, Rejection, Ticket};
pub(crate) use nested::{AnyThread, RunsOn, ThisThread};
pub(crate) use settle::Completion;

use cold::Cold;
use locked::Locked;

use crate::circuit::word::{Flags, Word};
use crate::clock::tick::Tick;
#[cfg(feature = "metrics")]
use crate::counters::durations::Durations;
use crate::counters::{Count, Counters};
use crate::environment::Environment;
use crate::event::{EventKind, EventType};
use crate::key::Key;
use crate::machine::Snapshot;
use crate::policy::{Policy, Window};
use crate::primitive::{AtomicU32, AtomicU64, Mutex, OnceBox, Ordering};
use crate::window::Windows;

/// Everything about one circuit.
#[derive(Debug)]
pub(crate) struct Circuit {
    /// The hot word; see [`Word`] for its bits.
    word: AtomicU64,
    /// Failures in a row that open, for the open road; `u32::MAX` where the policy has no such
    /// condition.
    threshold: AtomicU32,
    /// The lower half of the address of the site policy that was compared last, so that a site that
    /// comes again is not compared again; 0, [`BY_HAND`], [`DISPUTED`] or [`BY_CALL`]. Written
    /// under the lock.
    compared: AtomicU32,
    counters: Counters,
    cold: OnceBox<Cold>,
    #[cfg(feature = "metrics")]
    durations: Durations,
    key: Key,
    environment: Arc<Environment>,
    locked: Mutex<Locked>,
}

/// Who chose a circuit's policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Registered or configured, by hand or from settings: call sites do not argue with it, and it
    /// never leaves by itself.
    Hand,
    /// The first call site that came; another may disagree, which is logged once.
    Site,
    /// A call by name, which took the default policy: call sites do not argue with it.
    Call,
}

/// In the place of a compared address: chosen by hand, so that no site is compared.
const BY_HAND: u32 = 1;
/// In the same place: the disagreement of two sites was logged.
const DISPUTED: u32 = 2;
/// In the same place: it has the default policy, which no site is compared with either.
const BY_CALL: u32 = 3;

impl Origin {
    /// What stands in the place of a compared address at first.
    const fn compared(self) -> u32 {
        match self {
            Self::Hand => BY_HAND,
            Self::Site => 0,
            Self::Call => BY_CALL,
        }
    }
}

impl Circuit {
    /// A closed circuit. The policy must be valid.
    pub(crate) fn new(
        key: Key,
        policy: Arc<Policy>,
        environment: Arc<Environment>,
        origin: Origin,
        flags: Flags,
    ) -> Self {
        let now = environment.clock.now();
        let windows = Windows::new(&policy, 0, now);
        let flags = flags.with(policy_flags(&policy));
        let word = Word::pack(&Snapshot::NEW, flags, false);
        Self {
            word: AtomicU64::new(word.0),
            threshold: AtomicU32::new(threshold(&policy)),
            compared: AtomicU32::new(origin.compared()),
            cold: cold::preallocate(&policy, windows.as_deref(), word, now),
            counters: Counters::default(),
            #[cfg(feature = "metrics")]
            durations: Durations::new(),
            key,
            environment,
            locked: Mutex::new(Locked::new(policy, windows)),
        }
    }

    pub(crate) const fn key(&self) -> &Key {
        &self.key
    }

    pub(crate) const fn environment(&self) -> &Arc<Environment> {
        &self.environment
    }

    /// The hot word as it is now.
    #[inline]
    pub(crate) fn word(&self) -> Word {
        // Acquire: pairs with the release of the swaps that publish a step, so that the deadline,
        // the thresholds and whatever else was stored before are at least as new as the word.
        Word(self.word.load(Ordering::Acquire))
    }

    /// Replaces the hot word if it is still `current`.
    #[inline]
    fn swap_word(&self, current: Word, next: Word) -> Result<(), Word> {
        // AcqRel, Acquire: success publishes what was stored before; both outcomes read a word, see
        // `word`.
        match self.word.compare_exchange(current.0, next.0, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Ok(()),
            Err(found) => Err(Word(found)),
        }
    }

    /// Lets the open road know when the current bucket ends.
    fn publish_bucket_end(&self, windows: &Windows) {
        let end = windows.bucket_end();
        if end != Tick::MAX {
            // Relaxed: a success that compares itself with the old end looks again under the lock.
            self.cold().bucket_end.store(end.as_nanos(), Ordering::Relaxed);
        }
    }

    /// Whether anybody wants this kind of event of this circuit.
    #[inline]
    fn wants(&self, kind: EventType) -> bool {
        self.environment.events.wants(kind) && self.environment.events.wants_of(&self.key, &self.cold().interest, kind)
    }

    #[inline]
    fn cold(&self) -> &Cold {
        match self.cold.get() {
            Some(cold) => cold,
            None => self.make_cold(),
        }
    }

    /// Apart, so that the first time costs the others no registers.
    #[cold]
    #[inline(never)]
    fn make_cold(&self) -> &Cold {
        self.cold.get_or_init(|| Box::new(Cold::new(self.environment.clock.now())))
    }

    /// Queues an event that costs something to make, if anybody wants it, and hands it out. Not
    /// under the lock.
    #[inline]
    pub(crate) fn emit(&self, kind: EventType, event: impl FnOnce() -> EventKind) {
        if self.wants(kind) {
            self.environment.push(&self.key, event());
            self.environment.events.deliver();
        }
    }

    fn successes(&self) -> u64 {
        self.counters.get(Count::Successes)
    }

    /// Keeps how long a counted call took, where that is known.
    #[cfg_attr(
        not(feature = "metrics"),
        expect(unused_variables, clippy::unused_self, reason = "only metrics show it")
    )]
    fn keep_duration(&self, elapsed: Option<Duration>) {
        #[cfg(feature = "metrics")]
        if let Some(elapsed) = elapsed {
            self.durations.add(elapsed);
        }
    }

    /// How long calls took.
    #[cfg(feature = "metrics")]
    pub(crate) const fn durations(&self) -> &Durations {
        &self.durations
    }
}

/// The flags of the hot word that follow from a policy.
fn policy_flags(policy: &Policy) -> Flags {
    let timed = policy.fast_until().is_some();
    let bucketed = policy.window().is_some_and(Window::is_of_time);
    // A failure whose time is asked for may be a slow call, which is counted under the lock.
    let locked = timed || policy.window().is_some() || policy.failures_within.is_some() || !policy.debounce.is_zero();
    Flags::TIMED.when(timed).with(Flags::BUCKETED.when(bucketed)).with(Flags::LOCKED.when(locked))
}

fn threshold(policy: &Policy) -> u32 {
    policy.consecutive_failures.unwrap_or(u32::MAX)
}
