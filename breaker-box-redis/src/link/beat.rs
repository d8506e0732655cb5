//! Heartbeats: they keep what is held here from expiring in the store, and report what is missing.

use std::time::Duration;

use super::Link;
use super::output::Output;
use super::request::Purpose;
use crate::protocol::{BATCH, Body, Name, Version};

/// The most beats in the time of one, where more circuits are held than one beat has room for.
const MOST: usize = 16;

impl Link {
    pub(super) fn shard_due(&mut self, number: u16) {
        let now = self.now;
        if !self.connected {
            return;
        }
        self.reading_due(number);
        if self.shard(number).beat_at.is_some_and(|time| time <= now) {
            self.beat(number);
        }
    }

    fn beat(&mut self, number: u16) {
        let (now, heartbeat) = (self.now, self.settings.heartbeat);
        let shard = &self.shards[usize::from(number)];
        if shard.answered + 2 * heartbeat <= now {
            self.outputs.push(Output::Reconnect);
            self.shard(number).answered = now;
        }
        let shard = &self.shards[usize::from(number)];
        let held = self.entries.held_after(number, shard.cursor.as_ref(), BATCH);
        let batches = self.entries.held(number).div_ceil(BATCH).clamp(1, MOST);
        let next = self.random.around(heartbeat) / u32::try_from(batches).unwrap_or(1);
        let shard = self.shard(number);
        shard.cursor = held.last().cloned();
        shard.beat_at = Some(now + next);
        self.send(number, Purpose::Beat, Body::Beat { within: 3 * heartbeat, held });
    }

    /// Tries again before the next beat: two heartbeats without an answer end the connection.
    pub(super) fn beat_failed(&mut self, number: u16) {
        if !self.connected {
            return;
        }
        let (now, heartbeat) = (self.now, self.settings.heartbeat);
        let silence = self.shard(number).answered + 2 * heartbeat;
        let soon = (now + heartbeat / 4).min(silence.max(now + Duration::from_millis(100)));
        let shard = self.shard(number);
        shard.beat_at = Some(shard.beat_at.map_or(soon, |time| time.min(soon)));
    }

    pub(super) fn alive(&mut self, number: u16, version: Version, instances: u32, missing: &[Name]) {
        self.shard(number).instances = instances;
        for name in missing {
            if self.entries.get(name).is_some_and(|entry| entry.shard == number) {
                self.restore(name);
            }
        }
        self.read_if_behind(number, version);
    }
}
