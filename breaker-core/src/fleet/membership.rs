//! A registry's membership in a fleet.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::lane::Lane;
use super::peer::Peer;
use crate::breaker::CircuitBreaker;
use crate::circuit::Circuit;
use crate::machine::ProbeOrder;
use crate::registry::{Registry, WeakRegistry};
use crate::sharing::{Adoption, Change, Counts, Generation, Shared};

/// The membership of a registry in a fleet: with it a peer moves the registry's circuits.
///
/// It does not keep the registry in memory. When it is dropped, the registry leaves the fleet: held
/// probes are released, the circuits keep their states and go on by local rules, and the registry
/// can join again.
///
/// Its methods act on circuits of this registry only. For any other circuit, and for one that has
/// left the registry, they change nothing.
#[must_use = "the registry leaves the fleet when the membership is dropped"]
pub struct Membership {
    registry: WeakRegistry,
}

/// The registry has joined a fleet already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the registry has joined a fleet already; drop its membership first")]
pub struct AlreadyJoinedError;

/// # A fleet
impl Registry {
    /// Joins a fleet: `peer` hears of every change from now on, and is asked for the state of every
    /// circuit that is created. See [`fleet`](crate::fleet).
    ///
    /// Nothing is announced of the circuits that exist already. [`Membership::present`] returns
    /// their states.
    ///
    /// # Errors
    ///
    /// Returns an error if the registry has joined already.
    pub fn join(&self, peer: Arc<dyn Peer>) -> Result<Membership, AlreadyJoinedError> {
        let registry = self.downgrade();
        let lane = Arc::new(Lane::new(peer, registry.clone()));
        if self.environment().listener.put(lane) { Ok(Membership { registry }) } else { Err(AlreadyJoinedError) }
    }

    /// Returns the peer of the fleet that the registry has joined.
    #[must_use]
    pub fn peer(&self) -> Option<Arc<dyn Peer>> {
        let listener = self.environment().listener.get()?;
        listener.as_any().downcast_ref::<Lane>().map(|lane| Arc::clone(&lane.peer))
    }
}

/// # States
impl Membership {
    /// Moves a circuit to a state that the fleet agrees on, with the cause
    /// [`Remote`](crate::Cause::Remote). An open circuit stays open for exactly the time that is
    /// left, without jitter. A closed one without openings is as after a recovery, with its counts
    /// cleared; one with openings is as after [`close`](CircuitBreaker::close).
    ///
    /// With `expected`, only if the circuit is still in that generation.
    pub fn adopt(&self, circuit: &CircuitBreaker, expected: Option<Generation>, to: &Shared) -> Adoption {
        self.own(circuit).map_or(Adoption::Gone, |circuit| circuit.adopt(expected, to))
    }

    /// Returns the state of a circuit as of now, in the form of the change that began it. The cause
    /// is that of the change, without its reason, or `Manual` for a new circuit.
    ///
    /// It applies changes that are due, such as the end of the open period.
    #[must_use]
    pub fn present(&self, circuit: &CircuitBreaker) -> Change {
        circuit.circuit().present()
    }

    /// Returns how many calls of a circuit were counted so far. It takes no lock unless the policy
    /// limits how long calls may take.
    #[must_use]
    pub fn counts(&self, circuit: &CircuitBreaker) -> Counts {
        circuit.circuit().counts()
    }
}

/// # Probes
///
/// A hold belongs to an open or half-open generation. It passes from an open generation to the
/// half-open one that follows when the open period is over, and to no other. While it lasts, the
/// thresholds of the policy stay in force: if the circuit's own probes reach one, it closes or
/// opens by itself.
///
/// Each of these methods returns false, and changes nothing, if the circuit is in another
/// generation or is neither open nor half-open.
impl Membership {
    /// Holds the probes of a circuit: from now on a call gets a slot only by a
    /// [grant](Self::grant_probes). Probes in flight go on. If the probes are held already, an
    /// earlier grant stays.
    pub fn hold_probes(&self, circuit: &CircuitBreaker, generation: Generation) -> bool {
        self.order_probes(circuit, generation, ProbeOrder::Hold)
    }

    /// Grants slots to the probes of a circuit that holds them: `n` in all, or as many as the
    /// policy's [`half_open_max_calls`](crate::Policy::half_open_max_calls) if that is less. It
    /// replaces an earlier grant.
    ///
    /// The grant lapses after `within`, by the clock of the registry. From that instant on no probe
    /// is admitted. A probe still in flight then frees its slot, and its result is late. To prevent
    /// that, renew the grant before it lapses.
    ///
    /// Also returns false if the probes are not held.
    pub fn grant_probes(&self, circuit: &CircuitBreaker, generation: Generation, n: u32, within: Duration) -> bool {
        self.order_probes(circuit, generation, ProbeOrder::Grant { slots: n, within })
    }

    /// Ends the hold: the policy alone decides again how many probes may run. Probes in flight go
    /// on.
    pub fn release_probes(&self, circuit: &CircuitBreaker, generation: Generation) -> bool {
        self.order_probes(circuit, generation, ProbeOrder::Release)
    }

    fn order_probes(&self, circuit: &CircuitBreaker, generation: Generation, order: ProbeOrder) -> bool {
        self.own(circuit).is_some_and(|circuit| circuit.order_probes(generation, order))
    }

    /// The circuit, if it is one of this registry.
    fn own<'a>(&self, circuit: &'a CircuitBreaker) -> Option<&'a Circuit> {
        let circuit = circuit.circuit();
        let registry = self.registry.upgrade()?;
        registry.is(circuit.environment()).then_some(circuit)
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let Some(registry) = self.registry.upgrade() else { return };
        let Some(listener) = registry.environment().listener.clear() else { return };
        if let Some(lane) = listener.as_any().downcast_ref::<Lane>() {
            lane.close();
        }
        for circuit in registry.circuits() {
            circuit.release_held_probes();
        }
    }
}

impl fmt::Debug for Membership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Membership").finish_non_exhaustive()
    }
}
