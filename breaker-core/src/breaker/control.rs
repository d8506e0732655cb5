//! Manual control of a circuit.

use std::sync::Arc;
use std::time::Duration;

use super::CircuitBreaker;
use crate::circuit::Origin;
use crate::machine::Command;
use crate::policy::{Policy, PolicyError};
use crate::reason::Reason;

/// # Manual control
///
/// Every one of these begins a new generation: calls that are in flight then settle as late. None
/// but [`configure`](Self::configure) changes the policy.
impl CircuitBreaker {
    /// Opens the circuit for the policy's expiry and adds one to k. If it is open already, the
    /// period begins anew, without an event.
    pub fn open(&self) {
        self.circuit.command(Command::Open { open_for: None }, None);
    }

    /// As [`open`](Self::open), with a reason for the event.
    pub fn open_because(&self, reason: impl Into<Reason>) {
        self.circuit.command(Command::Open { open_for: None }, Some(&reason.into()));
    }

    /// Opens the circuit for `duration`, taken as it is, and adds one to k.
    pub fn open_for(&self, duration: Duration) {
        self.circuit.command(Command::Open { open_for: Some(duration) }, None);
    }

    /// As [`open_for`](Self::open_for), with a reason for the event.
    pub fn open_for_because(&self, duration: Duration, reason: impl Into<Reason>) {
        self.circuit.command(Command::Open { open_for: Some(duration) }, Some(&reason.into()));
    }

    /// Opens the circuit until told otherwise: for maintenance.
    pub fn force_open(&self) {
        self.circuit.command(Command::ForceOpen, None);
    }

    /// As [`force_open`](Self::force_open), with a reason for the event.
    pub fn force_open_because(&self, reason: impl Into<Reason>) {
        self.circuit.command(Command::ForceOpen, Some(&reason.into()));
    }

    /// Closes the circuit and keeps failure count, windows and back-off; they are judged again at
    /// the next result only. The first success that is counted then ends the row of openings.
    pub fn close(&self) {
        self.circuit.command(Command::Close, None);
    }

    /// As [`close`](Self::close), with a reason for the event.
    pub fn close_because(&self, reason: impl Into<Reason>) {
        self.circuit.command(Command::Close, Some(&reason.into()));
    }

    /// Closes the circuit and forgets failure count, windows, back-off, debounce and the last
    /// failure. Totals, metadata and policy stay.
    pub fn reset(&self) {
        self.circuit.command(Command::Reset, None);
    }

    /// As [`reset`](Self::reset), with a reason for the event.
    pub fn reset_because(&self, reason: impl Into<Reason>) {
        self.circuit.command(Command::Reset, Some(&reason.into()));
    }

    /// Lets everything through and counts nothing, until [`reset`](Self::reset) or another order.
    pub fn disable(&self) {
        self.circuit.command(Command::Disable, None);
    }

    /// As [`disable`](Self::disable), with a reason for the event.
    pub fn disable_because(&self, reason: impl Into<Reason>) {
        self.circuit.command(Command::Disable, Some(&reason.into()));
    }

    /// Lets everything through but counts, and tells when it would have opened: a dry run of the
    /// policy. It tells once per incident, again when no condition held in between, and again after
    /// [`configure`](Self::configure). Ended by [`reset`](Self::reset) or another order.
    pub fn metrics_only(&self) {
        self.circuit.command(Command::MetricsOnly, None);
    }

    /// As [`metrics_only`](Self::metrics_only), with a reason for the event.
    pub fn metrics_only_because(&self, reason: impl Into<Reason>) {
        self.circuit.command(Command::MetricsOnly, Some(&reason.into()));
    }

    /// Swaps the policy and returns the one before. The state stays, and of the counts what still
    /// makes sense; they are judged at the next result.
    ///
    /// An open period that has begun ends when it would have ended; the new policy says how long
    /// the next one lasts. The time of probes that are out is that of the new policy at once: with
    /// a shorter [`half_open_timeout`](Policy::half_open_timeout) it may be over already.
    ///
    /// # Errors
    ///
    /// If the policy is invalid; the old one stays.
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
        Ok(self.circuit.configure(Arc::new(policy), Origin::Hand))
    }
}
