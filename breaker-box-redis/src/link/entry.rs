//! What the link keeps of one circuit.

use std::sync::Arc;
use std::time::Duration;

use breaker_core::State;

use super::decision::{Decision, Kind};
use super::input::{Change, Circuit, Generation, RequestId};
use super::lease::Probes;
use super::time::Time;
use crate::protocol::{Record, StoreTime, Version};

/// Kept as long as the fleet or this process has something that is not plainly closed.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) shard: u16,
    /// The circuit of this process, once it is known.
    pub(crate) circuit: Option<Circuit>,
    /// The last record that was seen.
    pub(crate) known: Option<Known>,
    /// What the circuit does here, once it is known.
    pub(crate) local: Option<Local>,
    /// The version of the record that was offered to a circuit that does not exist here.
    pub(crate) offered: Version,
    /// An order that waits to be written. Nothing but a later order replaces it.
    pub(crate) order: Option<Decision>,
    /// The record that is known, if the store has lost it: what is decided next needs it there.
    pub(crate) restore: Option<Decision>,
    /// What else waits to be written; last.
    pub(crate) decision: Option<Decision>,
    /// What was sent, and is not answered yet.
    pub(crate) sent: Option<(RequestId, Decision)>,
    /// Whether a vote of this instance is in the store.
    pub(crate) voted: bool,
    /// Set while probes need leases, or would need them if the store could be reached.
    pub(crate) probes: Option<Probes>,
    /// Where the entry is filed.
    pub(crate) filed: Filed,
}

/// The indices that an entry is in; kept by [`Entries`](super::entries::Entries).
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "an entry is in each of the indices or not")]
pub(crate) struct Filed {
    pub(crate) wake: Option<Time>,
    pub(crate) queued: Option<(u8, u64)>,
    pub(crate) held: bool,
    pub(crate) voted: bool,
    pub(crate) probes: bool,
    pub(crate) open: bool,
    pub(crate) unsettled: bool,
}

/// A record, and what its durations mean by this process's clock.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Known {
    pub(crate) record: Record,
    /// When the open period is over.
    pub(crate) deadline: Time,
    /// When the store forgets the record; `None` for a state that lasts until told otherwise.
    pub(crate) until: Option<Time>,
    /// The round of readings in which it was last seen to exist.
    pub(crate) round: u32,
    /// Whether the store has lost it: what is decided next finds no record there.
    pub(crate) lost: bool,
    /// The round in which the store was seen to have an older record instead.
    pub(crate) older: Option<u32>,
}

/// The state of the circuit here.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    pub(crate) generation: Generation,
    pub(crate) state: State,
    pub(crate) openings: u32,
    /// Of an open one.
    pub(crate) deadline: Time,
    pub(crate) period: Duration,
    /// The last version of the record that was taken into account here.
    pub(crate) seen: Version,
    /// Whether its probes went by local rules until then, because the store could not be reached.
    pub(crate) unsupervised: bool,
    /// Ordered to differ from the fleet.
    pub(crate) only_here: bool,
    /// From before the registry joined: after the first reading, either the fleet's state is
    /// adopted or this one is published.
    pub(crate) undecided: Option<Change>,
}

impl Entry {
    pub(crate) fn new(shard: u16) -> Self {
        Self {
            shard,
            circuit: None,
            known: None,
            local: None,
            offered: Version(0),
            order: None,
            restore: None,
            decision: None,
            sent: None,
            voted: false,
            probes: None,
            filed: Filed::default(),
        }
    }

    /// The version of the record that was last seen.
    pub(crate) fn version(&self) -> Version {
        self.known.as_ref().map_or(Version(0), |known| known.record.version)
    }

    /// The version that the store is expected to have.
    pub(crate) fn expected(&self) -> Version {
        self.known.as_ref().filter(|known| !known.lost).map_or(Version(0), |known| known.record.version)
    }

    /// The last version of the record that was taken into account here.
    pub(crate) fn seen(&self) -> Version {
        self.local.as_ref().map_or(self.offered, |local| local.seen)
    }

    /// Whether the fleet has the circuit in a state that only an order begins.
    pub(crate) fn has_lasting_order(&self) -> bool {
        let lasts = |state| matches!(state, State::ForcedOpen | State::Disabled | State::MetricsOnly);
        self.known.as_ref().is_some_and(|known| lasts(known.record.state))
    }

    /// Whether the circuit was made to differ here before the registry joined, and goes on to do so
    /// until it has been decided on.
    pub(crate) fn differs_from_before(&self) -> bool {
        let local = self.local.as_ref();
        local.is_some_and(|local| local.only_here && local.undecided.is_some()) && !self.has_lasting_order()
    }

    pub(crate) fn generation(&self) -> Option<Generation> {
        self.local.as_ref().map(|local| local.generation)
    }

    /// Whether the circuit is open or half-open here.
    pub(crate) fn is_open_here(&self) -> bool {
        self.local.as_ref().is_some_and(|local| matches!(local.state, State::Open | State::HalfOpen))
    }

    /// Whether the fleet has it open or half-open, and that has arrived here.
    pub(crate) fn is_open_in_fleet(&self) -> bool {
        self.known
            .as_ref()
            .is_some_and(|known| known.record.state == State::Open && known.record.version <= self.seen())
    }

    /// Whether this instance keeps the record in the store: a state set by hand, and an open one
    /// that goes on or that the circuit here is in.
    pub(crate) fn holds(&self, now: Time) -> bool {
        self.known.as_ref().is_some_and(|known| match known.record.state {
            State::Closed => false,
            State::Open => known.deadline > now || (self.is_open_here() && self.is_open_in_fleet()),
            _ => true,
        })
    }

    /// Whether something waits to be written, or for its verdict.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.order.is_some() || self.restore.is_some() || self.decision.is_some() || self.sent.is_some()
    }

    /// The time of the last order that is in force here, or was when it was replaced.
    pub(crate) fn last_order(&self) -> StoreTime {
        let known = self.known.as_ref().filter(|known| known.record.version <= self.seen());
        let own = self.sent.as_ref().map(|(_, decision)| decision).into_iter().chain(&self.order);
        let own = own.filter_map(|decision| match decision.kind {
            Kind::Order { at, .. } => at,
            _ => None,
        });
        own.chain(known.map(|known| known.record.ordered)).max().unwrap_or_default()
    }

    /// What is written next.
    pub(crate) fn next(&mut self) -> &mut Option<Decision> {
        if self.order.is_some() {
            &mut self.order
        } else if self.restore.is_some() {
            &mut self.restore
        } else {
            &mut self.decision
        }
    }

    /// Whether nothing would be lost with the entry.
    pub(crate) fn is_vacant(&self) -> bool {
        self.known.is_none()
            && !self.is_unsettled()
            && !self.voted
            && self.local.as_ref().is_none_or(|local| local.state == State::Closed && local.undecided.is_none())
    }

    /// When there is something to do for it.
    pub(crate) fn wake(&self) -> Option<Time> {
        let forget = self.known.as_ref().and_then(|known| known.until);
        let probes = self.probes.as_ref().and_then(Probes::wake);
        forget.into_iter().chain(probes).min()
    }

    /// Its place among what waits to be written: orders first, then what probes and trips decide,
    /// then votes, and what the store has lost last.
    pub(crate) fn place(&self) -> Option<u8> {
        if self.sent.is_some() {
            return None;
        }
        self.order.as_ref().or(self.restore.as_ref()).or(self.decision.as_ref()).map(|decision| match decision.kind {
            Kind::Order { .. } => 0,
            Kind::Probes | Kind::Trip | Kind::Counted | Kind::Unsupervised => 1,
            Kind::Vote => 2,
            Kind::Restore { .. } => 3,
        })
    }
}

impl Known {
    /// What is known from now on, if the record was written at the local time `written`.
    pub(crate) fn new(record: Record, written: Time, now: Time, round: u32) -> Self {
        let deadline = written + record.left;
        let until = match record.state {
            State::Open => Some(deadline.max(now) + kept(record.period)),
            State::Closed if record.ordered == StoreTime(0) => Some(now + TOMBSTONE),
            State::Closed => Some(now + MANUAL),
            _ => None,
        };
        Self { record, deadline, until, round, lost: false, older: None }
    }

    pub(crate) fn left(&self, now: Time) -> Duration {
        self.deadline.since(now)
    }

    /// Whether `other` says the same again, as what one instance restores does to the others.
    pub(crate) fn is_repeated_by(&self, other: &Self, now: Time) -> bool {
        let (old, new) = (&self.record, &other.record);
        let same_time = match old.state {
            State::Open if self.deadline <= now => other.deadline <= now,
            State::Open => apart(self.deadline, other.deadline) <= SAME,
            State::Closed => false,
            _ => true,
        };
        old.state == new.state && old.openings == new.openings && same_time
    }

    pub(crate) fn instance(&self) -> &Arc<str> {
        &self.record.instance
    }
}

/// How long a record that is open is kept after its period.
pub(crate) fn kept(period: Duration) -> Duration {
    (2 * period).max(Duration::from_secs(60))
}

/// How long a closed record is kept.
const TOMBSTONE: Duration = Duration::from_secs(600);
/// How long one is kept that was closed by hand.
const MANUAL: Duration = Duration::from_secs(30 * 86_400);
/// Deadlines this near are the same one, written again.
const SAME: Duration = Duration::from_millis(50);

fn apart(one: Time, other: Time) -> Duration {
    one.since(other).max(other.since(one))
}
