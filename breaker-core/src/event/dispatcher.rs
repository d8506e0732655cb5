//! The watchers and the pending deliveries: the state of the event bus, behind its lock.

use std::cell::Cell;
use std::collections::VecDeque;
use std::mem;
use std::ptr;
use std::sync::Arc;
use std::task::Waker;

use super::Event;
use super::queue::{CAPACITY, Pushed, Queue};
use super::watcher::{Sink, Watcher};
use crate::primitive::thread_local;

/// No user code runs under its lock: watchers and wakers are moved out before they are called or
/// dropped.
#[derive(Default)]
pub(super) struct Dispatcher {
    /// The sequence number of the last event.
    sequence: u64,
    watchers: Vec<Arc<Watcher>>,
    /// Handlers that have queued events and that no thread is delivering to.
    ready: VecDeque<Arc<Watcher>>,
    /// Tasks to wake because their receivers have an event.
    wakers: Vec<Waker>,
    /// How many queues have begun to drop events since this was last logged.
    overflowed: u32,
    /// The threads that are delivering or about to deliver.
    threads: Vec<Thread>,
}

/// A thread that has pushed an event and will deliver, or that is delivering.
struct Thread {
    id: usize,
    /// While it delivers: the last event that it must deliver.
    due: Option<u64>,
}

/// The deliveries of one thread.
pub(super) struct Round {
    thread: usize,
    /// The last event that was queued when the round began.
    until: u64,
    /// How many later events it may deliver.
    extra: usize,
}

impl Round {
    pub(super) const fn until(&self) -> u64 {
        self.until
    }
}

/// How many later events a thread delivers at most: as many as can be queued while it is in a
/// handler.
const EXTRA: usize = CAPACITY;

/// What a thread that delivers does next, without the lock.
pub(super) enum Step {
    Wake(Waker),
    /// This many queues have begun to drop events.
    LogOverflow(u32),
    Call(Arc<Watcher>),
    Done,
}

/// # Watchers
impl Dispatcher {
    pub(super) fn watchers(&self) -> impl Iterator<Item = &Arc<Watcher>> {
        self.watchers.iter()
    }

    pub(super) fn add(&mut self, watcher: Arc<Watcher>) {
        self.watchers.push(watcher);
    }

    /// Ends a watcher; returns the events that wait for it.
    pub(super) fn remove(&mut self, watcher: &Arc<Watcher>) -> Option<Queue> {
        self.watchers.retain(|other| !Arc::ptr_eq(other, watcher));
        self.ready.retain(|other| !Arc::ptr_eq(other, watcher));
        watcher.close()
    }
}

/// # Events
impl Dispatcher {
    /// Gives the event its sequence number and queues it for every watcher that wants it.
    pub(super) fn push(&mut self, mut event: Arc<Event>) {
        let sequence = self.sequence + 1;
        Arc::make_mut(&mut event).sequence = sequence;
        let mut for_handlers = false;
        for watcher in self.watchers.iter().filter(|watcher| watcher.filter.matches(&event)) {
            self.sequence = sequence;
            match &watcher.sink {
                Sink::Receiver(sender) => self.wakers.extend(sender.send(&event)),
                Sink::Handler(handler) => {
                    for_handlers = true;
                    match handler.queue.push(&event) {
                        Pushed::Ready => self.ready.push_back(Arc::clone(watcher)),
                        Pushed::Overflows => self.overflowed += 1,
                        Pushed::Nothing => {}
                    }
                }
            }
        }
        if for_handlers {
            self.note_pushed();
        }
    }

    /// This thread has queued events, and does not deliver them.
    pub(super) fn leave_to_others(&mut self) {
        let id = this_thread();
        self.threads.retain(|thread| thread.id != id || thread.due.is_some());
    }

    /// Notes that this thread has queued events for handlers.
    fn note_pushed(&mut self) {
        let id = this_thread();
        match self.threads.iter_mut().find(|thread| thread.id == id) {
            // One of the handlers that it runs caused them.
            Some(Thread { due: Some(until), .. }) => *until = self.sequence,
            Some(_) => {}
            None => self.threads.push(Thread { id, due: None }),
        }
    }

    pub(super) fn is_pending(&self) -> bool {
        !self.ready.is_empty() || !self.wakers.is_empty() || self.overflowed > 0 || self.another_will_deliver()
    }
}

/// # Delivery
impl Dispatcher {
    /// What this thread does next; begins its round when first called.
    pub(super) fn next_step(&mut self, round: &mut Option<Round>) -> Step {
        // Before any user code runs: until then other threads rely on this one.
        if round.is_none() {
            *round = self.begin_round();
        }
        // Before any handler, so that none delays a task that awaits events.
        if let Some(waker) = self.wakers.pop() {
            return Step::Wake(waker);
        }
        if self.overflowed > 0 {
            return Step::LogOverflow(mem::take(&mut self.overflowed));
        }
        round.as_ref().and_then(|round| self.next_ready(round)).map_or(Step::Done, Step::Call)
    }

    /// Begins to deliver, if there is anything to deliver and this thread is not already
    /// delivering.
    fn begin_round(&mut self) -> Option<Round> {
        let thread = this_thread();
        if self.due(thread).is_some() {
            return None;
        }
        self.forget(thread);
        if self.ready.is_empty() {
            return None;
        }
        let until = self.sequence;
        self.threads.push(Thread { id: thread, due: Some(until) });
        Some(Round { thread, until, extra: EXTRA })
    }

    /// The next handler that this thread must deliver to. If there is none, the thread no longer
    /// delivers.
    fn next_ready(&mut self, round: &Round) -> Option<Arc<Watcher>> {
        let until = self.due(round.thread).filter(|_| round.extra > 0).unwrap_or(round.until);
        let place = self.ready.iter().position(|watcher| watcher.has_waiting(until));
        let watcher = place.and_then(|place| self.ready.remove(place));
        if watcher.is_none() {
            self.forget(round.thread);
        }
        watcher
    }

    /// Whether a thread delivers one more of the events that were queued after it began. If not,
    /// the handler is ready for another thread.
    pub(super) fn continues(&mut self, watcher: &Arc<Watcher>, round: &mut Round) -> bool {
        if self.another_will_deliver() {
            // Under one lock: the other thread finds this handler ready, and all that is ready now.
            for thread in self.threads.iter_mut().filter(|thread| thread.id == round.thread) {
                thread.due = Some(round.until);
            }
        } else if let Some(left) = round.extra.checked_sub(1) {
            round.extra = left;
            return true;
        }
        if !watcher.is_closed() {
            self.ready.push_back(Arc::clone(watcher));
        }
        false
    }

    /// Whether a thread is about to deliver. It will take everything that is ready then.
    fn another_will_deliver(&self) -> bool {
        self.threads.iter().any(|thread| thread.due.is_none())
    }

    /// The last event that this thread must deliver, if it is delivering.
    fn due(&self, thread: usize) -> Option<u64> {
        self.threads.iter().find(|other| other.id == thread)?.due
    }

    fn forget(&mut self, thread: usize) {
        self.threads.retain(|other| other.id != thread);
    }
}

thread_local! {
    // Its address identifies the thread. Const-initialized and without a destructor, so it exists
    // until the thread has ended.
    static PLACE: Cell<u8> = const { Cell::new(0) };
}

/// Identifies this thread among those that are running.
fn this_thread() -> usize {
    PLACE.with(|place| ptr::from_ref(place).addr())
}
