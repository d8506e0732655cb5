//! Somebody who watches, as the bus sees it.

use std::sync::{Arc, Weak};

use super::lane::{Lane, Queue};
use super::receiver::Sender;
use super::{BusOwner, Event, Filter};

/// What a watcher wants to see, and where it goes.
pub(super) struct Watcher {
    pub(super) filter: Filter,
    pub(super) outlet: Outlet,
}

pub(super) enum Outlet {
    Receiver(Sender),
    Handler(Handler),
}

/// Code of a user, and what waits for it.
pub(super) struct Handler {
    pub(super) call: Box<dyn Fn(&Event) + Send + Sync>,
    pub(super) lane: Arc<Lane>,
}

impl Watcher {
    /// Nothing goes to it any more; what waited.
    pub(super) fn end(&self) -> Option<Queue> {
        match &self.outlet {
            // Who reads has what was sent, and learns of the end from the sender's drop.
            Outlet::Receiver(_) => None,
            Outlet::Handler(handler) => Some(handler.lane.end()),
        }
    }

    pub(super) fn is_ended(&self) -> bool {
        matches!(&self.outlet, Outlet::Handler(handler) if handler.lane.is_ended())
    }

    /// Whether an event up to that number waits for its handler.
    pub(super) fn has_waiting(&self, until: u64) -> bool {
        matches!(&self.outlet, Outlet::Handler(handler) if handler.lane.has(until))
    }
}

/// Ends a watcher when it is dropped.
pub(super) struct Watching {
    // Both weak: the registry may go before its watchers, and then its watchers learn that nothing
    // comes any more.
    bus: Weak<BusOwner>,
    watcher: Weak<Watcher>,
}

impl Watching {
    pub(super) fn begin(bus: &Arc<BusOwner>, filter: Filter, outlet: Outlet) -> Self {
        let watcher = Arc::new(Watcher { filter, outlet });
        let watching = Self { bus: Arc::downgrade(bus), watcher: Arc::downgrade(&watcher) };
        (**bus).as_ref().add(watcher);
        watching
    }

    /// What is watched, while there is anything to watch.
    pub(super) fn filter(&self) -> Option<Filter> {
        self.watcher.upgrade().map(|watcher| watcher.filter.clone())
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        if let (Some(bus), Some(watcher)) = (self.bus.upgrade(), self.watcher.upgrade()) {
            (*bus).as_ref().remove(&watcher);
        }
    }
}
