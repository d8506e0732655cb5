//! What a call carries between its admission and its settlement, and how either can end.

use std::num::NonZeroU64;
use std::time::Duration;

use super::word::{Flags, Word};
use crate::clock::tick::Tick;
use crate::outcome::Outcome;
use crate::reason::Reason;
use crate::state::State;

/// An admitted call: the word it was admitted by, which names its generation, and when that was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    pub(super) word: Word,
    started: Started,
}

/// Admission time plus 1 ns, leaving zero as a niche; the maximum means untimed. Probes are always
/// timed, because their slots are found by their times.
#[derive(Clone, Copy, Debug)]
struct Started(NonZeroU64);

impl Started {
    const UNTIMED: Self = Self(NonZeroU64::MAX);

    const fn at(tick: Tick) -> Self {
        match NonZeroU64::new(tick.as_nanos().saturating_add(1)) {
            Some(number) => Self(number),
            None => Self::UNTIMED,
        }
    }
}

impl Ticket {
    /// What a call without a circuit carries, and one that is part of a probe.
    pub(crate) const UNGUARDED: Self = Self::untimed(Word::NONE);

    #[inline]
    pub(super) const fn untimed(word: Word) -> Self {
        Self { word, started: Started::UNTIMED }
    }

    pub(super) const fn timed(word: Word, admitted: Tick) -> Self {
        Self { word, started: Started::at(admitted) }
    }

    /// Whether it is of a closed circuit, and so no probe.
    #[inline]
    pub(crate) const fn is_plain(self) -> bool {
        self.word.is_closed()
    }

    /// Whether this thread runs the body of its probe.
    #[inline]
    pub(crate) const fn is_entered(self) -> bool {
        self.word.has(Flags::ENTERED)
    }

    pub(super) const fn with_word(self, word: Word) -> Self {
        Self { word, ..self }
    }

    /// When it was admitted, if it is timed.
    pub(super) const fn started(self) -> Option<Tick> {
        if self.word.has(Flags::TIMED) { Some(self.admitted()) } else { None }
    }

    /// When it was admitted, of a call that is timed or a probe.
    pub(super) const fn admitted(self) -> Tick {
        let Started(number) = self.started;
        Tick::from_nanos(number.get() - 1)
    }
}

/// Why a call has no ticket.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NotAdmitted {
    /// It is part of a probe whose body runs on this thread: it runs and counts nothing.
    Nested,
    Rejected(Rejection),
}

/// Why a call may not run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rejection {
    pub(crate) state: State,
    /// In nanoseconds; [`Self::UNKNOWN`] if no time is known. A single word, because it goes into
    /// the error as it is.
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
    /// The classifier panicked: outcome unknown, slot released.
    Unknown,
}
