//! Which bodies of probes run on this thread. A call of the same circuit inside one is part of that
//! probe.
//!
//! Otherwise functions that share a circuit and call each other would never recover, because the
//! outer one holds the slot that the inner one needs. A body is recorded only while a probe runs
//! it, and looked for only by calls that find the circuit half-open. Closed circuits pay nothing
//! for it.

use std::cell::RefCell;

use super::Circuit;
use super::word::{Flags, Ticket, Word};
use crate::primitive::thread_local;
use crate::state::State;

/// The body of a probe: its circuit, by address, and the generation it was admitted in. The circuit
/// lives at least as long as the body runs.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Body {
    circuit: usize,
    generation: u32,
}

thread_local! {
    // The innermost is last.
    static BODIES: RefCell<Vec<Body>> = const { RefCell::new(Vec::new()) };
}

/// Where the body of a call runs, as far as that is known when the call is admitted.
pub(crate) trait RunsOn {
    /// Marks the ticket of a probe if its body runs on this thread from now on.
    fn enter(circuit: &Circuit, probe: Ticket) -> Ticket;
}

/// On the calling thread, from now on until the call is settled, or until it
/// [leaves](Circuit::leave_body).
pub(crate) enum ThisThread {}

impl RunsOn for ThisThread {
    fn enter(circuit: &Circuit, probe: Ticket) -> Ticket {
        circuit.enter_body(probe)
    }
}

/// On any thread, at any time. Only the holder of the permit knows.
pub(crate) enum AnyThread {}

impl RunsOn for AnyThread {
    fn enter(_: &Circuit, probe: Ticket) -> Ticket {
        probe
    }
}

impl Circuit {
    /// Records that this thread runs the body of the call from now on, if it is a probe. Its ticket
    /// says so until it [leaves](Self::leave_body).
    #[cold]
    pub(crate) fn enter_body(&self, ticket: Ticket) -> Ticket {
        if ticket.word.state() != State::HalfOpen || ticket.is_entered() {
            return ticket;
        }
        let body = self.body(ticket.word);
        // The thread-locals are already destroyed. Inner calls of this thread are admitted like all
        // others.
        match BODIES.try_with(|bodies| bodies.borrow_mut().push(body)) {
            Ok(()) => ticket.with_word(ticket.word.with_flags(ticket.word.flags().with(Flags::ENTERED))),
            Err(_) => ticket,
        }
    }

    /// Records that this thread no longer runs the body of the call.
    #[cold]
    pub(crate) fn leave_body(&self, ticket: Ticket) -> Ticket {
        if !ticket.is_entered() {
            return ticket;
        }
        let body = self.body(ticket.word);
        // On an error, as in `enter_body`, nothing is left to remove.
        let _ = BODIES.try_with(|bodies| {
            let mut bodies = bodies.borrow_mut();
            if let Some(place) = bodies.iter().rposition(|other| *other == body) {
                bodies.remove(place);
            }
        });
        ticket.with_word(ticket.word.with_flags(ticket.word.flags().without(Flags::ENTERED)))
    }

    /// Whether this thread runs the body of a probe of this word's generation.
    pub(super) fn runs_probe_here(&self, word: Word) -> bool {
        let body = self.body(word);
        BODIES.try_with(|bodies| bodies.borrow().contains(&body)).unwrap_or(false)
    }

    /// Records that this thread runs the body of the call until what is returned is dropped.
    #[cold]
    #[inline(never)]
    pub(crate) fn inside(&self, ticket: Ticket) -> Inside<'_> {
        Inside { circuit: self, ticket: self.enter_body(ticket) }
    }

    fn body(&self, word: Word) -> Body {
        Body { circuit: std::ptr::from_ref(self).addr(), generation: word.generation() }
    }
}

/// Leaves the body even if it panics.
pub(crate) struct Inside<'a> {
    circuit: &'a Circuit,
    ticket: Ticket,
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.circuit.leave_body(self.ticket);
    }
}
