//! Events: what happens to circuits.
//!
//! Each watcher (a subscribed handler or a receiver) has a queue. [`bus`] fills the queues, and
//! [`delivery`] calls the handlers.

mod bus;
mod channel;
mod deferred;
mod delivery;
mod dispatcher;
mod filter;
mod queue;
mod receiver;
mod registration;
mod subscription;
mod watcher;

use std::fmt;
use std::time::{Duration, SystemTime};

pub(crate) use bus::{BusOwner, EventBus, Interest};
pub use deferred::defer_events;
pub(crate) use delivery::contained;
pub use filter::Filter;
pub use receiver::{EventIntoIter, EventIter, EventReceiver, EventTryIter};
pub use subscription::Subscription;

use crate::cause::Cause;
use crate::key::Key;
use crate::reason::Reason;
use crate::state::State;

/// Something that happened to a circuit.
///
/// With the feature `serde`, an event is a map of its fields:
/// `{"key": {…}, "at": "2026-01-31T23:59:59.123Z", "sequence": 7, "kind": {"type": "success"}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The circuit's key.
    pub key: Key,
    /// When it happened, as calendar time.
    pub at: SystemTime,
    /// The event's sequence number, from 1. It increases by one with each event of the registry
    /// that at least one subscriber receives. Each subscriber gets its events in this order.
    pub sequence: u64,
    /// What happened.
    pub kind: EventKind,
}

/// What happened to a circuit. A panic emits `Panicked` and `Failure`; a slow call emits `SlowCall`
/// and its outcome.
///
/// Later versions may add kinds, and fields to the existing ones. So match with `..`, and compare
/// [types](EventType) if the data does not matter.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{EventKind, EventType, Filter, Registry};
///
/// let registry = Registry::new();
/// let events = registry.events(Filter::all().events([EventType::Failure]));
/// registry.register("payment_api", Default::default())?.record_failure("timed out");
/// let kind = events.try_recv()?.kind;
/// assert_eq!(kind.event_type(), EventType::Failure);
/// assert!(matches!(kind, EventKind::Failure { reason: Some(reason), .. } if &*reason == "timed out"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// The circuit was added to its registry.
    Registered,
    /// The circuit was unregistered.
    Unregistered,
    /// The circuit was idle and was evicted from its registry.
    Evicted,
    /// The circuit's policy was replaced.
    Configured,
    /// A call succeeded.
    Success,
    /// A call failed.
    #[non_exhaustive]
    Failure {
        /// The reason, if known.
        reason: Option<Reason>,
    },
    /// A call took longer than the policy's limit for slow calls.
    #[non_exhaustive]
    SlowCall {
        /// How long it took.
        elapsed: Duration,
    },
    /// The result of a call was ignored.
    Ignored,
    /// A future or a permit was dropped before it had a result.
    Cancelled,
    /// A call panicked.
    #[non_exhaustive]
    Panicked {
        /// The panic's message.
        message: Reason,
    },
    /// A call finished after the circuit had changed its state, or a probe after its timeout. The
    /// result is not counted.
    Late,
    /// A call was rejected.
    #[non_exhaustive]
    Rejected {
        /// How long until a retry makes sense, if known.
        retry_after: Option<Duration>,
    },
    /// A failure followed the last counted one too closely and was not counted again (see
    /// [`Policy::debounce`](crate::Policy::debounce)). Its `Failure` event is emitted too.
    Debounced,
    /// The state changed.
    #[non_exhaustive]
    StateChanged {
        /// The previous state.
        from: State,
        /// The new state.
        to: State,
        /// The cause.
        cause: Cause,
    },
    /// In metrics-only: the circuit would have opened. Emitted once per incident.
    #[non_exhaustive]
    WouldOpen {
        /// The cause.
        cause: Cause,
    },
    /// A neutral wire took an item.
    #[non_exhaustive]
    Diverted {
        /// The index of the neutral wire, from 0.
        wire: usize,
    },
    /// No neutral wire of a [`Wire`](crate::Wire) took an item. Either the caller got it back, or
    /// it was lost because its submission was dropped or code panicked.
    Dropped,
    /// A call ran unguarded, because no circuit could be created for it.
    Unguarded,
}

/// The type of an event: its kind without the data, for filtering and comparing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[allow(missing_docs, reason = "each variant is the kind of the same name in `EventKind`")]
#[repr(u8)]
pub enum EventType {
    Registered,
    Unregistered,
    Evicted,
    Configured,
    Success,
    Failure,
    SlowCall,
    Ignored,
    Cancelled,
    Panicked,
    Late,
    Rejected,
    Debounced,
    StateChanged,
    WouldOpen,
    Diverted,
    Dropped,
    Unguarded,
}

impl EventKind {
    /// Returns the event's type: the kind without its data.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{EventKind, EventType};
    ///
    /// assert_eq!(EventKind::Registered.event_type(), EventType::Registered);
    /// ```
    #[must_use]
    pub const fn event_type(&self) -> EventType {
        match self {
            Self::Registered => EventType::Registered,
            Self::Unregistered => EventType::Unregistered,
            Self::Evicted => EventType::Evicted,
            Self::Configured => EventType::Configured,
            Self::Success => EventType::Success,
            Self::Failure { .. } => EventType::Failure,
            Self::SlowCall { .. } => EventType::SlowCall,
            Self::Ignored => EventType::Ignored,
            Self::Cancelled => EventType::Cancelled,
            Self::Panicked { .. } => EventType::Panicked,
            Self::Late => EventType::Late,
            Self::Rejected { .. } => EventType::Rejected,
            Self::Debounced => EventType::Debounced,
            Self::StateChanged { .. } => EventType::StateChanged,
            Self::WouldOpen { .. } => EventType::WouldOpen,
            Self::Diverted { .. } => EventType::Diverted,
            Self::Dropped => EventType::Dropped,
            Self::Unguarded => EventType::Unguarded,
        }
    }
}

impl EventType {
    /// All types as a set of bits, up to that of the last variant.
    pub(crate) const ALL_BITS: u32 = (1 << (Self::Unguarded as u32 + 1)) - 1;

    pub(crate) const fn bit(self) -> u32 {
        1 << self as u32
    }

    /// Returns the type's name for machines: the variant's name in snake case. These names are
    /// stable.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::EventType;
    ///
    /// assert_eq!(EventType::StateChanged.as_str(), "state_changed");
    /// assert_eq!(EventType::StateChanged.to_string(), "state changed");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Unregistered => "unregistered",
            Self::Evicted => "evicted",
            Self::Configured => "configured",
            Self::Success => "success",
            Self::Failure => "failure",
            Self::SlowCall => "slow_call",
            Self::Ignored => "ignored",
            Self::Cancelled => "cancelled",
            Self::Panicked => "panicked",
            Self::Late => "late",
            Self::Rejected => "rejected",
            Self::Debounced => "debounced",
            Self::StateChanged => "state_changed",
            Self::WouldOpen => "would_open",
            Self::Diverted => "diverted",
            Self::Dropped => "dropped",
            Self::Unguarded => "unguarded",
        }
    }
}

impl fmt::Display for EventType {
    /// Writes the type's name for people: the name for machines, with spaces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::SlowCall => "slow call",
            Self::StateChanged => "state changed",
            Self::WouldOpen => "would open",
            other => other.as_str(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `StateChanged` is `state_changed`.
    fn snake_case(variant: &str) -> String {
        let split =
            |letter: char| if letter.is_uppercase() { format!("_{}", letter.to_lowercase()) } else { letter.into() };
        variant.chars().map(split).collect::<String>().trim_start_matches('_').to_owned()
    }

    #[test]
    fn machine_names_are_those_of_the_variants_in_snake_case() {
        use EventType as T;
        let types = [
            T::Registered,
            T::Unregistered,
            T::Evicted,
            T::Configured,
            T::Success,
            T::Failure,
            T::SlowCall,
            T::Ignored,
            T::Cancelled,
            T::Panicked,
            T::Late,
            T::Rejected,
            T::Debounced,
            T::StateChanged,
            T::WouldOpen,
            T::Diverted,
            T::Dropped,
            T::Unguarded,
        ];
        assert_eq!(types.iter().fold(0, |bits, one| bits | one.bit()), EventType::ALL_BITS);
        let declared =
            include_str!("event.rs").split("pub enum EventType {").nth(1).unwrap().split('}').next().unwrap();
        assert_eq!(types.len(), declared.matches(',').count(), "a type is missing above or in `ALL_BITS`");
        for one in types {
            assert_eq!(one.as_str(), snake_case(&format!("{one:?}")));
            assert_eq!(one.to_string(), one.as_str().replace('_', " "));
        }
    }
}
