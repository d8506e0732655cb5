//! What an instance asks of the store, and what the store answers. `store` turns this into scripts
//! and back; the link speaks nothing else.
//!
//! The circuits are spread over shards. All keys of a shard have the same hash tag, so that one
//! script can change a circuit, its shard's index and head together.

use std::sync::Arc;
use std::time::Duration;

use breaker_core::State;

/// The most proposals of one request, and records of one message.
pub(crate) const BATCH: usize = 64;
/// The most records of one answer to [`Request::Read`].
pub(crate) const PAGE: usize = 500;
/// The longest open period, lease and window.
pub(crate) const LONGEST: Duration = Duration::from_secs(86_400);
/// The most openings in a row; higher numbers are cut to this.
pub(crate) const MOST_OPENINGS: u32 = 1 << 20;

/// An instant of the store's clock, in microseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StoreTime(pub(crate) u64);

/// The version of a record: the greater of the store's time in microseconds and the last version of
/// the shard plus one. Zero stands for "no record".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Version(pub(crate) u64);

/// Drawn when the store sees a shard for the first time. Another one means that data were lost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Epoch(pub(crate) u64);

/// The name of a circuit in the store: kind, scope and identifier, percent-encoded and joined by
/// `/`; or a hash of that.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name(pub(crate) Arc<str>);

/// The state of a circuit in the fleet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) version: Version,
    /// Closed, open, forced open, disabled or metrics-only. A closed one is kept for a while, so
    /// that its version is.
    pub(crate) state: State,
    /// Of an open one: the time left when the store wrote the answer or message, never more than
    /// the period. Zero if the period is over, and the circuit half-open.
    pub(crate) left: Duration,
    /// Of an open one: how long it stays open, from when it was written.
    pub(crate) period: Duration,
    pub(crate) openings: u32,
    /// The id of the instance that wrote it.
    pub(crate) instance: Arc<str>,
    /// [`Cause::as_str`](breaker_core::Cause::as_str) of what happened there.
    pub(crate) cause: Arc<str>,
    /// When the last manual order was given; zero if none was.
    pub(crate) ordered: StoreTime,
    /// The reason, if reasons are shared.
    pub(crate) reason: Option<Arc<str>>,
    /// The whole name, if `Name` is a hash and names are not secret.
    pub(crate) full_name: Option<Arc<str>>,
}

/// A request. Each is one script call on one shard, and atomic.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    pub(crate) shard: u16,
    pub(crate) body: Body,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Body {
    /// The records with a version above `after`, the oldest first, at most [`PAGE`].
    Read { after: Version },
    /// "I am alive": keeps the shard and this instance's held records from expiring, and tells
    /// which of `held` (at most [`BATCH`]) are missing. `within` is how long the instance counts as
    /// alive (three heartbeats).
    Beat { within: Duration, held: Vec<Name> },
    /// Changes to circuits, at most [`BATCH`]. All that are applied are published in one message.
    Propose(Vec<Proposal>),
    /// Asks that this instance holds up to `slots` leases (in all) for probes until now + `ttl`;
    /// renews those that it has. `max` is `half_open_max_calls`.
    Lease { name: Name, version: Version, slots: u32, max: u32, ttl: Duration },
    /// Results of probes since the last report. Needs a valid lease of this instance. When the sum
    /// over the fleet reaches a threshold, the record is closed or opened anew, and published.
    Report(Report),
    /// Gives back all leases that this instance holds for these circuits.
    Release { names: Vec<Name> },
    /// Withdraws this instance's votes.
    Withdraw { names: Vec<Name> },
    /// These circuits were called here in the last 15 seconds.
    Active { names: Vec<Name> },
    /// What was counted here since the last time; answers with the sums over the fleet.
    Count(Vec<Tallied>),
    /// This instance leaves: its presence, and votes and leases for these circuits, are withdrawn.
    Leave { names: Vec<Name> },
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Proposal {
    pub(crate) name: Name,
    pub(crate) full_name: Option<Arc<str>>,
    pub(crate) state: State,
    /// Of an open one: how long from when the store applies it.
    pub(crate) period: Duration,
    pub(crate) openings: u32,
    pub(crate) cause: Arc<str>,
    pub(crate) reason: Option<Arc<str>>,
    pub(crate) right: Right,
}

/// By what right a proposal changes a record.
///
/// None but an order changes a record that is forced open, disabled or metrics-only.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Right {
    /// The circuit opened here by its policy, at this version of the record. It opens in the fleet
    /// when the votes that are still valid reach max(`instances`, ⌈`share` × active instances⌉). A
    /// vote is valid for the proposal's period.
    Vote { expected: Version, instances: u32, share: f64 },
    /// The dependency itself said so (a trip), or the fleet's counts: applied at this version.
    Authority { expected: Version },
    /// Probes decided: applied at this version if this instance has a valid lease.
    Probe { expected: Version },
    /// A manual order, given at this instant of the store's clock. Applied if it is not earlier
    /// than the last order of the record; `ordered` becomes `at`.
    Order { at: StoreTime },
    /// What this instance holds, after the store has lost it: applied if there is no record, or one
    /// with a version below `floor`. The new version is above `floor`. For an order, `ordered` is
    /// its time.
    Restore { floor: Version, ordered: StoreTime },
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Report {
    pub(crate) name: Name,
    pub(crate) version: Version,
    pub(crate) successes: u32,
    pub(crate) failures: u32,
    pub(crate) success_threshold: u32,
    pub(crate) failure_threshold: u32,
    /// Of the opening that too many failures lead to.
    pub(crate) next_openings: u32,
    pub(crate) next_period: Duration,
}

/// Calls since the last time, of a circuit whose calls are counted over the fleet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tallied {
    pub(crate) name: Name,
    /// The window of the policy, counted in ten buckets of the store's time.
    pub(crate) window: Duration,
    pub(crate) calls: u64,
    pub(crate) failures: u64,
    pub(crate) slow: u64,
}

/// The head of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) now: StoreTime,
    pub(crate) epoch: Epoch,
    /// The last version that was written.
    pub(crate) version: Version,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) head: Head,
    pub(crate) body: AnswerBody,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AnswerBody {
    Records {
        records: Vec<(Name, Record)>,
        more: bool,
    },
    Alive {
        instances: u32,
        missing: Vec<Name>,
    },
    /// One for each proposal, in their order.
    Proposed(Vec<Verdict>),
    Lease(Lease),
    Reported(Verdict),
    /// The sums, one for each of the request, in its order.
    Counted(Vec<Sums>),
    Done,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// The record is now this.
    Applied(Record),
    /// Counted, but not enough.
    Noted { votes: u32, needed: u32 },
    /// Not applied: the record is this, or there is none.
    Conflict(Option<Record>),
    /// Not applied: what lies under the key is of a newer format, or nothing of ours.
    Foreign,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Lease {
    /// This many slots until sent + `ttl`. May be fewer than asked for, and zero only as `Full`.
    Granted(u32),
    /// Others hold them all; the first lapses after this time.
    Full(Duration),
    /// The open period is not over.
    Early(Duration),
    Conflict(Option<Record>),
    Foreign,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) calls: u64,
    pub(crate) failures: u64,
    pub(crate) slow: u64,
    /// How many instances contributed within the window.
    pub(crate) instances: u32,
}

/// What is published on a shard's channel.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Message {
    pub(crate) shard: u16,
    pub(crate) now: StoreTime,
    pub(crate) epoch: Epoch,
    /// The shard's version before and after. A reader that has not seen `previous` missed a message
    /// and reads what it lacks.
    pub(crate) previous: Version,
    pub(crate) version: Version,
    /// Empty in a storm: readers read what they lack after a short random delay, of at least 50 ms.
    /// Within that time, no further message is published, whatever is written.
    pub(crate) records: Vec<(Name, Record)>,
}
