//! Pins keep a circuit in its registry. Handles, permits and calls by name have them.
//!
//! They are counted only if the registry evicts circuits ([`Flags::TRACKED`]).
//! [`atomics`](super::atomics) explains why no call is left with a circuit that was evicted.

use super::Circuit;
use super::word::{Flags, Ticket};
use crate::clock::tick::Tick;
use crate::counters::PinPlace;
use crate::primitive::{Ordering, fence};

impl Circuit {
    /// Keeps the circuit in its registry until [`unpin`](Self::unpin). False if it was evicted.
    pub(crate) fn pin(&self) -> bool {
        !self.is_tracked() || self.pin_at(self.pin_place())
    }

    /// The same for a call, until it is [settled](Self::settle) with its [pinned](Self::pinned)
    /// ticket, or [unpinned](Self::unpin) because it was not admitted.
    #[inline]
    pub(crate) fn pin_for_call(&self) -> bool {
        !self.is_tracked() || self.pin_at(self.counters.pin_place_of_call(&self.cold().pins))
    }

    /// The same as [`pin`](Self::pin), while something else keeps the circuit.
    #[inline(never)]
    pub(crate) fn pin_again(&self) {
        if self.is_tracked() {
            self.pin_place().pin_again();
        }
    }

    /// A pin for a call that may outlive what keeps the circuit now, if it needs one; its ticket.
    #[inline]
    pub(crate) fn pin_again_for(&self, ticket: Ticket) -> Ticket {
        if !ticket.word.has(Flags::HELD) {
            return ticket;
        }
        self.pin_again();
        Self::pinned(ticket)
    }

    /// Undoes a [`pin`](Self::pin).
    pub(crate) fn unpin(&self) {
        if self.is_tracked() {
            self.pin_place().unpin();
        }
    }

    /// Keeps the circuit for a call site with a fixed identifier, for as long as the program runs.
    /// A call of that site must be in flight.
    pub(crate) fn pin_for_site(&self) {
        self.atomics.note_site();
    }

    /// The ticket of a call that has a pin.
    #[inline]
    pub(crate) const fn pinned(ticket: Ticket) -> Ticket {
        ticket.with_word(ticket.word.without(Flags::HELD))
    }

    /// Whether the circuit was evicted, for callers that have a pin or hold the lock under which
    /// circuits leave.
    pub(crate) fn is_retired(&self) -> bool {
        self.atomics.word().has(Flags::RETIRED)
    }

    /// Whether a pin or a call site keeps the circuit, for an eviction that has marked it as
    /// retired.
    pub(super) fn has_pins_once_marked(&self) -> bool {
        // SeqCst: pairs with the fence of a pin; see "Evictions" in `atomics`.
        fence(Ordering::SeqCst);
        self.has_pins()
    }

    /// Whether a pin or a call site seems to keep the circuit.
    pub(super) fn has_pins(&self) -> bool {
        // The pins first: a call site marks the circuit while it has one.
        self.counters.has_pins(&self.cold().pins) || self.atomics.has_site()
    }

    /// When the last call ended, if calls are tracked.
    pub(super) fn last_call(&self) -> Tick {
        self.counters.last_call(&self.cold().pins)
    }

    /// A call that is tracked was settled.
    #[inline]
    pub(super) fn untrack(&self, ticket: Ticket) {
        let word = self.atomics.word();
        if word.has(Flags::TRACKED) {
            self.end_tracked(ticket, self.environment.clock.coarse());
        }
    }

    /// The same for a call that is tracked.
    #[inline]
    pub(super) fn end_tracked(&self, ticket: Ticket, now: Tick) {
        let place = self.pin_place();
        // Before the pin is removed. A few milliseconds do not matter for idleness.
        place.note_call(now);
        if !ticket.word.has(Flags::HELD) {
            place.unpin();
        }
    }

    /// Notes a call that was made elsewhere.
    pub(super) fn note_call(&self) {
        if self.is_tracked() {
            self.pin_place().note_call(self.environment.clock.coarse());
        }
    }

    #[inline]
    fn is_tracked(&self) -> bool {
        self.atomics.word().has(Flags::TRACKED)
    }

    #[inline]
    fn pin_place(&self) -> PinPlace<'_> {
        self.counters.pin_place(&self.cold().pins)
    }

    #[inline]
    fn pin_at(&self, place: PinPlace<'_>) -> bool {
        place.pin();
        let stays = !self.is_retired();
        if !stays {
            place.unpin();
        }
        stays
    }
}
