//! What came of what was written.

use breaker_core::State;

use super::Link;
use super::decision::{Decision, Kind};
use super::entry::Entry;
use super::input::RequestId;
use super::output::{Note, Output};
use super::remote::outlasts;
use super::time::Time;
use crate::protocol::{Name, Record, StoreTime, Verdict, Version};

impl Link {
    pub(super) fn verdicts(
        &mut self,
        id: RequestId,
        shard: u16,
        names: &[Name],
        verdicts: Vec<Verdict>,
        written: Time,
    ) {
        let mut verdicts = verdicts.into_iter();
        for name in names {
            match (self.sent_decision(id, name), verdicts.next()) {
                (Some(decision), Some(verdict)) => {
                    self.verdict(shard, name, decision, verdict, written);
                    self.release_if_unknown(name);
                }
                (Some(decision), None) => self.retry(name, decision),
                (None, _) => {}
            }
        }
    }

    /// No answer came; it may have been applied or not.
    pub(super) fn unanswered(&mut self, id: RequestId, names: &[Name]) {
        for name in names {
            if let Some(decision) = self.sent_decision(id, name) {
                self.retry(name, decision);
            }
        }
    }

    fn sent_decision(&mut self, id: RequestId, name: &Name) -> Option<Decision> {
        let entry = self.entries.get_mut(name)?;
        let (sent, decision) = entry.sent.take()?;
        if sent == id {
            if entry.place().is_some() {
                // It has waited for this answer.
                self.write_soon();
            }
            return Some(decision);
        }
        entry.sent = Some((sent, decision));
        None
    }

    /// Writes it again, unless something else has been decided since.
    fn retry(&mut self, name: &Name, decision: Decision) {
        let now = self.now;
        let Some(entry) = self.entries.get_mut(name) else { return };
        if decision.is_order() {
            entry.order.get_or_insert(decision);
        } else if matches!(decision.kind, Kind::Restore { .. }) {
            if entry.version() == decision.expected {
                entry.restore.get_or_insert(decision);
            }
        } else if entry.decision.is_none() && entry.is_still_due(&decision, now) {
            entry.decision = Some(decision);
        }
        self.write_soon();
        self.reconcile(name);
    }

    fn verdict(&mut self, shard: u16, name: &Name, decision: Decision, verdict: Verdict, written: Time) {
        match verdict {
            Verdict::Applied(record) => self.applied(shard, name, &decision, record, written),
            Verdict::Noted { .. } => self.noted(shard, name, &decision),
            Verdict::Conflict(Some(record)) => self.refused(shard, name, decision, record, written),
            Verdict::Conflict(None) => self.missing(name, decision),
            Verdict::Foreign => self.foreign(name),
        }
    }

    fn applied(&mut self, shard: u16, name: &Name, decision: &Decision, record: Record, written: Time) {
        let version = record.version;
        self.published += 1;
        self.outputs.push(Output::Note(Note::Published { name: name.clone(), state: record.state }));
        self.learn(shard, name, record, written);
        let Some(entry) = self.entries.get_mut(name) else { return };
        let newest = entry.version() == version;
        if let (true, Some(local)) = (newest, &mut entry.local) {
            // What the circuit here has decided since is written next.
            let orders = matches!(decision.kind, Kind::Order { .. } | Kind::Restore { .. });
            let goes_on = orders && entry.decision.is_some();
            let mine = decision.generation == Some(local.generation) || local.only_here || goes_on;
            let restored = matches!(decision.kind, Kind::Restore { floor, foreign: false, .. } if local.seen == floor);
            if mine || restored {
                local.seen = version;
                if decision.generation == Some(local.generation) && local.state == State::Open {
                    self.hold(name);
                }
                return;
            }
        }
        self.reconcile(name);
    }

    fn noted(&mut self, shard: u16, name: &Name, decision: &Decision) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        if !decision.is_vote() {
            return;
        }
        if entry.is_open_here() {
            entry.voted = true;
            self.release_if_unknown(name);
        } else {
            self.withdraw(shard, vec![name.clone()]);
        }
        self.reconcile(name);
    }

    /// Another instance was faster, or its order was later.
    fn refused(&mut self, shard: u16, name: &Name, decision: Decision, record: Record, written: Time) {
        let ordered = record.ordered;
        let by_me = record.instance == self.settings.instance;
        let known = self.entries.get(name).map_or(Version(0), Entry::version);
        let older = (record.version < known).then(|| record.clone());
        self.learn(shard, name, record, written);
        let now = self.now;
        let Some(entry) = self.entries.get_mut(name) else { return };
        let Some(known) = &entry.known else { return };
        match decision.kind {
            Kind::Order { at: Some(at), .. } if lost(at, ordered, by_me) => {
                let note = Note::OrderLost {
                    name: name.clone(),
                    state: decision.state,
                    instance: known.record.instance.clone(),
                };
                self.outputs.push(Output::Note(note));
            }
            Kind::Trip if outlasts(&decision, known, now) && entry.decision.is_none() => {
                entry.decision = Some(decision);
                return self.write_soon();
            }
            Kind::Restore { .. } => {
                if let Some(older) = older {
                    // A later order, which the store has not lost.
                    let deadline = written + older.left;
                    entry.restore = Some(Decision::lift(&older, deadline, known.record.version, true));
                    self.write_soon();
                }
                return self.reconcile(name);
            }
            _ => {}
        }
        // Also if it is the version that was decided at: then this was not applied.
        if entry.local.as_ref().is_some_and(|local| !local.only_here) {
            entry.distrust();
        }
        self.reconcile(name);
    }

    /// There is no record of the version that this was decided at.
    fn missing(&mut self, name: &Name, mut decision: Decision) {
        let now = self.now;
        let Some(entry) = self.entries.get_mut(name) else { return };
        // Otherwise a record has come since it was sent.
        if entry.version() == decision.expected {
            if entry.holds(now) {
                self.restore(name);
            } else if let Some(known) = &mut entry.known {
                known.lost = true;
            }
        }
        let Some(entry) = self.entries.get_mut(name) else { return };
        let again = !matches!(decision.kind, Kind::Order { .. } | Kind::Restore { .. });
        if decision.kind == Kind::Probes {
            // The lease was lost with the record.
            decision.kind = Kind::Unsupervised;
        }
        if entry.version() > entry.seen() {
            self.reconcile(name);
        } else if again && entry.expected() == Version(0) && entry.decision.is_none() {
            entry.decision = Some(decision);
            self.write_soon();
        } else if entry.restore.is_some() && entry.decision.is_none() {
            // The record is written first, and then adopted here.
            entry.distrust();
        }
    }
}

impl Entry {
    /// Whether what was decided at the version that was then known is still worth writing.
    fn is_still_due(&self, decision: &Decision, now: Time) -> bool {
        match &self.known {
            Some(known) if known.record.version != decision.expected && !known.lost => {
                decision.kind == Kind::Trip && outlasts(decision, known, now)
            }
            _ => !decision.is_vote() || self.is_open_here(),
        }
    }
}

/// Whether a later order holds.
fn lost(at: StoreTime, ordered: StoreTime, by_me: bool) -> bool {
    ordered > at && !by_me
}
