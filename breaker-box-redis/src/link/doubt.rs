//! How many circuits are called here. An instance with most of them open is probably the sick one,
//! and does not vote.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Link;
use super::input::Survey;
use super::output::{Note, Output};
use super::request::Purpose;
use crate::protocol::{BATCH, Body, Name};

/// With fewer active circuits than this, the share of open ones means nothing.
const FEW: u32 = 4;
/// How long an answer holds.
const FRESH: Duration = Duration::from_secs(1);
/// How often, at least, the circuits that are called are reported to the store, which forgets them
/// after 15 seconds.
const TELL: Duration = Duration::from_secs(5);
/// The most circuits that are reported at a time.
const MOST: usize = 1024;

impl Link {
    /// Finds out how many circuits are called, before a vote.
    pub(super) fn survey(&mut self) {
        let old = self.activity.asked.is_none_or(|asked| asked + FRESH <= self.now);
        if old {
            self.activity.asked = Some(self.now);
            self.outputs.push(Output::Survey { circuits: 0 });
        }
    }

    pub(super) fn surveyed(&mut self, survey: Survey) {
        self.activity.active = survey.active;
        let mut shards: BTreeMap<u16, Vec<Name>> = BTreeMap::new();
        for circuit in survey.circuits {
            shards.entry(circuit.shard).or_default().push(circuit.name);
        }
        if !self.connected {
            return;
        }
        for (shard, names) in shards {
            for names in names.chunks(BATCH) {
                self.send(shard, Purpose::Other, Body::Active { names: names.to_vec() });
            }
        }
    }

    pub(super) fn activity_due(&mut self) {
        if self.settings.share <= 0.0 || !self.connected {
            self.activity.due = None;
            return;
        }
        if self.activity.due.is_none_or(|due| due <= self.now) {
            self.activity.due = Some(self.now + TELL.min(self.settings.heartbeat));
            self.activity.asked = Some(self.now);
            self.outputs.push(Output::Survey { circuits: MOST });
        }
    }

    pub(super) fn doubts(&self) -> bool {
        self.activity.doubts
    }

    /// Votes are withdrawn when doubts begin.
    pub(super) fn judge_itself(&mut self) {
        let open = u32::try_from(self.entries.open()).unwrap_or(u32::MAX);
        let active = self.activity.active.max(open);
        let doubts = active >= FEW && u64::from(open) * 2 > u64::from(active);
        if doubts == std::mem::replace(&mut self.activity.doubts, doubts) {
            return;
        }
        let note = if doubts { Note::SelfDoubt { open, active } } else { Note::Confident };
        self.outputs.push(Output::Note(note));
        if doubts {
            self.withdraw_all();
        }
    }

    fn withdraw_all(&mut self) {
        let voted: Vec<Name> = self.entries.voted().cloned().collect();
        let mut shards: BTreeMap<u16, Vec<Name>> = BTreeMap::new();
        for name in voted {
            if let Some(entry) = self.entries.get_mut(&name) {
                entry.voted = false;
                shards.entry(entry.shard).or_default().push(name);
            }
        }
        for (shard, names) in shards {
            for names in names.chunks(BATCH) {
                self.withdraw(shard, names.to_vec());
            }
        }
    }
}
