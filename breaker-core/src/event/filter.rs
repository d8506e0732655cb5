//! Which events a watcher receives.

use super::{Event, EventType};
use crate::key::Key;

/// Selects the events that a subscription or a receiver gets. All conditions must hold.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{EventType, Filter};
///
/// let filter = Filter::all().events([EventType::StateChanged]).identifier("payment_api").scope("payments");
/// assert_ne!(filter, Filter::all());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    events: u32,
    identifier: Option<String>,
    scope: Option<String>,
    kind: Option<String>,
}

impl Filter {
    /// Returns a filter that passes every event.
    #[must_use]
    pub const fn all() -> Self {
        Self { events: EventType::ALL_BITS, identifier: None, scope: None, kind: None }
    }

    /// Passes only events of these types. A second call replaces the first. An empty list passes
    /// nothing.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{EventType, Filter, Registry};
    ///
    /// let registry = Registry::new();
    /// let opened = registry.events(Filter::all().events([EventType::StateChanged]));
    /// registry.register("payment_api", Default::default())?.open();
    /// assert_eq!(opened.try_recv()?.kind.event_type(), EventType::StateChanged);
    /// assert!(opened.try_recv().is_err(), "`Registered` was filtered out");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn events(mut self, events: impl IntoIterator<Item = EventType>) -> Self {
        self.events = events.into_iter().fold(0, |bits, event| bits | event.bit());
        self
    }

    /// Passes only events of circuits with this identifier.
    #[must_use]
    pub fn identifier(mut self, identifier: impl Into<String>) -> Self {
        self.identifier = Some(identifier.into());
        self
    }

    /// Passes only events of circuits in this scope.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Passes only events of circuits of this kind of dependency ([`Key::kind`](crate::Key::kind)).
    #[must_use]
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = Some(kind.into());
        self
    }

    pub(super) const fn event_bits(&self) -> u32 {
        self.events
    }

    pub(super) fn matches(&self, event: &Event) -> bool {
        self.events & event.kind.event_type().bit() != 0 && self.matches_circuit(&event.key)
    }

    /// Whether events of this circuit pass, provided that their type does.
    pub(super) fn matches_circuit(&self, key: &Key) -> bool {
        let same =
            |wanted: &Option<String>, part: Option<&str>| wanted.as_deref().is_none_or(|wanted| part == Some(wanted));
        same(&self.identifier, Some(key.identifier())) && same(&self.scope, key.scope()) && same(&self.kind, key.kind())
    }
}

impl Default for Filter {
    /// [`Filter::all`].
    fn default() -> Self {
        Self::all()
    }
}
