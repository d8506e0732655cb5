//! What a result means if there is no handler: its type decides.
//!
//! This is found by autoref specialization: `(&&&&Classify::<R>::NEW).breaker_box_kind()` resolves
//! to the first trait whose bounds hold, in this order: [`ClassifyReported`] (an error with
//! `Display`, and `Option`), [`ClassifyDebug`] (an error with `Debug`), [`ClassifyPlain`] (any
//! `Result`), [`ClassifyAny`]. As for any method call, the bounds declared at the call site count.
//!
//! The kind is the same type for all call sites with results of one type, so what settles their
//! calls is compiled once.

use std::fmt::{Debug, Display};
use std::marker::PhantomData;

use crate::call::admission::{Admission, Classifier};
use crate::call::rare::{Meaning, settle_rare};

/// The type of a result.
#[derive(Debug)]
pub struct Classify<R>(PhantomData<fn() -> R>);

impl<R> Classify<R> {
    /// The type.
    pub const NEW: Self = Self(PhantomData);

    /// The type of this result.
    #[inline]
    #[must_use]
    pub const fn of(_: &R) -> Self {
        Self::NEW
    }
}

/// What settles calls with results of one type. It knows nothing else, so futures take its type
/// only.
pub trait Kind: Sized {
    /// Its only value.
    const ONLY: Self;
}

/// A `Result` whose error implements `Display`, and `Option`.
pub trait ClassifyReported {
    /// What settles such a call.
    type Kind;
    /// Returns it.
    fn breaker_box_kind(&self) -> Self::Kind;
}

impl<T, E: Display> ClassifyReported for &&&Classify<Result<T, E>> {
    type Kind = Reported;

    #[inline]
    fn breaker_box_kind(&self) -> Reported {
        Reported
    }
}

impl<T> ClassifyReported for &&&Classify<Option<T>> {
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

impl<T, E: Debug> ClassifyDebug for &&Classify<Result<T, E>> {
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

impl<T, E> ClassifyPlain for &Classify<Result<T, E>> {
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

impl<R> ClassifyAny for Classify<R> {
    type Kind = Anything;

    #[inline]
    fn breaker_box_kind(&self) -> Anything {
        Anything
    }
}

/// See [`ClassifyReported`].
#[derive(Debug)]
pub struct Reported;

impl Kind for Reported {
    const ONLY: Self = Self;
}

impl<T, E: Display> Classifier<Result<T, E>> for Reported {
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always), expect(clippy::inline_always, reason = "see `settle_result`"))]
    fn settle(self, admission: Admission<'_>, result: Result<T, E>) -> Result<T, E> {
        settle_result(admission, result, |error| Meaning::Displayed(error))
    }
}

/// See [`ClassifyReported`].
#[derive(Debug)]
pub struct Optional;

impl Kind for Optional {
    const ONLY: Self = Self;
}

impl<T> Classifier<Option<T>> for Optional {
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always), expect(clippy::inline_always, reason = "see `settle_result`"))]
    fn settle(self, admission: Admission<'_>, option: Option<T>) -> Option<T> {
        match &option {
            Some(_) => admission.succeed(),
            None => settle_rare(admission.parts(), Meaning::Ignored),
        }
        option
    }
}

/// See [`ClassifyDebug`].
#[derive(Debug)]
pub struct Debugged;

impl Kind for Debugged {
    const ONLY: Self = Self;
}

impl<T, E: Debug> Classifier<Result<T, E>> for Debugged {
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always), expect(clippy::inline_always, reason = "see `settle_result`"))]
    fn settle(self, admission: Admission<'_>, result: Result<T, E>) -> Result<T, E> {
        settle_result(admission, result, |error| Meaning::Debugged(error))
    }
}

/// See [`ClassifyPlain`].
#[derive(Debug)]
pub struct Plain;

impl Kind for Plain {
    const ONLY: Self = Self;
}

impl<T, E> Classifier<Result<T, E>> for Plain {
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always), expect(clippy::inline_always, reason = "see `settle_result`"))]
    fn settle(self, admission: Admission<'_>, result: Result<T, E>) -> Result<T, E> {
        settle_result(admission, result, |_| Meaning::Failure)
    }
}

/// See [`ClassifyAny`].
#[derive(Debug)]
pub struct Anything;

impl Kind for Anything {
    const ONLY: Self = Self;
}

impl<R> Classifier<R> for Anything {
    #[cfg_attr(debug_assertions, inline)]
    #[cfg_attr(not(debug_assertions), inline(always), expect(clippy::inline_always, reason = "see `settle_result`"))]
    fn settle(self, admission: Admission<'_>, result: R) -> R {
        admission.succeed();
        result
    }
}

#[cfg_attr(debug_assertions, inline)]
#[cfg_attr(
    not(debug_assertions),
    inline(always),
    expect(clippy::inline_always, reason = "a function of its own would get the result through memory")
)]
fn settle_result<T, E>(
    admission: Admission<'_>,
    result: Result<T, E>,
    meaning: impl FnOnce(&E) -> Meaning<'_>,
) -> Result<T, E> {
    match result {
        Ok(value) => {
            admission.succeed();
            Ok(value)
        }
        // Only the error is referred to.
        Err(error) => {
            settle_rare(admission.parts(), meaning(&error));
            Err(error)
        }
    }
}
