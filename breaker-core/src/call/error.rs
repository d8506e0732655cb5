//! Errors of guarded calls. They say which circuit, which state, and how long to wait.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::call::reference::{Reference, Share};
use crate::circuit::{Circuit, Rejection};
use crate::clock::tick::readable;
use crate::key::Key;
use crate::state::State;
use crate::status::Status;

/// The error of a rejected call. It is at most 24 bytes and is created without allocating.
///
/// It converts into `std::io::Error`, `Box<dyn Error + Send + Sync>` and `String`, and into your
/// own error type with `#[from]` of `thiserror`.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use std::time::Duration;
/// use breaker_box::{CallError, CircuitBreaker, ManualClock, Policy, State};
///
/// let clock = ManualClock::new();
/// let breaker = CircuitBreaker::with_clock("payment_api", Policy::new(), clock.clone())?;
/// breaker.open();
/// clock.advance(Duration::from_secs(10));
///
/// let Err(CallError::Open(open)) = breaker.call(|| Ok::<_, ()>(())) else { panic!("it is open") };
/// assert_eq!(open.identifier(), "payment_api");
/// assert_eq!(open.state(), State::Open);
/// assert_eq!(open.retry_after(), Some(Duration::from_secs(20)));
/// assert_eq!(open.to_string(), "circuit `payment_api` is open, retry after 20s");
/// # Ok::<(), breaker_box::PolicyError>(())
/// ```
#[derive(Clone)]
pub struct CircuitOpenError(Rejected);

/// Flattened, so that it fits into 24 bytes.
#[derive(Clone)]
enum Rejected {
    /// Rejected by the circuit of a call site, which holds it forever. No reference count changes,
    /// so that threads that are rejected at the same time do not contend.
    AtSite {
        state: State,
        retry_after: u64,
        circuit: &'static Circuit,
    },
    /// Rejected by any other circuit. The error keeps the circuit in memory, but not in its
    /// registry. These two are a [`Reference`].
    Counted {
        state: State,
        retry_after: u64,
        circuit: Arc<Circuit>,
    },
    CountedByThread {
        state: State,
        retry_after: u64,
        share: Arc<Share>,
    },
}

impl CircuitOpenError {
    pub(crate) fn new(reference: Reference, rejection: Rejection) -> Self {
        let Rejection { state, retry_after } = rejection;
        Self(match reference {
            Reference::AtCircuit(circuit) => Rejected::Counted { state, retry_after, circuit },
            Reference::AtShare(share) => Rejected::CountedByThread { state, retry_after, share },
        })
    }

    pub(crate) const fn at_site(circuit: &'static Circuit, rejection: Rejection) -> Self {
        let Rejection { state, retry_after } = rejection;
        Self(Rejected::AtSite { state, retry_after, circuit })
    }

    pub(crate) fn circuit(&self) -> &Circuit {
        match &self.0 {
            Rejected::AtSite { circuit, .. } => circuit,
            Rejected::Counted { circuit, .. } => circuit,
            Rejected::CountedByThread { share, .. } => share.circuit(),
        }
    }

    const fn rejection(&self) -> Rejection {
        let (Rejected::AtSite { state, retry_after, .. }
        | Rejected::Counted { state, retry_after, .. }
        | Rejected::CountedByThread { state, retry_after, .. }) = self.0;
        Rejection { state, retry_after }
    }

    /// Returns the circuit's identifier.
    #[must_use]
    pub fn identifier(&self) -> &str {
        self.key().identifier()
    }

    /// Returns the circuit's key.
    #[must_use]
    pub fn key(&self) -> &Key {
        self.circuit().key()
    }

    /// Returns the state that rejected the call: [`Open`](State::Open),
    /// [`ForcedOpen`](State::ForcedOpen), [`HalfOpen`](State::HalfOpen) with all probe slots taken,
    /// or [`RampingUp`](State::RampingUp), which admits only a share of the calls.
    #[must_use]
    pub const fn state(&self) -> State {
        self.rejection().state
    }

    /// Returns how long to wait before a retry makes sense, as of the rejection. `None` if the time
    /// is unknown: forced open, open without end, half-open with all probe slots taken, or ramping
    /// up.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.rejection().retry_after()
    }

    /// Returns a full snapshot of the circuit, as of now.
    #[must_use]
    pub fn status(&self) -> Status {
        self.circuit().status()
    }
}

impl PartialEq for CircuitOpenError {
    /// Compares the circuit and the state. The time to wait is not compared, because it differs
    /// from one moment to the next.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.circuit(), other.circuit()) && self.state() == other.state()
    }
}

impl Eq for CircuitOpenError {}

impl fmt::Debug for CircuitOpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitOpenError")
            .field("key", self.key())
            .field("state", &self.state())
            .field("retry_after", &self.retry_after())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for CircuitOpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "circuit `{}` is {}", self.key(), self.state())?;
        match self.retry_after() {
            Some(wait) => write!(f, ", retry after {:?}", readable(wait)),
            None if self.state() == State::HalfOpen => f.write_str(", and all its probe slots are taken"),
            None if self.state() == State::RampingUp => f.write_str(", and admits only some of the calls"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for CircuitOpenError {}

impl From<CircuitOpenError> for io::Error {
    /// Returns an error of kind `ConnectionRefused` that holds the original error.
    fn from(open: CircuitOpenError) -> Self {
        Self::new(io::ErrorKind::ConnectionRefused, open)
    }
}

impl From<CircuitOpenError> for String {
    fn from(open: CircuitOpenError) -> Self {
        open.to_string()
    }
}

/// The error of a guarded call: it was rejected, or it ran and failed.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{CallError, CircuitBreaker, Policy};
///
/// let breaker = CircuitBreaker::new("payment_api", Policy::new())?;
/// let failed = breaker.call(|| Err::<(), _>("declined"));
/// assert_eq!(failed, Err(CallError::Failed("declined")));
/// # Ok::<(), breaker_box::PolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError<E> {
    /// The circuit rejected the call, which did not run. Displayed as its source.
    #[error("{0}")]
    Open(
        // A source and not transparent, so that a search among sources finds the type.
        #[from] CircuitOpenError,
    ),
    /// The call ran and failed.
    #[error(transparent)]
    Failed(E),
}

impl<E> CallError<E> {
    /// Returns whether the call was rejected and did not run.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    /// Returns the call's own error, if it ran.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{CallError, CircuitBreaker, Policy};
    ///
    /// let breaker = CircuitBreaker::new("payment_api", Policy::new())?;
    /// let error = breaker.call(|| Err::<(), _>("declined")).unwrap_err();
    /// assert_eq!(error.into_failed(), Some("declined"));
    ///
    /// breaker.open();
    /// let error = breaker.call(|| Err::<(), _>("declined")).unwrap_err();
    /// assert_eq!(error.into_failed(), None);
    /// # Ok::<(), breaker_box::PolicyError>(())
    /// ```
    #[must_use]
    pub fn into_failed(self) -> Option<E> {
        match self {
            Self::Open(_) => None,
            Self::Failed(error) => Some(error),
        }
    }
}

impl<E> CallError<E> {
    /// One error for both ways to fail.
    #[inline]
    pub(crate) fn join<T>(result: Result<Result<T, E>, CircuitOpenError>) -> Result<T, Self> {
        match result {
            Ok(result) => result.map_err(Self::Failed),
            Err(open) => Err(Self::Open(open)),
        }
    }
}

impl From<CallError<Infallible>> for CircuitOpenError {
    fn from(error: CallError<Infallible>) -> Self {
        match error {
            CallError::Open(open) => open,
            CallError::Failed(never) => match never {},
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_error_takes_24_bytes() {
        assert!(size_of::<CircuitOpenError>() <= 24);
    }
}
