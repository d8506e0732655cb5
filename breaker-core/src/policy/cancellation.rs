//! What a cancelled call counts as.

use std::fmt;
use std::str::FromStr;

/// What a dropped future or permit counts as; see [`Policy::on_cancel`](crate::Policy::on_cancel).
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::Cancellation;
///
/// assert_eq!(Cancellation::default(), Cancellation::Ignore);
/// assert_eq!(Cancellation::Failure.to_string(), "failure");
/// assert_eq!("failure".parse(), Ok(Cancellation::Failure));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cancellation {
    /// Ignored: the caller lost interest, which says nothing about the dependency. A probe frees
    /// its slot. The default.
    #[default]
    Ignore,
    /// A failure, however early it was cancelled.
    Failure,
    /// A slow failure if the call had run for longer than the slow-call limit when it was dropped,
    /// and otherwise ignored. A caller that gives up after that limit has learned that the
    /// dependency is slow; one that gives up earlier has learned nothing.
    ///
    /// The limit is that of [`Policy::slow_call_rate`](crate::Policy::slow_call_rate), or else
    /// [`Policy::fail_slower_than`](crate::Policy::fail_slower_than); without either, the policy is
    /// invalid.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use std::time::Duration;
    /// use breaker_box::{Cancellation, CircuitBreaker, ManualClock, Policy};
    ///
    /// let clock = ManualClock::new();
    /// let policy = Policy::new().fail_slower_than(Duration::from_secs(2)).on_cancel(Cancellation::Slow);
    /// let breaker = CircuitBreaker::with_clock("search", policy, clock.clone())?;
    /// for given_up_after in [1, 3] {
    ///     let permit = breaker.try_acquire()?;
    ///     clock.advance(Duration::from_secs(given_up_after));
    ///     drop(permit);
    /// }
    /// let totals = breaker.status().totals;
    /// assert_eq!((totals.cancelled, totals.failures, totals.slow), (2, 1, 1));
    /// # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(())
    /// ```
    Slow,
}

impl Cancellation {
    /// Returns the name that settings files and the attribute use: `ignore`, `failure` or `slow`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Failure => "failure",
            Self::Slow => "slow",
        }
    }
}

impl fmt::Display for Cancellation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Cancellation {
    type Err = UnknownCancellationError;

    /// Parses what [`as_str`](Self::as_str) returns.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Ignore, Self::Failure, Self::Slow]
            .into_iter()
            .find(|known| known.as_str() == name)
            .ok_or(UnknownCancellationError)
    }
}

/// The error of parsing a string that is not the name of a [`Cancellation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `ignore`, `failure` or `slow`")]
#[non_exhaustive]
pub struct UnknownCancellationError;
