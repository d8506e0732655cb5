//! Reports items that are lost.

use crate::circuit::Circuit;
use crate::event::{EventKind, EventType};

/// Emits [`EventKind::Dropped`] when it is dropped, unless it was disarmed: no wire took the item,
/// its submission was dropped, or user code panicked.
pub(super) struct DropGuard<'a>(Option<&'a Circuit>);

impl<'a> DropGuard<'a> {
    pub(super) const fn new(circuit: &'a Circuit) -> Self {
        Self(Some(circuit))
    }

    /// The item was processed, was taken by a wire, or is handed back with an error that says why.
    pub(super) const fn disarm(&mut self) {
        self.0 = None;
    }
}

impl Drop for DropGuard<'_> {
    fn drop(&mut self) {
        if let Some(circuit) = self.0 {
            circuit.emit(EventType::Dropped, || EventKind::Dropped);
        }
    }
}
