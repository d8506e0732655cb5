//! The handle of a subscribed handler.

use std::fmt;
use std::sync::Arc;

use super::Event;
use super::bus::BusOwner;
use super::filter::Filter;
use super::queue::HandlerQueue;
use super::registration::Registration;
use super::watcher::{Handler, Sink};

/// Keeps a handler subscribed, until it is dropped or [`unsubscribe`](Self::unsubscribe) is called.
///
/// Neither waits for a handler that is running, so a handler may end its own subscription. Events
/// that are still queued for the handler are dropped.
#[must_use = "a subscription that is dropped ends at once"]
pub struct Subscription {
    registration: Registration,
    queue: Arc<HandlerQueue>,
}

impl Subscription {
    pub(crate) fn new(bus: &Arc<BusOwner>, filter: Filter, call: Box<dyn Fn(&Event) + Send + Sync>) -> Self {
        let queue = Arc::new(HandlerQueue::default());
        let handler = Handler { call, queue: Arc::clone(&queue) };
        Self { registration: Registration::new(bus, filter, Sink::Handler(handler)), queue }
    }

    /// Ends this subscription. Other subscriptions stay.
    pub fn unsubscribe(self) {
        drop(self);
    }

    /// Returns the number of events that were dropped because 1,024 events were already queued for
    /// the handler.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{Filter, Policy, Registry};
    ///
    /// let registry = Registry::new();
    /// let subscription = registry.subscribe(Filter::all(), |event| println!("{}", event.key));
    /// registry.register("payment_api", Policy::new())?;
    /// assert_eq!(subscription.dropped(), 0);
    /// # Ok::<(), breaker_box::RegisterError>(())
    /// ```
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.queue.dropped()
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("filter", &self.registration.filter())
            .field("dropped", &self.dropped())
            .finish_non_exhaustive()
    }
}
