//! Carries out what the link wants done to circuits. It does not use the store.

use std::sync::Arc;

use breaker_core::fleet::{self, Membership, Shared};
use breaker_core::{AsKey as _, CircuitBreaker, Key, State, WeakRegistry};

use super::changes::Happened;
use super::circuits::Circuits;
use super::known::Known;
use super::survey::Surveyor;
use crate::link::{Adopted, Adoption, Called, Change, Circuit, Generation, Input, Output, Survey, Time};
use crate::names;
use crate::protocol::{Name, Version};

/// Between the link and a registry that has joined.
pub(crate) struct Host {
    registry: WeakRegistry,
    membership: Membership,
    circuits: Arc<Circuits>,
    known: Arc<Known>,
    /// The circuits whose calls are counted over the fleet.
    counted: Vec<Arc<Key>>,
    shards: u16,
    surveyor: Surveyor,
}

/// What came of an output.
pub(crate) enum Applied {
    /// It is done.
    Done,
    /// The link has to hear this before anything else.
    Answer(Input),
    /// It is not for circuits.
    Other(Output),
}

impl Host {
    pub(crate) fn new(
        registry: WeakRegistry,
        membership: Membership,
        circuits: Arc<Circuits>,
        known: Arc<Known>,
        counted: Vec<Arc<Key>>,
        shards: u16,
    ) -> Self {
        Self { registry, membership, circuits, known, counted, shards, surveyor: Surveyor::default() }
    }

    /// A circuit as the link knows it.
    pub(crate) fn circuit(&self, key: Arc<Key>) -> Circuit {
        let named = self.circuits.names().name(key.as_key());
        let shard = names::shard(&named.name, self.shards);
        Circuit { key, name: named.name, shard, full_name: named.full_name }
    }

    /// The generation of a circuit now, and its state.
    #[cfg(test)]
    pub(super) fn generation(&self, key: &Key) -> Option<(Generation, State)> {
        let present = self.membership.present(&self.find(key)?);
        Some((present.generation.into(), present.state))
    }

    /// The state of a circuit now.
    #[cfg(test)]
    pub(super) fn now(&self, key: &Key) -> Option<Change> {
        Some((&self.membership.present(&self.find(key)?)).into())
    }

    /// The circuits that existed before the registry joined, and are not plainly closed.
    pub(crate) fn joined(&self) -> Vec<Input> {
        let joined = |(circuit, change)| Input::Joined { circuit, change };
        self.all_not_closed().into_iter().map(joined).collect()
    }

    /// The circuits that are not plainly closed, as if they had just changed.
    pub(crate) fn present(&self) -> Vec<Input> {
        let changed = |(circuit, change)| Input::Changed { circuit, change };
        self.all_not_closed().into_iter().map(changed).collect()
    }

    fn all_not_closed(&self) -> Vec<(Circuit, Change)> {
        let Some(registry) = self.registry.upgrade() else { return Vec::new() };
        let mut found = Vec::new();
        for status in registry.list() {
            if !self.circuits.shares(status.key.as_key()) {
                continue;
            }
            self.circuits.made(status.key.as_key());
            if status.state == State::Closed {
                continue;
            }
            let Some(breaker) = registry.get(&status.key) else { continue };
            let change = self.membership.present(&breaker);
            if change.state != State::Closed {
                found.push((self.circuit(Arc::new(status.key)), (&change).into()));
            }
        }
        found
    }

    /// What the link has to hear of a circuit; `None` of one that is gone.
    pub(crate) fn happened(&self, key: &Arc<Key>, happened: Happened) -> Option<Input> {
        let circuit = self.circuit(Arc::clone(key));
        Some(match happened {
            Happened::Changed(change) => Input::Changed { circuit, change: (&change).into() },
            Happened::ProbeWanted(generation) => {
                let max_calls = self.find(key)?.policy().values().half_open_max_calls;
                Input::ProbeWanted { circuit, generation: generation.into(), max_calls }
            }
            Happened::ProbeSettled(report) => Input::ProbeSettled { circuit, report: (&report).into() },
            Happened::Forgotten => Input::Forgotten { name: circuit.name },
        })
    }

    /// Carries out an output.
    pub(crate) fn apply(&mut self, output: Output, now: Time) -> Applied {
        match output {
            Output::Adopt { name, expected, version, state } => {
                return Applied::Answer(self.adopt(name, expected, version, state));
            }
            Output::Hold { circuit, generation } => {
                if let Some(breaker) = self.find(&circuit.key) {
                    self.membership.hold_probes(&breaker, generation.into());
                }
            }
            Output::Grant { circuit, generation, slots, within } => {
                if let Some(breaker) = self.find(&circuit.key) {
                    self.membership.grant_probes(&breaker, generation.into(), slots, within);
                }
            }
            Output::ReleaseProbes { circuit, generation } => {
                if let Some(breaker) = self.find(&circuit.key) {
                    self.membership.release_probes(&breaker, generation.into());
                }
            }
            Output::Remember { name, record, deadline } => self.known.remember(name, record, deadline),
            Output::Forget { name } => self.known.forget(&name),
            Output::Survey { circuits } => return Applied::Answer(Input::Surveyed(self.survey(None, circuits, now))),
            Output::Count => return Applied::Answer(Input::Counted(self.count())),
            other => return Applied::Other(other),
        }
        Applied::Done
    }

    fn find(&self, key: &Key) -> Option<CircuitBreaker> {
        self.registry.upgrade()?.get(key)
    }

    fn adopt(&self, name: Name, expected: Option<Generation>, version: Version, state: Adopted) -> Input {
        let key = self.circuits.key(&name).filter(|key| self.circuits.shares(key.as_key()));
        let found = key.and_then(|key| Some((self.find(&key)?, key)));
        let Some((breaker, key)) = found else {
            return Input::Adopted { circuit: None, name, version, adoption: Adoption::Gone };
        };
        let circuit = Some(self.circuit(key));
        let expected = if let Some(expected) = expected {
            expected.into()
        } else {
            let present = self.membership.present(&breaker);
            if present.state != State::Closed {
                let adoption = Adoption::Moved((&present).into());
                return Input::Adopted { circuit, name, version, adoption };
            }
            present.generation
        };
        let adoption = match self.membership.adopt(&breaker, Some(expected), &shared(state, &breaker)) {
            fleet::Adoption::Applied(generation) => Adoption::Applied(generation.into()),
            fleet::Adoption::Unchanged(generation) => Adoption::Unchanged(generation.into()),
            fleet::Adoption::Moved(change) => Adoption::Moved((&change).into()),
            _ => Adoption::Gone,
        };
        Input::Adopted { circuit, name, version, adoption }
    }

    fn count(&self) -> Vec<Called> {
        let called = |key: &Arc<Key>| {
            let breaker = self.find(key).filter(|_| self.circuits.shares(key.as_key()))?;
            let fleet::Counts { calls, failures, slow, .. } = self.membership.counts(&breaker);
            Some(Called { circuit: self.circuit(Arc::clone(key)), policy: breaker.policy(), calls, failures, slow })
        };
        self.counted.iter().filter_map(called).collect()
    }

    /// How many circuits are called, in one shard or in all, and which of them are shared.
    pub(crate) fn survey(&mut self, shard: Option<u16>, circuits: usize, now: Time) -> Survey {
        let Some(registry) = self.registry.upgrade() else { return Survey::default() };
        let mut active = self.surveyor.active(&registry, now);
        if let Some(shard) = shard.filter(|_| self.shards > 1) {
            active.retain(|key| self.circuit(Arc::new(key.clone())).shard == shard);
        }
        let told = active.iter().filter(|key| self.circuits.shares(key.as_key())).take(circuits);
        Survey {
            active: u32::try_from(active.len()).unwrap_or(u32::MAX),
            circuits: told.map(|key| self.circuit(Arc::new(key.clone()))).collect(),
        }
    }

    /// Notes which circuits are called, if it is time, for the next survey.
    pub(crate) fn look_around(&mut self, now: Time) {
        if let Some(registry) = self.registry.upgrade() {
            self.surveyor.look_around(&registry, now);
        }
    }
}

fn shared(adopted: Adopted, breaker: &CircuitBreaker) -> Shared {
    let mut shared = Shared::new(adopted.state).openings(adopted.openings);
    if let (Some(ago), Some(period)) = (adopted.recovered, breaker.policy().values().ramp_up) {
        // Its openings in a row go on until the end of the ramp-up.
        let openings = breaker.status().openings;
        shared = Shared::new(State::RampingUp).left(period.saturating_sub(ago)).openings(openings);
    }
    if let Some(left) = adopted.left {
        shared = shared.left(left);
    }
    if let Some(reason) = adopted.reason {
        shared = shared.reason(reason);
    }
    shared
}
