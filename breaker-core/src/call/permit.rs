//! A permit for a call that its caller settles by hand.

use std::any::Any;
use std::fmt;
use std::mem;
use std::thread;

use crate::call::admission::{Admission, CircuitRef as _};
use crate::call::reference::Reference;
use crate::circuit::{Circuit, Completion, Ticket};
use crate::outcome::Outcome;
use crate::reason::Reason;

/// A permit for one call, from [`CircuitBreaker::try_acquire`](crate::CircuitBreaker::try_acquire)
/// or [`Registry::try_acquire`](crate::Registry::try_acquire), for work that does not fit into a
/// closure or a future.
///
/// Settle it with one of its methods. A permit that is dropped instead counts as a failure if a
/// panic that began after it was acquired drops it, and as cancelled otherwise. Either way its slot
/// is freed. (A permit that was acquired during a panic, in a destructor, and kept beyond it cannot
/// tell a second panic from the first. It counts as cancelled.)
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
// It is made and settled where it is used, as far as the compiler can be told to. A function gets
// it through memory, where it is written word by word and read in larger pieces, and the processor
// waits for such a read until all of the words have left its store buffer.
#[must_use = "a permit that is dropped at once counts as a cancelled call"]
pub struct Permit {
    /// `None` if the call runs unguarded.
    circuit: Option<Reference>,
    ticket: Ticket,
    /// Whether a panic was already in progress when the permit was acquired, in a destructor. That
    /// panic says nothing about this call.
    taken_in_panic: bool,
}

impl Permit {
    #[inline]
    pub(crate) fn new(circuit: Option<Reference>, ticket: Ticket) -> Self {
        Self { circuit, ticket, taken_in_panic: thread::panicking() }
    }

    /// Runs a part of the call that the permit is for. If the permit is a probe, calls of the same
    /// circuit that `work` makes on this thread are part of it, as in
    /// [`CircuitBreaker::call`](crate::CircuitBreaker::call): they run, take no slot and are not
    /// counted.
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
    #[inline]
    pub fn scope<R>(&self, work: impl FnOnce() -> R) -> R {
        Admission::new(self.circuit.circuit(), self.ticket).scope(work)
    }

    /// Settles the call as a success.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a function would get the permit through memory, see `Permit`")]
    pub fn success(self) {
        let (circuit, ticket) = self.into_parts();
        Admission::new(circuit.circuit(), ticket).succeed();
    }

    /// Settles the call as a failure with this reason.
    #[inline]
    pub fn failure(self, reason: impl Into<Reason>) {
        self.settle(Outcome::failure_because(reason));
    }

    /// Settles the call as ignored: its result says nothing about the dependency.
    pub fn ignore(self) {
        self.settle(Outcome::Ignore);
    }

    /// Settles the call with `outcome`.
    #[inline]
    pub fn settle(self, outcome: impl Into<Outcome>) {
        let outcome = outcome.into();
        let (circuit, ticket) = self.into_parts();
        Admission::new(circuit.circuit(), ticket).settle_as(outcome);
    }

    /// Settles the call with the outcome that `classify` returns for `result`. If `classify`
    /// panics, nothing is counted, the slot is freed, and the panic propagates.
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
    #[inline]
    pub fn settle_by<R, O: Into<Outcome>>(self, result: &R, classify: impl FnOnce(&R) -> O) {
        let (circuit, ticket) = self.into_parts();
        Admission::new(circuit.circuit(), ticket).settle_by(|| classify(result).into());
    }

    /// Settles the call as panicked, for callers that caught the panic's payload and will resume
    /// it. It counts as a failure, with the panic's message as the reason.
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
    pub fn panicked(self, payload: &(dyn Any + Send)) {
        let (circuit, ticket) = self.into_parts();
        Admission::new(circuit.circuit(), ticket).settle_panic(payload);
    }

    /// Settles the call as cancelled. It counts as the policy's
    /// [`on_cancel`](crate::Policy::on_cancel) says, even during a panic that has nothing to do
    /// with this call.
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
    pub fn cancel(self) {
        let (circuit, ticket) = self.into_parts();
        Admission::new(circuit.circuit(), ticket).settle(Completion::Cancelled);
    }

    /// Takes the permit apart: its caller settles the call, and dropping it no longer does.
    #[inline]
    fn into_parts(mut self) -> (Option<Reference>, Ticket) {
        let parts = (self.circuit.take(), self.ticket);
        mem::forget(self);
        parts
    }
}

/// Takes the permit apart, because whatever is passed by reference is stored in memory by every
/// call.
#[cold]
#[inline(never)]
#[expect(clippy::needless_pass_by_value, reason = "see above")]
fn drop_unsettled(circuit: Reference, ticket: Ticket, taken_in_panic: bool) {
    let panicked = thread::panicking() && !taken_in_panic;
    circuit.settle(
        ticket,
        if panicked {
            Completion::Panicked(Reason::from_static("a panic while a permit was held"))
        } else {
            Completion::Cancelled
        },
    );
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.circuit.as_deref().map(Circuit::key);
        f.debug_struct("Permit").field("key", &key).finish_non_exhaustive()
    }
}

impl Drop for Permit {
    #[inline]
    fn drop(&mut self) {
        if let Some(circuit) = self.circuit.take() {
            drop_unsettled(circuit, self.ticket, self.taken_in_panic);
        }
    }
}
