//! Inspecting and controlling circuits by name.

use std::time::Duration;

use super::Registry;
use super::error::{ConfigureError, NotFoundError};
use crate::breaker::CircuitBreaker;
use crate::key::AsKey;
use crate::policy::Policy;
use crate::reason::Reason;
use crate::state::State;
use crate::status::Status;

/// # Inspection, by name
impl Registry {
    /// Returns whether a call would be admitted now. False for an unknown name.
    #[must_use]
    pub fn is_available(&self, key: impl AsKey) -> bool {
        self.get(key).is_some_and(|breaker| breaker.is_available())
    }

    /// Returns the state that a call would find. Closed for an unknown name, because a call would
    /// create the circuit closed.
    #[must_use]
    pub fn state(&self, key: impl AsKey) -> State {
        self.get(key).map_or(State::Closed, |breaker| breaker.state())
    }

    /// Returns a full snapshot of one circuit.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no circuit of that name.
    pub fn status(&self, key: impl AsKey) -> Result<Status, NotFoundError> {
        Ok(self.find(key)?.status())
    }

    /// Returns full snapshots of all circuits, sorted by key.
    #[must_use]
    pub fn list(&self) -> Vec<Status> {
        let mut list: Vec<_> = self.inner.circuits.all().iter().map(|circuit| circuit.status()).collect();
        list.sort_by(|a, b| a.key.cmp(&b.key));
        list
    }

    /// Runs `work` with a circuit, which stays in the registry in the meantime.
    fn with_breaker(&self, key: impl AsKey, work: impl FnOnce(&CircuitBreaker)) -> Result<(), NotFoundError> {
        work(&self.find(key)?);
        Ok(())
    }

    fn find(&self, key: impl AsKey) -> Result<CircuitBreaker, NotFoundError> {
        self.get(&key).ok_or_else(|| NotFoundError::new(key.as_key().to_key()))
    }
}

/// # Reporting and control, by name
///
/// Each method acts as the method of the same name of [`CircuitBreaker`].
impl Registry {
    /// Reports that a call made elsewhere succeeded.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no circuit of that name.
    pub fn record_success(&self, key: impl AsKey) -> Result<(), NotFoundError> {
        self.with_breaker(key, CircuitBreaker::record_success)
    }

    /// Reports that a call made elsewhere failed.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no circuit of that name.
    pub fn record_failure(&self, key: impl AsKey, reason: impl Into<Reason>) -> Result<(), NotFoundError> {
        self.with_breaker(key, |breaker| breaker.record_failure(reason))
    }

    /// Opens a circuit for its policy's expiry.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no circuit of that name.
    pub fn open(&self, key: impl AsKey) -> Result<(), NotFoundError> {
        self.with_breaker(key, CircuitBreaker::open)
    }

    /// Opens a circuit for `duration`.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no circuit of that name.
    pub fn open_for(&self, key: impl AsKey, duration: Duration) -> Result<(), NotFoundError> {
        self.with_breaker(key, |breaker| breaker.open_for(duration))
    }

    /// Opens a circuit without a time limit, until its state is changed by hand.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no circuit of that name.
    pub fn force_open(&self, key: impl AsKey) -> Result<(), NotFoundError> {
        self.with_breaker(key, CircuitBreaker::force_open)
    }

    /// Closes a circuit but keeps its failure count, windows and back-off.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no circuit of that name.
    pub fn close(&self, key: impl AsKey) -> Result<(), NotFoundError> {
        self.with_breaker(key, CircuitBreaker::close)
    }

    /// Closes a circuit and clears its failure count, windows and back-off.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no circuit of that name.
    pub fn reset(&self, key: impl AsKey) -> Result<(), NotFoundError> {
        self.with_breaker(key, CircuitBreaker::reset)
    }

    /// Lets every call through a circuit and counts nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no circuit of that name.
    pub fn disable(&self, key: impl AsKey) -> Result<(), NotFoundError> {
        self.with_breaker(key, CircuitBreaker::disable)
    }

    /// Lets every call through a circuit and counts it, without ever opening.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no circuit of that name.
    pub fn metrics_only(&self, key: impl AsKey) -> Result<(), NotFoundError> {
        self.with_breaker(key, CircuitBreaker::metrics_only)
    }

    /// Replaces the policy of one circuit and returns the previous one. The circuit's state stays,
    /// and so do the counts that still make sense under the new policy. Settings that are applied
    /// later win over it.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no circuit of that name, or if the policy is invalid. The old
    /// policy then stays.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{Policy, Registry};
    ///
    /// let registry = Registry::new();
    /// registry.register("payment_api", Policy::consecutive_failures(3))?;
    /// let before = registry.configure("payment_api", Policy::consecutive_failures(10))?;
    /// assert_eq!(before, Policy::consecutive_failures(3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn configure(&self, key: impl AsKey, policy: Policy) -> Result<Policy, ConfigureError> {
        policy.validate()?;
        Ok(self.find(key)?.circuit().configure(policy))
    }
}
