//! Cold state, which a healthy circuit with a plain policy never touches.

use super::ramp::RampAtomics;
use crate::circuit::failure_stamp::FailureStamp;
use crate::circuit::word::{Flags, Word};
use crate::clock::tick::{Tick, nanos};
use crate::counters::PinCounts;
#[cfg(feature = "metrics")]
use crate::counters::durations::Durations;
use crate::event::Interest;
use crate::policy::Policy;
use crate::primitive::{AtomicU64, OnceBox};

/// Allocated when first needed: of a million circuits most are closed and idle, and need none of
/// this.
#[derive(Debug)]
pub(crate) struct Cold {
    /// The nanoseconds up to which a success is neither slow nor a failure.
    pub(super) fast_until: AtomicU64,
    /// When the current bucket of a time window ends.
    pub(super) bucket_end: AtomicU64,
    /// When the open period ends.
    pub(super) deadline: AtomicU64,
    /// When the oldest probe reaches its time limit, a grant lapses, or calls have hung for too
    /// long, while all slots are taken. Not in `deadline`, which the step that reopens the circuit
    /// stores while the word still says half-open.
    pub(super) probe_limit: AtomicU64,
    /// When the open period began. The coarse clock may still show an earlier time.
    pub(super) opened_at: AtomicU64,
    /// A [`FailureStamp`].
    pub(super) last_failure: AtomicU64,
    /// The pins of threads without a place of their own, and the time of the first thread's last
    /// call, if calls are tracked.
    pub(crate) pins: PinCounts,
    /// Admission while the circuit ramps up; most circuits never do.
    ramp: OnceBox<RampAtomics>,
    /// Which events of this circuit watchers want.
    pub(crate) interest: Interest,
    /// How long calls took, if they are timed.
    #[cfg(feature = "metrics")]
    pub(crate) durations: Durations,
}

impl Cold {
    /// Creates the state before anything has happened, as of now.
    pub(crate) fn new(now: Tick) -> Self {
        Self {
            fast_until: AtomicU64::new(u64::MAX),
            bucket_end: AtomicU64::new(u64::MAX),
            deadline: AtomicU64::new(0),
            probe_limit: AtomicU64::new(0),
            opened_at: AtomicU64::new(0),
            last_failure: AtomicU64::new(FailureStamp::NEVER.0),
            pins: PinCounts::new(now),
            ramp: OnceBox::new(),
            interest: Interest::default(),
            #[cfg(feature = "metrics")]
            durations: Durations::new(),
        }
    }

    /// Admission while the circuit ramps up, if it ever did.
    #[inline]
    pub(crate) fn ramp(&self) -> Option<&RampAtomics> {
        self.ramp.get()
    }

    /// The same, allocated now if the circuit ramps up for the first time.
    pub(crate) fn make_ramp(&self) -> &RampAtomics {
        self.ramp.get_or_init(|| Box::new(RampAtomics::new()))
    }
}

/// The cold state of a new circuit, allocated at once if its first call would need it.
pub(super) fn preallocate(policy: &Policy, bucket_end: Option<Tick>, word: Word, now: Tick) -> OnceBox<Cold> {
    let cold = OnceBox::new();
    if word.has(Flags::TIMED.with(Flags::BUCKETED).with(Flags::TRACKED)) {
        cold.get_or_init(|| {
            Box::new(Cold {
                fast_until: AtomicU64::new(fast_until(policy)),
                bucket_end: AtomicU64::new(bucket_end.unwrap_or(Tick::MAX).as_nanos()),
                ..Cold::new(now)
            })
        });
    }
    cold
}

/// The nanoseconds up to which a success is neither slow nor a failure by this policy; the highest
/// number if no success ever is.
pub(super) fn fast_until(policy: &Policy) -> u64 {
    policy.fast_until().map_or(u64::MAX, nanos)
}
