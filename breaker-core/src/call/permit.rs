//! Permission for a call that its caller settles by hand.

use std::any::Any;
use std::sync::Arc;
use std::thread;

use crate::call::admission::OwnedAdmission;
use crate::circuit::{Circuit, Completion};
use crate::outcome::Outcome;
use crate::reason::Reason;

/// Permission for one call, from
/// [`CircuitBreaker::try_acquire`](crate::CircuitBreaker::try_acquire) or
/// [`Registry::try_acquire`](crate::Registry::try_acquire): for work that does not fit into a
/// closure or a future.
///
/// Settle it with one of its methods. Dropped instead: a panic that began after it was taken counts
/// as a failure, everything else as a cancellation. Either way its slot is freed. (A permit that
/// was taken while a panic was under way, in some destructor, and kept beyond it cannot tell a
/// second panic from the first: it counts as cancelled.)
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{CircuitBreaker, Policy};
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
    /// `None` once it is settled. Its circuit is `None` where the call runs unguarded.
    admission: Option<OwnedAdmission<Option<Arc<Circuit>>>>,
    /// Whether a panic was under way already when the permit was taken (in some destructor): then
    /// it says nothing about this call.
    taken_in_panic: bool,
}

impl Permit {
    pub(crate) fn new(admission: OwnedAdmission<Option<Arc<Circuit>>>) -> Self {
        Self { admission: Some(admission), taken_in_panic: thread::panicking() }
    }

    /// Runs a part of the call that the permit is for. Where the permit is a probe, calls of the
    /// same circuit that are made inside, on this thread, are part of it, as in
    /// [`CircuitBreaker::call`](crate::CircuitBreaker::call): they run, take no slot and count
    /// nothing.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{CircuitBreaker, Policy, State};
    ///
    /// let breaker = CircuitBreaker::new("gateway", Policy::new())?;
    /// breaker.open_for(std::time::Duration::ZERO);
    /// let probe = breaker.try_acquire()?;
    /// assert!(breaker.call(|| Ok::<_, ()>(1)).is_err(), "the only slot is taken");
    /// assert!(probe.scope(|| breaker.call(|| Ok::<_, ()>(1))).is_ok());
    /// assert_eq!(breaker.state(), State::HalfOpen);
    /// probe.success();
    /// assert_eq!((breaker.state(), breaker.status().totals.successes), (State::Closed, 1));
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn scope<R>(&self, work: impl FnOnce() -> R) -> R {
        match &self.admission {
            Some(admission) => admission.scope(work),
            None => work(),
        }
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
        self.finish(Completion::Returned(outcome.into()));
    }

    /// The call ended with `result`, and `classify` says what that means. If it panics, nothing is
    /// counted, the slot is freed, and the panic goes on.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{CircuitBreaker, Policy};
    ///
    /// let breaker = CircuitBreaker::new("payment_api", Policy::new())?;
    /// let status = 503;
    /// breaker.try_acquire()?.settle_by(&status, |status| *status < 500);
    /// assert_eq!(breaker.status().totals.failures, 1);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn settle_by<R, O: Into<Outcome>>(mut self, result: &R, classify: impl FnOnce(&R) -> O) {
        if let Some(admission) = self.admission.take() {
            admission.admission().settle_by(|| classify(result).into());
        }
    }

    /// The call panicked: for those who caught the payload and will let it go on. It counts as a
    /// failure, with the panic's message as its reason.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use std::panic::{catch_unwind, resume_unwind};
    /// use breaker_box::{CircuitBreaker, Policy};
    ///
    /// let breaker = CircuitBreaker::new("parser", Policy::new())?;
    /// let permit = breaker.try_acquire()?;
    /// # std::panic::set_hook(Box::new(|_| {}));
    /// let payload = catch_unwind(|| panic!("no such tag")).unwrap_err();
    /// permit.panicked(&*payload);
    /// let status = breaker.status();
    /// assert_eq!((status.totals.panicked, status.totals.failures), (1, 1));
    /// assert_eq!(status.last_failure.unwrap().reason.as_deref(), Some("no such tag"));
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn panicked(mut self, payload: &(dyn Any + Send)) {
        if let Some(admission) = self.admission.take() {
            admission.admission().settle_panic(payload);
        }
    }

    /// The call was given up: it counts as the policy's [`on_cancel`](crate::Policy::on_cancel)
    /// says, also while a panic is under way that is not this call's.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{CircuitBreaker, Policy};
    ///
    /// let breaker = CircuitBreaker::new("payment_api", Policy::new())?;
    /// breaker.try_acquire()?.cancel();
    /// assert_eq!(breaker.status().totals.cancelled, 1);
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    pub fn cancel(mut self) {
        self.finish(Completion::Cancelled);
    }

    fn finish(&mut self, completion: Completion) {
        if let Some(admission) = self.admission.take() {
            admission.admission().settle(completion);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let panicked = thread::panicking() && !self.taken_in_panic;
        self.finish(if panicked {
            Completion::Panicked(Reason::from_static("a panic while a permit was held"))
        } else {
            Completion::Cancelled
        });
    }
}
