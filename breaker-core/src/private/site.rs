//! A call site: a function with a literal identifier, which finds its circuit once.

use std::sync::Arc;

use crate::breaker::CircuitBreaker;
use crate::circuit::Circuit;
use crate::key::KeyRef;
use crate::primitive::OnceCell;

/// The static of an annotated function.
#[derive(Debug)]
pub struct Site {
    identifier: &'static str,
    scope: Option<&'static str>,
    kind: Option<&'static str>,
    /// The first circuit that was found here. It stays even when the circuit leaves its registry: a
    /// retired circuit does not admit plainly, so its site looks the name up again, call by call.
    known: OnceCell<CircuitBreaker>,
}

impl Site {
    /// The site of this name.
    #[must_use]
    pub const fn new(identifier: &'static str, scope: Option<&'static str>, kind: Option<&'static str>) -> Self {
        Self { identifier, scope, kind, known: OnceCell::new() }
    }

    pub(super) const fn key(&self) -> KeyRef<'static> {
        KeyRef::of(self.kind, self.scope, self.identifier)
    }

    #[inline]
    pub(super) fn known(&'static self) -> Option<&'static CircuitBreaker> {
        self.known.get()
    }

    /// Remembers the first circuit found here. Its call is in flight, so that it has not left.
    pub(super) fn remember(&self, circuit: &Arc<Circuit>) {
        // Another thread may have been first, with the same circuit or one of another registry:
        // either serves.
        let _ = self.known.set(CircuitBreaker::from_circuit(Arc::clone(circuit)));
    }
}
