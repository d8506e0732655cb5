//! The inputs of the link.

use std::sync::Arc;
use std::time::Duration;

use breaker_core::{Cause, Key, Policy, Reason, State};

use crate::protocol::{Answer, Message, Name, Version};

/// A request that awaits its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RequestId(pub(crate) u64);

/// A circuit of this process, and its place in the store.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Circuit {
    pub(crate) key: Arc<Key>,
    pub(crate) name: Name,
    pub(crate) shard: u16,
    /// The whole name, if `name` is a hash and names are not secret.
    pub(crate) full_name: Option<Arc<str>>,
}

/// What happened here, or came from the store. Every call of `step` takes one.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    /// A circuit that existed when the registry joined, and is not plainly closed. These come
    /// before the first `Connected`. After the first reading, the fleet's state is adopted; a
    /// circuit that the fleet has nothing for is published.
    Joined {
        circuit: Circuit,
        change: Change,
    },
    /// A circuit began a new generation. Of a circuit whose changes come faster than they are
    /// handed over, those with cause `Remote` or `Expired` may be left out, but not the last.
    Changed {
        circuit: Circuit,
        change: Change,
    },
    /// A call was rejected because all slots for probes that were granted are taken.
    ProbeWanted {
        circuit: Circuit,
        generation: Generation,
        max_calls: u32,
    },
    /// A probe took a granted slot, or was settled.
    ProbeSettled {
        circuit: Circuit,
        report: ProbeReport,
    },
    /// The circuit left the registry.
    Forgotten {
        name: Name,
    },
    /// A new connection, which is already subscribed to the channels of all shards.
    Connected,
    /// The connection was lost. Requests without an answer will get none; the driver need not
    /// report them.
    Disconnected,
    /// What came of [`Output::Send`](super::Output::Send).
    Answered {
        id: RequestId,
        answer: Result<Answer, Failure>,
    },
    Received(Message),
    /// Messages may have been dropped.
    Missed,
    /// What came of [`Output::Adopt`](super::Output::Adopt), before any other input. `circuit` is
    /// the one that was found.
    Adopted {
        circuit: Option<Circuit>,
        name: Name,
        version: Version,
        adoption: Adoption,
    },
    /// The answer to [`Output::Survey`](super::Output::Survey).
    Surveyed(Survey),
    /// The answer to [`Output::Count`](super::Output::Count): those circuits that exist.
    Counted(Vec<Called>),
    /// The time of [`Output::WakeAt`](super::Output::WakeAt) has come.
    Tick,
    /// This instance leaves. Only answers follow.
    Leave,
}

/// A generation of a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation(pub(crate) u32);

/// The state of a circuit here since a certain generation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) generation: Generation,
    pub(crate) state: State,
    /// Of an open one, or one that ramps up: the time left.
    pub(crate) left: Option<Duration>,
    pub(crate) openings: u32,
    pub(crate) why: Why,
    /// [`Cause::as_str`].
    pub(crate) cause: &'static str,
    pub(crate) reason: Option<Reason>,
    pub(crate) only_here: bool,
}

/// The causes of changes, as far as they differ in what they mean for the fleet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// A condition of the policy held.
    Condition,
    /// A result tripped the circuit.
    Trip,
    /// Probes reached a threshold.
    Probes,
    /// The open period was over, or the ramp-up.
    Expired,
    /// By hand.
    Manual,
    /// Adopted from the fleet.
    Remote,
}

impl Why {
    pub(crate) const fn of(cause: &Cause) -> Self {
        match cause {
            Cause::Tripped { .. } => Self::Trip,
            Cause::ProbeFailed | Cause::ProbesSucceeded | Cause::HalfOpenTimeout => Self::Probes,
            Cause::Expired | Cause::RampedUp => Self::Expired,
            Cause::Manual { .. } => Self::Manual,
            Cause::Remote { .. } => Self::Remote,
            // The conditions, those of later versions too: they need the agreement of others.
            _ => Self::Condition,
        }
    }
}

/// What came of an adoption.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Adoption {
    Applied(Generation),
    /// The circuit was in that state already.
    Unchanged(Generation),
    /// The circuit is not in the expected generation. This is the present one.
    Moved(Change),
    /// There is no such circuit.
    Gone,
}

/// The probes of a half-open period so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ProbeReport {
    pub(crate) generation: Generation,
    pub(crate) successes: u32,
    pub(crate) failures: u32,
    pub(crate) in_flight: u32,
    pub(crate) success_threshold: u32,
    pub(crate) failure_threshold: u32,
    pub(crate) max_calls: u32,
    pub(crate) next_openings: u32,
    pub(crate) next_period: Duration,
}

/// How many circuits were called lately, as far as that is cheap to find out.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Survey {
    /// Circuits that were called in the last 15 seconds or so, or are not closed.
    pub(crate) active: u32,
    /// Which ones, if [`Output::Survey`](super::Output::Survey) asked for them.
    pub(crate) circuits: Vec<Circuit>,
}

/// A circuit whose calls are counted over the fleet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Called {
    pub(crate) circuit: Circuit,
    pub(crate) policy: Policy,
    /// Since the circuit was made.
    pub(crate) calls: u64,
    pub(crate) failures: u64,
    pub(crate) slow: u64,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The time-out passed, or the connection broke. The request may have been carried out.
    Lost,
    /// `READONLY`: the connection leads to a replica.
    ReadOnly,
    /// The store refused: out of memory, no permission, loading and the like.
    Refused,
    /// The answer cannot be read.
    Malformed,
}
