//! The short path of a success of a listed call: the usual result of a circuit that opens when
//! calls hang.
//!
//! It does the same as [`counted`](super::counted), but leaves out what cannot matter.

use std::time::Duration;

use crate::circuit::Circuit;
use crate::circuit::word::{Flags, Ticket};
use crate::counters::Count;
use crate::event::{EventKind, EventType};

impl Circuit {
    /// Settles a success that only leaves the list. Returns false, without having done anything,
    /// for any other.
    pub(in crate::circuit) fn succeed_listed(&self, ticket: Ticket, elapsed: Option<Duration>) -> bool {
        if !ticket.word.has(Flags::LISTED) {
            return false;
        }
        let mut locked = self.locked.lock();
        let word = self.atomics.word();
        let is_plain = word.same_kind(ticket.word) && word.only_leaves_list() && !self.may_be_slow(elapsed);
        // If enough calls are hung, the circuit has opened before this result.
        if !is_plain || locked.is_hung(self.environment.clock.now()) {
            return false;
        }
        locked.unlist(ticket.admitted());
        self.counters.add(Count::Successes);
        drop(locked);
        self.keep_duration(elapsed);
        self.emit(EventType::Success, || EventKind::Success);
        true
    }
}
