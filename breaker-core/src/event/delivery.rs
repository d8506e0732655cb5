//! How events come to handlers: on the threads that cause them, once their circuits' locks are
//! gone.
//!
//! Each handler has a lane. A lane with events that wait is either among those that are ready, or
//! some thread has its turn and delivers. So each handler sees one event at a time, in order, and
//! who finds another thread at it goes its way. A thread is in at most one handler of a registry:
//! what that one causes is delivered when it has returned.
//!
//! A thread owes what waited when it came. It also goes on with what its own handlers caused, and
//! with what was put into a lane while it had the turn there, whose causers have gone their way.
//! But not for ever: it stops after [`EXTRA`] of those, and before, if it sees another thread
//! coming that is going to take them. What is left then is ready for the next thread.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;
use std::task::Waker;

use super::bus::{Desk, EventBus};
use super::lane::{CAPACITY, Next};
use super::watcher::{Outlet, Watcher};
use crate::log;
use crate::primitive::{Ordering, thread_local};

/// How many events that came after it a thread delivers at the most: as many as can wait while it
/// is in a handler.
const EXTRA: usize = CAPACITY;

thread_local! {
    // Its address says which thread this is. Constant and without a destructor: there is one until
    // the very end of the thread.
    static PLACE: Cell<u8> = const { Cell::new(0) };
}

/// Which thread this is among the live ones.
fn this_thread() -> usize {
    PLACE.with(|place| ptr::from_ref(place).addr())
}

/// A thread that has pushed and will deliver, or that is at it.
pub(super) struct Thread {
    id: usize,
    /// The number of the last event that it owes, once it is at it.
    owes: Option<u64>,
}

/// What a thread that is delivering has to do.
struct Round {
    thread: usize,
    /// The last event that waited when it came.
    until: u64,
    /// How many later ones it may deliver.
    extra: usize,
}

/// What a thread that is delivering does next, without a lock.
enum Step {
    Wake(Waker),
    /// So many lanes have begun to lose events.
    Tell(u32),
    Call(Arc<Watcher>),
    Done,
}

impl EventBus {
    /// Wakes those who wait for events, and calls the handlers that nobody is calling.
    #[inline]
    pub(crate) fn deliver(&self) {
        // Relaxed: who has pushed sees its own push at least; who has not loses nothing.
        if self.pending.load(Ordering::Relaxed) != 0 {
            self.deliver_pending();
        }
    }

    #[inline(never)]
    fn deliver_pending(&self) {
        let mut round = None;
        loop {
            match self.next_step(&mut round) {
                Step::Wake(waker) => contained(|| waker.wake(), log::waker_panicked),
                Step::Tell(overflowed) => log::events_lost(overflowed),
                Step::Call(watcher) => {
                    if let Some(round) = &mut round {
                        self.call(&watcher, round);
                    }
                    // The last reference to one that ended meanwhile may go here, and with it code
                    // of the user.
                    contained(|| drop(watcher), log::handler_panicked_in_drop);
                }
                Step::Done => return,
            }
        }
    }

    fn next_step(&self, round: &mut Option<Round>) -> Step {
        let mut desk = self.desk.lock();
        let step = desk.next_step(round);
        self.note_pending(&desk);
        step
    }

    /// Has its turn with one handler.
    fn call(&self, watcher: &Arc<Watcher>, round: &mut Round) {
        let Outlet::Handler(handler) = &watcher.outlet else { return };
        loop {
            let next = match handler.lane.next(round.until) {
                Next::Later if self.goes_on(watcher, round) => handler.lane.next(u64::MAX),
                next => next,
            };
            let Next::Event(event) = next else { return };
            contained(|| (handler.call)(&event), || log::handler_panicked(&event.key));
        }
    }

    /// Whether this thread delivers one more of the events that came after it; else the turn is
    /// over, and the handler is ready for another thread.
    fn goes_on(&self, watcher: &Arc<Watcher>, round: &mut Round) -> bool {
        let mut desk = self.desk.lock();
        if desk.somebody_comes() {
            // Under the same lock: who is coming finds this handler ready, and all that is ready
            // now.
            desk.owe(round.thread, round.until);
        } else if let Some(left) = round.extra.checked_sub(1) {
            round.extra = left;
            return true;
        }
        if !watcher.is_ended() {
            desk.ready.push_back(Arc::clone(watcher));
        }
        self.note_pending(&desk);
        false
    }
}

impl Desk {
    /// Notes that this thread has put events into lanes of handlers.
    pub(super) fn note_pushed(&mut self) {
        let id = this_thread();
        match self.threads.iter_mut().find(|thread| thread.id == id) {
            // One of its handlers has caused them.
            Some(Thread { owes: Some(until), .. }) => *until = self.sequence,
            Some(_) => {}
            None => self.threads.push(Thread { id, owes: None }),
        }
    }

    /// Whether a thread is about to deliver: it takes all that is ready then.
    pub(super) fn somebody_comes(&self) -> bool {
        self.threads.iter().any(|thread| thread.owes.is_none())
    }

    fn next_step(&mut self, round: &mut Option<Round>) -> Step {
        // Before any code of a user runs: until then others rely on this thread to come.
        if round.is_none() {
            *round = self.begin_round(this_thread());
        }
        // Before any handler: none holds up who waits for events.
        if let Some(waker) = self.wakers.pop() {
            return Step::Wake(waker);
        }
        if self.overflowed > 0 {
            return Step::Tell(std::mem::take(&mut self.overflowed));
        }
        round.as_ref().and_then(|round| self.next_ready(round)).map_or(Step::Done, Step::Call)
    }

    /// Begins to deliver, if there is anything and this thread is not at it already.
    fn begin_round(&mut self, thread: usize) -> Option<Round> {
        if self.owed_by(thread).is_some() {
            return None;
        }
        self.leave(thread);
        if self.ready.is_empty() {
            return None;
        }
        let until = self.sequence;
        self.threads.push(Thread { id: thread, owes: Some(until) });
        Some(Round { thread, until, extra: EXTRA })
    }

    /// The next handler with events that this thread owes, and the turn there; without one it is no
    /// longer delivering.
    fn next_ready(&mut self, round: &Round) -> Option<Arc<Watcher>> {
        let until = self.owed_by(round.thread).filter(|_| round.extra > 0).unwrap_or(round.until);
        let place = self.ready.iter().position(|watcher| watcher.has_waiting(until));
        let watcher = place.and_then(|place| self.ready.remove(place));
        if watcher.is_none() {
            self.leave(round.thread);
        }
        watcher
    }

    /// The last event that this thread owes, if it is delivering.
    fn owed_by(&self, thread: usize) -> Option<u64> {
        self.threads.iter().find(|other| other.id == thread)?.owes
    }

    fn owe(&mut self, thread: usize, until: u64) {
        for own in self.threads.iter_mut().filter(|other| other.id == thread) {
            own.owes = Some(until);
        }
    }

    fn leave(&mut self, thread: usize) {
        self.threads.retain(|other| other.id != thread);
    }
}

/// Runs code of the user and keeps its panic in, also one that its payload causes when it is
/// dropped.
fn contained(work: impl FnOnce(), on_panic: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(work)) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(move || drop(payload))) {
            std::mem::forget(payload);
        }
        on_panic();
    }
}
