//! What this instance wants to write about a circuit.

use std::sync::Arc;
use std::time::Duration;

use breaker_core::State;

use super::input::Generation;
use super::time::Time;
use crate::protocol::{Record, StoreTime, Version};

/// A state that is to become the fleet's.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Decision {
    pub(crate) kind: Kind,
    /// The generation here that is in this state; `None` if it was not decided by the circuit here.
    pub(crate) generation: Option<Generation>,
    pub(crate) state: State,
    /// Of an open one: when its period is over.
    pub(crate) deadline: Time,
    pub(crate) openings: u32,
    pub(crate) cause: Arc<str>,
    pub(crate) reason: Option<Arc<str>>,
    /// The version of the record when it was sent.
    pub(crate) expected: Version,
}

/// By what right it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// By hand, at this local time, when the order of the time `after` was in force here. `at` is
    /// that in the store's time, once it is known.
    Order { given: Time, after: StoreTime, at: Option<StoreTime> },
    /// Probes decided, with a lease.
    Probes,
    /// Probes decided, without a lease because the store could not be reached.
    Unsupervised,
    /// The dependency itself said so.
    Trip,
    /// The sums over the fleet reached the policy's limits.
    Counted,
    /// The policy here decided.
    Vote,
    /// The store has lost a record. If it has an older one that must stay, that one is written
    /// again above the version that is known, and is `foreign`.
    Restore { floor: Version, ordered: StoreTime, foreign: bool },
}

impl Decision {
    pub(crate) fn restore(record: &Record, deadline: Time) -> Self {
        Self::lift(record, deadline, record.version, false)
    }

    /// The record is to have a version above `floor`.
    pub(crate) fn lift(record: &Record, deadline: Time, floor: Version, foreign: bool) -> Self {
        Self {
            kind: Kind::Restore { floor, ordered: record.ordered, foreign },
            generation: None,
            state: record.state,
            deadline,
            openings: record.openings,
            cause: record.cause.clone(),
            reason: record.reason.clone(),
            expected: record.version,
        }
    }

    pub(crate) fn is_order(&self) -> bool {
        matches!(self.kind, Kind::Order { .. })
    }

    pub(crate) fn is_vote(&self) -> bool {
        self.kind == Kind::Vote
    }

    /// Whether it is no longer worth writing: an opening that is over, unless it was ordered.
    pub(crate) fn is_over(&self, now: Time) -> bool {
        let may_lapse =
            matches!(self.kind, Kind::Vote | Kind::Trip | Kind::Probes | Kind::Unsupervised | Kind::Counted);
        may_lapse && self.state == State::Open && self.deadline <= now
    }

    pub(crate) fn period(&self, now: Time) -> Duration {
        if self.state == State::Open { self.deadline.since(now) } else { Duration::ZERO }
    }
}
