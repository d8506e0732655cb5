//! Which bodies of probes run on this thread: a call of the same circuit that is made inside one is
//! part of that probe.
//!
//! Without that, functions of one circuit that call each other would never recover, for the outer
//! one holds the slot that the inner one asks for. What is noted here is noted only while the body
//! of a probe runs, and read only by calls that find the circuit half-open: circuits that are
//! closed know nothing of it.

use std::cell::RefCell;

use super::{Circuit, Ticket};
use crate::circuit::word::{Flags, Word};
use crate::primitive::thread_local;
use crate::state::State;

/// The body of a probe: its circuit, by address, and the stay it was admitted in. The circuit lives
/// at least as long as the body runs.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Body {
    circuit: usize,
    generation: u32,
}

thread_local! {
    // The innermost last.
    static ENTERED_BODIES: RefCell<Vec<Body>> = const { RefCell::new(Vec::new()) };
}

/// Where the body of a call runs, as far as is known when it is admitted.
pub(crate) trait RunsOn {
    /// Marks the ticket of a probe, if its body runs here from now on.
    fn enter(circuit: &Circuit, probe: Ticket) -> Ticket;
}

/// On the thread that asks: from now on until it is settled, or until it
/// [leaves](Circuit::leave_body).
pub(crate) enum ThisThread {}

impl RunsOn for ThisThread {
    fn enter(circuit: &Circuit, probe: Ticket) -> Ticket {
        circuit.enter_body(probe)
    }
}

/// Somewhere, some time: whoever takes a permit knows.
pub(crate) enum AnyThread {}

impl RunsOn for AnyThread {
    fn enter(_: &Circuit, probe: Ticket) -> Ticket {
        probe
    }
}

impl Circuit {
    /// From now on this thread runs the body of the call, if it is a probe; its ticket says so
    /// until it [leaves](Self::leave_body).
    #[cold]
    pub(crate) fn enter_body(&self, ticket: Ticket) -> Ticket {
        if ticket.word.state() != State::HalfOpen || ticket.is_entered() {
            return ticket;
        }
        let body = self.body(ticket.word);
        // A thread whose thread-locals are gone runs its last calls: there, an inner one is asked
        // as any other.
        match ENTERED_BODIES.try_with(|running| running.borrow_mut().push(body)) {
            Ok(()) => ticket.with_word(ticket.word.with_flags(ticket.word.flags().with(Flags::ENTERED))),
            Err(_) => ticket,
        }
    }

    /// This thread no longer runs the body of the call.
    #[cold]
    pub(crate) fn leave_body(&self, ticket: Ticket) -> Ticket {
        if !ticket.is_entered() {
            return ticket;
        }
        let body = self.body(ticket.word);
        // An error: as in `enter_body`, and nothing is left to take away.
        let _ = ENTERED_BODIES.try_with(|running| {
            let mut running = running.borrow_mut();
            if let Some(place) = running.iter().rposition(|other| *other == body) {
                running.remove(place);
            }
        });
        ticket.with_word(ticket.word.with_flags(ticket.word.flags().without(Flags::ENTERED)))
    }

    /// Whether this thread runs the body of a probe of the stay that the word tells of.
    pub(super) fn runs_probe_here(&self, word: Word) -> bool {
        let body = self.body(word);
        ENTERED_BODIES.try_with(|running| running.borrow().contains(&body)).unwrap_or(false)
    }

    /// Runs a part of the call's body.
    pub(crate) fn inside<R>(&self, ticket: Ticket, work: impl FnOnce() -> R) -> R {
        let _leaves = LeaveOnDrop { circuit: self, ticket: self.enter_body(ticket) };
        work()
    }

    fn body(&self, word: Word) -> Body {
        Body { circuit: std::ptr::from_ref(self).addr(), generation: word.generation() }
    }
}

/// LeaveOnDrop also where the body panics.
struct LeaveOnDrop<'a> {
    circuit: &'a Circuit,
    ticket: Ticket,
}

impl Drop for LeaveOnDrop<'_> {
    fn drop(&mut self) {
        self.circuit.leave_body(self.ticket);
    }
}
