//! Whether it is known what became of an item.

use crate::circuit::Circuit;
use crate::event::{EventKind, EventType};

/// Says [`Dropped`](EventKind::Dropped) when it goes before that is known: because nobody takes the
/// item, its submission is given up, or code of a user panics.
pub(super) struct Fate<'a>(Option<&'a Circuit>);

impl<'a> Fate<'a> {
    pub(super) const fn unknown(circuit: &'a Circuit) -> Self {
        Self(Some(circuit))
    }

    /// The item is processed, has a new owner, or goes back with an error that says why.
    pub(super) const fn is_known(&mut self) {
        self.0 = None;
    }
}

impl Drop for Fate<'_> {
    fn drop(&mut self) {
        if let Some(circuit) = self.0 {
            circuit.emit(EventType::Dropped, || EventKind::Dropped);
        }
    }
}
