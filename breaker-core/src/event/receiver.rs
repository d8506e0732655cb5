//! Events as a queue of one's own: for those who rather ask than be called.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{RecvError, RecvTimeoutError, TryRecvError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures_core::Stream;

use super::{Event, Filter, Hub, Subscription};
use crate::primitive::{Condvar, Mutex, MutexGuard};

/// What a receiver holds at the most.
const CAPACITY: usize = 1_024;

/// Receives the events that pass a filter; see [`Registry::events`](crate::Registry::events).
///
/// It holds 1,024 events. Those that come while it is full are dropped, the newest, and counted. It can be asked, waited for,
/// iterated, and awaited as a [`Stream`]. It ends when the registry and all its circuits are gone.
///
/// ```
/// use breaker_core::{EventType, Filter, Registry};
///
/// let registry = Registry::new();
/// let events = registry.events(Filter::all().kinds([EventType::StateChanged]));
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
    _subscription: Subscription,
}

#[derive(Default)]
struct Channel {
    inner: Mutex<Inner>,
    arrived: Condvar,
}

#[derive(Default)]
struct Inner {
    events: VecDeque<Event>,
    dropped: u64,
    closed: bool,
    /// The task that awaits the next event.
    waker: Option<Waker>,
}

/// The end in the hub; its drop closes the channel.
struct Sender(Arc<Channel>);

impl Channel {
    fn wake(&self, mut inner: MutexGuard<'_, Inner>) {
        let waker = inner.waker.take();
        drop(inner);
        self.arrived.notify_one();
        // Outside the lock: a waker runs code of the runtime.
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Sender {
    fn send(&self, event: &Event) {
        let mut inner = self.0.inner.lock();
        if inner.events.len() >= CAPACITY {
            inner.dropped += 1;
        } else {
            inner.events.push_back(event.clone());
            self.0.wake(inner);
        }
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        let mut inner = self.0.inner.lock();
        inner.closed = true;
        self.0.wake(inner);
        self.0.arrived.notify_all();
    }
}

impl EventReceiver {
    pub(crate) fn new(hub: &Arc<Hub>, filter: Filter) -> Self {
        let channel = Arc::new(Channel::default());
        let sender = Sender(Arc::clone(&channel));
        let subscription = Subscription::new(hub, filter, Box::new(move |event| sender.send(event)));
        Self { channel, _subscription: subscription }
    }

    /// Waits for the next event.
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

    /// Waits for the next event, up to `limit` of real time.
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
        self.channel.inner.lock().dropped
    }

    fn poll_event(&self, context: &Context<'_>) -> Poll<Option<Event>> {
        // Cloned before the lock is taken and dropped after it is gone: wakers run code of the runtime.
        let waker = context.waker().clone();
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
        self.events.pop_front().ok_or(none)
    }
}

impl Stream for EventReceiver {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.poll_event(context)
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
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.channel.inner.lock();
        formatter
            .debug_struct("EventReceiver")
            .field("waiting", &inner.events.len())
            .field("dropped", &inner.dropped)
            .finish_non_exhaustive()
    }
}
