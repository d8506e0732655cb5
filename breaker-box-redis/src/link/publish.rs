//! What has been decided here is written.

use std::time::Duration;

use breaker_core::State;

use super::Link;
use super::decision::{Decision, Kind};
use super::output::{Note, Output};
use super::request::Purpose;
use super::store_clock::StoreClock;
use super::time::Time;
use crate::protocol::{BATCH, Body, Name, Proposal, Right, StoreTime, Version};

/// How long decisions are gathered, so that many fit into one request.
const GATHER: Duration = Duration::from_millis(5);
/// How many decisions are looked at, at most, beyond those that are written.
const LOOKED_AT: usize = 1_000;
/// How long to wait when too many records have been written.
const PAUSE: Duration = Duration::from_millis(100);

impl Link {
    pub(super) fn write_soon(&mut self) {
        self.write_by(self.now + GATHER);
    }

    fn write_by(&mut self, time: Time) {
        self.write_at = Some(self.write_at.map_or(time, |earlier| earlier.min(time)));
    }

    /// Sends what waits, as much as may be sent.
    pub(super) fn write(&mut self) {
        self.write_at = None;
        if !self.connected {
            return;
        }
        self.file();
        self.judge_itself();
        for number in 0..self.settings.shards.max(1) {
            let shard = &self.shards[usize::from(number)];
            if !shard.current || self.entries.queue(number).next().is_none() {
                continue;
            }
            if let Some(later) = shard.write_at.filter(|time| *time > self.now) {
                self.write_by(later);
                continue;
            }
            self.write_shard(number);
        }
    }

    fn write_shard(&mut self, number: u16) {
        let most = self.bucket.left(self.now);
        // Decisions that are no longer worth writing do not count.
        let names: Vec<Name> = self.entries.queue(number).take(most + LOOKED_AT).cloned().collect();
        let looked_at_all = names.len() < most + LOOKED_AT;
        let mut names = names.into_iter();
        let mut ready = Vec::new();
        while ready.len() < most {
            let Some(name) = names.next() else { break };
            if let Some(proposal) = self.proposal(&name, number) {
                ready.push((name, proposal));
            }
        }
        if !looked_at_all || names.next().is_some() {
            self.write_by(self.now + PAUSE);
        }
        self.bucket.take(ready.len(), self.now);
        for batch in ready.chunks(BATCH) {
            let (names, proposals): (Vec<Name>, Vec<Proposal>) = batch.iter().cloned().unzip();
            let id = self.send(number, Purpose::Propose(names.clone()), Body::Propose(proposals));
            for name in names {
                let Some(entry) = self.entries.get_mut(&name) else { continue };
                entry.sent = entry.next().take().map(|decision| (id, decision));
            }
        }
    }

    /// The proposal for what waits, if it is still worth writing.
    fn proposal(&mut self, name: &Name, shard: u16) -> Option<Proposal> {
        let doubts = self.doubts();
        let now = self.now;
        let entry = self.entries.get_mut(name)?;
        let expected = entry.expected();
        let decision = entry.next().as_mut()?;
        if decision.is_over(now) || (doubts && decision.is_vote()) {
            *entry.next() = None;
            self.release_if_unknown(name);
            // It went before a record that has come meanwhile.
            self.reconcile(name);
            return None;
        }
        if let Kind::Order { given, after, at } = &mut decision.kind {
            // The time stays the same when the order is sent again. It is an estimate, but whoever
            // gives an order after another has seen that one, so it is later.
            let store = |clock: &StoreClock| clock.store(*given).map(|time| time.max(StoreTime(after.0 + 1)));
            *at = at.or_else(|| store(&self.shards[usize::from(shard)].clock));
        }
        decision.expected = expected;
        let decision = decision.clone();
        let right = self.right(&decision)?;
        let full_name = self.entries.get(name)?.circuit.as_ref().and_then(|circuit| circuit.full_name.clone());
        Some(Proposal {
            name: name.clone(),
            full_name,
            state: decision.state,
            period: decision.period(now),
            openings: decision.openings,
            cause: decision.cause,
            reason: decision.reason,
            right,
        })
    }

    fn right(&self, decision: &Decision) -> Option<Right> {
        let expected = decision.expected;
        Some(match decision.kind {
            Kind::Order { at, .. } => Right::Order { at: at? },
            Kind::Probes => Right::Probe { expected },
            Kind::Trip | Kind::Counted | Kind::Unsupervised => Right::Authority { expected },
            Kind::Vote => Right::Vote { expected, instances: self.settings.votes.max(1), share: self.settings.share },
            Kind::Restore { floor, ordered, .. } => Right::Restore { floor, ordered },
        })
    }

    /// Writes the record again, if this instance holds it and nothing newer waits to be written.
    pub(super) fn restore(&mut self, name: &Name) {
        let now = self.now;
        let Some(entry) = self.entries.get_mut(name) else { return };
        let round = self.shards[usize::from(entry.shard)].round;
        let Some(known) = &entry.known else { return };
        let closed_by_hand = known.record.state == State::Closed && known.record.ordered.0 > 0;
        // An older record would come into force again for instances that start now.
        let replaced = known.older == Some(round);
        if (entry.holds(now) || closed_by_hand || replaced) && entry.order.is_none() {
            entry.restore = Some(Decision::restore(&known.record, known.deadline));
            self.write_soon();
        }
    }

    pub(super) fn withdraw(&mut self, shard: u16, names: Vec<Name>) {
        if self.connected {
            self.send(shard, Purpose::Other, Body::Withdraw { names });
        }
    }

    /// Votes for what is open here once more, since the store has lost the votes.
    pub(super) fn vote_again(&mut self, name: &Name) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        entry.voted = false;
        let (Some(deadline), Some(local)) = (entry.open_until(), &entry.local) else { return };
        if !entry.is_unsettled() {
            entry.decision = Some(Decision {
                kind: Kind::Vote,
                generation: Some(local.generation),
                state: State::Open,
                deadline,
                openings: local.openings,
                cause: "remote".into(),
                reason: None,
                expected: Version(0),
            });
            self.write_soon();
        }
    }

    /// Something under the key is not ours to touch.
    pub(super) fn foreign(&mut self, name: &Name) {
        self.outputs.push(Output::Note(Note::Foreign { name: name.clone() }));
        self.release_probes(name);
    }
}
