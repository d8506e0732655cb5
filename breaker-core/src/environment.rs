//! What the circuits of a registry share: a clock, limits, the event bus, and the listener of a
//! fleet.

mod listener;

use std::sync::Arc;

pub(crate) use listener::{Listener, ListenerSlot};

use crate::clock::Clock;
use crate::event::{BusOwner, EventBus, EventKind};
use crate::key::Key;
use crate::limits::TextLimits;

/// The environment of a circuit. Its address identifies the registry that the circuit belongs to.
#[derive(Debug)]
pub(crate) struct Environment {
    pub(crate) clock: Clock,
    /// The limits on the names and the metadata of circuits.
    pub(crate) text_limits: TextLimits,
    pub(crate) events: EventBus,
    /// Empty unless the registry has joined a fleet.
    pub(crate) listener: ListenerSlot,
}

impl Environment {
    pub(crate) fn new(clock: Clock, text_limits: TextLimits) -> Arc<Self> {
        Arc::new(Self { clock, text_limits, events: EventBus::default(), listener: ListenerSlot::default() })
    }

    /// The form in which watchers refer to it.
    pub(crate) fn bus_owner(self: &Arc<Self>) -> Arc<BusOwner> {
        self.clone()
    }

    /// Queues an event that happens now, if any watcher wants it. May be called under a circuit's
    /// lock; [`EventBus::deliver`] must follow once the lock is released.
    pub(crate) fn push(&self, key: &Key, kind: EventKind) {
        if self.events.wants(kind.event_type()) {
            let at = self.clock.calendar(self.clock.now());
            self.events.push(key, at, kind);
        }
    }
}

impl AsRef<EventBus> for Environment {
    fn as_ref(&self) -> &EventBus {
        &self.events
    }
}
