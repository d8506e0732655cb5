//! What the link keeps of a shard.

use super::input::RequestId;
use super::store_clock::StoreClock;
use super::time::Time;
use crate::protocol::{Epoch, Head, Name, Version};

/// How far ahead of the store's clock versions may be, in microseconds: ten years, as in the
/// scripts.
const AHEAD: u64 = 10 * 365 * 86_400 * 1_000_000;

#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "they change independently")]
pub(crate) struct Shard {
    pub(crate) clock: StoreClock,
    /// Unknown before the first answer.
    pub(crate) epoch: Option<Epoch>,
    /// Whether a message came from another one: data may have been lost, and come back.
    pub(crate) is_doubtful: bool,
    /// All records up to this version have been read.
    pub(crate) seen: Version,
    /// The highest version of all records that were heard of since everything was read.
    pub(crate) highest: Version,
    /// Counts how often all records had to be read from the beginning.
    pub(crate) round: u32,
    /// Whether this reading began at the beginning because the store had lost data.
    pub(crate) rebuilds: bool,
    /// Whether a reading has ended since the connection was made.
    pub(crate) current: bool,
    /// Whether there was a connection before this one, and no reading has been answered since. The
    /// server may be another one, which went on without what was written last.
    pub(crate) unsure: bool,
    /// Whether a reading has ever ended.
    pub(crate) was_read: bool,
    pub(crate) reading: Option<RequestId>,
    /// Whether to read again after this reading.
    pub(crate) again: bool,
    /// When to read, if nothing makes it needless before.
    pub(crate) read_at: Option<Time>,
    /// The version up to which to read then.
    pub(crate) target: Version,
    pub(crate) beat_at: Option<Time>,
    /// The last held name of the last beat.
    pub(crate) cursor: Option<Name>,
    /// When the store last answered.
    pub(crate) answered: Time,
    /// How often in a row it did not.
    pub(crate) failures: u32,
    /// Nothing is written before this time.
    pub(crate) write_at: Option<Time>,
    pub(crate) instances: u32,
}

/// What an answer says of the shard itself, next to what was known when its request was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Continuity {
    /// The same data, or nothing was known.
    Same,
    /// An answer to a request that was sent before the last loss; it is ignored.
    Stale,
    /// The store has lost data.
    Lost,
}

impl Shard {
    /// Whether the store can have written this version. It is the store's time, or a little more
    /// than an earlier one; the clock may have been set back since, but not by many years. If any
    /// version were believed, a single foreign one could be so high that none follows.
    pub(crate) fn may_have_written(&self, version: Version, now: Time) -> bool {
        self.clock.store(now).is_none_or(|time| version.0 <= time.0.saturating_add(AHEAD))
    }

    /// `seen` and `epoch` are those when the request was sent.
    pub(crate) fn continuity(&self, head: &Head, seen: Version, epoch: Option<Epoch>) -> Continuity {
        match self.epoch {
            Some(known) if epoch != Some(known) && head.epoch != known => Continuity::Stale,
            Some(known) if head.epoch != known || self.is_doubtful => Continuity::Lost,
            // Written after the request was sent, when all up to `seen` had been written.
            _ if epoch == self.epoch && head.version < seen && seen <= self.seen => Continuity::Lost,
            _ => Continuity::Same,
        }
    }
}
