//! The channel between the event bus and a receiver.

use std::sync::Arc;
use std::sync::mpsc::{RecvError, RecvTimeoutError, TryRecvError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::Event;
use super::queue::Queue;
use crate::primitive::{Condvar, Mutex};

/// What both ends share. The receiver holds it directly.
#[derive(Default)]
pub(super) struct Channel {
    inner: Mutex<Inner>,
    arrived: Condvar,
}

#[derive(Default)]
struct Inner {
    events: Queue,
    is_closed: bool,
    /// The task that awaits the next event.
    waker: Option<Waker>,
}

/// The sending end, which the bus holds. Dropping it closes the channel.
pub(super) struct Sender(Arc<Channel>);

impl Sender {
    pub(super) fn new(channel: &Arc<Channel>) -> Self {
        Self(Arc::clone(channel))
    }

    /// Sends an event, under locks of circuits. The caller wakes the returned waker once they are
    /// released.
    #[must_use]
    pub(super) fn send(&self, event: &Arc<Event>) -> Option<Waker> {
        let mut inner = self.0.inner.lock();
        if !inner.events.push(event) {
            return None;
        }
        let waker = inner.waker.take();
        drop(inner);
        self.0.arrived.notify_one();
        waker
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        let mut inner = self.0.inner.lock();
        inner.is_closed = true;
        let waker = inner.waker.take();
        drop(inner);
        self.0.arrived.notify_all();
        // Outside the lock, because a waker runs code of the runtime.
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Channel {
    /// The next event, if there is one.
    pub(super) fn try_recv(&self) -> Result<Event, TryRecvError> {
        self.inner.lock().next()
    }

    /// Blocks until there is an event, or the channel is closed.
    pub(super) fn recv(&self) -> Result<Event, RecvError> {
        let mut inner = self.inner.lock();
        loop {
            match inner.next() {
                Ok(event) => return Ok(event),
                Err(TryRecvError::Disconnected) => return Err(RecvError),
                Err(TryRecvError::Empty) => inner = self.arrived.wait(inner),
            }
        }
    }

    /// The same as [`recv`](Self::recv), for at most `timeout` of real time.
    pub(super) fn recv_timeout(&self, timeout: Duration) -> Result<Event, RecvTimeoutError> {
        // A timeout beyond the clock's range means no timeout.
        let deadline = Instant::now().checked_add(timeout);
        let mut inner = self.inner.lock();
        loop {
            match inner.next() {
                Ok(event) => return Ok(event),
                Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
                Err(TryRecvError::Empty) => {}
            }
            let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Err(RecvTimeoutError::Timeout);
            }
            inner = self.arrived.wait_timeout(inner, left);
        }
    }

    /// The next event, or the task of `cx` is woken when there is one. `None` once closed.
    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<Option<Event>> {
        // Cloned before the lock is taken, and the old one dropped after it is released, because
        // wakers run code of the runtime.
        let waker = cx.waker().clone();
        let mut inner = self.inner.lock();
        match inner.next() {
            Ok(event) => Poll::Ready(Some(event)),
            Err(TryRecvError::Disconnected) => Poll::Ready(None),
            Err(TryRecvError::Empty) => {
                let before = inner.waker.replace(waker);
                drop(inner);
                drop(before);
                Poll::Pending
            }
        }
    }

    /// How many events wait.
    pub(super) fn len(&self) -> usize {
        self.inner.lock().events.len()
    }

    /// How many events were dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.inner.lock().events.dropped()
    }
}

impl Inner {
    fn next(&mut self) -> Result<Event, TryRecvError> {
        let none = if self.is_closed { TryRecvError::Disconnected } else { TryRecvError::Empty };
        self.events.pop().map(Arc::unwrap_or_clone).ok_or(none)
    }
}
