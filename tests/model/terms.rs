//! What goes into a breaker and what can be seen of it: the words that the model and the real one
//! have in common.

use std::time::Duration;

use breaker_box::{Reason, State, Totals, WindowStatus};

use super::happened::Cause;
use super::plan::Nanos;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ending {
    Success,
    Failure {
        because: Option<&'static str>,
    },
    Ignore,
    Trip {
        open_for: Option<Duration>,
        because: Option<&'static str>,
    },
    /// Its permit or future was dropped.
    Dropped,
    /// It panicked, with this message.
    Panicked(&'static str),
    /// Whoever should have said what its result means panicked.
    Unclassified,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Order {
    Open,
    OpenFor(Duration),
    ForceOpen,
    Close,
    Reset,
    Disable,
    MetricsOnly,
}

/// A state that other instances agree on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Agreed {
    pub(crate) state: State,
    /// Without it: as long as the policy says.
    pub(crate) left: Option<Duration>,
    pub(crate) openings: u32,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Adopted {
    Applied,
    Unchanged,
    Moved,
}

/// What a fleet does with the slots of probes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Slots {
    Hold,
    Grant { slots: u32, within: Duration },
    Release,
}

/// A new generation, as a fleet hears of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) state: State,
    pub(crate) left: Option<Duration>,
    pub(crate) openings: u32,
    pub(crate) cause: Cause,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rejection {
    pub(crate) state: State,
    pub(crate) retry_after: Option<Duration>,
}

/// A share of the calls, which the breaker rounds to 32 bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share(pub(crate) f64);

impl PartialEq for Share {
    fn eq(&self, other: &Self) -> bool {
        (self.0 - other.0).abs() <= 4.0 / 4_294_967_296.0
    }
}

/// What can be seen from outside.
#[derive(Debug, PartialEq)]
pub(crate) struct Look {
    pub(crate) state: State,
    pub(crate) is_available: bool,
    pub(crate) failure_count: u64,
    pub(crate) window: WindowStatus,
    pub(crate) totals: Totals,
    /// Those in flight, and the hung ones among them.
    pub(crate) in_flight: Option<(u64, u64)>,
    pub(crate) openings: u32,
    pub(crate) opened_at: Option<Nanos>,
    pub(crate) share: Option<Share>,
    pub(crate) ramp_up_left: Option<Duration>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) last_failure: Option<(Nanos, Option<Reason>)>,
}
