//! Calls by name.

use std::future::Future;

use super::future::{NamedCall, NamedCallWith};
use super::{Creation, Registry};
use crate::call::admission::Admission;
use crate::call::classify::{ByClassifier, ByResult};
use crate::call::error::{CallError, CircuitOpenError};
use crate::call::permit::Permit;
use crate::call::reference::Reference;
use crate::circuit::{AnyThread, Circuit, NotAdmitted, RunsOn, ThisThread, Ticket};
use crate::key::{AsKey, KeyRef};
use crate::outcome::Outcome;
use crate::primitive::yield_now;

/// # Calls, by name
///
/// A missing circuit is created with the default policy. No circuit can be created if the registry
/// is full, or if the name is empty or longer than its [`TextLimits`](crate::TextLimits) allow. The
/// call then runs unguarded: it emits an [`Unguarded`](crate::EventKind::Unguarded) event, and a
/// log line reports the number of such calls once a minute. In a full registry with an
/// [`overflow`](crate::RegistryBuilder::overflow) circuit, the call goes through that circuit
/// instead.
impl Registry {
    /// Runs `body` through the circuit of that name; see [`call`](crate::CircuitBreaker::call).
    ///
    /// # Errors
    ///
    /// [`CallError::Open`] if the call was rejected, [`CallError::Failed`] with the error of `body`
    /// if it returned one.
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
        let (circuit, ticket) = self.admit::<ThisThread>(key.as_key(), Creation::BY_CALL)?;
        let admission = Admission::new(circuit.as_deref(), ticket);
        admission.run(body, ByResult).map_err(CallError::Failed)
    }

    /// Runs `body` through the circuit of that name and lets `classify` decide what its result
    /// means; see [`call_with`](crate::CircuitBreaker::call_with).
    ///
    /// # Errors
    ///
    /// Returns an error if the call was rejected.
    pub fn call_with<R, O: Into<Outcome>>(
        &self,
        key: impl AsKey,
        body: impl FnOnce() -> R,
        classify: impl FnOnce(&R) -> O,
    ) -> Result<R, CircuitOpenError> {
        let (circuit, ticket) = self.admit::<ThisThread>(key.as_key(), Creation::BY_CALL)?;
        let admission = Admission::new(circuit.as_deref(), ticket);
        Ok(admission.run(body, ByClassifier(classify)))
    }

    /// Runs a future through the circuit of that name; see
    /// [`call_async`](crate::CircuitBreaker::call_async). The name is looked up and the call
    /// admitted when the future is first polled.
    ///
    /// # Errors
    ///
    /// The same as for [`call`](Self::call).
    pub fn call_async<T, E, F, K>(&self, key: K, body: F) -> NamedCall<K, F>
    where
        F: Future<Output = Result<T, E>>,
        K: AsKey,
    {
        NamedCall::new(self.clone(), key, body)
    }

    /// Runs a future through the circuit of that name and lets `classify` decide what its result
    /// means; see [`call_async_with`](crate::CircuitBreaker::call_async_with).
    ///
    /// # Errors
    ///
    /// Returns an error if the call was rejected.
    pub fn call_async_with<F, O, C, K>(&self, key: K, body: F, classify: C) -> NamedCallWith<K, F, C>
    where
        F: Future,
        O: Into<Outcome>,
        C: FnOnce(&F::Output) -> O,
        K: AsKey,
    {
        NamedCallWith::new(self.clone(), key, body, classify)
    }

    /// Acquires a permit from the circuit of that name, for a call that the caller settles by hand;
    /// see [`try_acquire`](crate::CircuitBreaker::try_acquire).
    ///
    /// # Errors
    ///
    /// Returns an error if the call was rejected.
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
        let (circuit, ticket) = self.admit::<AnyThread>(key.as_key(), Creation::BY_CALL)?;
        Ok(Permit::new(circuit, ticket))
    }

    /// Admits a call to the circuit of that name, which is created if it is missing. Without a
    /// circuit, the call runs unguarded or is part of a probe.
    #[inline]
    pub(crate) fn admit<P: RunsOn>(
        &self,
        key: KeyRef<'_>,
        creation: Creation<'_>,
    ) -> Result<(Option<Reference>, Ticket), CircuitOpenError> {
        let mut known = self.inner.circuits.reference(key);
        // The usual case of a closed circuit that is never evicted.
        if let Some(circuit) = known {
            match circuit.admit_fast_without_pin() {
                Some(ticket) => return Ok((Some(circuit), ticket)),
                None => known = Some(circuit),
            }
        }
        self.admit_slow::<P>(key, known, creation)
    }

    /// `known` is the circuit of that name, if there is one.
    #[inline(never)]
    fn admit_slow<P: RunsOn>(
        &self,
        key: KeyRef<'_>,
        mut known: Option<Reference>,
        creation: Creation<'_>,
    ) -> Result<(Option<Reference>, Ticket), CircuitOpenError> {
        loop {
            let found = known.take().or_else(|| self.for_call(key, creation));
            let Some(circuit) = found else { return Ok((None, Ticket::UNGUARDED)) };
            if let Some(rejection) = circuit.reject_fast() {
                return Err(CircuitOpenError::new(circuit, rejection));
            }
            if !circuit.pin_for_call() {
                // The circuit was evicted since the look-up: the next one creates a new one. Or an
                // eviction has marked it, sees this call, and is about to be undone.
                yield_now();
                continue;
            }
            let why = match circuit.admit::<P>() {
                Ok(ticket) => return Ok((Some(circuit), Circuit::pinned(ticket))),
                Err(why) => why,
            };
            circuit.unpin();
            return match why {
                NotAdmitted::Nested => Ok((None, Ticket::UNGUARDED)),
                NotAdmitted::Rejected(rejection) => Err(CircuitOpenError::new(circuit, rejection)),
            };
        }
    }
}
