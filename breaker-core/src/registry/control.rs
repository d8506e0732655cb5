//! Looking at circuits and moving them, by name.

use std::sync::Arc;
use std::time::Duration;

use super::Registry;
use super::error::{ConfigureError, NotFoundError};
use crate::breaker::CircuitBreaker;
use crate::circuit::Origin;
use crate::key::AsKey;
use crate::policy::Policy;
use crate::reason::Reason;
use crate::state::State;
use crate::status::Status;

/// # Looking, by name
impl Registry {
    /// Whether a call would be admitted now; false for an unknown name.
    #[must_use]
    pub fn is_available(&self, key: impl AsKey) -> bool {
        self.get(key).is_some_and(|breaker| breaker.is_available())
    }

    /// The state as a call would find it; closed for an unknown name, because a call would
    /// make it so.
    #[must_use]
    pub fn state(&self, key: impl AsKey) -> State {
        self.get(key).map_or(State::Closed, |breaker| breaker.state())
    }

    /// A full snapshot of one circuit.
    ///
    /// # Errors
    ///
    /// If there is none of that name.
    pub fn status(&self, key: impl AsKey) -> Result<Status, NotFoundError> {
        Ok(self.find(key)?.status())
    }

    /// Full snapshots of all circuits, sorted by key.
    #[must_use]
    pub fn list(&self) -> Vec<Status> {
        let mut list: Vec<_> = self.inner.circuits.all().iter().map(|circuit| circuit.status()).collect();
        list.sort_by(|a, b| a.key.cmp(&b.key));
        list
    }

    /// Does something to a circuit, which stays in the registry meanwhile.
    fn act(&self, key: impl AsKey, work: impl FnOnce(&CircuitBreaker)) -> Result<(), NotFoundError> {
        work(&self.find(key)?);
        Ok(())
    }

    fn find(&self, key: impl AsKey) -> Result<CircuitBreaker, NotFoundError> {
        self.get(&key).ok_or_else(|| NotFoundError::new(key.as_key().to_key()))
    }
}

/// # Reporting and moving, by name
///
/// Each acts as the method of the same name of [`CircuitBreaker`].
impl Registry {
    /// Reports that a call made elsewhere succeeded.
    ///
    /// # Errors
    ///
    /// If there is no circuit of that name.
    pub fn record_success(&self, key: impl AsKey) -> Result<(), NotFoundError> {
        self.act(key, CircuitBreaker::record_success)
    }

    /// Reports that a call made elsewhere failed.
    ///
    /// # Errors
    ///
    /// If there is no circuit of that name.
    pub fn record_failure(&self, key: impl AsKey, reason: impl Into<Reason>) -> Result<(), NotFoundError> {
        self.act(key, |breaker| breaker.record_failure(reason))
    }

    /// Opens a circuit for its policy's expiry.
    ///
    /// # Errors
    ///
    /// If there is none of that name.
    pub fn open(&self, key: impl AsKey) -> Result<(), NotFoundError> {
        self.act(key, CircuitBreaker::open)
    }

    /// Opens a circuit for `duration`.
    ///
    /// # Errors
    ///
    /// If there is none of that name.
    pub fn open_for(&self, key: impl AsKey, duration: Duration) -> Result<(), NotFoundError> {
        self.act(key, |breaker| breaker.open_for(duration))
    }

    /// Opens a circuit until told otherwise.
    ///
    /// # Errors
    ///
    /// If there is none of that name.
    pub fn force_open(&self, key: impl AsKey) -> Result<(), NotFoundError> {
        self.act(key, CircuitBreaker::force_open)
    }

    /// Closes a circuit and keeps its counts.
    ///
    /// # Errors
    ///
    /// If there is none of that name.
    pub fn close(&self, key: impl AsKey) -> Result<(), NotFoundError> {
        self.act(key, CircuitBreaker::close)
    }

    /// Closes a circuit and forgets its counts.
    ///
    /// # Errors
    ///
    /// If there is none of that name.
    pub fn reset(&self, key: impl AsKey) -> Result<(), NotFoundError> {
        self.act(key, CircuitBreaker::reset)
    }

    /// Lets everything through a circuit and counts nothing.
    ///
    /// # Errors
    ///
    /// If there is none of that name.
    pub fn disable(&self, key: impl AsKey) -> Result<(), NotFoundError> {
        self.act(key, CircuitBreaker::disable)
    }

    /// Lets everything through a circuit and only counts.
    ///
    /// # Errors
    ///
    /// If there is none of that name.
    pub fn metrics_only(&self, key: impl AsKey) -> Result<(), NotFoundError> {
        self.act(key, CircuitBreaker::metrics_only)
    }

    /// Swaps the policy of one circuit and returns the one before. The circuit's state stays, and
    /// of its counts what still makes sense.
    ///
    /// # Errors
    ///
    /// If there is none of that name, or the policy is invalid; the old one stays.
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
        Ok(self.find(key)?.circuit().configure(Arc::new(policy), Origin::Hand))
    }
}
