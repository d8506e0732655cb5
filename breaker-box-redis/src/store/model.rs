//! The store in memory: what the scripts do, request by request, for tests of the link. A
//! differential test holds it to the scripts on a real server.

use crate::protocol::{Answer, AnswerBody, Head, Message, Request, StoreTime};

/// A store in memory. Its clone is a snapshot: to put an old one back is what a failover does that
/// loses writes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {}

impl Model {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    #[allow(clippy::unused_self, reason = "it is being written")]
    /// Does what a script does, in one step: returns the answer to `instance`, and what is
    /// published on the channel of the request's shard, to all that are subscribed.
    ///
    /// Two calls may have the same `now`. A new epoch is drawn from it, so it must have advanced
    /// after [`flush`](Self::flush).
    pub(crate) fn apply(&mut self, _instance: &str, _request: &Request, now: StoreTime) -> (Answer, Vec<Message>) {
        let head = Head { now, epoch: crate::protocol::Epoch::default(), version: crate::protocol::Version::default() };
        (Answer { head, body: AnswerBody::Done }, Vec::new())
    }

    /// Loses everything.
    pub(crate) fn flush(&mut self) {
        *self = Self::default();
    }
}
