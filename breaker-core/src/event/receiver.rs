//! Events as a queue, for code that would rather poll or wait than be called.

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
    _registration: Registration,
}

impl EventReceiver {
    pub(crate) fn new(bus: &Arc<BusOwner>, filter: Filter) -> Self {
        let channel = Arc::new(Channel::default());
        let registration = Registration::new(bus, filter, Sink::Receiver(Sender::new(&channel)));
        Self { channel, _registration: registration }
    }

    /// Waits for the next event. It blocks the thread, so in a task await the receiver as a
    /// [`Stream`] instead.
    ///
    /// # Errors
    ///
    /// If there is none and can be none, because the registry is gone.
    pub fn recv(&self) -> Result<Event, RecvError> {
        self.channel.recv()
    }

    /// Waits for the next event, up to `limit` of real time, whatever clock the registry has. It
    /// blocks the thread.
    ///
    /// # Errors
    ///
    /// If none came in time, or none can come because the registry is gone.
    pub fn recv_timeout(&self, limit: Duration) -> Result<Event, RecvTimeoutError> {
        self.channel.recv_timeout(limit)
    }

    /// The next event, if one is there.
    ///
    /// # Errors
    ///
    /// If none is there now, or none can come because the registry is gone.
    pub fn try_recv(&self) -> Result<Event, TryRecvError> {
        self.channel.try_recv()
    }

    /// Iterates over the events, waiting for each; it ends when the registry is gone. It blocks the
    /// thread.
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

    /// Iterates over the events that are there, without waiting.
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

    /// How many events did not fit.
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

/// Borrows a receiver and waits for each event; see [`EventReceiver::iter`].
#[derive(Debug)]
#[must_use = "iterators do nothing unless consumed"]
pub struct EventIter<'a>(&'a EventReceiver);

impl Iterator for EventIter<'_> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        self.0.recv().ok()
    }
}

/// Borrows a receiver and takes what is there; see [`EventReceiver::try_iter`].
#[derive(Debug)]
#[must_use = "iterators do nothing unless consumed"]
pub struct EventTryIter<'a>(&'a EventReceiver);

impl Iterator for EventTryIter<'_> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        self.0.try_recv().ok()
    }
}

/// Owns a receiver and waits for each event; ends when the registry is gone.
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

    /// As [`iter`](Self::iter), with the receiver in it.
    fn into_iter(self) -> EventIntoIter {
        EventIntoIter(self)
    }
}

impl<'a> IntoIterator for &'a EventReceiver {
    type Item = Event;
    type IntoIter = EventIter<'a>;

    /// As [`iter`](EventReceiver::iter).
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
