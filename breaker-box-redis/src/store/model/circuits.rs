//! Records: reading, writing, publishing.

use super::keyspace::{Id, Kind, Stored};
use super::{Call, DAY, MINUTE, SECOND};
use crate::protocol::{AnswerBody, Epoch, Message, Name, PAGE, Record, StoreTime, Verdict, Version};
use crate::store::bounds;
use crate::store::line::line;
use breaker_core::State;

/// Above this many records per second, a shard only announces that there is something to read, and
/// at most once per pause.
const STORM: u64 = 200;
const PAUSE: u64 = 50_000;

impl Call<'_> {
    /// The record of a circuit.
    pub(super) fn load(&mut self, name: &Name) -> Option<Stored> {
        let now = self.now;
        let record = self.shard.keys.record(name)?;
        if record.state == State::Open {
            // If the clock was set back, a circuit must not stay open for longer than its period
            // from now.
            record.until = record.until.min(now + record.period);
        }
        Some(record.clone())
    }

    pub(super) fn conflict(&self, old: Option<&Stored>) -> Verdict {
        Verdict::Conflict(old.map(|record| record.record(self.now)))
    }

    /// Writes a record in place of an old one, which ends its votes and leases.
    pub(super) fn write(&mut self, name: &Name, old: Option<&Stored>, mut record: Stored, floor: u64) -> Verdict {
        let now = self.now;
        record.version = now.max(self.shard.head.version + 1).max(floor + 1);
        record.until = now + record.period;
        record.instance = self.me.into();
        if record.full_name.is_none() {
            record.full_name = old.and_then(|old| old.full_name.clone());
        }
        let read = record.record(now);
        let lifetime = lifetime(&record, now);
        let shard = &mut *self.shard;
        shard.head.version = record.version;
        if let Some(listed) = shard.versions.insert(name.clone(), record.version) {
            shard.index.remove(&listed);
        }
        shard.index.insert(record.version, name.clone());
        shard.keys.remove(&Id::of(Kind::Votes, name));
        shard.keys.remove(&Id::of(Kind::Leases, name));
        shard.keys.set_record(name, record);
        shard.keys.expire_in(&Id::of(Kind::Record, name), lifetime, now);
        self.changed.push((name.clone(), read.clone()));
        Verdict::Applied(read)
    }

    pub(super) fn read(&mut self, after: u64) -> AnswerBody {
        let now = self.now;
        let mut records = Vec::new();
        let mut from = after + 1;
        while let Some((version, name)) = self.shard.index.range(from..).next() {
            from = version + 1;
            let name = name.clone();
            let Some(record) = self.load(&name) else { continue };
            if records.len() == PAGE {
                return AnswerBody::Records { records, more: true };
            }
            records.push((name, record.record(now)));
        }
        AnswerBody::Records { records, more: false }
    }

    /// Publishes what was written, in as few messages as possible; in a storm, only that there is
    /// something to read.
    pub(super) fn publish(&mut self, before: u64) -> Vec<Message> {
        let changed = std::mem::take(&mut self.changed);
        if changed.is_empty() {
            return Vec::new();
        }
        let now = self.now;
        self.shard.keep(now);
        let head = &mut self.shard.head;
        if head.second != now / SECOND {
            (head.second, head.written) = (now / SECOND, 0);
        }
        head.written += changed.len() as u64;
        let message = |previous, version, records| Message {
            shard: self.number,
            now: StoreTime(now),
            epoch: Epoch(head.epoch),
            previous: Version(previous),
            version: Version(version),
            records,
        };
        if head.written > STORM {
            if head.poked > now || now - head.poked >= PAUSE {
                let poke = message(before, head.version, Vec::new());
                head.poked = now;
                return vec![poke];
            }
            return Vec::new();
        }
        let mut messages = Vec::new();
        let mut previous = before;
        for records in chunks(changed) {
            let version = records.last().expect("not empty").1.version.0;
            messages.push(message(previous, version, records));
            previous = version;
        }
        messages
    }
}

/// Records in groups that fit into a message.
fn chunks(changed: Vec<(Name, Record)>) -> Vec<Vec<(Name, Record)>> {
    let mut chunks: Vec<Vec<(Name, Record)>> = Vec::new();
    let mut length = usize::MAX / 2;
    for (name, record) in changed {
        let more = line(&name, &record).len() + 1;
        if length + more > bounds::MESSAGE - 100 {
            chunks.push(Vec::new());
            length = 0;
        }
        length += more;
        chunks.last_mut().expect("at least one").push((name, record));
    }
    chunks
}

fn lifetime(record: &Stored, now: u64) -> u64 {
    let life = match record.state {
        State::Open => record.period + MINUTE.max(2 * record.period),
        State::Closed => 10 * MINUTE,
        _ => 30 * DAY,
    };
    if record.ordered > 0 { life.max((record.ordered + 30 * DAY).saturating_sub(now)) } else { life }
}
