//! What arrives on the channels.

use super::bounds;
use super::encode::Store;
use super::line::{self, number};
use crate::protocol::{BATCH, Epoch, Message, StoreTime, Version};

impl Store {
    /// The message in a payload: a line `1 now epoch previous version`, then one for each record.
    /// `None` if it is not one of ours, or of another format. Records that are none are left out.
    pub(crate) fn message(&self, channel: &[u8], payload: &[u8]) -> Option<Message> {
        if payload.len() > bounds::MESSAGE {
            return None;
        }
        let shard = self.shard(channel)?;
        let mut lines = str::from_utf8(payload).ok()?.split('\n');
        let mut head = lines.next()?.split(' ');
        if head.next() != Some("1") {
            return None;
        }
        let mut next = || number(head.next()?);
        let message = Message {
            shard,
            now: StoreTime(next()?),
            epoch: Epoch(next()?),
            previous: Version(next()?),
            version: Version(next()?),
            records: lines.take(BATCH).filter_map(line::parse).collect(),
        };
        (next().is_none() && message.previous < message.version).then_some(message)
    }
}
