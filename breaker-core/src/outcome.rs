//! What the result of a call means: a success, a failure, nothing to count, or a trip.

use std::time::Duration;

use crate::reason::Reason;

/// What a finished call means to its circuit. Error handlers and classifiers return it, or a `bool`
/// (true is a success).
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::Outcome;
///
/// fn judge(status: u16) -> Outcome {
///     match status {
///         429 => Outcome::trip(),
///         500.. => Outcome::failure_because("server error"),
///         400..=499 => Outcome::Ignore,
///         _ => Outcome::Success,
///     }
/// }
/// assert_eq!(judge(200), Outcome::Success);
/// assert_eq!(Outcome::from(false), Outcome::failure());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The call succeeded.
    Success,
    /// The call failed, with a reason if one is known.
    Failure(Option<Reason>),
    /// The result says nothing about the dependency (a caller's mistake, a cache miss). Nothing is
    /// counted, and a probe frees its slot.
    Ignore,
    /// The call asks the circuit to open at once, as a `429` or `503` with `Retry-After` does.
    Trip {
        /// How long to stay open, at most the policy's [`max_trip`](crate::Policy::max_trip). The
        /// policy's jitter may lengthen that time but never shortens it. `None` means as long as
        /// the policy says.
        open_for: Option<Duration>,
        /// The reason, if known.
        reason: Option<Reason>,
    },
}

impl Outcome {
    /// Returns a failure without a reason.
    #[must_use]
    pub const fn failure() -> Self {
        Self::Failure(None)
    }

    /// Returns a failure with a reason, which is cut at [`Reason::MAX_LEN`] bytes.
    #[must_use]
    pub fn failure_because(reason: impl Into<Reason>) -> Self {
        Self::Failure(Some(reason.into()))
    }

    /// Returns a trip that opens the circuit for as long as its policy says.
    #[must_use]
    pub const fn trip() -> Self {
        Self::Trip { open_for: None, reason: None }
    }

    /// Returns a trip that opens the circuit for `open_for`, at most the policy's
    /// [`max_trip`](crate::Policy::max_trip).
    #[must_use]
    pub const fn trip_for(open_for: Duration) -> Self {
        Self::Trip { open_for: Some(open_for), reason: None }
    }
}

impl From<bool> for Outcome {
    /// Converts true to a success and false to a failure without a reason.
    fn from(success: bool) -> Self {
        if success { Self::Success } else { Self::failure() }
    }
}
