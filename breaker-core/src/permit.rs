//! Permission for a call that its caller settles by hand.

use std::thread;

use crate::admission::Admission;
use crate::breaker::CircuitBreaker;
use crate::circuit::Finding;
use crate::outcome::Outcome;
use crate::reason::Reason;

/// Permission for one call, from [`CircuitBreaker::try_acquire`]: for work that does not fit into a closure or a future.
///
/// Settle it with one of its methods. Dropped instead: a panic that began after it was taken counts as a failure, everything
/// else as a cancellation. Either way its slot is freed. (A permit that was taken while a panic was under way, in some destructor,
/// and kept beyond it cannot tell a second panic from the first: it counts as cancelled.)
///
/// ```
/// use breaker_core::{CircuitBreaker, Policy};
///
/// let breaker = CircuitBreaker::new("payment_api", Policy::new())?;
/// let permit = breaker.try_acquire()?;
/// permit.failure("connection reset");
/// assert_eq!(breaker.status().failure_count, 1);
///
/// drop(breaker.try_acquire()?);
/// assert_eq!(breaker.status().totals.cancelled, 1);
/// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
/// ```
#[derive(Debug)]
#[must_use = "a permit that is dropped at once counts as a cancelled call"]
pub struct Permit {
    /// `None` once it is settled.
    admission: Option<Admission<Option<CircuitBreaker>>>,
    /// Whether a panic was under way already when the permit was taken (in some destructor): then it says nothing about this call.
    taken_in_panic: bool,
}

impl Permit {
    pub(crate) fn new(admission: Admission<Option<CircuitBreaker>>) -> Self {
        Self { admission: Some(admission), taken_in_panic: thread::panicking() }
    }

    /// The call succeeded.
    pub fn success(self) {
        self.settle(Outcome::Success);
    }

    /// The call failed.
    pub fn failure(self, reason: impl Into<Reason>) {
        self.settle(Outcome::failure_because(reason));
    }

    /// The call says nothing about the dependency.
    pub fn ignore(self) {
        self.settle(Outcome::Ignore);
    }

    /// The call ended with `outcome`.
    pub fn settle(mut self, outcome: impl Into<Outcome>) {
        self.finish(Finding::Returned(outcome.into()));
    }

    fn finish(&mut self, finding: Finding) {
        if let Some(admission) = self.admission.take() {
            admission.pass().settle(finding);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let panicked = thread::panicking() && !self.taken_in_panic;
        self.finish(if panicked {
            Finding::Panicked(Reason::from_static("a panic while a permit was held"))
        } else {
            Finding::Cancelled
        });
    }
}
