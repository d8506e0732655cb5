//! Results that are no success, where their type says what they mean.

use std::fmt::{Arguments, Debug, Display};

use crate::call::admission::Admission;
use crate::circuit::{Circuit, Ticket};
use crate::outcome::Outcome;
use crate::reason::Reason;

/// What such a result means. The reason of a failure is not formatted yet.
#[derive(Clone, Copy)]
pub(crate) enum Meaning<'a> {
    Ignored,
    /// The error says nothing.
    Failure,
    Displayed(&'a dyn Display),
    Debugged(&'a dyn Debug),
}

impl Meaning<'_> {
    fn outcome(self) -> Outcome {
        let failed = |reason: Arguments<'_>| Outcome::Failure(Some(Reason::from_arguments(reason)));
        match self {
            Self::Ignored => Outcome::Ignore,
            Self::Failure => Outcome::failure(),
            Self::Displayed(error) => failed(format_args!("{error}")),
            Self::Debugged(error) => failed(format_args!("{error:?}")),
        }
    }
}

/// Settles a call. One function for all types, so that no call site contains any of it.
///
/// The admission comes in parts: passed by reference, it would be stored in memory by every call.
#[cold]
#[inline(never)]
pub(crate) fn settle_rare((circuit, ticket): (Option<&Circuit>, Ticket), meaning: Meaning<'_>) {
    Admission::new(circuit, ticket).settle_by(|| meaning.outcome());
}
