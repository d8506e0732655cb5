//! The handle to a circuit.

mod control;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::call::admission::{Admission, OwnedAdmission};
use crate::call::classify::{ByClassifier, ByResult};
use crate::call::error::{CallError, CircuitOpenError};
use crate::call::future::{GuardedCall, GuardedCallWith};
use crate::call::permit::Permit;
use crate::circuit::word::Flags;
use crate::circuit::{AnyThread, Circuit, NotAdmitted, Origin};
use crate::clock::{Clock, SystemClock};
use crate::environment::Environment;
use crate::key::Key;
use crate::limits::{MetadataError, TextLimits};
use crate::outcome::Outcome;
use crate::policy::{Policy, PolicyError};
use crate::reason::Reason;
use crate::state::State;
use crate::status::Status;

/// A handle to a circuit: cheap to clone, to send and to share. All clones are the same circuit.
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
/// A circuit that somebody has a handle to stays in its registry, whatever limits that has.
pub struct CircuitBreaker {
    circuit: Arc<Circuit>,
}

/// # Constructors
impl CircuitBreaker {
    /// A closed breaker outside any registry, on the system's clock. Any key will do, also an empty
    /// one.
    ///
    /// # Errors
    ///
    /// If the policy is invalid; see [`Policy::validate`].
    pub fn new(key: impl Into<Key>, policy: Policy) -> Result<Self, PolicyError> {
        Self::with_clock(key, policy, SystemClock)
    }

    /// The same on another clock, for tests on a [`ManualClock`](crate::ManualClock).
    ///
    /// # Errors
    ///
    /// If the policy is invalid; see [`Policy::validate`].
    pub fn with_clock(key: impl Into<Key>, policy: Policy, clock: impl Into<Clock>) -> Result<Self, PolicyError> {
        policy.validate()?;
        let environment = Environment::new(clock.into(), TextLimits::new());
        let circuit = Circuit::new(key.into(), Arc::new(policy), environment, Origin::Hand, Flags::NONE);
        Ok(Self::from_circuit(Arc::new(circuit)))
    }

    /// The handle of a circuit outside any registry, or of one whose registry nobody finds it in
    /// yet.
    pub(crate) fn from_circuit(circuit: Arc<Circuit>) -> Self {
        circuit.pin_again();
        Self { circuit }
    }

    /// A handle, which keeps the circuit in its registry. `None` if it has left already.
    pub(crate) fn pin(circuit: Arc<Circuit>) -> Option<Self> {
        circuit.pin().then(|| Self { circuit })
    }

    #[inline]
    pub(crate) const fn circuit(&self) -> &Arc<Circuit> {
        &self.circuit
    }
}

/// # Calls
///
/// A call that is made inside the body of a probe of the same circuit, on its thread or while its
/// future is polled, is part of that probe: it runs, takes no slot and counts nothing, whatever it
/// comes to. So functions of one circuit that call each other recover. What is made on another
/// thread, or in a task of its own, is a call like any other; and so is a call inside a probe whose
/// stay in half-open has ended meanwhile.
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
    /// Runs `body` through the breaker. `Ok` is a success, `Err` a failure without a reason, a
    /// panic a failure that goes on.
    ///
    /// # Errors
    ///
    /// [`CallError::Open`] if the call was not let through, [`CallError::Failed`] with its own error if it failed.
    #[inline]
    pub fn call<T, E>(&self, body: impl FnOnce() -> Result<T, E>) -> Result<T, CallError<E>> {
        Admission::request(&self.circuit)?.run(body, ByResult).map_err(CallError::Failed)
    }

    /// Runs `body` through the breaker, with `classify` saying what its result means. Works for any
    /// return type.
    ///
    /// If `classify` panics, nothing is counted and the panic goes on.
    ///
    /// # Errors
    ///
    /// If the call was not let through.
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
        Ok(Admission::request(&self.circuit)?.run(body, ByClassifier(classify)))
    }

    /// Runs a future through the breaker, as [`call`](Self::call). It is admitted when it is polled
    /// for the first time; dropped unfinished, it counts as the policy's
    /// [`on_cancel`](Policy::on_cancel) says.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    #[inline]
    pub fn call_async<T, E, F>(&self, body: F) -> GuardedCall<'_, F>
    where
        F: Future<Output = Result<T, E>>,
    {
        GuardedCall::new(&self.circuit, body)
    }

    /// Runs a future through the breaker, with `classify` saying what its result means, as
    /// [`call_with`](Self::call_with).
    ///
    /// # Errors
    ///
    /// If the call was not let through.
    #[inline]
    pub fn call_async_with<F, O, C>(&self, body: F, classify: C) -> GuardedCallWith<'_, F, C>
    where
        F: Future,
        O: Into<Outcome>,
        C: FnOnce(&F::Output) -> O,
    {
        GuardedCallWith::new(&self.circuit, body, classify)
    }

    /// Permission for a call that is settled by hand.
    ///
    /// # Errors
    ///
    /// If the call was not let through.
    pub fn try_acquire(&self) -> Result<Permit, CircuitOpenError> {
        match self.circuit.admit::<AnyThread>() {
            Ok(ticket) => Ok(Permit::new(OwnedAdmission::new(Some(Arc::clone(&self.circuit)), ticket))),
            Err(NotAdmitted::Nested) => Ok(Permit::new(OwnedAdmission::UNGUARDED)),
            Err(NotAdmitted::Rejected(rejection)) => Err(CircuitOpenError::new(&self.circuit, rejection)),
        }
    }

    /// Reports that a call made elsewhere succeeded.
    ///
    /// It acts on the state that [`state`](Self::state) would answer, as a call would, but takes
    /// and frees no slot. It never moves an open circuit. Inside the body of a probe it counts as
    /// anywhere else, for it tells of another call.
    pub fn record_success(&self) {
        self.circuit.report(Outcome::Success);
    }

    /// Reports that a call made elsewhere failed; else as [`record_success`](Self::record_success).
    pub fn record_failure(&self, reason: impl Into<Reason>) {
        self.circuit.report(Outcome::failure_because(reason));
    }
}

/// # Looking
impl CircuitBreaker {
    /// The circuit's name.
    #[must_use]
    pub fn key(&self) -> &Key {
        self.circuit.key()
    }

    /// Whether a call would be admitted now, here: inside the body of a probe it would be.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.circuit.is_available()
    }

    /// The state as a call would find it: an expired open circuit reads as half-open (with
    /// [`close_on_expiry`](Policy::close_on_expiry): closed), a timed-out half-open one as open.
    #[must_use]
    pub fn state(&self) -> State {
        self.circuit.state()
    }

    /// A full snapshot.
    #[must_use]
    pub fn status(&self) -> Status {
        self.circuit.status()
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> Policy {
        self.circuit.policy()
    }

    /// The free-form strings kept with the circuit.
    #[must_use]
    pub fn metadata(&self) -> BTreeMap<String, String> {
        self.circuit.metadata()
    }

    /// Keeps a free-form string with the circuit, for dashboards and logs, and returns the value
    /// that the name had before. A circuit with metadata never makes room for another.
    ///
    /// # Errors
    ///
    /// If the circuit would have more metadata than its registry's [`TextLimits`] allow: 64 entries
    /// of 4,096 bytes together, unless that says otherwise. Then nothing was changed.
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
        self.circuit.set_metadata(name.into(), value.into()).map_err(too_much)
    }
}

impl Clone for CircuitBreaker {
    fn clone(&self) -> Self {
        self.circuit.pin_again();
        Self { circuit: Arc::clone(&self.circuit) }
    }
}

impl Drop for CircuitBreaker {
    #[inline]
    fn drop(&mut self) {
        self.circuit.unpin();
    }
}

impl fmt::Debug for CircuitBreaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker").field("key", self.key()).field("state", &self.state()).finish_non_exhaustive()
    }
}
