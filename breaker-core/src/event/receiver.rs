//! Events as a queue of one's own: for those who rather ask than be called.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{RecvError, RecvTimeoutError, TryRecvError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures_core::Stream;

use super::lane::Queue;
use super::watcher::{Outlet, Watching};
use super::{BusOwner, Event, Filter};
use crate::primitive::{Condvar, Mutex};

/// Receives the events that pass a filter; see [`Registry::events`](crate::Registry::events).
///
/// Each event is there as soon as it happens, whatever handlers do. It holds 1,024 events. Those
/// that come while it is full are dropped, the newest, and counted. It can be asked, waited for,
/// iterated, and awaited as a [`Stream`]. It ends when the registry and all its circuits are gone.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{EventType, Filter, Registry};
///
/// let registry = Registry::new();
/// let events = registry.events(Filter::all().events([EventType::StateChanged]));
/// registry.register("payment_api", Default::default())?.open();
/// let event = events.try_recv()?;
/// assert_eq!(event.key.identifier(), "payment_api");
/// assert!(events.try_recv().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a receiver that is dropped at once receives nothing"]
pub struct EventReceiver {
    channel: Arc<Channel>,
    // Ends with the receiver.
    _watching: Watching,
}

#[derive(Default)]
struct Channel {
    inner: Mutex<Inner>,
    arrived: Condvar,
}

#[derive(Default)]
struct Inner {
    waiting: Queue,
    closed: bool,
    /// The task that awaits the next event.
    waker: Option<Waker>,
}

/// The sending end, which the bus holds; its drop closes the channel.
pub(super) struct Sender(Arc<Channel>);

impl Sender {
    /// Puts an event in, under locks of circuits; the waker that it returns is woken once they are
    /// gone.
    #[must_use]
    pub(super) fn send(&self, event: &Arc<Event>) -> Option<Waker> {
        let mut inner = self.0.inner.lock();
        if !inner.waiting.put(event) {
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
        inner.closed = true;
        let waker = inner.waker.take();
        drop(inner);
        self.0.arrived.notify_all();
        // Outside the lock: a waker runs code of the runtime.
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl EventReceiver {
    pub(crate) fn new(bus: &Arc<BusOwner>, filter: Filter) -> Self {
        let channel = Arc::new(Channel::default());
        let outlet = Outlet::Receiver(Sender(Arc::clone(&channel)));
        Self { channel, _watching: Watching::begin(bus, filter, outlet) }
    }

    /// Waits for the next event. It blocks the thread, so in a task await the receiver as a
    /// [`Stream`] instead.
    ///
    /// # Errors
    ///
    /// If there is none and can be none, because the registry is gone.
    pub fn recv(&self) -> Result<Event, RecvError> {
        let mut inner = self.channel.inner.lock();
        loop {
            match inner.next() {
                Ok(event) => return Ok(event),
                Err(TryRecvError::Disconnected) => return Err(RecvError),
                Err(TryRecvError::Empty) => {}
            }
            inner = self.channel.arrived.wait(inner);
        }
    }

    /// Waits for the next event, up to `limit` of real time, whatever clock the registry has. It
    /// blocks the thread.
    ///
    /// # Errors
    ///
    /// If none came in time, or none can come because the registry is gone.
    pub fn recv_timeout(&self, limit: Duration) -> Result<Event, RecvTimeoutError> {
        // A limit beyond the clock's range is no limit.
        let deadline = Instant::now().checked_add(limit);
        let mut inner = self.channel.inner.lock();
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
            inner = self.channel.arrived.wait_timeout(inner, left);
        }
    }

    /// The next event, if one is there.
    ///
    /// # Errors
    ///
    /// If none is there now, or none can come because the registry is gone.
    pub fn try_recv(&self) -> Result<Event, TryRecvError> {
        self.channel.inner.lock().next()
    }

    /// How many events did not fit.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.channel.inner.lock().waiting.dropped()
    }

    fn poll_event(&self, cx: &Context<'_>) -> Poll<Option<Event>> {
        // Cloned before the lock is taken and dropped after it is gone: wakers run code of the
        // runtime.
        let waker = cx.waker().clone();
        let mut inner = self.channel.inner.lock();
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
}

impl Inner {
    fn next(&mut self) -> Result<Event, TryRecvError> {
        let none = if self.closed { TryRecvError::Disconnected } else { TryRecvError::Empty };
        self.waiting.take().map(Arc::unwrap_or_clone).ok_or(none)
    }
}

impl Stream for EventReceiver {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.poll_event(cx)
    }
}

/// Iterates over events, waiting for each; ends when the registry is gone.
#[derive(Debug)]
pub struct Events(EventReceiver);

impl Iterator for Events {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        self.0.recv().ok()
    }
}

impl IntoIterator for EventReceiver {
    type Item = Event;
    type IntoIter = Events;

    fn into_iter(self) -> Events {
        Events(self)
    }
}

impl fmt::Debug for EventReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.channel.inner.lock();
        f.debug_struct("EventReceiver")
            .field("waiting", &inner.waiting.len())
            .field("dropped", &inner.waiting.dropped())
            .finish_non_exhaustive()
    }
}
