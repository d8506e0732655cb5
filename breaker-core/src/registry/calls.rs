//! Calls by name.

use std::future::Future;
use std::sync::Arc;

use super::Registry;
use super::future::{NamedCall, NamedCallWith};
use crate::call::admission::{Admission, OwnedAdmission};
use crate::call::classify::{ByClassifier, ByResult};
use crate::call::error::{CallError, CircuitOpenError};
use crate::call::permit::Permit;
use crate::circuit::{AnyThread, Circuit, Completion, NotAdmitted, Origin, RunsOn, ThisThread, Ticket};
use crate::key::{AsKey, KeyRef};
use crate::outcome::Outcome;
use crate::policy::Policy;
use crate::primitive::yield_now;

/// # Calls, by name
///
/// A missing circuit is made with the default policy. Where none can be made, because the registry
/// is full, or the name is empty or longer than its [`TextLimits`](crate::TextLimits) allow, the
/// call runs unguarded: with an event, and a line in the log once a minute that says how many calls
/// there were. In a full registry with an [`overflow`](crate::RegistryBuilder::overflow) it goes
/// through that circuit instead.
impl Registry {
    /// Runs `body` through the circuit of that name; see [`call`](crate::CircuitBreaker::call).
    ///
    /// # Errors
    ///
    /// [`CallError::Open`] if the call was not let through, [`CallError::Failed`] with its own error if it failed.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::Registry;
    ///
    /// let registry = Registry::new();
    /// let answer = registry.call("search", || Ok::<_, std::io::Error>(42))?;
    /// assert_eq!(answer, 42);
    /// assert_eq!(registry.status("search")?.totals.successes, 1);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn call<T, E>(&self, key: impl AsKey, body: impl FnOnce() -> Result<T, E>) -> Result<T, CallError<E>> {
        let (circuit, ticket) = self.admit::<ThisThread>(key.as_key(), None, Origin::Call)?;
        let pass = Admission::new(circuit.as_deref(), ticket);
        pass.run(body, ByResult).map_err(CallError::Failed)
    }

    /// Runs `body` through the circuit of that name, with a classifier; see
    /// [`call_with`](crate::CircuitBreaker::call_with).
    ///
    /// # Errors
    ///
    /// If the call was not let through.
    pub fn call_with<R, O: Into<Outcome>>(
        &self,
        key: impl AsKey,
        body: impl FnOnce() -> R,
        classify: impl FnOnce(&R) -> O,
    ) -> Result<R, CircuitOpenError> {
        let (circuit, ticket) = self.admit::<ThisThread>(key.as_key(), None, Origin::Call)?;
        let pass = Admission::new(circuit.as_deref(), ticket);
        Ok(pass.run(body, ByClassifier(classify)))
    }

    /// Runs a future through the circuit of that name; see
    /// [`call_async`](crate::CircuitBreaker::call_async). The name is looked up and the call
    /// admitted when the future is polled for the first time.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn call_async<T, E, F, K>(&self, key: K, body: F) -> NamedCall<K, F>
    where
        F: Future<Output = Result<T, E>>,
        K: AsKey,
    {
        NamedCall::new(self.clone(), key, body)
    }

    /// Runs a future through the circuit of that name, with a classifier; see
    /// [`call_async_with`](crate::CircuitBreaker::call_async_with).
    ///
    /// # Errors
    ///
    /// If the call was not let through.
    pub fn call_async_with<F, O, C, K>(&self, key: K, body: F, classify: C) -> NamedCallWith<K, F, C>
    where
        F: Future,
        O: Into<Outcome>,
        C: FnOnce(&F::Output) -> O,
        K: AsKey,
    {
        NamedCallWith::new(self.clone(), key, body, classify)
    }

    /// Permission for a call of the circuit of that name, settled by hand; see
    /// [`try_acquire`](crate::CircuitBreaker::try_acquire).
    ///
    /// # Errors
    ///
    /// If the call was not let through.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::Registry;
    ///
    /// let registry = Registry::new();
    /// registry.try_acquire("search")?.success();
    /// assert_eq!(registry.status("search")?.totals.successes, 1);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn try_acquire(&self, key: impl AsKey) -> Result<Permit, CircuitOpenError> {
        self.admit_owned::<AnyThread>(&key).map(Permit::new)
    }

    /// For a future or a permit, which holds the circuit itself.
    pub(super) fn admit_owned<P: RunsOn>(
        &self,
        key: &impl AsKey,
    ) -> Result<OwnedAdmission<Option<Arc<Circuit>>>, CircuitOpenError> {
        let (circuit, ticket) = self.admit::<P>(key.as_key(), None, Origin::Call)?;
        Ok(OwnedAdmission::new(circuit, ticket))
    }

    /// Admits a call to the circuit of that name, which is made if it is missing. No circuit: the
    /// call runs unguarded, or as a part of a probe.
    pub(crate) fn admit<P: RunsOn>(
        &self,
        key: KeyRef<'_>,
        policy: Option<&Policy>,
        origin: Origin,
    ) -> Result<(Option<Arc<Circuit>>, Ticket), CircuitOpenError> {
        loop {
            let Some(circuit) = self.for_call(key, policy, origin) else { return Ok((None, Ticket::UNGUARDED)) };
            let ticket = match circuit.admit::<P>() {
                Ok(ticket) => ticket,
                Err(NotAdmitted::Nested) => return Ok((None, Ticket::UNGUARDED)),
                Err(NotAdmitted::Rejected(rejection)) => return Err(CircuitOpenError::new(&circuit, rejection)),
            };
            if !circuit.was_evicted(ticket) {
                return Ok((Some(circuit), ticket));
            }
            // Between the look-up and the admission the circuit was evicted: the next look-up makes
            // a new one. Or an eviction has marked it and is about to take that back, because it
            // sees this call.
            circuit.settle(ticket, Completion::Unknown);
            yield_now();
        }
    }
}
