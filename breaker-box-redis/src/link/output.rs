//! The outputs of the link.

use std::sync::Arc;
use std::time::Duration;

use breaker_core::{Reason, State};

use super::input::{Circuit, Generation, RequestId};
use super::time::Time;
use crate::protocol::{Name, Record, Request, Version};

/// What a step wants done, in this order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Output {
    /// Send the request to its shard. `Answered` with this id follows, unless the connection is
    /// lost before.
    Send { id: RequestId, request: Request },
    /// Move the circuit of that name, if there is one; `Adopted` follows at once.
    ///
    /// Without an expected generation the link has seen no change of the circuit. It is moved if it
    /// is closed; if it is in any other state, that is the answer (`Moved`).
    Adopt { name: Name, expected: Option<Generation>, version: Version, state: Adopted },
    /// No probe without a grant, in this generation. Sent again so that the next rejected call is
    /// reported.
    Hold { circuit: Circuit, generation: Generation },
    /// So many slots for probes in all, for this long. None: probes in flight go on.
    Grant { circuit: Circuit, generation: Generation, slots: u32, within: Duration },
    /// Probes go by the policy alone again.
    ReleaseProbes { circuit: Circuit, generation: Generation },
    /// What the fleet knows of the circuit, for circuits that are made later and for the panel.
    /// `deadline` is that of an open one.
    Remember { name: Name, record: Record, deadline: Option<Time> },
    /// The fleet has no record of the circuit any more.
    Forget { name: Name },
    /// Find out how many circuits are called; `Surveyed` follows at once. With the circuits
    /// themselves if `circuits` is not zero: at most so many.
    Survey { circuits: usize },
    /// Read the counters of the circuits that are counted over the fleet; `Counted` follows.
    Count,
    /// Send `Tick` at this time. Replaces the last one.
    WakeAt(Time),
    /// The state of all shards has been read for the first time.
    Ready,
    /// For the log.
    Note(Note),
    /// The connection is no good: replace it.
    Reconnect,
}

/// The state that a circuit is to adopt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Adopted {
    pub(crate) state: State,
    /// Of an open one: zero if its period is over, and the circuit half-open.
    pub(crate) left: Option<Duration>,
    pub(crate) openings: u32,
    pub(crate) reason: Option<Reason>,
    /// Of one that probes have closed: how long ago. If its policy says so, it ramps up, with what
    /// is left of that.
    pub(crate) recovered: Option<Duration>,
}

/// Something to log, once for each change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Note {
    /// A circuit here has adopted a state.
    Adopted { name: Name, state: State, instance: Arc<str>, cause: Arc<str> },
    /// A state of a circuit here is in the store.
    Published { name: Name, state: State },
    /// A manual order given here was not applied: a later one was given elsewhere.
    OrderLost { name: Name, state: State, instance: Arc<str> },
    /// The key of the circuit holds something that is not ours to touch.
    Foreign { name: Name },
    /// More than half of the circuits that are called here are open: this instance does not vote.
    SelfDoubt { open: u32, active: u32 },
    /// It votes again.
    Confident,
    /// The store has lost data of the shard; what is held here is written again.
    DataLost { shard: u16 },
}
