//! What the expansion of the attribute uses. Not public API; it may change at any time.

mod by_type;
mod eager;
mod entry;
mod handlers;
mod name;
mod returned;
mod run;
mod window;

pub use by_type::{Classify, ClassifyAny, ClassifyDebug, ClassifyPlain, ClassifyReported};
pub use eager::{Detached, Either, OwnedEntered, RejectedLater, reject_later, run_eager, run_eager_by_default};
pub use entry::{
    CircuitSlot, Identifier, OfName, OfSite, Site, SiteOptions, enter, enter_formatted, enter_global, enter_named,
    identifier_of,
};
pub use handlers::{AnswerFor, IntoOutcome, Rejected, outcome_of};
pub use returned::{Returned, ReturnsFuture, ReturnsPlainly, WrittenAsFuture};
pub use run::{run_async, run_async_by_default, settle};
pub use window::WindowOf;
pub use {core, std};

pub use crate::call::admission::{Admission, Classifier};

pub use crate::{Cancellation, CircuitOpenError, FromCircuitOpen, Outcome, Policy, Registry, Window};

/// The identity of types: `<T as Is>::Type` is `T` in a position where `T` itself cannot be
/// written.
pub trait Is {
    /// The same type.
    type Type: ?Sized;
}

impl<T: ?Sized> Is for T {
    type Type = T;
}

/// What a function without a fallback returns when its circuit is open.
#[inline]
#[must_use]
pub fn reject<R: FromCircuitOpen>(open: CircuitOpenError) -> R {
    R::from_circuit_open(open)
}

/// Calls an `async` fallback; gives its closure the type of its parameter.
#[inline]
pub fn answer<R, F: FnOnce(CircuitOpenError) -> R>(fallback: F, open: CircuitOpenError) -> R {
    fallback(open)
}

/// Returns the policy if it is valid; otherwise compilation fails.
///
/// # Panics
///
/// Panics if the policy is invalid. The expansion only calls this in constants.
#[must_use]
#[track_caller]
pub const fn checked(policy: Policy) -> Policy {
    match policy.check() {
        Ok(()) => policy,
        Err(invalid) => panic!("{}", invalid.constant_text()),
    }
}

/// Returns the text of a scope or kind if it is valid; otherwise compilation fails.
///
/// # Panics
///
/// Panics if the text is empty. The expansion only calls this in constants.
#[must_use]
#[track_caller]
pub const fn label(text: &'static str) -> &'static str {
    assert!(!text.is_empty(), "the string is empty; remove the option, or write a name");
    text
}

/// The global registry.
#[must_use]
pub fn global() -> &'static Registry {
    Registry::global()
}

/// A value of any type, in branches that are never taken: generated code only needs its type.
///
/// # Panics
///
/// Panics if it is called, which no expansion does.
#[cold]
#[must_use]
pub fn never<R>() -> R {
    unreachable!("generated code calls this in branches that are never taken")
}
