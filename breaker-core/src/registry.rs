//! Circuits by name.

#[cfg(feature = "settings")]
mod apply;
mod builder;
mod calls;
mod control;
mod error;
mod evict;
mod future;
#[cfg_attr(breaker_loom, path = "registry/map/locked.rs")]
mod map;
#[cfg(feature = "metrics")]
pub(crate) mod recorder_state;
mod search_pause;
mod sweeper;
mod unguarded;
mod unguarded_counts;

use std::fmt;
use std::sync::Arc;

#[cfg(feature = "settings")]
pub use apply::{Applied, ApplyError};
pub use builder::RegistryBuilder;
pub use error::{ConfigureError, NotFoundError, RegisterError};
pub use future::{NamedCall, NamedCallWith};
pub use sweeper::Sweeper;
#[cfg(feature = "metrics")]
pub(crate) use unguarded::Occupancy;

use crate::breaker::CircuitBreaker;
use crate::circuit::word::Flags;
use crate::circuit::{Circuit, Origin};
use crate::environment::Environment;
use crate::event::{Event, EventKind, EventReceiver, Filter, Subscription};
use crate::key::{AsKey, Key, KeyRef};
use crate::policy::{Policy, PolicyError};
#[cfg(feature = "metrics")]
use crate::primitive::MutexGuard;
use crate::primitive::{Mutex, yield_now};
#[cfg(feature = "metrics")]
use crate::registry::recorder_state::RecorderState;
use error::Refusal;
use map::Map;
use search_pause::SearchPause;
use unguarded_counts::UnguardedCounts;

/// Circuits by name, with a clock, a default policy and watchers in common. Its clones are the same
/// registry.
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
    /// Held while circuits come and go, so that a limit is kept and nobody is made twice. Look-ups
    /// do not take it.
    registrar: Mutex<Registrar>,
    max_circuits: usize,
    idle_after: Option<std::time::Duration>,
    /// The circuit for calls that find no room for one of their own.
    overflow: Option<Key>,
    unguarded: UnguardedCounts,
    /// Also held while a recorder runs, which is code of the user. If that panics, what was noted
    /// is still right; see `metrics::publish`.
    #[cfg(feature = "metrics")]
    recorder_state: Mutex<RecorderState>,
}

struct Registrar {
    default_policy: Arc<Policy>,
    /// Policies in use, newest first: circuits with equal policies share one.
    policies: Vec<Arc<Policy>>,
    search_pause: SearchPause,
}

/// # The registry itself
impl Registry {
    /// Swaps the policy that later registrations without one get, and returns the one before.
    /// Circuits that exist keep theirs.
    ///
    /// # Errors
    ///
    /// If the policy is invalid; the old one stays.
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
        let mut registrar = self.inner.registrar.lock();
        let shared = registrar.share(&policy);
        Ok(*std::mem::replace(&mut registrar.default_policy, shared))
    }

    /// Calls `handler` with each event that passes `filter`, until the subscription ends.
    ///
    /// Handlers run after the change is visible and outside every lock, on the thread that caused
    /// the event or one that is delivering to this handler already; they may call anything, also
    /// end their own subscription. One that panics is caught and logged. What a handler causes is
    /// delivered when it has returned.
    ///
    /// Events wait for each handler in a queue of its own. A handler that is slow or blocks delays
    /// its own events and the call that it runs on, and neither other calls nor other watchers.
    /// 1,024 events wait for it at the most; those that come then are dropped, and
    /// [counted](Subscription::dropped). A call delivers what waits when it comes, and of what
    /// comes meanwhile at most 1,024 events more; what is left then is delivered with the next
    /// event, or by [`sweep`](Self::sweep).
    pub fn subscribe(&self, filter: Filter, handler: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        Subscription::new(&self.inner.environment.bus_owner(), filter, Box::new(handler))
    }

    /// A queue of the events that pass `filter`, from now on. It holds 1,024 of them.
    pub fn events(&self, filter: Filter) -> EventReceiver {
        EventReceiver::new(&self.inner.environment.bus_owner(), filter)
    }

    /// What its circuits share.
    pub(crate) fn environment(&self) -> &Environment {
        &self.inner.environment
    }

    /// Whether the environment is that of this registry: so a circuit, or another handle, belongs
    /// to it.
    #[inline]
    pub(crate) fn is(&self, environment: &Environment) -> bool {
        std::ptr::eq(self.environment(), environment)
    }
}

/// # For metrics
#[cfg(feature = "metrics")]
impl Registry {
    /// All circuits at this moment.
    pub(crate) fn circuits(&self) -> Vec<Arc<Circuit>> {
        self.inner.circuits.all()
    }

    /// What was reported to a recorder. The lock is held while more is reported.
    pub(crate) fn recorder_state(&self) -> MutexGuard<'_, RecorderState> {
        self.inner.recorder_state.lock()
    }
}

/// # Circuits coming and going
impl Registry {
    /// Makes a circuit. It stays until it is [unregistered](Self::unregister), however idle it is.
    ///
    /// # Errors
    ///
    /// If the name is taken, empty or too long (see [`TextLimits`](crate::TextLimits)), the policy
    /// is invalid, or the registry is full.
    pub fn register(&self, key: impl Into<Key>, policy: Policy) -> Result<CircuitBreaker, RegisterError> {
        let key = key.into();
        match self.make(key.as_key(), Some(&policy), Origin::Hand) {
            Ok((breaker, true)) => Ok(breaker),
            Ok((_, false)) => Err(RegisterError::AlreadyRegistered { key }),
            Err(refusal) => Err(refusal.of(key)),
        }
    }

    /// The circuit of that name, registered with `policy` if there is none. One that calls have
    /// made is returned as it is.
    ///
    /// What is registered never makes room for others. So where names come from your users, let
    /// calls make their circuits, with the [default policy](RegistryBuilder::default_policy).
    ///
    /// # Errors
    ///
    /// As [`register`](Self::register), but for a name that is taken. An invalid policy is refused
    /// either way.
    pub fn get_or_register(&self, key: impl AsKey, policy: Policy) -> Result<CircuitBreaker, RegisterError> {
        let key = key.as_key();
        policy.validate().map_err(|error| Refusal::InvalidPolicy(error).of(key.to_key()))?;
        match self.get(key) {
            Some(breaker) => Ok(breaker),
            None => match self.make(key, Some(&policy), Origin::Hand) {
                Ok((breaker, _)) => Ok(breaker),
                Err(refusal) => Err(refusal.of(key.to_key())),
            },
        }
    }

    /// The circuit of that name.
    #[must_use]
    pub fn get(&self, key: impl AsKey) -> Option<CircuitBreaker> {
        let key = key.as_key();
        loop {
            if let Some(breaker) = CircuitBreaker::pin(self.inner.circuits.get(key)?) {
                return Some(breaker);
            }
            // It is leaving: the next look finds it gone. Or an eviction is about to take that
            // back, because it sees this handle.
            yield_now();
        }
    }

    /// Takes a circuit out and returns it. Calls in flight finish, and never bring it back; handles
    /// to it go on as a breaker of their own.
    ///
    /// # Errors
    ///
    /// If there is none of that name.
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
            self.inner.environment.push(circuit.key(), EventKind::Unregistered);
            CircuitBreaker::from_circuit(circuit)
        };
        self.inner.environment.events.deliver();
        Ok(breaker)
    }

    /// How many circuits there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.circuits.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The circuit of that name, made with `policy` or the default if there is none; whether it was
    /// made.
    fn make(
        &self,
        key: KeyRef<'_>,
        policy: Option<&Policy>,
        origin: Origin,
    ) -> Result<(CircuitBreaker, bool), Refusal> {
        if !self.inner.environment.text_limits.allow_name(key) {
            return Err(Refusal::InvalidKey);
        }
        if let Some(policy) = policy {
            policy.validate().map_err(Refusal::InvalidPolicy)?;
        }
        let breaker = {
            let mut registrar = self.inner.registrar.lock();
            if let Some(breaker) = self.get(key) {
                return Ok((breaker, false));
            }
            if self.len() >= self.inner.max_circuits && !self.evict_for_one(&mut registrar.search_pause) {
                return Err(Refusal::Full { limit: self.inner.max_circuits });
            }
            let policy = match policy {
                Some(policy) => registrar.share(policy),
                None => Arc::clone(&registrar.default_policy),
            };
            self.add(key.to_key(), policy, origin)
        };
        // Also what was evicted to make room.
        self.inner.environment.events.deliver();
        Ok((breaker, true))
    }

    /// Adds a circuit of a name that is free. The lock of the registrar is held; the events are
    /// delivered after it.
    fn add(&self, key: Key, policy: Arc<Policy>, origin: Origin) -> CircuitBreaker {
        let flags = Flags::TRACKED.when(self.evicts());
        let circuit = Arc::new(Circuit::new(key, policy, Arc::clone(&self.inner.environment), origin, flags));
        // Under the lock, so that it does not leave before it is handed out.
        let breaker = CircuitBreaker::from_circuit(Arc::clone(&circuit));
        // Queued before anybody can find the circuit, and under this lock: so it comes before all
        // that happens to it, and in turn with the end of its predecessor.
        self.inner.environment.push(circuit.key(), EventKind::Registered);
        self.inner.circuits.insert(&circuit);
        breaker
    }

    /// The circuit for a call: made if it is missing. `None`: the call runs unguarded. It may leave
    /// before the call is admitted.
    pub(crate) fn for_call(&self, key: KeyRef<'_>, policy: Option<&Policy>, origin: Origin) -> Option<Arc<Circuit>> {
        if let Some(circuit) = self.inner.circuits.get(key) {
            return Some(circuit);
        }
        match self.make(key, policy, origin) {
            Ok((breaker, _)) => Some(Arc::clone(breaker.circuit())),
            Err(refusal) => self.without_circuit(key, &refusal),
        }
    }
}

impl Registrar {
    /// The policies remembered for sharing. Services have a handful; more only cost memory, not
    /// correctness.
    const REMEMBERED: usize = 32;

    /// One copy for all circuits with an equal policy.
    fn share(&mut self, policy: &Policy) -> Arc<Policy> {
        if let Some(known) = self.policies.iter().find(|known| ***known == *policy) {
            return Arc::clone(known);
        }
        let shared = Arc::new(*policy);
        self.policies.insert(0, Arc::clone(&shared));
        self.policies.truncate(Self::REMEMBERED);
        shared
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("circuits", &self.len()).finish_non_exhaustive()
    }
}
