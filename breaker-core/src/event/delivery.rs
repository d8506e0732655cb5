//! Delivery of events to handlers, on the threads that cause the events, after the circuits' locks
//! are released.
//!
//! Each handler has a queue. If the queue is not empty, the handler is either in the ready list or
//! a thread is delivering to it. So a handler sees one event at a time, in order, and a thread that
//! finds another one delivering moves on. A thread runs at most one handler of a registry at a
//! time. Events that this handler causes are delivered after it has returned.
//!
//! A thread must deliver the events that were queued when it began. It also delivers the events
//! that its own handlers cause, and those that other threads queue for the handler that it is
//! calling. To keep this finite, it stops after as many of these later events as a queue can hold,
//! and earlier if another thread is about to deliver. The remaining events are ready for the next
//! thread.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::bus::EventBus;
use super::deferred::is_deferred;
use super::dispatcher::{Dispatcher, Round, Step};
use super::queue::Next;
use super::watcher::{Sink, Watcher};
use crate::log;

impl EventBus {
    /// Wakes the tasks that await events, and calls the handlers that no thread is calling.
    #[inline]
    pub(crate) fn deliver(&self) {
        if self.is_pending() {
            if is_deferred() {
                self.with_dispatcher(Dispatcher::leave_to_others);
            } else {
                self.deliver_pending();
            }
        }
    }

    #[inline(never)]
    fn deliver_pending(&self) {
        let mut round = None;
        loop {
            match self.with_dispatcher(|dispatcher| dispatcher.next_step(&mut round)) {
                Step::Wake(waker) => contained(|| waker.wake(), log::waker_panicked),
                Step::LogOverflow(handlers) => log::events_lost(handlers),
                Step::Call(watcher) => {
                    if let Some(round) = &mut round {
                        self.call(&watcher, round);
                    }
                    // This may be the last reference to a watcher that has ended, and with it to
                    // user code.
                    contained(|| drop(watcher), log::handler_panicked_in_drop);
                }
                Step::Done => return,
            }
        }
    }

    /// Calls one handler with the events that wait for it.
    fn call(&self, watcher: &Arc<Watcher>, round: &mut Round) {
        let Sink::Handler(handler) = &watcher.sink else { return };
        loop {
            let next = match handler.queue.pop(round.until()) {
                Next::Later if self.with_dispatcher(|dispatcher| dispatcher.continues(watcher, round)) => {
                    handler.queue.pop(u64::MAX)
                }
                next => next,
            };
            let Next::Event(event) = next else { return };
            contained(|| (handler.call)(&event), || log::handler_panicked(&event.key));
        }
    }
}

/// Runs user code and contains its panic, including one from dropping the payload.
pub(crate) fn contained(work: impl FnOnce(), on_panic: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(work)) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(move || drop(payload))) {
            mem::forget(payload);
        }
        on_panic();
    }
}
