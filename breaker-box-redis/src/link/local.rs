//! A circuit here has changed: what is published.

use std::sync::Arc;
use std::time::Duration;

use breaker_core::{Reason, State};

use super::Link;
use super::decision::{Decision, Kind};
use super::entry::{Entry, Local};
use super::input::{Change, Circuit, Why};
use super::output::Output;
use super::time::Time;
use crate::protocol::{LONGEST, Name, Version};

/// The longest reason in bytes.
const REASON: usize = 256;
/// How far deadlines may differ that mean the same.
const SAME: Duration = Duration::from_millis(2);

impl Link {
    pub(super) fn joined(&mut self, circuit: Circuit, change: Change) {
        let name = circuit.name.clone();
        let shard = circuit.shard;
        self.note_local(circuit, &change);
        if let Some(local) = self.entries.get_mut(&name).and_then(|entry| entry.local.as_mut()) {
            local.seen = Version(0);
            local.undecided = Some(change);
        }
        if self.shards[usize::from(shard)].was_read {
            self.decide_joined(&name);
        }
    }

    /// What the fleet knows wins; what it does not know is published. A circuit that was made to
    /// differ here goes on to do so, unless the fleet has an order for it.
    pub(super) fn decide_joined(&mut self, name: &Name) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let Some(local) = &mut entry.local else { return };
        let Some(change) = local.undecided.take() else { return };
        if change.only_here && !entry.has_lasting_order() {
            return self.differ(name);
        }
        if entry.known.is_some() {
            return self.reconcile(name);
        }
        match change.state {
            State::Open | State::HalfOpen if change.why != Why::Manual => self.vote(name, &change),
            // Half-open: a manual opening that is over, and a probe is due. Ramping up: it has
            // recovered, and is on its way to closed.
            State::Closed | State::HalfOpen | State::RampingUp => {}
            _ => self.order(name, &change),
        }
    }

    pub(super) fn changed(&mut self, circuit: Circuit, change: &Change) {
        let name = circuit.name.clone();
        let heard = self.entries.get(&name).and_then(|entry| entry.local.as_ref());
        if heard.is_some_and(|local| local.generation == change.generation) {
            return;
        }
        self.note_local(circuit, change);
        if change.only_here {
            self.differ(&name);
        } else {
            match change.why {
                Why::Remote => self.adopted_before(&name),
                Why::Expired => self.expired(&name, change),
                Why::Manual => self.order(&name, change),
                Why::Trip => self.trip(&name, change),
                Why::Condition => self.vote(&name, change),
                Why::Probes => self.probes_decided(&name, change),
            }
        }
        self.withdraw_if_closed(&name);
        self.release_if_unknown(&name);
        self.reconcile(&name);
    }

    pub(super) fn forgotten(&mut self, name: &Name) {
        if let Some(entry) = self.entries.get_mut(name) {
            // What was decided while it was there stays decided.
            entry.offered = entry.seen();
            entry.local = None;
            entry.circuit = None;
            entry.probes = None;
        }
    }

    fn note_local(&mut self, circuit: Circuit, change: &Change) {
        let left = change.left.unwrap_or(if change.state == State::Open { LONGEST } else { Duration::ZERO });
        let left = left.min(LONGEST);
        let entry = self.entries.get_or_new(&circuit.name, circuit.shard);
        let before = entry.local.take();
        let unsupervised = entry.probes.as_ref().is_some_and(|probes| probes.released);
        // The probes of a generation end with it; its expiry is the exception.
        if !(change.why == Why::Expired && change.state == State::HalfOpen) {
            entry.probes = None;
        }
        entry.local = Some(Local {
            generation: change.generation,
            state: change.state,
            openings: change.openings,
            deadline: self.now + left,
            period: if change.state == State::Open { left } else { before.as_ref().map_or(left, |local| local.period) },
            // Also of a circuit that has been closed since before that record was offered to it.
            seen: before.map_or(entry.offered, |local| local.seen),
            unsupervised,
            only_here: change.only_here,
            undecided: None,
        });
        entry.circuit = Some(circuit);
    }

    /// Ordered to differ from the fleet: the next record counts again.
    fn differ(&mut self, name: &Name) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        entry.decision = None;
        let version = entry.version();
        entry.local.iter_mut().for_each(|local| local.seen = version);
    }

    /// A state from the fleet that this link did not just hand over: the one a circuit begins in.
    fn adopted_before(&mut self, name: &Name) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let (Some(known), Some(local)) = (&entry.known, &mut entry.local) else { return };
        let record = &known.record;
        let on_time = local.state != State::Open
            || known.deadline.since(local.deadline).max(local.deadline.since(known.deadline)) <= SAME;
        if record.state == local.state && record.openings == local.openings && on_time {
            local.seen = record.version;
            if local.state == State::Open {
                self.hold(name);
            }
        } else {
            local.seen = Version(0);
        }
    }

    fn expired(&mut self, name: &Name, change: &Change) {
        let now = self.now;
        let Some(entry) = self.entries.get_mut(name) else { return };
        // A vote lasts as long as the opening that it is for.
        entry.voted = false;
        if entry.decision.as_ref().is_some_and(|decision| decision.is_vote() || decision.is_over(now)) {
            entry.decision = None;
        }
        let generation = change.generation;
        if let (Some(probes), Some(circuit)) = (&mut entry.probes, &entry.circuit) {
            probes.generation = generation;
            probes.reported = (0, 0);
            // What was said last may have been said of the generation before.
            let circuit = circuit.clone();
            self.outputs.push(if probes.released {
                Output::ReleaseProbes { circuit, generation }
            } else {
                Output::Hold { circuit, generation }
            });
        } else if change.state == State::HalfOpen && entry.is_open_in_fleet() {
            self.hold(name);
        }
    }

    fn order(&mut self, name: &Name, change: &Change) {
        let after = self.entries.get(name).map(Entry::last_order).unwrap_or_default();
        let kind = Kind::Order { given: self.now, after, at: None };
        self.decide(name, change, kind);
    }

    fn trip(&mut self, name: &Name, change: &Change) {
        self.decide(name, change, Kind::Trip);
    }

    fn vote(&mut self, name: &Name, change: &Change) {
        let over = change.state == State::Open && change.left == Some(Duration::ZERO);
        if change.state == State::Open && !over {
            self.decide(name, change, Kind::Vote);
            self.survey();
        }
    }

    fn probes_decided(&mut self, name: &Name, change: &Change) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        if !entry.is_open_in_fleet() {
            entry.decision = None;
            return if change.state == State::Open {
                self.vote(name, change);
            };
        }
        // By local rules while the store could not be reached, or with a lease.
        let unsupervised = entry.local.as_ref().is_some_and(|local| local.unsupervised);
        let kind = if unsupervised { Kind::Unsupervised } else { Kind::Probes };
        self.decide(name, change, kind);
    }

    fn decide(&mut self, name: &Name, change: &Change, kind: Kind) {
        let reason = self.shared_reason(change.reason.as_ref());
        let Some(entry) = self.entries.get_mut(name) else { return };
        let Some(local) = &entry.local else { return };
        // A circuit that ramps up has recovered: to the fleet it is closed, and each instance ramps
        // up by its own policy.
        let (state, openings) = match change.state {
            State::RampingUp => (State::Closed, 0),
            state => (state, change.openings),
        };
        let decision = Decision {
            kind,
            generation: Some(change.generation),
            state,
            deadline: local.deadline,
            openings,
            cause: Arc::from(change.cause),
            reason,
            expected: Version(0),
        };
        if decision.is_order() {
            // It holds whatever was decided before.
            entry.decision = None;
            entry.order = Some(decision);
        } else {
            entry.decision = Some(decision);
        }
        self.hold_if_cut_off(name);
        self.write_soon();
    }

    /// A vote is withdrawn when the circuit closes here before the fleet agrees.
    fn withdraw_if_closed(&mut self, name: &Name) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        if entry.is_open_here() {
            return;
        }
        if entry.decision.as_ref().is_some_and(Decision::is_vote) {
            entry.decision = None;
        }
        if entry.voted {
            entry.voted = false;
            let shard = entry.shard;
            self.withdraw(shard, vec![name.clone()]);
        }
    }

    fn shared_reason(&self, reason: Option<&Reason>) -> Option<Arc<str>> {
        let reason = reason.filter(|_| self.settings.share_reasons)?;
        Some(Arc::from(escaped(reason)))
    }
}

impl Entry {
    /// Until when the circuit is open here, if it is.
    pub(super) fn open_until(&self) -> Option<Time> {
        self.local.as_ref().filter(|local| local.state == State::Open).map(|local| local.deadline)
    }
}

/// Without control characters, and cut at a character boundary.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        let length = escaped.len();
        if character.is_control() {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
        if escaped.len() > REASON {
            escaped.truncate(length);
            break;
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_escaped_and_cut() {
        assert_eq!(escaped("a\nb\u{7f}"), "a\\nb\\u{7f}");
        let long = escaped(&"\n".repeat(300));
        assert_eq!(long.len(), 256);
        let long = escaped(&format!("a{}", "é".repeat(300)));
        assert_eq!(long.len(), 255);
    }
}
