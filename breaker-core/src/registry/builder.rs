//! Setting a registry up.

use std::time::Duration;

use super::Registry;
use crate::clock::Clock;
use crate::policy::{Policy, PolicyError};

/// A registry in the making; see [`Registry::builder`].
///
/// ```
/// use std::time::Duration;
/// use breaker_core::{ManualClock, Policy, Registry};
///
/// let registry = Registry::builder()
///     .default_policy(Policy::consecutive_failures(3))
///     .clock(ManualClock::new())
///     .max_circuits(10_000)
///     .idle_after(Duration::from_secs(3_600))
///     .build()?;
/// assert!(registry.is_empty());
/// # Ok::<(), breaker_core::PolicyError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is built before `build`"]
pub struct RegistryBuilder {
    pub(super) default_policy: Policy,
    pub(super) clock: Clock,
    pub(super) max_circuits: Option<usize>,
    pub(super) idle_after: Option<Duration>,
}

impl RegistryBuilder {
    /// The policy of circuits that are made without one. [`Policy::new`] by default.
    pub fn default_policy(mut self, policy: Policy) -> Self {
        self.default_policy = policy;
        self
    }

    /// The clock of all its circuits. The system's by default.
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }

    /// How many circuits it holds at the most, at least 1. Without limit by default.
    ///
    /// When it is full, the circuits that were not called for the longest time make room, if they are closed, without failures and
    /// without calls in flight (and idle for [`idle_after`](Self::idle_after), if that is set). If there is none, `register`
    /// refuses, and calls run unguarded; the next search follows a second later, or after one newcomer for 64 circuits.
    pub fn max_circuits(mut self, n: usize) -> Self {
        self.max_circuits = Some(n);
        self
    }

    /// After how long without a call [`Registry::sweep`] takes out a circuit that is closed, without failures and without calls in
    /// flight. Above zero; never by default.
    ///
    /// A [`CircuitBreaker`](crate::CircuitBreaker) that somebody kept goes on as a breaker of its own; the next call by name makes a
    /// new circuit. Annotated functions always go by name.
    pub fn idle_after(mut self, duration: Duration) -> Self {
        self.idle_after = Some(duration);
        self
    }

    /// The registry.
    ///
    /// # Errors
    ///
    /// If the default policy cannot be meant, or a limit is zero.
    pub fn build(self) -> Result<Registry, PolicyError> {
        self.default_policy.validate()?;
        if self.max_circuits == Some(0) {
            return Err(PolicyError::Count { setter: "max_circuits", value: 0 });
        }
        if self.idle_after.is_some_and(|duration| duration.is_zero()) {
            return Err(PolicyError::ZeroDuration { setter: "idle_after" });
        }
        Ok(Registry::from_builder(self))
    }
}
