//! The handle of somebody who watches.

use std::fmt;
use std::sync::{Arc, Weak};

use super::hub::{Hub, Subscriber};
use super::{Event, Filter};
use crate::primitive::AtomicU32;

/// Keeps a handler subscribed. Dropped, or by [`unsubscribe`](Self::unsubscribe), that one subscription ends.
///
/// Neither waits for a handler that is running, so a handler may end its own subscription.
#[must_use = "a subscription that is dropped ends at once"]
pub struct Subscription {
    // Both weak: the registry may go before its watchers, and then its watchers learn that nothing comes any more.
    hub: Weak<Hub>,
    subscriber: Weak<Subscriber>,
}

impl Subscription {
    pub(crate) fn new(hub: &Arc<Hub>, filter: Filter, handler: Box<dyn Fn(&Event) + Send + Sync>) -> Self {
        let since = hub.sequence();
        let subscriber = Arc::new(Subscriber { filter, handler, since, ended: AtomicU32::new(0) });
        let handle = Self { hub: Arc::downgrade(hub), subscriber: Arc::downgrade(&subscriber) };
        hub.add(subscriber);
        handle
    }

    /// Ends this subscription; others stay.
    pub fn unsubscribe(self) {
        drop(self);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let (Some(hub), Some(subscriber)) = (self.hub.upgrade(), self.subscriber.upgrade()) {
            hub.remove(&subscriber);
        }
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subscriber = self.subscriber.upgrade();
        let filter = subscriber.as_ref().map(|subscriber| &subscriber.filter);
        formatter.debug_struct("Subscription").field("filter", &filter).finish_non_exhaustive()
    }
}
