//! A circuit: combines policy, state and storage.
//!
//! A call takes one of two paths.
//!
//! * **The fast path** takes no lock. One load of the hot [`Word`] admits a call, and another finds
//!   that its success changes nothing. A failure that only adds to the count, a success that only
//!   clears it, and a rejection before the deadline also stay on it. See [`fast`]; [`atomics`]
//!   explains why it is correct.
//! * **Transactions** hold the lock: everything that can change the state, all windows, and the
//!   list of calls in flight of policies with `hung_calls`. The state machine, a pure function,
//!   decides. See [`transaction`].
//!
//! Calls between these files also point down. At the top are [`settle`], [`admit`], [`control`],
//! [`remote`], [`overrides`], [`begin`] and [`retire`]; then [`status`]; then [`fast`]; then the
//! three files under `settle/`; then [`transaction`], [`pins`] and [`nested`]; then [`aftermath`]
//! and [`notes`]; at the bottom this file, [`locked`] and [`atomics`].

mod admissions;
mod admit;
mod aftermath;
mod atomics;
mod begin;
#[cfg_attr(not(feature = "settings"), allow(dead_code, reason = "only settings override a choice"))]
pub(crate) mod chosen;
mod compared;
mod completion;
mod control;
mod failure_stamp;
mod fast;
mod in_flight;
mod jitter;
mod locked;
mod metadata;
mod nested;
mod notes;
mod origin;
#[cfg(feature = "settings")]
pub(crate) mod overrides;
mod pins;
mod remote;
mod retire;
mod settle;
mod status;
mod transaction;
pub(crate) mod word;

use std::sync::Arc;

pub(crate) use aftermath::Aftermath;
pub(crate) use completion::{Completion, NotAdmitted, Rejection};
pub(crate) use nested::{AnyThread, Inside, RunsOn, ThisThread};
pub(crate) use origin::Origin;
pub(crate) use word::Ticket;

use atomics::{Atomics, Cold};
use chosen::Chosen;
use compared::Compared;
use jitter::jitter_sample;
use locked::Locked;
use word::{Flags, Word};

use crate::counters::{Count, Counters};
use crate::environment::Environment;
use crate::event::{EventKind, EventType};
use crate::key::Key;
use crate::machine::Snapshot;
use crate::machine::ramp::Credit;
use crate::policy::{Policy, Window};
use crate::primitive::Mutex;

/// Everything about one circuit.
///
/// The order of the fields matters: what a healthy call reads and writes (the word, the environment
/// and the counters) is within 64 bytes, and the lock is far from it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Circuit {
    locked: Mutex<Locked>,
    key: Key,
    atomics: Atomics,
    environment: Arc<Environment>,
    counters: Counters,
}

impl Circuit {
    /// Creates a closed circuit. The policy must be valid.
    pub(crate) fn new(
        key: Key,
        chosen: Arc<Chosen>,
        environment: Arc<Environment>,
        origin: Origin,
        flags: Flags,
    ) -> Self {
        let now = environment.clock.now();
        let word = Word::pack(&Snapshot::NEW, flags.with(policy_flags(&chosen)), false);
        let compared = Compared::initial(&chosen, origin);
        let locked = Locked::new(chosen, now);
        Self {
            atomics: Atomics::new(&locked.policy, compared, word, locked.bucket_end(), now),
            locked: Mutex::new(locked),
            key,
            environment,
            counters: Counters::default(),
        }
    }

    pub(crate) const fn key(&self) -> &Key {
        &self.key
    }

    pub(crate) const fn environment(&self) -> &Arc<Environment> {
        &self.environment
    }

    /// Queues and delivers an event that is costly to create, if any watcher wants it. Must not be
    /// called under the lock.
    #[inline]
    pub(crate) fn emit(&self, kind: EventType, event: impl FnOnce() -> EventKind) {
        if self.wants(kind) {
            self.environment.push(&self.key, event());
            self.environment.events.deliver();
        }
    }

    /// Whether any watcher wants this type of event of this circuit.
    #[inline]
    fn wants(&self, kind: EventType) -> bool {
        self.environment.events.wants(kind) && self.environment.events.wants_of(&self.key, &self.cold().interest, kind)
    }

    #[inline]
    fn cold(&self) -> &Cold {
        match self.atomics.cold() {
            Some(cold) => cold,
            None => self.make_cold(),
        }
    }

    /// Outlined, so that the first use costs the callers no registers.
    #[cold]
    #[inline(never)]
    fn make_cold(&self) -> &Cold {
        self.atomics.make_cold(self.environment.clock.now())
    }

    /// The jitter sample of an open period that follows this generation.
    #[inline]
    fn jitter_sample(&self, generation: u32) -> impl Fn() -> f64 {
        move || jitter_sample(&self.key, generation, &self.environment.clock)
    }

    /// What the calls of the ramp-up have left so far; of no meaning in any other state.
    fn credit(&self) -> Credit {
        let atomics = self.atomics.cold().and_then(Cold::ramp);
        atomics.map_or(Credit::FIRST, |atomics| atomics.credit().credit())
    }

    /// Whether more than one thread has called the circuit.
    #[inline]
    pub(crate) fn has_two_threads(&self) -> bool {
        self.counters.have_two_threads()
    }

    /// The number of successes so far, from which windows derive their calls.
    fn successes(&self) -> u64 {
        self.counters.get(Count::Successes)
    }
}

/// The flags of the hot word that follow from a policy.
const FROM_POLICY: Flags = Flags::TIMED.with(Flags::BUCKETED).with(Flags::LOCKED).with(Flags::LISTED);

/// Those of them that this policy needs.
fn policy_flags(policy: &Policy) -> Flags {
    let listed = policy.hung_calls.is_some();
    let timed = policy.times_calls();
    let bucketed = policy.window().is_some_and(Window::is_of_time);
    // A failure of a timed call may be a slow or a listed call, which is counted under the lock.
    let locked = timed || policy.has_windows() || !policy.debounce.is_zero();
    Flags::TIMED
        .when(timed)
        .with(Flags::BUCKETED.when(bucketed))
        .with(Flags::LOCKED.when(locked))
        .with(Flags::LISTED.when(listed))
}
