//! Records are read: all of them at first, later those that messages did not bring.

use std::time::Duration;

use super::Link;
use super::input::RequestId;
use super::output::Output;
use super::request::Purpose;
use super::time::Time;
use crate::protocol::{Body, Message, Name, Record, Version};

/// In a storm messages come without records, and every instance reads after a delay of its own.
const SPREAD: Duration = Duration::from_millis(250);
/// How long a message may take that an answer has overtaken.
const LATE: Duration = Duration::from_millis(50);

impl Link {
    /// Reads what is new in a shard.
    pub(super) fn read(&mut self, number: u16) {
        let shard = self.shard(number);
        shard.read_at = None;
        if shard.reading.is_some() {
            shard.again = true;
            return;
        }
        let after = shard.seen;
        let id = self.send(number, Purpose::Read, Body::Read { after });
        self.shard(number).reading = Some(id);
    }

    fn read_by(&mut self, number: u16, time: Time) {
        if self.connected {
            let shard = self.shard(number);
            shard.read_at = Some(shard.read_at.map_or(time, |earlier| earlier.min(time)));
        }
    }

    pub(super) fn missed(&mut self) {
        if self.connected {
            for number in 0..self.settings.shards.max(1) {
                self.read(number);
            }
        }
    }

    pub(super) fn received(&mut self, message: Message) {
        let number = message.shard;
        if number >= self.settings.shards.max(1) {
            return;
        }
        let now = self.now;
        let shard = self.shard(number);
        if !shard.may_have_written(message.version, now) {
            return;
        }
        let written = shard.clock.own(message.now, Time(0), now);
        let poke = message.records.is_empty();
        let same_data = shard.epoch == Some(message.epoch);
        shard.is_doubtful |= shard.epoch.is_some() && !same_data;
        if same_data && message.version <= shard.seen {
            // Read already, or an old one; its records may still be news after a loss of data.
        } else if same_data && message.previous <= shard.seen && !poke {
            shard.seen = message.version;
        } else if shard.current {
            let wait = if poke { self.random.up_to(SPREAD) } else { Duration::ZERO };
            self.shard(number).target = message.version;
            self.read_by(number, now + wait);
        } else {
            shard.again = shard.reading.is_some();
        }
        self.take_in(number, message.records, written);
    }

    fn take_in(&mut self, number: u16, records: Vec<(Name, Record)>, written: Time) {
        for (name, record) in records {
            let own = record.instance == self.settings.instance;
            if self.learn(number, &name, record, written) {
                let is_first = !self.shards[usize::from(number)].was_read;
                self.skip_if_closed(&name, is_first);
                // What this instance has written is in force here; if not, the answer to what it
                // sent decides.
                let waits = own && self.entries.get(&name).is_some_and(|entry| entry.sent.is_some());
                if !waits {
                    self.reconcile(&name);
                }
            }
        }
    }

    /// In the first reading, a circuit that is closed here and there need not move.
    fn skip_if_closed(&mut self, name: &Name, is_first: bool) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let closed = entry.known.as_ref().is_some_and(|known| known.record.state == breaker_core::State::Closed);
        if is_first && closed && entry.local.is_none() {
            entry.offered = entry.version();
        }
    }

    pub(super) fn records(
        &mut self,
        number: u16,
        id: RequestId,
        last: Version,
        records: Vec<(Name, Record)>,
        more: bool,
        written: Time,
    ) {
        let is_current = self.shard(number).reading == Some(id);
        let read = records.iter().map(|(_, record)| record.version).max();
        self.take_in(number, records, written);
        if !is_current {
            return;
        }
        let shard = self.shard(number);
        shard.reading = None;
        if let (true, Some(read)) = (more, read.filter(|read| *read > shard.seen)) {
            shard.seen = read;
            return self.read(number);
        }
        shard.seen = shard.seen.max(last);
        let again = std::mem::take(&mut shard.again);
        self.reading_ended(number);
        if again {
            self.read(number);
        }
    }

    fn reading_ended(&mut self, number: u16) {
        let shard = self.shard(number);
        let was_current = std::mem::replace(&mut shard.current, true);
        let is_first = !std::mem::replace(&mut shard.was_read, true);
        if std::mem::take(&mut shard.rebuilds) {
            self.rebuild(number);
        }
        if is_first {
            let undecided =
                |entry: &super::entry::Entry| entry.local.as_ref().is_some_and(|local| local.undecided.is_some());
            let names = self.entries.of_shard(number).filter(|(_, entry)| undecided(entry));
            let names: Vec<Name> = names.map(|(name, _)| name.clone()).collect();
            for name in names {
                self.decide_joined(&name);
            }
        }
        if !was_current {
            self.hold_again(number);
            self.write_soon();
        }
        if !self.ready && self.shards.iter().all(|shard| shard.was_read) {
            self.ready = true;
            self.outputs.push(Output::Ready);
        }
    }

    pub(super) fn reading_failed(&mut self, number: u16, id: RequestId) {
        let shard = self.shard(number);
        if shard.reading == Some(id) {
            shard.reading = None;
            let later = self.shard(number).write_at.unwrap_or(self.now + LATE);
            self.shard(number).target = Version(u64::MAX);
            self.read_by(number, later);
        }
    }

    /// An answer tells that there is something that no message has brought yet.
    pub(super) fn read_if_behind(&mut self, number: u16, version: Version) {
        let later = self.now + LATE;
        let shard = self.shard(number);
        if shard.current && version > shard.seen {
            shard.target = version;
            self.read_by(number, later);
        }
    }

    pub(super) fn reading_due(&mut self, number: u16) {
        let now = self.now;
        let shard = self.shard(number);
        if shard.read_at.is_some_and(|time| time <= now) {
            shard.read_at = None;
            if shard.target > shard.seen || !shard.current {
                self.read(number);
            }
        }
    }

    /// The store has lost data, and all that it has now was read: what else is held here is written
    /// again. It visits all entries, because this is rare.
    fn rebuild(&mut self, number: u16) {
        let round = self.shard(number).round;
        let lost = |entry: &super::entry::Entry| entry.known.as_ref().is_some_and(|known| known.round != round);
        let entries = self.entries.of_shard(number);
        let names: Vec<(Name, bool)> = entries
            .filter(|(_, entry)| entry.voted || lost(entry))
            .map(|(name, entry)| (name.clone(), lost(entry)))
            .collect();
        for (name, lost) in names {
            if lost {
                self.restore(&name);
            }
            if self.entries.get(&name).is_some_and(|entry| entry.voted) {
                self.vote_again(&name);
            }
        }
    }
}
