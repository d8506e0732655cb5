//! Delivery of events that were deferred.

use crate::registry::Registry;

/// Calls the event handlers for which events of this registry wait, on this thread. It must follow
/// [`defer_events`](crate::fleet::defer_events), on a thread that handlers may block.
pub fn deliver_events(registry: &Registry) {
    registry.environment().events.deliver();
}
