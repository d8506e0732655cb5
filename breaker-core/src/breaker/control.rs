//! Manual control of a circuit.

use std::time::Duration;

use super::CircuitBreaker;
use crate::machine::Command;
use crate::policy::{Policy, PolicyError};
use crate::reason::Reason;

/// # Manual control
///
/// Each of these methods starts a new generation: calls that are in flight settle as late. Only
/// [`configure`](Self::configure) changes the policy.
impl CircuitBreaker {
    /// Opens the circuit for the policy's expiry and increments the number of openings in a row
    /// ([`Status::openings`](crate::Status::openings)). If the circuit is already open, its open
    /// period starts again, without an event.
    pub fn open(&self) {
        self.circuit().command(Command::Open { open_for: None }, None);
    }

    /// The same as [`open`](Self::open), with a reason for the event.
    pub fn open_because(&self, reason: impl Into<Reason>) {
        self.circuit().command(Command::Open { open_for: None }, Some(&reason.into()));
    }

    /// Opens the circuit for exactly `duration`, without jitter or limit, and increments the number
    /// of openings in a row.
    pub fn open_for(&self, duration: Duration) {
        self.circuit().command(Command::Open { open_for: Some(duration) }, None);
    }

    /// The same as [`open_for`](Self::open_for), with a reason for the event.
    pub fn open_for_because(&self, duration: Duration, reason: impl Into<Reason>) {
        self.circuit().command(Command::Open { open_for: Some(duration) }, Some(&reason.into()));
    }

    /// Opens the circuit until another of these methods changes its state, for example during
    /// maintenance.
    pub fn force_open(&self) {
        self.circuit().command(Command::ForceOpen, None);
    }

    /// The same as [`force_open`](Self::force_open), with a reason for the event.
    pub fn force_open_because(&self, reason: impl Into<Reason>) {
        self.circuit().command(Command::ForceOpen, Some(&reason.into()));
    }

    /// Closes the circuit but keeps the failure count, the windows and the back-off. The conditions
    /// are evaluated again at the next result. The first counted success ends the series of
    /// openings in a row.
    pub fn close(&self) {
        self.circuit().command(Command::Close, None);
    }

    /// The same as [`close`](Self::close), with a reason for the event.
    pub fn close_because(&self, reason: impl Into<Reason>) {
        self.circuit().command(Command::Close, Some(&reason.into()));
    }

    /// Closes the circuit and clears the failure count, the windows, the back-off, the debounce and
    /// the last failure. Totals, metadata and policy stay.
    pub fn reset(&self) {
        self.circuit().command(Command::Reset, None);
    }

    /// The same as [`reset`](Self::reset), with a reason for the event.
    pub fn reset_because(&self, reason: impl Into<Reason>) {
        self.circuit().command(Command::Reset, Some(&reason.into()));
    }

    /// Lets every call through and counts nothing, until [`reset`](Self::reset) or another of these
    /// methods ends it.
    pub fn disable(&self) {
        self.circuit().command(Command::Disable, None);
    }

    /// The same as [`disable`](Self::disable), with a reason for the event.
    pub fn disable_because(&self, reason: impl Into<Reason>) {
        self.circuit().command(Command::Disable, Some(&reason.into()));
    }

    /// Lets every call through and counts it, and reports when the circuit would have opened: a dry
    /// run of the policy.
    ///
    /// It reports once per incident. It reports again if no condition held in between, and after
    /// [`configure`](Self::configure). [`reset`](Self::reset) or another of these methods ends it.
    pub fn metrics_only(&self) {
        self.circuit().command(Command::MetricsOnly, None);
    }

    /// The same as [`metrics_only`](Self::metrics_only), with a reason for the event.
    pub fn metrics_only_because(&self, reason: impl Into<Reason>) {
        self.circuit().command(Command::MetricsOnly, Some(&reason.into()));
    }

    /// Replaces the policy and returns the previous one. The state stays, and so do the counts that
    /// still make sense under the new policy. They are evaluated at the next result.
    ///
    /// An open period that has begun ends when it would have ended; the new policy determines the
    /// length of the next one. Probes in flight get the timeout of the new policy at once, so with
    /// a shorter [`half_open_timeout`](Policy::half_open_timeout) they may have timed out already.
    ///
    /// # Errors
    ///
    /// Returns an error if the policy is invalid. The old one then stays.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{CircuitBreaker, Policy};
    ///
    /// let breaker = CircuitBreaker::new("payment_api", Policy::consecutive_failures(3))?;
    /// let before = breaker.configure(Policy::consecutive_failures(10))?;
    /// assert_eq!(before, Policy::consecutive_failures(3));
    /// breaker.configure(before)?;
    /// assert_eq!(breaker.policy(), before);
    /// # Ok::<(), breaker_box::PolicyError>(())
    /// ```
    pub fn configure(&self, policy: Policy) -> Result<Policy, PolicyError> {
        policy.validate()?;
        Ok(self.circuit().configure(policy))
    }
}
