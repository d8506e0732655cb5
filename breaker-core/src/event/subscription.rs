//! The handle of somebody who watches.

use std::fmt;
use std::sync::Arc;

use super::hub::{Hub, Subscriber};
use super::{Event, Filter};
use crate::primitive::AtomicU32;

/// Keeps a handler subscribed. Dropped, or by [`unsubscribe`](Self::unsubscribe), that one subscription ends.
///
/// Neither waits for a handler that is running, so a handler may end its own subscription.
#[must_use = "a subscription that is dropped ends at once"]
pub struct Subscription {
    hub: Arc<Hub>,
    subscriber: Arc<Subscriber>,
}

impl Subscription {
    pub(crate) fn new(hub: &Arc<Hub>, filter: Filter, handler: Box<dyn Fn(&Event) + Send + Sync>) -> Self {
        let subscriber = Arc::new(Subscriber { filter, handler, ended: AtomicU32::new(0) });
        hub.add(Arc::clone(&subscriber));
        Self { hub: Arc::clone(hub), subscriber }
    }

    /// Ends this subscription; others stay.
    pub fn unsubscribe(self) {
        drop(self);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.hub.remove(&self.subscriber);
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Subscription").field("filter", &self.subscriber.filter).finish_non_exhaustive()
    }
}
