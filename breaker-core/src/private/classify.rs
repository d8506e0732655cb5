//! What a result means where nobody says so, found out by method resolution.
//!
//! `(&&&&Classify(&result)).breaker_box_succeeded()` and, if it did not, `.breaker_box_outcome()`
//! find the most special implementation first, because each is for one reference less: a `Result`
//! whose error can be displayed, one whose error can be debugged, any `Result`, anything. What
//! counts is what the declared bounds offer at the call site, as for any method call.

use std::fmt::{Debug, Display};

use crate::outcome::Outcome;
use crate::reason::Reason;

/// A result to be classified.
#[derive(Debug)]
pub struct Classify<'a, R>(pub &'a R);

/// `Result` with an error that can be displayed, and `Option`.
pub trait ClassifyReported {
    /// Whether the result is a success, found out without a look at the reason for anything else.
    fn breaker_box_succeeded(&self) -> bool;
    /// What the result means.
    fn breaker_box_outcome(&self) -> Outcome;
}

impl<T, E: Display> ClassifyReported for &&&Classify<'_, Result<T, E>> {
    #[inline]
    fn breaker_box_succeeded(&self) -> bool {
        self.0.is_ok()
    }

    #[inline]
    fn breaker_box_outcome(&self) -> Outcome {
        match self.0 {
            Ok(_) => Outcome::Success,
            Err(error) => failed(format_args!("{error}")),
        }
    }
}

impl<T> ClassifyReported for &&&Classify<'_, Option<T>> {
    #[inline]
    fn breaker_box_succeeded(&self) -> bool {
        self.0.is_some()
    }

    #[inline]
    fn breaker_box_outcome(&self) -> Outcome {
        if self.0.is_some() { Outcome::Success } else { Outcome::Ignore }
    }
}

/// `Result` with an error that can be debugged.
pub trait ClassifyDebug {
    /// Whether the result is a success, found out without a look at the reason for anything else.
    fn breaker_box_succeeded(&self) -> bool;
    /// What the result means.
    fn breaker_box_outcome(&self) -> Outcome;
}

impl<T, E: Debug> ClassifyDebug for &&Classify<'_, Result<T, E>> {
    #[inline]
    fn breaker_box_succeeded(&self) -> bool {
        self.0.is_ok()
    }

    #[inline]
    fn breaker_box_outcome(&self) -> Outcome {
        match self.0 {
            Ok(_) => Outcome::Success,
            Err(error) => failed(format_args!("{error:?}")),
        }
    }
}

/// `Result` with any error.
pub trait ClassifyPlain {
    /// Whether the result is a success, found out without a look at the reason for anything else.
    fn breaker_box_succeeded(&self) -> bool;
    /// What the result means.
    fn breaker_box_outcome(&self) -> Outcome;
}

impl<T, E> ClassifyPlain for &Classify<'_, Result<T, E>> {
    #[inline]
    fn breaker_box_succeeded(&self) -> bool {
        self.0.is_ok()
    }

    #[inline]
    fn breaker_box_outcome(&self) -> Outcome {
        self.0.is_ok().into()
    }
}

/// Any other value: it came back, which is a success.
pub trait ClassifyAny {
    /// Whether the result is a success, found out without a look at the reason for anything else.
    fn breaker_box_succeeded(&self) -> bool;
    /// What the result means.
    fn breaker_box_outcome(&self) -> Outcome;
}

impl<R> ClassifyAny for Classify<'_, R> {
    #[inline]
    fn breaker_box_succeeded(&self) -> bool {
        true
    }

    #[inline]
    fn breaker_box_outcome(&self) -> Outcome {
        Outcome::Success
    }
}

#[cold]
fn failed(reason: std::fmt::Arguments<'_>) -> Outcome {
    Outcome::Failure(Some(Reason::from_arguments(reason)))
}
