//! What waits for the peer: a few notes for each circuit.

use std::collections::{HashMap, VecDeque};

use crate::breaker::CircuitBreaker;
use crate::sharing::Note;

/// How many notes of one circuit wait. If there are more, the oldest are left out, because newer
/// ones supersede them.
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
            // The last change stays, whatever came after it.
            let last_change = self.notes.iter().rposition(|note| matches!(note, Note::Changed(_)));
            self.notes.remove(usize::from(last_change == Some(0)));
        }
        self.notes.push_back(note);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;
    use crate::sharing::{Change, Generation, ProbeReport};
    use crate::state::State;

    fn changed(number: u32) -> Note {
        Note::Changed(Change::new(Generation::new(number), State::HalfOpen))
    }

    fn wanted() -> Note {
        Note::ProbeWanted(Generation::new(1))
    }

    fn settled(successes: u32) -> Note {
        let mut report = ProbeReport::new(Generation::new(1));
        report.successes = successes;
        Note::ProbeSettled(report)
    }

    fn kept(notes: impl IntoIterator<Item = Note>) -> Vec<String> {
        let circuit = CircuitBreaker::new("payment_api", Policy::new()).expect("a valid policy");
        let mut waiting = Waiting { circuit, notes: VecDeque::new() };
        notes.into_iter().for_each(|note| waiting.push(note));
        waiting.notes.iter().map(|note| format!("{note:?}")).collect()
    }

    #[test]
    fn the_last_change_stays_whatever_comes_after_it() {
        let flood = (0..100).flat_map(|n| [wanted(), settled(n)]);
        let kept = kept([changed(0), changed(1)].into_iter().chain(flood));
        assert_eq!((kept.len(), &kept[0]), (CAPACITY, &format!("{:?}", changed(1))));
        assert_eq!(kept.last(), Some(&format!("{:?}", settled(99))));
    }

    #[test]
    fn of_reports_in_a_row_the_last_is_kept() {
        let kept = kept((0..100).map(settled));
        assert_eq!(kept, [format!("{:?}", settled(99))]);
    }
}
