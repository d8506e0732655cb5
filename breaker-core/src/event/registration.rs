//! The registration of a watcher.

use std::sync::{Arc, Weak};

use super::bus::BusOwner;
use super::filter::Filter;
use super::watcher::{Sink, Watcher};

/// Ends a watcher when it is dropped.
pub(super) struct Registration {
    // Both are weak: the registry may be dropped before its watchers, which then end.
    bus: Weak<BusOwner>,
    watcher: Weak<Watcher>,
}

impl Registration {
    pub(super) fn new(bus: &Arc<BusOwner>, filter: Filter, sink: Sink) -> Self {
        let watcher = Arc::new(Watcher { filter, sink });
        let registration = Self { bus: Arc::downgrade(bus), watcher: Arc::downgrade(&watcher) };
        (**bus).as_ref().add(watcher);
        registration
    }

    /// The filter, until the registry is dropped.
    pub(super) fn filter(&self) -> Option<Filter> {
        self.watcher.upgrade().map(|watcher| watcher.filter.clone())
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        if let (Some(bus), Some(watcher)) = (self.bus.upgrade(), self.watcher.upgrade()) {
            (*bus).as_ref().remove(&watcher);
        }
    }
}
