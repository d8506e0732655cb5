//! What waits for the peer: a few notes for each circuit.

use std::collections::{HashMap, VecDeque};

use crate::breaker::CircuitBreaker;
use crate::sharing::Note;

/// How many notes of one circuit wait. The peer is told what a circuit is now, so the oldest are
/// those that it can do without.
const CAPACITY: usize = 16;

/// The notes of the circuits, delivered by one thread at a time.
#[derive(Default)]
pub(super) struct Queue {
    /// By the address of the circuit, which its handle keeps.
    waiting: HashMap<usize, Waiting, foldhash::fast::RandomState>,
    /// The circuits that have notes, by turns.
    turns: VecDeque<usize>,
    /// How many threads have queued notes and will try to deliver.
    coming: usize,
    is_delivering: bool,
    is_closed: bool,
}

struct Waiting {
    circuit: CircuitBreaker,
    notes: VecDeque<Note>,
}

impl Queue {
    /// Queues notes of one circuit. The thread tries to [begin](Self::begin) a delivery afterwards.
    pub(super) fn push(&mut self, address: usize, circuit: Option<CircuitBreaker>, notes: Vec<Note>) {
        self.coming += 1;
        let Some(circuit) = circuit.filter(|_| !self.is_closed) else { return };
        let turns = &mut self.turns;
        let waiting = self.waiting.entry(address).or_insert_with(|| {
            turns.push_back(address);
            Waiting { circuit, notes: VecDeque::new() }
        });
        for note in notes {
            waiting.push(note);
        }
    }

    /// Whether this thread delivers from now on.
    pub(super) fn begin(&mut self) -> bool {
        self.coming -= 1;
        let begins = !self.is_delivering && !self.turns.is_empty();
        self.is_delivering |= begins;
        begins
    }

    /// The next note for the thread that delivers. `None` ends its delivery: nothing waits, or it
    /// has delivered enough and another thread is coming.
    pub(super) fn next(&mut self, has_delivered_enough: bool) -> Option<(CircuitBreaker, Note)> {
        let next = if has_delivered_enough && self.coming > 0 { None } else { self.pop() };
        self.is_delivering = next.is_some();
        next
    }

    fn pop(&mut self) -> Option<(CircuitBreaker, Note)> {
        let address = self.turns.pop_front()?;
        let waiting = self.waiting.get_mut(&address)?;
        let note = waiting.notes.pop_front()?;
        let circuit = if waiting.notes.is_empty() {
            self.waiting.remove(&address)?.circuit
        } else {
            self.turns.push_back(address);
            waiting.circuit.clone()
        };
        Some((circuit, note))
    }

    /// Takes no more notes, and returns the handles to the circuits of those that wait.
    pub(super) fn close(&mut self) -> Vec<CircuitBreaker> {
        self.is_closed = true;
        self.turns.clear();
        self.waiting.drain().map(|(_, waiting)| waiting.circuit).collect()
    }
}

impl Waiting {
    fn push(&mut self, note: Note) {
        if let (Some(Note::ProbeSettled(last)), Note::ProbeSettled(report)) = (self.notes.back_mut(), &note) {
            if last.generation == report.generation {
                last.clone_from(report);
                return;
            }
        }
        if self.notes.len() == CAPACITY {
            self.notes.pop_front();
        }
        self.notes.push_back(note);
    }
}
