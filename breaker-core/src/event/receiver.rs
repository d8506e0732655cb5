//! Events as a queue, for code that polls or waits instead of being called.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{RecvError, RecvTimeoutError, TryRecvError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;

use super::Event;
use super::bus::BusOwner;
use super::channel::{Channel, Sender};
use super::filter::Filter;
use super::registration::Registration;
use super::watcher::Sink;

/// Receives the events that pass a filter; see [`Registry::events`](crate::Registry::events).
///
/// An event is available as soon as it happens, regardless of handlers. The receiver holds up to
/// 1,024 events; newer events are dropped and [counted](Self::dropped). It can be polled, waited
/// on, iterated, and awaited as a [`Stream`]. It ends when the registry and all its circuits are
/// gone.
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
    // Ends the registration when the receiver is dropped.
    _registration: Registration,
}

impl EventReceiver {
    pub(crate) fn new(bus: &Arc<BusOwner>, filter: Filter) -> Self {
        let channel = Arc::new(Channel::default());
        let registration = Registration::new(bus, filter, Sink::Receiver(Sender::new(&channel)));
        Self { channel, _registration: registration }
    }

    /// Blocks the thread until the next event. In a task, await the receiver as a [`Stream`]
    /// instead.
    ///
    /// # Errors
    ///
    /// Returns an error if the queue is empty and the registry is gone.
    pub fn recv(&self) -> Result<Event, RecvError> {
        self.channel.recv()
    }

    /// Blocks the thread until the next event, for at most `limit` of real time, whatever clock the
    /// registry has.
    ///
    /// # Errors
    ///
    /// Returns an error if no event arrived in time, or if the queue is empty and the registry is
    /// gone.
    pub fn recv_timeout(&self, limit: Duration) -> Result<Event, RecvTimeoutError> {
        self.channel.recv_timeout(limit)
    }

    /// Returns the next event, without waiting.
    ///
    /// # Errors
    ///
    /// Returns an error if the queue is empty, and says whether the registry is gone.
    pub fn try_recv(&self) -> Result<Event, TryRecvError> {
        self.channel.try_recv()
    }

    /// Returns an iterator that blocks the thread until each next event. It ends when the registry
    /// is gone.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{EventType, Filter, Registry};
    ///
    /// let registry = Registry::new();
    /// let events = registry.events(Filter::all());
    /// registry.register("payment_api", Default::default())?;
    /// assert_eq!(events.iter().next().unwrap().kind.event_type(), EventType::Registered);
    ///
    /// drop(registry);
    /// assert_eq!(events.iter().count(), 0);
    /// # Ok::<(), breaker_box::RegisterError>(())
    /// ```
    pub fn iter(&self) -> EventIter<'_> {
        EventIter(self)
    }

    /// Returns an iterator over the events that are in the queue, without waiting.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{EventType, Filter, Registry};
    ///
    /// let registry = Registry::new();
    /// let events = registry.events(Filter::all());
    /// registry.register("payment_api", Default::default())?.open();
    /// let types: Vec<_> = events.try_iter().map(|event| event.kind.event_type()).collect();
    /// assert_eq!(types, [EventType::Registered, EventType::StateChanged]);
    /// # Ok::<(), breaker_box::RegisterError>(())
    /// ```
    pub fn try_iter(&self) -> EventTryIter<'_> {
        EventTryIter(self)
    }

    /// Returns the number of events that were dropped because the queue was full.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.channel.dropped()
    }
}

impl Stream for EventReceiver {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.channel.poll(cx)
    }
}

/// A blocking iterator over the events of a borrowed receiver; see [`EventReceiver::iter`].
#[derive(Debug)]
#[must_use = "iterators do nothing unless consumed"]
pub struct EventIter<'a>(&'a EventReceiver);

impl Iterator for EventIter<'_> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        self.0.recv().ok()
    }
}

/// A non-blocking iterator over the queued events of a borrowed receiver; see
/// [`EventReceiver::try_iter`].
#[derive(Debug)]
#[must_use = "iterators do nothing unless consumed"]
pub struct EventTryIter<'a>(&'a EventReceiver);

impl Iterator for EventTryIter<'_> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        self.0.try_recv().ok()
    }
}

/// A blocking iterator over the events of an owned receiver. It ends when the registry is gone.
#[derive(Debug)]
#[must_use = "iterators do nothing unless consumed"]
pub struct EventIntoIter(EventReceiver);

impl Iterator for EventIntoIter {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        self.0.recv().ok()
    }
}

impl IntoIterator for EventReceiver {
    type Item = Event;
    type IntoIter = EventIntoIter;

    /// Returns an iterator as [`iter`](Self::iter) does, but one that owns the receiver.
    fn into_iter(self) -> EventIntoIter {
        EventIntoIter(self)
    }
}

impl<'a> IntoIterator for &'a EventReceiver {
    type Item = Event;
    type IntoIter = EventIter<'a>;

    /// The same as [`iter`](EventReceiver::iter).
    fn into_iter(self) -> EventIter<'a> {
        self.iter()
    }
}

impl fmt::Debug for EventReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventReceiver")
            .field("waiting", &self.channel.len())
            .field("dropped", &self.dropped())
            .finish_non_exhaustive()
    }
}
