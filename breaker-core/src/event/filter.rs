//! Which events somebody wants to see.

use super::{Event, EventType};
use crate::key::Key;

/// Which events a subscription delivers; its parts are combined with AND.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{EventType, Filter};
///
/// let filter = Filter::all().kinds([EventType::StateChanged]).identifier("payment_api").scope("payments");
/// assert_ne!(filter, Filter::all());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    kinds: u32,
    identifier: Option<String>,
    scope: Option<String>,
    kind: Option<String>,
}

impl Filter {
    /// Everything.
    #[must_use]
    pub const fn all() -> Self {
        Self { kinds: EventType::ALL_BITS, identifier: None, scope: None, kind: None }
    }

    /// Only these kinds of events.
    #[must_use]
    pub fn kinds(mut self, kinds: impl IntoIterator<Item = EventType>) -> Self {
        self.kinds = kinds.into_iter().fold(0, |bits, kind| bits | kind.bit());
        self
    }

    /// Only circuits with this identifier.
    #[must_use]
    pub fn identifier(mut self, identifier: impl Into<String>) -> Self {
        self.identifier = Some(identifier.into());
        self
    }

    /// Only circuits in this scope.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Only circuits of this kind of dependency ([`Key::kind`](crate::Key::kind)).
    #[must_use]
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = Some(kind.into());
        self
    }

    pub(super) const fn kind_bits(&self) -> u32 {
        self.kinds
    }

    pub(super) fn matches(&self, event: &Event) -> bool {
        self.kinds & event.kind.event_type().bit() != 0 && self.matches_circuit(&event.key)
    }

    /// Whether events of this circuit pass, if their kind does.
    pub(super) fn matches_circuit(&self, key: &Key) -> bool {
        let same =
            |wanted: &Option<String>, part: Option<&str>| wanted.as_deref().is_none_or(|wanted| part == Some(wanted));
        same(&self.identifier, Some(&*key.identifier))
            && same(&self.scope, key.scope.as_deref())
            && same(&self.kind, key.kind.as_deref())
    }
}

impl Default for Filter {
    /// [`Filter::all`].
    fn default() -> Self {
        Self::all()
    }
}
