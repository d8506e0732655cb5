//! What the result of a call means: a success, a failure, nothing to count, or a trip.

use std::fmt;
use std::time::Duration;

use crate::reason::Reason;

/// What a finished call means to its circuit. Error handlers and classifiers return it, or a `bool`
/// (true is a success).
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::Outcome;
///
/// fn classify(status: u16) -> Outcome {
///     match status {
///         429 => Outcome::trip(),
///         500.. => Outcome::failure_because("server error"),
///         400..=499 => Outcome::Ignore,
///         _ => Outcome::Success,
///     }
/// }
/// assert_eq!(classify(200), Outcome::Success);
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

    /// Returns a failure with the text of `error` as its reason, which is cut at
    /// [`Reason::MAX_LEN`] bytes.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::Outcome;
    ///
    /// fn classify(result: &Result<u16, std::num::ParseIntError>) -> Outcome {
    ///     match result {
    ///         Ok(_) => Outcome::Success,
    ///         Err(error) => Outcome::failure_from(error),
    ///     }
    /// }
    /// assert_eq!(classify(&"x".parse()), Outcome::failure_because("invalid digit found in string"));
    /// ```
    #[must_use]
    pub fn failure_from(error: &(impl fmt::Display + ?Sized)) -> Self {
        Self::Failure(Some(Reason::from_display(error)))
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

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn a_failure_from_an_error_has_its_text_as_reason() {
        let error = "x".parse::<u8>().unwrap_err();
        let expected = Outcome::failure_because("invalid digit found in string");
        assert_eq!(Outcome::failure_from(&error), expected);
        let erased: &dyn Error = &error;
        assert_eq!(Outcome::failure_from(erased), expected);
    }

    #[test]
    fn a_failure_from_a_long_text_is_cut() {
        let Outcome::Failure(Some(reason)) = Outcome::failure_from(&"x".repeat(300)) else { panic!("a failure") };
        assert_eq!(reason.len(), Reason::MAX_LEN);
    }
}
