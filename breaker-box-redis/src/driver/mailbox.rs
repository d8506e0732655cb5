//! The queue of the fleet's thread: what happened in the registry, and what came from the store.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use breaker_core::Key;
use redis::Value;
use redis::aio::MultiplexedConnection;
use tokio::sync::Notify;

use super::changes::{Changes, Happened};
use super::lost::Lost;
use super::problem::Problem;
use crate::link::{Failure, RequestId};
use crate::protocol::Answer;

/// How many messages may wait. Beyond that they are dropped, and the store is read instead.
const MESSAGES: usize = 1024;

/// Any thread may put something into it, and none waits for long: the lock is held for a few
/// instructions.
#[derive(Default)]
pub(crate) struct Mailbox {
    contents: Mutex<Contents>,
    arrived: Notify,
}

#[derive(Default)]
pub(crate) struct Contents {
    pub(crate) changes: Changes,
    /// At most [`MESSAGES`] messages, one answer for each request in flight, and what the
    /// connections say.
    pub(crate) events: VecDeque<Event>,
    messages: usize,
    pub(crate) leave: bool,
    /// Grows with everything that happens in the registry.
    pub(crate) sequence: u64,
}

/// What came from the store. Connections are numbered.
pub(crate) enum Event {
    /// There is a connection, and it is subscribed to the channels of its shards.
    Connected {
        line: usize,
        connection: MultiplexedConnection,
        lost: Lost,
    },
    /// There is no connection, and there was none before.
    Failed {
        problem: Problem,
    },
    /// The connection is gone.
    Disconnected {
        line: usize,
        problem: Problem,
    },
    Answered {
        shard: u16,
        id: RequestId,
        answer: Result<Answer, Failure>,
        /// Why there is no answer, for people.
        problem: Option<Problem>,
        /// Whether it was on its way; it has failed otherwise.
        was_sent: bool,
    },
    Message {
        channel: Value,
        payload: Value,
    },
    /// Messages of this connection were dropped.
    Missed {
        line: usize,
    },
}

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, Contents> {
        // Nothing panics while it is held.
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something happened to a circuit.
    pub(crate) fn happened(&self, key: &Key, happened: Happened) {
        {
            let mut contents = self.lock();
            contents.sequence += 1;
            contents.changes.add(key, happened);
        }
        self.arrived.notify_one();
    }

    pub(super) fn put(&self, event: Event) {
        self.lock().events.push_back(event);
        self.arrived.notify_one();
    }

    /// A message of a connection, which is dropped if too many wait.
    pub(super) fn message(&self, line: usize, channel: Value, payload: Value) {
        {
            let mut contents = self.lock();
            if contents.messages < MESSAGES {
                contents.messages += 1;
                contents.events.push_back(Event::Message { channel, payload });
            } else if !contents
                .events
                .iter()
                .rev()
                .any(|event| matches!(event, Event::Missed { line: other } if *other == line))
            {
                contents.events.push_back(Event::Missed { line });
            }
        }
        self.arrived.notify_one();
    }

    pub(crate) fn leave(&self) {
        self.lock().leave = true;
        self.arrived.notify_one();
    }

    /// The number of the last thing that happened in the registry.
    pub(crate) fn sequence(&self) -> u64 {
        self.lock().sequence
    }

    /// Takes everything.
    pub(super) fn take(&self) -> Contents {
        let mut contents = self.lock();
        let (leave, sequence) = (contents.leave, contents.sequence);
        let taken = std::mem::take(&mut *contents);
        contents.leave = leave;
        contents.sequence = sequence;
        taken
    }

    /// Waits until something has arrived since the last time.
    pub(super) async fn arrived(&self) {
        self.arrived.notified().await;
    }
}
