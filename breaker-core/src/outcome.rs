//! What a call was: success, failure, nothing to count, or a reason to open at once.

use std::time::Duration;

use crate::reason::Reason;

/// What a finished call means to its circuit. Error handlers and classifiers return it, or a `bool`
/// (true = success).
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
    /// The dependency did its work.
    Success,
    /// The dependency failed, for a reason if one is known.
    Failure(Option<Reason>),
    /// Says nothing about the dependency (a caller's mistake, a cache miss): nothing is counted, a
    /// probe frees its slot.
    Ignore,
    /// Opens the circuit at once: what a `429` or `503` with `Retry-After` asks for.
    Trip {
        /// How long to stay open, up to the policy's [`max_trip`](crate::Policy::max_trip); its
        /// jitter may stretch that time but never shortens it. `None` = as long as the policy says.
        open_for: Option<Duration>,
        /// Why, if known.
        reason: Option<Reason>,
    },
}

impl Outcome {
    /// A failure without a reason.
    #[must_use]
    pub const fn failure() -> Self {
        Self::Failure(None)
    }

    /// A failure with a reason, which is cut at [`Reason::MAX_LEN`] bytes.
    #[must_use]
    pub fn failure_because(reason: impl Into<Reason>) -> Self {
        Self::Failure(Some(reason.into()))
    }

    /// Opens the circuit for as long as its policy says.
    #[must_use]
    pub const fn trip() -> Self {
        Self::Trip { open_for: None, reason: None }
    }

    /// Opens the circuit for `open_for`, up to the policy's [`max_trip`](crate::Policy::max_trip).
    #[must_use]
    pub const fn trip_for(open_for: Duration) -> Self {
        Self::Trip { open_for: Some(open_for), reason: None }
    }
}

impl From<bool> for Outcome {
    /// True is a success, false a failure without a reason.
    fn from(success: bool) -> Self {
        if success { Self::Success } else { Self::failure() }
    }
}
