//! Pins keep a circuit in its registry. Handles, calls in flight and call sites have them.
//!
//! They are counted only if the registry evicts circuits ([`Flags::TRACKED`]).
//! [`atomics`](super::atomics) explains why no call is left with a circuit that was evicted.

use super::Circuit;
use super::word::{Flags, Ticket, Word};

impl Circuit {
    /// Keeps the circuit in its registry until [`unpin`](Self::unpin). False if it was evicted.
    pub(crate) fn pin(&self) -> bool {
        if !self.atomics.word().has(Flags::TRACKED) {
            return true;
        }
        self.cold().pin();
        let stays = !self.is_retired();
        if !stays {
            self.cold().unpin();
        }
        stays
    }

    /// The same as [`pin`](Self::pin), while something else keeps the circuit.
    pub(crate) fn pin_again(&self) {
        if self.atomics.word().has(Flags::TRACKED) {
            self.cold().pin_again();
        }
    }

    /// Undoes a [`pin`](Self::pin).
    pub(crate) fn unpin(&self) {
        if self.atomics.word().has(Flags::TRACKED) {
            self.cold().unpin();
        }
    }

    /// Keeps the circuit for a call site with a fixed identifier, for as long as the program runs.
    /// A call of that site must be in flight.
    pub(crate) fn pin_for_site(&self) {
        self.cold().pin_for_site();
    }

    /// Whether the circuit was evicted, for callers that have a pin or hold the lock under which
    /// circuits leave.
    pub(crate) fn is_retired(&self) -> bool {
        self.atomics.word().has(Flags::RETIRED)
    }

    /// Whether the circuit was evicted before the call was admitted.
    pub(crate) fn was_evicted(&self, ticket: Ticket) -> bool {
        ticket.word.has(Flags::TRACKED) && self.is_retired()
    }

    /// Pins the circuit for a call that is admitted by this word.
    #[inline]
    pub(super) fn track(&self, word: Word) {
        if word.has(Flags::TRACKED) {
            self.track_slow();
        }
    }

    /// Not inlined, so that admission is small enough to be.
    #[inline(never)]
    fn track_slow(&self) {
        self.cold().pin();
        self.note_call();
    }

    /// Undoes [`track`](Self::track).
    #[inline]
    pub(super) fn untrack(&self, ticket: Ticket) {
        if ticket.word.has(Flags::TRACKED) {
            self.note_call();
            self.cold().unpin();
        }
    }

    /// Records the time of a call. A few milliseconds do not matter for idleness.
    #[inline]
    pub(super) fn note_call(&self) {
        self.cold().note_call(self.environment.clock.coarse());
    }
}
