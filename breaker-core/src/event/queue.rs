//! The bounded queues of watchers.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use super::Event;
use crate::primitive::Mutex;

/// How many events a watcher's queue holds. A slow watcher loses events instead of using more
/// memory.
pub(super) const CAPACITY: usize = 1_024;

/// A bounded queue that drops the newest events and counts them.
#[derive(Default)]
pub(super) struct Queue {
    events: VecDeque<Arc<Event>>,
    dropped: u64,
}

impl Queue {
    /// Whether there was room.
    pub(super) fn push(&mut self, event: &Arc<Event>) -> bool {
        let has_room = self.events.len() < CAPACITY;
        if has_room {
            self.events.push_back(Arc::clone(event));
        } else {
            self.dropped += 1;
        }
        has_room
    }

    pub(super) fn pop(&mut self) -> Option<Arc<Event>> {
        self.events.pop_front()
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The sequence number of the oldest event.
    fn first(&self) -> Option<u64> {
        self.events.front().map(|event| event.sequence)
    }
}

/// The queue of a handler, which one thread at a time takes events from.
#[derive(Default)]
pub(super) struct HandlerQueue(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    events: Queue,
    /// Whether the handler is in the ready list or a thread is delivering to it.
    is_scheduled: bool,
    /// Whether events have been dropped since the queue was last empty.
    overflows: bool,
    is_closed: bool,
}

/// What a new event changes for a handler.
pub(super) enum Pushed {
    /// The event is queued, and a thread has to deliver it.
    Ready,
    /// The event is queued and its handler is already scheduled, or a further event is dropped.
    Nothing,
    /// The event is the first to be dropped.
    Overflows,
}

/// What a delivering thread finds in a queue.
pub(super) enum Next {
    Event(Arc<Event>),
    /// Only events with a later sequence number.
    Later,
    /// The queue is empty, and its handler is no longer scheduled.
    Empty,
}

impl HandlerQueue {
    pub(super) fn push(&self, event: &Arc<Event>) -> Pushed {
        let mut inner = self.0.lock();
        if !inner.events.push(event) {
            let already = mem::replace(&mut inner.overflows, true);
            return if already { Pushed::Nothing } else { Pushed::Overflows };
        }
        if mem::replace(&mut inner.is_scheduled, true) { Pushed::Nothing } else { Pushed::Ready }
    }

    /// The next event up to that sequence number, for the delivering thread.
    pub(super) fn pop(&self, until: u64) -> Next {
        let mut inner = self.0.lock();
        if inner.events.first().is_some_and(|first| first > until) {
            return Next::Later;
        }
        if let Some(event) = inner.events.pop() {
            return Next::Event(event);
        }
        inner.overflows = false;
        // Under the lock that the next event needs. So that event finds the handler either not
        // scheduled, or with a thread that will see the event.
        inner.is_scheduled = false;
        Next::Empty
    }

    /// Whether an event up to that sequence number waits.
    pub(super) fn has(&self, until: u64) -> bool {
        self.0.lock().events.first().is_some_and(|first| first <= until)
    }

    /// Takes no more events; returns those that wait.
    pub(super) fn close(&self) -> Queue {
        let mut inner = self.0.lock();
        inner.is_closed = true;
        let dropped = inner.events.dropped();
        mem::replace(&mut inner.events, Queue { events: VecDeque::new(), dropped })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.0.lock().is_closed
    }

    pub(super) fn dropped(&self) -> u64 {
        self.0.lock().events.dropped()
    }
}
