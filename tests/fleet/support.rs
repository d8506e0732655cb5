//! A peer that keeps what it hears.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use breaker_box::fleet::{Change, FleetStatus, Generation, Membership, Peer, ProbeReport, Publisher, Shared};
use breaker_box::{CircuitBreaker, KeyRef, ManualClock, Policy, Registry, State};

pub(crate) const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Heard {
    Changed(Change),
    Wanted(Generation),
    Settled(ProbeReport),
}

/// Keeps what it hears with the name of the circuit, and knows the states of some.
#[derive(Default)]
pub(crate) struct Recorder {
    heard: Mutex<Vec<(String, Heard)>>,
    pub(crate) known: Mutex<HashMap<String, Shared>>,
}

impl Recorder {
    fn hear(&self, circuit: &CircuitBreaker, heard: Heard) {
        lock(&self.heard).push((circuit.key().identifier().to_owned(), heard));
    }

    /// What was heard since the last time.
    pub(crate) fn take(&self) -> Vec<Heard> {
        self.take_named().into_iter().map(|(_, heard)| heard).collect()
    }

    pub(crate) fn take_named(&self) -> Vec<(String, Heard)> {
        std::mem::take(&mut *lock(&self.heard))
    }

    /// The changes among them.
    pub(crate) fn take_changes(&self) -> Vec<Change> {
        let changes = self.take().into_iter().filter_map(|heard| match heard {
            Heard::Changed(change) => Some(change),
            Heard::Wanted(_) | Heard::Settled(_) => None,
        });
        changes.collect()
    }

    pub(crate) fn take_reports(&self) -> Vec<ProbeReport> {
        let reports = self.take().into_iter().filter_map(|heard| match heard {
            Heard::Settled(report) => Some(report),
            Heard::Wanted(_) | Heard::Changed(_) => None,
        });
        reports.collect()
    }

    /// How often a probe was wanted since the last time.
    pub(crate) fn take_wanted(&self) -> usize {
        self.take().iter().filter(|heard| matches!(heard, Heard::Wanted(_))).count()
    }
}

impl Peer for Recorder {
    fn initial(&self, key: KeyRef<'_>) -> Option<Shared> {
        lock(&self.known).get(key.identifier()).cloned()
    }

    fn changed(&self, circuit: &CircuitBreaker, change: &Change) {
        self.hear(circuit, Heard::Changed(change.clone()));
    }

    fn probe_wanted(&self, circuit: &CircuitBreaker, generation: Generation) {
        self.hear(circuit, Heard::Wanted(generation));
    }

    fn probe_settled(&self, circuit: &CircuitBreaker, report: &ProbeReport) {
        self.hear(circuit, Heard::Settled(report.clone()));
    }

    fn shares(&self, key: KeyRef<'_>) -> bool {
        key.scope().is_none()
    }

    fn publisher(&self, key: KeyRef<'_>) -> Option<Publisher> {
        (key.identifier() == "elsewhere").then(|| Publisher::new("web-3", "failure_rate"))
    }

    fn status(&self) -> FleetStatus {
        let mut status = FleetStatus::default();
        status.instances = 3;
        status
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no panic under this lock")
}

/// A registry that has joined a fleet, with one circuit.
pub(crate) struct Joined {
    pub(crate) clock: ManualClock,
    pub(crate) registry: Registry,
    pub(crate) peer: Arc<Recorder>,
    pub(crate) membership: Membership,
    pub(crate) breaker: CircuitBreaker,
}

pub(crate) fn registry() -> (Registry, ManualClock) {
    let clock = ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).build().expect("a valid policy");
    (registry, clock)
}

pub(crate) fn joined(policy: Policy) -> Joined {
    let (registry, clock) = registry();
    let peer = Arc::new(Recorder::default());
    let membership = registry.join(peer.clone()).expect("the first to join");
    let breaker = registry.register("payment_api", policy).expect("a free name");
    Joined { clock, registry, peer, membership, breaker }
}

impl Joined {
    pub(crate) fn generation(&self) -> Generation {
        self.membership.present(&self.breaker).generation
    }

    /// Holds the probes in the present generation.
    pub(crate) fn hold(&self) -> Generation {
        let generation = self.generation();
        assert!(self.membership.hold_probes(&self.breaker, generation));
        generation
    }

    /// Grants slots for so many seconds in the present generation.
    pub(crate) fn grant(&self, n: u32, within: u64) {
        assert!(self.membership.grant_probes(&self.breaker, self.generation(), n, seconds(within)));
    }
}

/// A circuit whose open period is over, with its probes held, and nothing heard since.
pub(crate) fn held(policy: Policy) -> Joined {
    let joined = joined(policy);
    joined.breaker.open();
    joined.hold();
    joined.clock.advance(policy_expiry(&joined));
    assert_eq!(joined.membership.present(&joined.breaker).state, State::HalfOpen);
    joined.peer.take();
    joined
}

fn policy_expiry(joined: &Joined) -> Duration {
    joined.breaker.status().retry_after.unwrap_or_default()
}

pub(crate) fn succeed(breaker: &CircuitBreaker) -> bool {
    breaker.call_with(|| (), |()| true).is_ok()
}

pub(crate) fn fail(breaker: &CircuitBreaker) -> bool {
    breaker.call_with(|| (), |()| false).is_ok()
}
