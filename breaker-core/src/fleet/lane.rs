//! The way from the circuits of a registry to its peer, independent of the events.
//!
//! A circuit queues its notes under its own lock, so they have its order. They are delivered after
//! that lock is released, by the thread that queued them or by one that is already delivering. A
//! thread that has delivered many leaves the rest to the next one that queues something.

use std::any::Any;
use std::sync::Arc;

use super::peer::Peer;
use super::queue::Queue;
use crate::breaker::CircuitBreaker;
use crate::environment::Listener;
use crate::event::contained;
use crate::key::{AsKey as _, Key, KeyRef};
use crate::log;
use crate::primitive::Mutex;
use crate::registry::WeakRegistry;
use crate::sharing::{Note, Shared};

/// How many notes a thread delivers before it leaves the rest to another one that is coming. Few
/// under the model checker, which runs short tests.
const ENOUGH: usize = if cfg!(breaker_loom) { 1 } else { 64 };

pub(super) struct Lane {
    pub(super) peer: Arc<dyn Peer>,
    registry: WeakRegistry,
    queue: Mutex<Queue>,
}

impl Lane {
    pub(super) fn new(peer: Arc<dyn Peer>, registry: WeakRegistry) -> Self {
        Self { peer, registry, queue: Mutex::default() }
    }

    /// Delivers nothing more, except for what is being delivered now.
    pub(super) fn close(&self) {
        let circuits = self.queue.lock().close();
        // Without the lock: a circuit may end here.
        drop(circuits);
    }

    /// A handle to the circuit at that address, if it is in its registry.
    fn circuit(&self, key: &Key, address: usize) -> Option<CircuitBreaker> {
        let circuit = self.registry.upgrade()?.circuit(key.as_key())?;
        // The thread that queues keeps its circuit, so no other one can be at that address.
        if Arc::as_ptr(&circuit).addr() == address { CircuitBreaker::pin(circuit) } else { None }
    }

    fn tell(&self, circuit: &CircuitBreaker, note: &Note) {
        let tell = || match note {
            Note::Changed(change) => self.peer.changed(circuit, change),
            Note::ProbeWanted(generation) => self.peer.probe_wanted(circuit, *generation),
            Note::ProbeSettled(report) => self.peer.probe_settled(circuit, report),
        };
        contained(tell, || log::peer_panicked(circuit.key().as_key()));
    }
}

impl Listener for Lane {
    fn initial(&self, key: KeyRef<'_>) -> Option<Shared> {
        let mut shared = None;
        contained(|| shared = self.peer.initial(key), || log::peer_panicked(key));
        shared
    }

    fn queue(&self, key: &Key, address: usize, notes: Vec<Note>) {
        let circuit = self.circuit(key, address);
        self.queue.lock().push(address, circuit, notes);
    }

    fn deliver(&self) {
        if !self.queue.lock().begin() {
            return;
        }
        let mut delivered = 0;
        loop {
            // Not in the condition of the loop, which would hold the lock in its body.
            let next = self.queue.lock().next(delivered >= ENOUGH);
            let Some((circuit, note)) = next else { return };
            self.tell(&circuit, &note);
            delivered += 1;
        }
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
