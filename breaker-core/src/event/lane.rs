//! What waits for one watcher.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Event;
use crate::primitive::Mutex;

/// What waits for a watcher at the most: one that takes its time costs events, not memory.
pub(super) const CAPACITY: usize = 1_024;

/// A bounded queue that drops the newest and counts them.
#[derive(Default)]
pub(super) struct Queue {
    events: VecDeque<Arc<Event>>,
    dropped: u64,
}

impl Queue {
    /// Whether there was room.
    pub(super) fn put(&mut self, event: &Arc<Event>) -> bool {
        let has_room = self.events.len() < CAPACITY;
        if has_room {
            self.events.push_back(Arc::clone(event));
        } else {
            self.dropped += 1;
        }
        has_room
    }

    pub(super) fn take(&mut self) -> Option<Arc<Event>> {
        self.events.pop_front()
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    pub(super) const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The number of the event that is taken next.
    fn first(&self) -> Option<u64> {
        self.events.front().map(|event| event.sequence)
    }
}

/// The events that wait for a handler.
#[derive(Default)]
pub(super) struct Lane(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    waiting: Queue,
    /// Whether the lane is among those that are ready, or some thread is delivering from it.
    has_turn: bool,
    /// Whether events have been dropped since the lane was last empty.
    overflows: bool,
    ended: bool,
}

/// What a new event means to a lane.
pub(super) enum Put {
    /// It waits, and somebody has to deliver it.
    Ready,
    /// It waits behind others; or it is one more that is dropped.
    Done,
    /// It is the first that is dropped.
    Overflows,
}

/// What a thread that is delivering finds.
pub(super) enum Next {
    Event(Arc<Event>),
    /// There is one, but later than asked for.
    Later,
    /// There is none, and the turn is over.
    Nothing,
}

impl Lane {
    pub(super) fn put(&self, event: &Arc<Event>) -> Put {
        let mut inner = self.0.lock();
        if !inner.waiting.put(event) {
            let already = std::mem::replace(&mut inner.overflows, true);
            return if already { Put::Done } else { Put::Overflows };
        }
        if std::mem::replace(&mut inner.has_turn, true) { Put::Done } else { Put::Ready }
    }

    /// The next event up to that number, for the thread that has the turn.
    pub(super) fn next(&self, until: u64) -> Next {
        let mut inner = self.0.lock();
        if inner.waiting.first().is_some_and(|first| first > until) {
            return Next::Later;
        }
        if let Some(event) = inner.waiting.take() {
            return Next::Event(event);
        }
        inner.overflows = false;
        // Under the lock that the next event needs: it finds either no turn or a thread that will
        // see it.
        inner.has_turn = false;
        Next::Nothing
    }

    /// Whether the first event that waits is one up to that number.
    pub(super) fn has(&self, until: u64) -> bool {
        self.0.lock().waiting.first().is_some_and(|first| first <= until)
    }

    /// Nothing comes any more; what waited.
    pub(super) fn end(&self) -> Queue {
        let mut inner = self.0.lock();
        inner.ended = true;
        let dropped = inner.waiting.dropped();
        std::mem::replace(&mut inner.waiting, Queue { events: VecDeque::new(), dropped })
    }

    pub(super) fn is_ended(&self) -> bool {
        self.0.lock().ended
    }

    pub(super) fn dropped(&self) -> u64 {
        self.0.lock().waiting.dropped()
    }
}
