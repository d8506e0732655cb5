//! A thread that calls event handlers for what the fleet's thread has caused. A handler that blocks
//! delays other handlers, but not the fleet.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use breaker_core::{WeakRegistry, fleet};

/// Wakes the thread, which ends when this is dropped.
pub(super) struct Deliverer(SyncSender<()>);

impl Deliverer {
    pub(super) fn spawn(registry: WeakRegistry) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(1);
        let body = move || deliver(&registry, &receiver);
        thread::Builder::new().name("breaker-events".to_owned()).spawn(body)?;
        Ok(Self(sender))
    }

    /// Asks it to deliver; never blocks.
    pub(super) fn wake(&self) {
        // If the channel is full, the thread is about to look.
        let _ = self.0.try_send(());
    }
}

fn deliver(registry: &WeakRegistry, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        // Without the registry there are no subscribers.
        if let Some(registry) = registry.upgrade() {
            fleet::deliver_events(&registry);
        }
    }
}
