//! How the admission of a call, and the call itself, can end.

use std::time::Duration;

use crate::outcome::Outcome;
use crate::reason::Reason;
use crate::state::State;

/// Why a call has no ticket.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NotAdmitted {
    /// It is part of a probe whose body runs on this thread, so it runs and is not counted.
    Nested,
    Rejected(Rejection),
}

/// Why a call may not run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rejection {
    pub(crate) state: State,
    /// In nanoseconds; [`Self::UNKNOWN`] if the time is unknown. A single word, because it goes
    /// into the error as it is.
    pub(crate) retry_after: u64,
}

impl Rejection {
    pub(crate) const UNKNOWN: u64 = u64::MAX;

    pub(crate) const fn retry_after(&self) -> Option<Duration> {
        if self.retry_after == Self::UNKNOWN { None } else { Some(Duration::from_nanos(self.retry_after)) }
    }
}

/// How a call ended.
#[derive(Debug)]
pub(crate) enum Completion {
    /// It returned and was classified.
    Returned(Outcome),
    /// Its future or permit was dropped.
    Cancelled,
    /// It panicked.
    Panicked(Reason),
    /// The classifier panicked: the outcome is unknown, and the slot is released.
    Unknown,
}
