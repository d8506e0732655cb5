//! What a registry tells a fleet, and what it asks.

use crate::breaker::CircuitBreaker;
use crate::key::KeyRef;
use crate::sharing::{Change, Generation, ProbeReport, Shared};

/// The other end of a registry that has [joined](crate::Registry::join) a fleet.
///
/// The methods run on the threads of calls, so they must not block: they hand over what they get,
/// for example through a channel. A panic in one of them is caught and logged, and harms no call.
///
/// `changed`, `probe_wanted` and `probe_settled` are called outside every lock, and may call
/// anything. For one circuit they are called one after the other, in its order. The subscriptions
/// of users neither delay nor lose any of these calls.
///
/// If a peer is slow, at most 16 calls wait for each circuit. Beyond that the oldest are left out,
/// and of several reports of one half-open generation only the last is kept. The last change of a
/// circuit is not lost while the circuit is in its registry.
pub trait Peer: Send + Sync + 'static {
    /// Returns the state in which a new circuit begins, or `None` for a closed one.
    ///
    /// It is called while the circuit is created, before a call can find it, under a lock of the
    /// registry. So it must not call the registry.
    fn initial(&self, key: KeyRef<'_>) -> Option<Shared> {
        let _ = key;
        None
    }

    /// A new generation of a circuit began. This includes an open circuit that was opened again, a
    /// closed one that was reset, the [initial](Self::initial) state, and
    /// [adoptions](crate::fleet::Membership::adopt), whose cause is `Remote`.
    fn changed(&self, circuit: &CircuitBreaker, change: &Change);

    /// A call was rejected because the circuit [holds](crate::fleet::Membership::hold_probes) its
    /// probes and no granted slot is free. It is called at most once until probes of the circuit
    /// are held, granted or released again.
    fn probe_wanted(&self, circuit: &CircuitBreaker, generation: Generation) {
        let _ = (circuit, generation);
    }

    /// The probes of a half-open circuit that holds them have changed: one was admitted, settled,
    /// or given up.
    fn probe_settled(&self, circuit: &CircuitBreaker, report: &ProbeReport) {
        let _ = (circuit, report);
    }

    /// Returns whether the circuit of that name is shared. True by default.
    fn shares(&self, key: KeyRef<'_>) -> bool {
        let _ = key;
        true
    }

    /// Returns who published the state that the circuit has in the fleet, or `None` if the fleet
    /// has no state for it.
    fn publisher(&self, key: KeyRef<'_>) -> Option<Publisher> {
        let _ = key;
        None
    }

    /// Returns how the fleet is doing, for the panel and for metrics.
    fn status(&self) -> FleetStatus {
        FleetStatus::default()
    }
}

/// Who published the state of a circuit.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::fleet::Publisher;
///
/// let publisher = Publisher::new("web-3", "failure_rate");
/// assert_eq!(publisher.instance, "web-3");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Publisher {
    /// The name of the instance, for people.
    pub instance: String,
    /// Why the state changed there: a name that [`Cause::as_str`](crate::Cause::as_str) returns.
    pub cause: String,
}

impl Publisher {
    /// Creates a publisher.
    #[must_use]
    pub fn new(instance: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { instance: instance.into(), cause: cause.into() }
    }
}

/// How a fleet is doing, as one instance sees it.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::fleet::FleetStatus;
///
/// let mut status = FleetStatus::default();
/// status.instances = 3;
/// assert!(!status.connected && status.last_error.is_none());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FleetStatus {
    /// Whether this instance is connected to the others.
    pub connected: bool,
    /// The name of this instance, for people.
    pub instance: String,
    /// The number of instances, this one included, as of this instance's last heartbeat.
    pub instances: usize,
    /// The number of circuits whose state the fleet holds.
    pub shared_circuits: usize,
    /// The number of changes of this instance that are not published yet.
    pub pending: usize,
    /// How many changes of other instances this instance has adopted so far.
    pub adopted: u64,
    /// How many changes this instance has published so far.
    pub published: u64,
    /// How many errors there were so far: requests and attempts to connect that failed, and
    /// connections that were lost.
    pub errors: u64,
    /// The last error, or `None` if there was none.
    pub last_error: Option<String>,
}
