//! What the calls of a plain circuit without trouble never touch.

use crate::circuit::word::{Flags, Word};
use crate::clock::tick::{Tick, nanos};
use crate::event::Interest;
use crate::policy::Policy;
use crate::primitive::{AtomicU64, OnceBox};
use crate::window::Windows;

/// Made when it is first needed: of a million circuits most are closed and idle, and know nothing
/// of this.
#[derive(Debug)]
pub(super) struct Cold {
    /// The nanoseconds up to which a success is neither slow nor a failure.
    pub(super) fast_until: AtomicU64,
    /// When the current bucket of a time window ends.
    pub(super) bucket_end: AtomicU64,
    /// When the open period ends. Belongs to the word's generation; see [`admit`](super::admit) for
    /// why it cannot tear.
    pub(super) deadline: AtomicU64,
    /// When the next slot becomes free by itself, while all probes are out. Apart from the
    /// deadline, which the step that opens the circuit again stores while the word still says
    /// half-open.
    pub(super) probe_limit: AtomicU64,
    /// When the open period began: the coarse clock may still show a time before it.
    pub(super) opened_at: AtomicU64,
    /// When the last failure was, and whether its reason is under the lock; see
    /// [`settle`](super::settle).
    pub(super) last_failure: AtomicU64,
    /// When the last call was, where that is tracked.
    pub(super) last_call: AtomicU64,
    /// Handles and calls in flight, where they are tracked; see [`leaving`](super::retire).
    pub(super) pins: AtomicU64,
    /// What watchers want of this circuit.
    pub(super) interest: Interest,
}

impl Cold {
    /// What there is before anything happened, at this time.
    pub(super) fn new(now: Tick) -> Self {
        Self {
            fast_until: AtomicU64::new(u64::MAX),
            bucket_end: AtomicU64::new(u64::MAX),
            deadline: AtomicU64::new(0),
            probe_limit: AtomicU64::new(0),
            opened_at: AtomicU64::new(0),
            last_failure: AtomicU64::new(0),
            last_call: AtomicU64::new(now.as_nanos()),
            pins: AtomicU64::new(0),
            interest: Interest::default(),
        }
    }
}

/// What a new circuit with this word needs of it from the first call on, if anything.
pub(super) fn preallocate(policy: &Policy, windows: Option<&Windows>, word: Word, now: Tick) -> OnceBox<Cold> {
    let cold = OnceBox::new();
    if word.has(Flags::TIMED.with(Flags::BUCKETED).with(Flags::TRACKED)) {
        cold.get_or_init(|| {
            Box::new(Cold {
                fast_until: AtomicU64::new(fast_until(policy)),
                bucket_end: AtomicU64::new(bucket_end(windows)),
                ..Cold::new(now)
            })
        });
    }
    cold
}

/// The nanoseconds up to which a success is neither slow nor a failure by this policy; the highest
/// number where none is.
pub(super) fn fast_until(policy: &Policy) -> u64 {
    policy.fast_until().map_or(u64::MAX, nanos)
}

/// When the current bucket of these windows ends.
pub(super) fn bucket_end(windows: Option<&Windows>) -> u64 {
    windows.map_or(Tick::MAX, Windows::bucket_end).as_nanos()
}
