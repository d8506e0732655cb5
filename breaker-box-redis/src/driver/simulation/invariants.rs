//! What must hold at every moment, seen from one instance.

use std::collections::BTreeMap;
use std::time::Duration;

use breaker_core::State;

use super::super::host::Host;
use crate::link::{Adoption, Generation, Input, Output, Time, Why};
use crate::names;
use crate::protocol::{Name, Version};

/// What an instance has heard and done.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// The last generation of each circuit that the link has seen.
    heard: BTreeMap<Name, Generation>,
    /// The versions that were last remembered and adopted.
    remembered: BTreeMap<Name, Version>,
    adopted: BTreeMap<Name, Version>,
    /// The generation and state before an adoption.
    before: BTreeMap<Name, (Generation, State)>,
    /// The generation whose probes are held.
    held: BTreeMap<Name, Generation>,
    /// Until when circuits are open, at which version.
    pub(super) deadlines: BTreeMap<Name, (Version, Time)>,
    /// Slots that were granted, and for how long; not looked at yet.
    pub(super) grants: Vec<(Name, u32, Duration)>,
}

impl Watched {
    pub(super) fn hears(&mut self, input: &Input) {
        let (name, generation, expired) = match input {
            Input::Changed { circuit, change } => (&circuit.name, change.generation, change.why == Why::Expired),
            Input::Adopted { name, adoption, .. } => match adoption {
                Adoption::Applied(generation) | Adoption::Unchanged(generation) => (name, *generation, false),
                Adoption::Moved(change) => (name, change.generation, change.why == Why::Expired),
                Adoption::Gone => return,
            },
            _ => return,
        };
        let before = self.heard.insert(name.clone(), generation);
        match self.held.get_mut(name) {
            Some(held) if expired && before == Some(*held) => *held = generation,
            Some(held) if *held == generation => {}
            _ => _ = self.held.remove(name),
        }
    }

    /// Looks at what the link wants, before anything goes wrong with it.
    pub(super) fn wants(&mut self, output: &Output) {
        match output {
            Output::Hold { circuit, generation } => _ = self.held.insert(circuit.name.clone(), *generation),
            Output::ReleaseProbes { circuit, .. } => _ = self.held.remove(&circuit.name),
            _ => {}
        }
    }

    /// Looks at what is going to be done.
    pub(super) fn check(&mut self, output: &Output, host: &Host) -> Result<(), String> {
        match output {
            Output::Remember { name, record, deadline } => {
                let known =
                    deadline.and_then(|deadline| self.deadlines.insert(name.clone(), (record.version, deadline)));
                // The same version again only to correct when it is over.
                let sooner = known.is_some_and(|(version, known)| version == record.version && Some(known) > *deadline);
                let before = self.remembered.insert(name.clone(), record.version);
                if before.is_some_and(|before| before >= record.version) && !sooner {
                    return Err(format!("version {:?} of {name:?} after {before:?}", record.version));
                }
            }
            Output::Adopt { name, version, .. } => {
                let before = self.adopted.insert(name.clone(), *version);
                if before.is_some_and(|before| before > *version) {
                    return Err(format!("version {version:?} of {name:?} adopted after {before:?}"));
                }
                match names::key(&name.0).and_then(|key| host.generation(&key)) {
                    Some(before) => _ = self.before.insert(name.clone(), before),
                    None => _ = self.before.remove(name),
                }
            }
            Output::Grant { circuit, slots, within, .. } => {
                self.grants.push((circuit.name.clone(), *slots, *within));
            }
            _ => {}
        }
        Ok(())
    }

    /// Looks at what came of an adoption: no change is lost that the link has not seen.
    pub(super) fn applied(&self, answer: &Input) -> Result<(), String> {
        let Input::Adopted { name, adoption: Adoption::Applied(_), .. } = answer else { return Ok(()) };
        let Some((generation, state)) = self.before.get(name) else { return Ok(()) };
        if *state != State::Closed && self.heard.get(name) != Some(generation) {
            return Err(format!("adopted over {state:?} of {name:?}, which the link has not heard of"));
        }
        Ok(())
    }

    /// Whether the circuit admits probes only by leases.
    pub(super) fn holds(&self, name: &Name, generation: Generation) -> bool {
        self.held.get(name) == Some(&generation)
    }
}
