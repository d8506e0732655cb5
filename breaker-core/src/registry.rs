//! Circuits by name.

#[cfg(feature = "settings")]
mod apply;
mod builder;
mod calls;
mod control;
mod creation;
#[cfg(feature = "metrics")]
pub(crate) mod departures;
mod error;
mod evict;
#[cfg(feature = "metrics")]
mod for_metrics;
mod future;
mod global;
#[cfg_attr(breaker_loom, path = "registry/map/locked.rs")]
mod map;
#[cfg(feature = "settings")]
mod overrides;
#[cfg(feature = "metrics")]
pub(crate) mod recorder_state;
mod registrar;
mod search_pause;
mod sweeper;
mod unguarded;
mod unguarded_counts;
mod weak;

use std::fmt;
use std::sync::Arc;

#[cfg(feature = "settings")]
pub use apply::{Applied, ApplyError};
pub use builder::RegistryBuilder;
pub(crate) use creation::Creation;
pub use error::{ConfigureError, NotFoundError, RegisterError};
pub use future::{NamedCall, NamedCallWith};
pub use global::InstallError;
pub use sweeper::Sweeper;
#[cfg(feature = "metrics")]
pub(crate) use unguarded::Occupancy;
pub use weak::WeakRegistry;

use crate::breaker::CircuitBreaker;
use crate::call::reference::Reference;
use crate::circuit::chosen::Chosen;
use crate::circuit::word::Flags;
use crate::circuit::{Aftermath, Circuit, Origin};
use crate::environment::Environment;
use crate::event::{Event, EventKind, EventReceiver, Filter, Subscription};
use crate::key::{AsKey, Key, KeyRef};
use crate::policy::{Policy, PolicyError};
use crate::primitive::{Mutex, yield_now};
#[cfg(feature = "metrics")]
use crate::registry::departures::Keepers;
#[cfg(feature = "metrics")]
use crate::registry::recorder_state::RecorderState;
use crate::sharing::Shared;
use crate::state::Mode;
use error::Refusal;
use map::Map;
use registrar::Registrar;
use unguarded_counts::UnguardedCounts;

/// A set of circuits by name, which share a clock, a default policy and event subscribers. It is
/// cheap to clone, and all clones refer to the same registry.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{Policy, Registry, RegisterError, State};
///
/// let registry = Registry::new();
/// registry.register("payment_api", Policy::consecutive_failures(3))?;
/// assert!(matches!(
///     registry.register("payment_api", Policy::new()),
///     Err(RegisterError::AlreadyRegistered { .. })
/// ));
/// registry.open("payment_api")?;
/// assert_eq!(registry.state("payment_api"), State::Open);
/// assert!(!registry.is_available("payment_api"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Registry {
    inner: Arc<Inner>,
}

struct Inner {
    circuits: Map,
    environment: Arc<Environment>,
    /// Held while circuits are added and removed, so that limits hold and no circuit is created
    /// twice. Look-ups do not take it.
    registrar: Mutex<Registrar>,
    max_circuits: usize,
    idle_after: Option<std::time::Duration>,
    /// The circuit for calls whose own circuit does not fit into the registry.
    overflow: Option<Key>,
    unguarded: UnguardedCounts,
    /// Also held while a recorder runs, which is user code. If it panics, the state is still
    /// consistent; see `metrics::publish`.
    #[cfg(feature = "metrics")]
    recorder_state: Mutex<RecorderState>,
    #[cfg(feature = "metrics")]
    departures: Keepers,
}

impl Drop for Inner {
    /// Leaves the fleet, as handles to circuits may outlive the registry: nobody would grant the
    /// probes that are held.
    fn drop(&mut self) {
        if self.environment.listener.clear().is_some() {
            self.circuits.all().iter().for_each(|circuit| circuit.release_held_probes());
        }
    }
}

/// A circuit that was added.
struct Added {
    breaker: CircuitBreaker,
    /// If it began in a state of a fleet.
    aftermath: Option<Aftermath>,
}

/// # The registry itself
impl Registry {
    /// Replaces the policy of circuits that are later created without one, and returns the previous
    /// one. Existing circuits keep theirs. The `[defaults]` of settings that are applied later
    /// replace it again, and give it back when they are gone.
    ///
    /// # Errors
    ///
    /// Returns an error if the policy is invalid. The old one then stays.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{Policy, Registry};
    ///
    /// let registry = Registry::new();
    /// let before = registry.set_default_policy(Policy::consecutive_failures(3))?;
    /// assert_eq!(before, Policy::new());
    /// # Ok::<(), breaker_box::PolicyError>(())
    /// ```
    pub fn set_default_policy(&self, policy: Policy) -> Result<Policy, PolicyError> {
        policy.validate()?;
        Ok(self.inner.registrar.lock().set_default_policy(&policy))
    }

    /// Calls `handler` with each event that passes `filter`, until the subscription ends.
    ///
    /// Handlers run after the change is visible and outside every lock. They run on the thread that
    /// caused the event, or on one that is already delivering to this handler. They may call
    /// anything, and may end their own subscription. A handler that panics is caught and logged.
    /// Events that a handler causes are delivered after it has returned.
    ///
    /// Each handler has its own queue. A slow or blocking handler delays its own events and the
    /// call that it runs on, but no other calls and no other subscribers. The queue holds 1,024
    /// events. Events that arrive while it is full are dropped and
    /// [counted](Subscription::dropped). A call delivers the events that are queued when it
    /// arrives, and at most 1,024 that are queued while it delivers. Events that are still queued
    /// then are delivered with the next event, or by [`sweep`](Self::sweep).
    pub fn subscribe(&self, filter: Filter, handler: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        Subscription::new(&self.inner.environment.bus_owner(), filter, Box::new(handler))
    }

    /// Returns a receiver of the events that pass `filter`, from now on. It holds up to 1,024
    /// events.
    pub fn events(&self, filter: Filter) -> EventReceiver {
        EventReceiver::new(&self.inner.environment.bus_owner(), filter)
    }

    /// Returns all circuits at this moment.
    pub(crate) fn circuits(&self) -> Vec<Arc<Circuit>> {
        self.inner.circuits.all()
    }

    /// Returns the circuit of that name, which may be leaving.
    pub(crate) fn circuit(&self, key: KeyRef<'_>) -> Option<Arc<Circuit>> {
        self.inner.circuits.get(key)
    }

    /// Returns what the registry's circuits share.
    pub(crate) fn environment(&self) -> &Environment {
        &self.inner.environment
    }

    /// Returns whether the environment is this registry's, that is, whether its owner (a circuit or
    /// another handle) belongs to this registry.
    #[inline]
    pub(crate) fn is(&self, environment: &Environment) -> bool {
        std::ptr::eq(self.environment(), environment)
    }
}

/// # Adding and removing circuits
impl Registry {
    /// Registers a circuit. It stays until it is [unregistered](Self::unregister), however long it
    /// is idle. If applied settings have a family for it, their policy is in force instead of
    /// `policy`.
    ///
    /// # Errors
    ///
    /// Returns an error if the name is taken, empty or too long (see
    /// [`TextLimits`](crate::TextLimits)), if the policy is invalid, or if the registry is full.
    pub fn register(&self, key: impl Into<Key>, policy: Policy) -> Result<CircuitBreaker, RegisterError> {
        let key = key.into();
        match self.make(key.as_key(), Creation::by_hand(&policy)) {
            Ok((breaker, true)) => Ok(breaker),
            Ok((_, false)) => Err(RegisterError::AlreadyRegistered { key }),
            Err(refusal) => Err(refusal.of(key)),
        }
    }

    /// Returns the circuit of that name, and registers it with `policy` if there is none. A circuit
    /// that calls have created keeps its own policy.
    ///
    /// A registered circuit is never evicted. If names come from your users, let calls create the
    /// circuits instead, with the [default policy](RegistryBuilder::default_policy).
    ///
    /// # Errors
    ///
    /// The same as for [`register`](Self::register), except that a taken name is not an error. An
    /// invalid policy is an error even if the circuit exists.
    pub fn get_or_register(&self, key: impl AsKey, policy: Policy) -> Result<CircuitBreaker, RegisterError> {
        let key = key.as_key();
        policy.validate().map_err(|error| Refusal::InvalidPolicy(error).of(key.to_key()))?;
        loop {
            let (breaker, is_new) = match self.get(key) {
                Some(breaker) => (breaker, false),
                None => self.make(key, Creation::by_hand(&policy)).map_err(|refusal| refusal.of(key.to_key()))?,
            };
            #[cfg(feature = "settings")]
            if !is_new {
                breaker.circuit().note_choice(|| policy, Origin::Hand, None);
            }
            // Otherwise it was removed since the look-up.
            if is_new || !breaker.circuit().is_retired() {
                return Ok(breaker);
            }
        }
    }

    /// Returns the circuit of that name, or `None` if there is none.
    #[must_use]
    pub fn get(&self, key: impl AsKey) -> Option<CircuitBreaker> {
        let key = key.as_key();
        loop {
            if let Some(breaker) = CircuitBreaker::pin(self.inner.circuits.get(key)?) {
                return Some(breaker);
            }
            // It is being evicted: the next look-up finds it gone. Or the eviction sees this handle
            // and is about to be undone.
            yield_now();
        }
    }

    /// Removes a circuit from the registry and returns it. Calls in flight finish and do not bring
    /// it back. Handles to it continue to work as a breaker outside any registry.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no circuit of that name.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{Policy, Registry};
    ///
    /// let registry = Registry::new();
    /// registry.register("payment_api", Policy::new())?;
    /// let breaker = registry.unregister("payment_api")?;
    /// assert!(registry.get("payment_api").is_none());
    /// assert_eq!(breaker.call(|| Ok::<_, std::io::Error>(42))?, 42);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn unregister(&self, key: impl AsKey) -> Result<CircuitBreaker, NotFoundError> {
        let key = key.as_key();
        let breaker = {
            let _registrar = self.inner.registrar.lock();
            let circuit = self.inner.circuits.remove(key).ok_or_else(|| NotFoundError::new(key.to_key()))?;
            circuit.retire();
            // The fleet cannot reach it any more.
            circuit.release_held_probes();
            self.inner.environment.push(circuit.key(), EventKind::Unregistered);
            CircuitBreaker::from_circuit(circuit)
        };
        self.report_departed(std::slice::from_ref(breaker.circuit()));
        self.inner.environment.events.deliver();
        Ok(breaker)
    }

    /// Returns the number of circuits.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.circuits.len()
    }

    /// Returns whether there are no circuits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the circuit of that name, created if there is none, and whether it was created.
    fn make(&self, key: KeyRef<'_>, creation: Creation<'_>) -> Result<(CircuitBreaker, bool), Refusal> {
        if !self.inner.environment.text_limits.allow_name(key) {
            return Err(Refusal::InvalidKey);
        }
        if let Some(policy) = creation.policy {
            policy.validate().map_err(Refusal::InvalidPolicy)?;
        }
        let mut evicted = Vec::new();
        let Added { breaker, aftermath } = {
            let mut registrar = self.inner.registrar.lock();
            if let Some(breaker) = self.get(key) {
                return Ok((breaker, false));
            }
            if self.len() >= self.inner.max_circuits {
                evicted = self.evict_for_one(&mut registrar.search_pause);
                if evicted.is_empty() {
                    return Err(Refusal::Full { limit: self.inner.max_circuits });
                }
            }
            let key = key.to_key();
            let (chosen, mode) = registrar.choose(&key, creation);
            self.add(key, chosen, creation.origin, mode)
        };
        self.report_departed(&evicted);
        self.finish(&breaker, aftermath);
        Ok((breaker, true))
    }

    /// Adds a circuit whose name is free. The caller holds the registrar's lock and
    /// [finishes](Self::finish) after releasing it.
    fn add(&self, key: Key, chosen: Arc<Chosen>, origin: Origin, mode: Option<Mode>) -> Added {
        let flags = Flags::TRACKED.when(self.evicts());
        let circuit = Arc::new(Circuit::new(key, chosen, Arc::clone(&self.inner.environment), origin, flags));
        // Under the lock, so that the circuit cannot be evicted before it is returned.
        let breaker = CircuitBreaker::from_circuit(Arc::clone(&circuit));
        // Queued before the circuit can be found, and under this lock. So this event precedes all
        // other events of the circuit, and follows those of an earlier circuit of that name.
        self.inner.environment.push(circuit.key(), EventKind::Registered);
        let make_visible = || self.inner.circuits.insert(&circuit);
        let shared = self.shared_state(circuit.key());
        let aftermath = match (shared, mode) {
            // A mode is configuration. What was ordered for the fleet holds in spite of it, but not
            // what circuits elsewhere came to by themselves.
            (Some(shared), None) => Some(circuit.begin(&shared, make_visible)),
            (Some(shared), Some(_)) if shared.state.is_ordered() => Some(circuit.begin(&shared, make_visible)),
            (_, Some(mode)) => Some(circuit.begin_in(mode, make_visible)),
            (None, None) => {
                make_visible();
                None
            }
        };
        Added { breaker, aftermath }
    }

    /// Notes the mode of a call site without a policy, where only settings have asked for the
    /// circuit.
    pub(crate) fn note_mode_of_site(&self, circuit: &Circuit, mode: Mode) {
        #[cfg(feature = "settings")]
        circuit.note_choice(|| *self.inner.registrar.lock().default_policy.policy(), Origin::Call, Some(mode));
        #[cfg(not(feature = "settings"))]
        let _ = (self, circuit, mode);
    }

    /// Returns what the fleet of the registry knows of a circuit.
    fn shared_state(&self, key: &Key) -> Option<Shared> {
        self.inner.environment.listener.get()?.initial(key.as_key())
    }

    /// Delivers the events of an added circuit, and of those evicted to make room.
    fn finish(&self, breaker: &CircuitBreaker, aftermath: Option<Aftermath>) {
        match aftermath {
            Some(aftermath) => breaker.circuit().finish(&aftermath),
            None => self.inner.environment.events.deliver(),
        }
    }

    /// Returns the circuit for a call, created if it is missing. `None` means that the call runs
    /// unguarded. The circuit may be evicted before the call is admitted.
    pub(crate) fn for_call(&self, key: KeyRef<'_>, creation: Creation<'_>) -> Option<Reference> {
        if let Some(circuit) = self.inner.circuits.reference(key) {
            return Some(circuit);
        }
        match self.make(key, creation) {
            Ok((breaker, _)) => Some(Reference::AtCircuit(Arc::clone(breaker.circuit()))),
            Err(refusal) => self.without_circuit(key, &refusal),
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("circuits", &self.len()).finish_non_exhaustive()
    }
}
