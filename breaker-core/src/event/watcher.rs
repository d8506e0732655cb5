//! A watcher as the event bus sees it.

use std::sync::Arc;

use super::Event;
use super::channel::Sender;
use super::filter::Filter;
use super::queue::{HandlerQueue, Queue};

/// Which events go to a watcher, and where.
pub(super) struct Watcher {
    pub(super) filter: Filter,
    pub(super) sink: Sink,
}

pub(super) enum Sink {
    Receiver(Sender),
    Handler(Handler),
}

/// User code, and the events that are queued for it.
pub(super) struct Handler {
    pub(super) call: Box<dyn Fn(&Event) + Send + Sync>,
    pub(super) queue: Arc<HandlerQueue>,
}

impl Watcher {
    /// Takes no more events; returns those that wait.
    pub(super) fn close(&self) -> Option<Queue> {
        match &self.sink {
            // A receiver keeps the events that were sent, and ends when its sender is dropped.
            Sink::Receiver(_) => None,
            Sink::Handler(handler) => Some(handler.queue.close()),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(&self.sink, Sink::Handler(handler) if handler.queue.is_closed())
    }

    /// Whether an event up to that sequence number waits for its handler.
    pub(super) fn has_waiting(&self, until: u64) -> bool {
        matches!(&self.sink, Sink::Handler(handler) if handler.queue.has(until))
    }
}
