//! What the registry tells the fleet, and asks of it.

use std::process;
use std::sync::Arc;

use breaker_core::fleet::{Change, FleetStatus, Generation, Peer, ProbeReport, Publisher, Shared};
use breaker_core::{AsKey as _, CircuitBreaker, KeyRef};

use super::board::Board;
use super::changes::Happened;
use super::circuits::Circuits;
use super::clock::Clock;
use super::known::Known;
use super::mailbox::Mailbox;

/// Never blocks: it puts things into the mailbox, and reads what the fleet's thread has left for
/// it. It keeps no handle of a circuit, which would protect the circuit from eviction.
pub(crate) struct FleetPeer {
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) board: Arc<Board>,
    pub(crate) known: Arc<Known>,
    pub(crate) circuits: Arc<Circuits>,
    pub(crate) clock: Clock,
    pub(crate) process: u32,
}

impl FleetPeer {
    /// Whether this is a forked child, in which the fleet's thread does not exist and a lock may be
    /// held for ever.
    fn is_elsewhere(&self) -> bool {
        process::id() != self.process
    }

    fn happened(&self, circuit: &CircuitBreaker, happened: Happened) {
        if !self.is_elsewhere() && self.circuits.shares(circuit.key().as_key()) {
            self.mailbox.happened(circuit.key(), happened);
        }
    }
}

impl Peer for FleetPeer {
    fn initial(&self, key: KeyRef<'_>) -> Option<Shared> {
        if self.is_elsewhere() || !self.circuits.shares(key) {
            return None;
        }
        let named = self.circuits.made(key);
        self.known.initial(&named.name, self.clock.now())
    }

    fn changed(&self, circuit: &CircuitBreaker, change: &Change) {
        self.happened(circuit, Happened::Changed(change.clone()));
    }

    fn probe_wanted(&self, circuit: &CircuitBreaker, generation: Generation) {
        self.happened(circuit, Happened::ProbeWanted(generation));
    }

    fn probe_settled(&self, circuit: &CircuitBreaker, report: &ProbeReport) {
        self.happened(circuit, Happened::ProbeSettled(report.clone()));
    }

    fn shares(&self, key: KeyRef<'_>) -> bool {
        self.circuits.shares(key)
    }

    fn publisher(&self, key: KeyRef<'_>) -> Option<Publisher> {
        if self.is_elsewhere() || self.known.is_empty() || !self.circuits.shares(key) {
            return None;
        }
        self.known.publisher(&self.circuits.names().name(key).name)
    }

    fn status(&self) -> FleetStatus {
        if self.is_elsewhere() { FleetStatus::default() } else { self.board.status() }
    }
}
