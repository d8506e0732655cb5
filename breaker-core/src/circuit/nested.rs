//! Which bodies of probes run on this thread. A call of the same circuit inside one is part of that
//! probe.
//!
//! Otherwise functions that share a circuit and call each other would never recover, because the
//! outer one holds the slot that the inner one needs. A body is recorded only while a probe runs
//! it, and looked for only by calls that find the circuit half-open. Closed circuits pay nothing
//! for it.

use std::cell::{Cell, RefCell};

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

impl Body {
    /// No circuit has this address.
    const NONE: Self = Self { circuit: 0, generation: 0 };
}

/// The bodies that a thread runs.
#[derive(Clone, Copy)]
struct Running {
    innermost: Body,
    /// Whether there are others around it, as there rarely are.
    is_inside: bool,
}

impl Running {
    const NONE: Self = Self { innermost: Body::NONE, is_inside: false };
}

thread_local! {
    // Const-initialized and without a destructor, so it exists until the thread has ended.
    static RUNNING: Cell<Running> = const { Cell::new(Running::NONE) };
    // Those around the innermost one, the outermost first.
    static AROUND: RefCell<Vec<Body>> = const { RefCell::new(Vec::new()) };
}

impl Running {
    #[inline]
    fn has(self, body: Body) -> bool {
        self.innermost == body || (self.is_inside && is_around(body))
    }

    /// The same with another body inside of it. `None` if the thread-local that this needs is
    /// already destroyed.
    #[inline]
    fn with(self, body: Body) -> Option<Self> {
        let is_inside = self.innermost != Body::NONE;
        (!is_inside || put_around(self.innermost)).then_some(Self { innermost: body, is_inside })
    }

    /// The same without this body, one of several.
    #[cold]
    fn without(self, body: Body) -> Self {
        let removed = AROUND.try_with(|around| {
            let mut around = around.borrow_mut();
            let innermost = if self.innermost == body {
                around.pop().unwrap_or(Body::NONE)
            } else {
                if let Some(place) = around.iter().rposition(|other| *other == body) {
                    around.remove(place);
                }
                self.innermost
            };
            Self { innermost, is_inside: !around.is_empty() }
        });
        // If it is already destroyed, nothing is left in it.
        removed.unwrap_or(Self::NONE)
    }
}

#[cold]
fn is_around(body: Body) -> bool {
    AROUND.try_with(|around| around.borrow().contains(&body)).unwrap_or(false)
}

#[cold]
fn put_around(body: Body) -> bool {
    AROUND.try_with(|around| around.borrow_mut().push(body)).is_ok()
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
        circuit.record_body(probe)
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
        if ticket.word.state() == State::HalfOpen && !ticket.is_entered() { self.record_body(ticket) } else { ticket }
    }

    /// Records that this thread runs the body of a probe.
    #[inline]
    fn record_body(&self, ticket: Ticket) -> Ticket {
        let body = self.body(ticket.word);
        match RUNNING.with(Cell::get).with(body) {
            Some(running) => {
                RUNNING.with(|known| known.set(running));
                ticket.with_word(ticket.word.with_flags(ticket.word.flags().with(Flags::ENTERED)))
            }
            // Inner calls of this thread are admitted like all others.
            None => ticket,
        }
    }

    /// Records that this thread no longer runs the body of the call.
    #[cold]
    pub(crate) fn leave_body(&self, ticket: Ticket) -> Ticket {
        if !ticket.is_entered() {
            return ticket;
        }
        let body = self.body(ticket.word);
        RUNNING.with(|running| {
            let known = running.get();
            if known.is_inside {
                running.set(known.without(body));
            } else if known.innermost == body {
                running.set(Running::NONE);
            }
        });
        ticket.with_word(ticket.word.with_flags(ticket.word.flags().without(Flags::ENTERED)))
    }

    /// Whether this thread runs the body of a probe of this word's generation.
    pub(super) fn runs_probe_here(&self, word: Word) -> bool {
        RUNNING.with(Cell::get).has(self.body(word))
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

#[cfg(test)]
mod tests {
    use super::*;

    const fn body(circuit: usize) -> Body {
        Body { circuit, generation: 7 }
    }

    #[test]
    fn bodies_are_left_in_any_order() {
        for order in [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]] {
            let entered = (1..=3).try_fold(Running::NONE, |running, circuit| running.with(body(circuit)));
            let mut running = entered.unwrap();
            for (place, circuit) in order.into_iter().enumerate() {
                running = running.without(body(circuit));
                let left: Vec<usize> = (1..=3).filter(|circuit| running.has(body(*circuit))).collect();
                let mut expected = order[place + 1..].to_vec();
                expected.sort_unstable();
                assert_eq!(left, expected, "{order:?}");
            }
            assert!(!running.is_inside && AROUND.with(|around| around.borrow().is_empty()));
        }
    }
}
