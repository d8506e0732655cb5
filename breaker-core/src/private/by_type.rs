//! What a result means if there is no handler: its type decides.
//!
//! This is found by autoref specialization: `(&&&&Classify(&result)).breaker_box_kind()` resolves to
//! the first trait whose bounds hold, in this order: [`ClassifyReported`] (an error with `Display`,
//! and `Option`), [`ClassifyDebug`] (an error with `Debug`), [`ClassifyPlain`] (any `Result`),
//! [`ClassifyAny`]. As for any method call, the bounds declared at the call site count.
//!
//! A kind takes the result by value and gives it back. If it took a reference, every result would
//! have to be in memory, even that of a success.

use std::fmt::{Debug, Display};

use super::run::Settling;
use crate::call::rare::{Meaning, settle_rare};

/// A result whose type decides.
#[derive(Debug)]
pub struct Classify<'a, R>(pub &'a R);

/// A `Result` whose error implements `Display`, and `Option`.
pub trait ClassifyReported {
    /// What settles such a call.
    type Kind;
    /// Returns it.
    fn breaker_box_kind(&self) -> Self::Kind;
}

impl<T, E: Display> ClassifyReported for &&&Classify<'_, Result<T, E>> {
    type Kind = Reported;

    #[inline]
    fn breaker_box_kind(&self) -> Reported {
        Reported
    }
}

impl<T> ClassifyReported for &&&Classify<'_, Option<T>> {
    type Kind = Optional;

    #[inline]
    fn breaker_box_kind(&self) -> Optional {
        Optional
    }
}

/// A `Result` whose error implements `Debug`.
pub trait ClassifyDebug {
    /// What settles such a call.
    type Kind;
    /// Returns it.
    fn breaker_box_kind(&self) -> Self::Kind;
}

impl<T, E: Debug> ClassifyDebug for &&Classify<'_, Result<T, E>> {
    type Kind = Debugged;

    #[inline]
    fn breaker_box_kind(&self) -> Debugged {
        Debugged
    }
}

/// A `Result` with any error.
pub trait ClassifyPlain {
    /// What settles such a call.
    type Kind;
    /// Returns it.
    fn breaker_box_kind(&self) -> Self::Kind;
}

impl<T, E> ClassifyPlain for &Classify<'_, Result<T, E>> {
    type Kind = Plain;

    #[inline]
    fn breaker_box_kind(&self) -> Plain {
        Plain
    }
}

/// Any other value: the call returned, which is a success.
pub trait ClassifyAny {
    /// What settles such a call.
    type Kind;
    /// Returns it.
    fn breaker_box_kind(&self) -> Self::Kind;
}

impl<R> ClassifyAny for Classify<'_, R> {
    type Kind = Anything;

    #[inline]
    fn breaker_box_kind(&self) -> Anything {
        Anything
    }
}

/// See [`ClassifyReported`].
#[derive(Debug)]
pub struct Reported;

impl Reported {
    /// Settles the call.
    #[inline]
    pub fn settle<T, E: Display>(self, settling: Settling<'_>, result: Result<T, E>) -> Result<T, E> {
        settle_result(settling, result, |error| Meaning::Displayed(error))
    }
}

/// See [`ClassifyReported`].
#[derive(Debug)]
pub struct Optional;

impl Optional {
    /// Settles the call.
    #[inline]
    pub fn settle<T>(self, settling: Settling<'_>, option: Option<T>) -> Option<T> {
        match &option {
            Some(_) => settling.0.succeed(),
            None => settle_rare(settling.0.parts(), Meaning::Ignored),
        }
        option
    }
}

/// See [`ClassifyDebug`].
#[derive(Debug)]
pub struct Debugged;

impl Debugged {
    /// Settles the call.
    #[inline]
    pub fn settle<T, E: Debug>(self, settling: Settling<'_>, result: Result<T, E>) -> Result<T, E> {
        settle_result(settling, result, |error| Meaning::Debugged(error))
    }
}

/// See [`ClassifyPlain`].
#[derive(Debug)]
pub struct Plain;

impl Plain {
    /// Settles the call.
    #[inline]
    pub fn settle<T, E>(self, settling: Settling<'_>, result: Result<T, E>) -> Result<T, E> {
        settle_result(settling, result, |_| Meaning::Failure)
    }
}

/// See [`ClassifyAny`].
#[derive(Debug)]
pub struct Anything;

impl Anything {
    /// Settles the call.
    #[inline]
    pub fn settle<R>(self, settling: Settling<'_>, result: R) -> R {
        settling.0.succeed();
        result
    }
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "a function of its own would get the result through memory")]
fn settle_result<T, E>(
    settling: Settling<'_>,
    result: Result<T, E>,
    meaning: impl FnOnce(&E) -> Meaning<'_>,
) -> Result<T, E> {
    match result {
        Ok(value) => {
            settling.0.succeed();
            Ok(value)
        }
        // Only the error is referred to.
        Err(error) => {
            settle_rare(settling.0.parts(), meaning(&error));
            Err(error)
        }
    }
}
