//! The handle to a circuit.

mod control;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::call::admission::Admission;
use crate::call::classify::{ByClassifier, ByResult};
use crate::call::error::{CallError, CircuitOpenError};
use crate::call::future::{GuardedCall, GuardedCallWith};
use crate::call::permit::Permit;
use crate::call::reference::Holder;
use crate::circuit::chosen::Chosen;
use crate::circuit::word::Flags;
use crate::circuit::{AnyThread, Circuit, Origin, ThisThread};
use crate::clock::{Clock, SystemClock};
use crate::environment::Environment;
use crate::key::Key;
use crate::limits::{MetadataError, TextLimits};
use crate::outcome::Outcome;
use crate::policy::{Policy, PolicyError};
use crate::reason::Reason;
use crate::state::State;
use crate::status::Status;

/// A handle to a circuit. It is cheap to clone, and all clones refer to the same circuit. It is
/// `Send` and `Sync`.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{CallError, CircuitBreaker, Policy, State};
///
/// let breaker = CircuitBreaker::new("payment_api", Policy::consecutive_failures(2))?;
/// assert_eq!(breaker.call(|| Ok::<_, String>(42)).unwrap(), 42);
///
/// for _ in 0..2 {
///     let _ = breaker.call(|| Err::<(), _>("no route"));
/// }
/// assert_eq!(breaker.state(), State::Open);
/// assert!(matches!(breaker.call(|| Ok::<_, String>(42)), Err(CallError::Open(_))));
/// # Ok::<(), breaker_box::PolicyError>(())
/// ```
///
/// A circuit that has a handle stays in its registry, whatever the registry's limits are.
pub struct CircuitBreaker {
    holder: Holder,
}

/// # Constructors
impl CircuitBreaker {
    /// Creates a closed breaker outside any registry, on the system clock. Any key is accepted,
    /// including an empty one.
    ///
    /// # Errors
    ///
    /// Returns an error if the policy is invalid; see [`Policy::validate`].
    pub fn new(key: impl Into<Key>, policy: Policy) -> Result<Self, PolicyError> {
        Self::with_clock(key, policy, SystemClock)
    }

    /// Creates a closed breaker outside any registry, on the given clock. Tests pass a
    /// [`ManualClock`](crate::ManualClock).
    ///
    /// # Errors
    ///
    /// Returns an error if the policy is invalid; see [`Policy::validate`].
    pub fn with_clock(key: impl Into<Key>, policy: Policy, clock: impl Into<Clock>) -> Result<Self, PolicyError> {
        policy.validate()?;
        let environment = Environment::new(clock.into(), TextLimits::new());
        let circuit = Circuit::new(key.into(), Arc::new(Chosen::new(policy)), environment, Origin::Hand, Flags::NONE);
        Ok(Self::from_circuit(Arc::new(circuit)))
    }

    /// Returns a handle to a circuit that is outside any registry, or that is not yet visible in
    /// its registry.
    pub(crate) fn from_circuit(circuit: Arc<Circuit>) -> Self {
        circuit.pin_again();
        Self { holder: Holder::new(circuit) }
    }

    /// Returns a handle, which keeps the circuit in its registry. `None` if the circuit has already
    /// left it.
    pub(crate) fn pin(circuit: Arc<Circuit>) -> Option<Self> {
        circuit.pin().then(|| Self { holder: Holder::new(circuit) })
    }

    #[inline]
    pub(crate) const fn circuit(&self) -> &Arc<Circuit> {
        self.holder.circuit()
    }
}

/// # Calls
///
/// A call made inside the body of a probe of the same circuit is part of that probe, if it is made
/// on the same thread or while the probe's future is polled. It runs, takes no slot and is not
/// counted, whatever its result. This lets functions that share a circuit and call each other
/// recover. Calls on other threads or in other tasks are ordinary calls. So are calls inside a
/// probe whose half-open period has ended in the meantime.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use std::time::Duration;
/// use breaker_box::{CircuitBreaker, Policy, State};
///
/// let gateway = CircuitBreaker::new("gateway", Policy::new())?;
/// let pay = || gateway.call(|| Ok::<_, &str>(5)).map_err(|_| "rejected or failed");
/// let checkout = || gateway.call(|| Ok::<_, &str>(pay()? + pay()?));
///
/// gateway.open_for(Duration::ZERO);
/// assert_eq!(checkout().unwrap(), 10);
/// assert_eq!((gateway.state(), gateway.status().totals.successes), (State::Closed, 1));
/// # Ok::<(), breaker_box::PolicyError>(())
/// ```
impl CircuitBreaker {
    /// Runs `body` through the breaker. `Ok` counts as a success, `Err` as a failure without a
    /// reason. A panic counts as a failure and propagates.
    ///
    /// # Errors
    ///
    /// [`CallError::Open`] if the call was rejected, [`CallError::Failed`] with the error of `body`
    /// if it returned one.
    #[inline]
    pub fn call<T, E>(&self, body: impl FnOnce() -> Result<T, E>) -> Result<T, CallError<E>> {
        Admission::request::<ThisThread>(&self.holder)?.run(body, ByResult).map_err(CallError::Failed)
    }

    /// Runs `body` through the breaker and lets `classify` decide what its result means. Works for
    /// any return type.
    ///
    /// If `classify` panics, nothing is counted and the panic propagates.
    ///
    /// # Errors
    ///
    /// Returns an error if the call was rejected.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{CircuitBreaker, Outcome, Policy};
    ///
    /// let breaker = CircuitBreaker::new("search", Policy::new())?;
    /// let status = breaker.call_with(
    ///     || 404_u16,
    ///     |status| match status {
    ///         500.. => Outcome::failure(),
    ///         400.. => Outcome::Ignore,
    ///         _ => Outcome::Success,
    ///     },
    /// )?;
    /// assert_eq!(status, 404);
    /// assert_eq!(breaker.status().totals.ignored, 1);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    #[inline]
    pub fn call_with<R, O: Into<Outcome>>(
        &self,
        body: impl FnOnce() -> R,
        classify: impl FnOnce(&R) -> O,
    ) -> Result<R, CircuitOpenError> {
        Ok(Admission::request::<ThisThread>(&self.holder)?.run(body, ByClassifier(classify)))
    }

    /// Runs a future through the breaker; the asynchronous form of [`call`](Self::call). The call
    /// is admitted when the future is first polled. If the future is dropped before it is ready, it
    /// counts as the policy's [`on_cancel`](Policy::on_cancel) says.
    ///
    /// # Errors
    ///
    /// The same as for [`call`](Self::call).
    #[inline]
    pub fn call_async<T, E, F>(&self, body: F) -> GuardedCall<'_, F>
    where
        F: Future<Output = Result<T, E>>,
    {
        GuardedCall::new(&self.holder, body)
    }

    /// Runs a future through the breaker and lets `classify` decide what its result means; the
    /// asynchronous form of [`call_with`](Self::call_with).
    ///
    /// # Errors
    ///
    /// Returns an error if the call was rejected.
    #[inline]
    pub fn call_async_with<F, O, C>(&self, body: F, classify: C) -> GuardedCallWith<'_, F, C>
    where
        F: Future,
        O: Into<Outcome>,
        C: FnOnce(&F::Output) -> O,
    {
        GuardedCallWith::new(&self.holder, body, classify)
    }

    /// Acquires a permit for a call that the caller settles by hand.
    ///
    /// # Errors
    ///
    /// Returns an error if the call was rejected.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a function would return the permit in memory, see `Permit`")]
    pub fn try_acquire(&self) -> Result<Permit, CircuitOpenError> {
        let admission = Admission::request::<AnyThread>(&self.holder)?;
        let (circuit, ticket) = admission.parts();
        // The permit may outlive this handle.
        let ticket = circuit.map_or(ticket, |circuit| circuit.pin_again_for(ticket));
        Ok(Permit::new(circuit.map(|_| self.holder.reference()), ticket))
    }

    /// Reports that a call made elsewhere succeeded.
    ///
    /// It acts on the state that [`state`](Self::state) returns, as a call would, but neither takes
    /// nor frees a slot. It never changes the state of an open circuit. Inside the body of a probe
    /// it is counted as usual, because it reports another call.
    pub fn record_success(&self) {
        self.circuit().report(Outcome::Success);
    }

    /// Reports that a call made elsewhere failed, with a reason. Otherwise the same as
    /// [`record_success`](Self::record_success).
    pub fn record_failure(&self, reason: impl Into<Reason>) {
        self.circuit().report(Outcome::failure_because(reason));
    }
}

/// # Inspection
impl CircuitBreaker {
    /// Returns the circuit's key.
    #[must_use]
    pub fn key(&self) -> &Key {
        self.circuit().key()
    }

    /// Returns whether a call made now, on this thread, would be admitted. A call inside the body
    /// of a probe is part of that probe and would be.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.circuit().is_available()
    }

    /// Returns the state that a call would find. An open circuit whose open period is over reads as
    /// half-open, or as closed with [`close_on_expiry`](Policy::close_on_expiry). A half-open
    /// circuit whose probes have timed out reads as open, and so does a circuit with too many
    /// [hung calls](Policy::hung_calls).
    #[must_use]
    pub fn state(&self) -> State {
        self.circuit().state()
    }

    /// Returns a full snapshot of the circuit.
    #[must_use]
    pub fn status(&self) -> Status {
        self.circuit().status()
    }

    /// Returns the policy in force.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.circuit().policy()
    }

    /// Returns the circuit's metadata: free-form strings, by name.
    #[must_use]
    pub fn metadata(&self) -> BTreeMap<String, String> {
        self.circuit().metadata()
    }

    /// Sets a metadata entry, a free-form string for dashboards and logs. Returns the entry's
    /// previous value. A circuit with metadata is never evicted.
    ///
    /// # Errors
    ///
    /// Returns an error if the circuit would have more metadata than the [`TextLimits`] of its
    /// registry allow: by default 64 entries, and 4,096 bytes for all names and values together.
    /// The metadata is then unchanged.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{CircuitBreaker, MetadataError, Policy};
    ///
    /// let breaker = CircuitBreaker::new("payment_api", Policy::new())?;
    /// assert_eq!(breaker.set_metadata("owner", "search")?, None);
    /// assert_eq!(breaker.set_metadata("owner", "checkout")?.as_deref(), Some("search"));
    /// let refused = breaker.set_metadata("page", "<html>".repeat(1_000));
    /// assert!(matches!(refused, Err(MetadataError::TooManyBytes { limit: 4_096, .. })));
    /// assert_eq!(breaker.metadata().len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_metadata(
        &self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Result<Option<String>, MetadataError> {
        let too_much = |excess| MetadataError::new(self.key().clone(), excess);
        self.circuit().set_metadata(name.into(), value.into()).map_err(too_much)
    }
}

impl Clone for CircuitBreaker {
    fn clone(&self) -> Self {
        Self::from_circuit(Arc::clone(self.circuit()))
    }
}

impl Drop for CircuitBreaker {
    #[inline]
    fn drop(&mut self) {
        self.circuit().unpin();
    }
}

impl fmt::Debug for CircuitBreaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker").field("key", self.key()).field("state", &self.state()).finish_non_exhaustive()
    }
}
