//! What instances of a service share about a circuit: states, changes and reports of probes.

mod generation;
pub(crate) mod only_here;
mod probes;

use std::time::Duration;

pub use generation::Generation;
pub use probes::{Counts, ProbeReport};

use crate::cause::Cause;
use crate::reason::Reason;
use crate::state::State;

/// A new generation of a circuit.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::State;
/// use breaker_box::fleet::{Change, Generation};
///
/// let change = Change::new(Generation::new(1), State::ForcedOpen);
/// assert_eq!((change.left, change.openings, change.only_here), (None, 0, false));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The generation that began.
    pub generation: Generation,
    /// Its state.
    pub state: State,
    /// How much of the open period or of the ramp-up was left when the change was queued. `None` if
    /// the circuit is in another state, or in that one without end.
    pub left: Option<Duration>,
    /// The number of openings in a row without recovery; see [`Status::openings`].
    ///
    /// [`Status::openings`]: crate::Status::openings
    pub openings: u32,
    /// The cause.
    pub cause: Cause,
    /// Whether the state was ordered inside [`only_here`](crate::fleet::only_here).
    pub only_here: bool,
}

impl Change {
    /// Creates a change by hand to this state, for tests of a peer. The other fields are empty and
    /// can be set.
    #[must_use]
    pub const fn new(generation: Generation, state: State) -> Self {
        let cause = Cause::Manual { reason: None };
        Self { generation, state, left: None, openings: 0, cause, only_here: false }
    }
}

/// A state that other instances agree on.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use std::time::Duration;
/// use breaker_box::State;
/// use breaker_box::fleet::Shared;
///
/// let shared = Shared::new(State::Open).left(Duration::from_secs(12)).openings(2).reason("maintenance");
/// assert_eq!(shared.left, Some(Duration::from_secs(12)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shared {
    /// The state. `HalfOpen` is read as `Open` with nothing left, because probes are not shared
    /// this way. `RampingUp` is read as `Closed` without openings if nothing is left of it, or if
    /// the circuit's policy has no [`ramp_up`](crate::Policy::ramp_up).
    pub state: State,
    /// How long an open circuit stays open, exactly, or how much of a ramp-up is left. `None` means
    /// the time of the circuit's policy, without jitter, and [`Duration::MAX`] means without end. A
    /// ramp-up never lasts longer than that of the circuit's policy.
    pub left: Option<Duration>,
    /// The number of openings in a row without recovery.
    pub openings: u32,
    /// The reason, for events.
    pub reason: Option<Reason>,
}

impl Shared {
    /// Creates a shared state with no openings, no reason, and the time of the policy.
    #[must_use]
    pub const fn new(state: State) -> Self {
        Self { state, left: None, openings: 0, reason: None }
    }

    /// Sets how long an open circuit stays open, or how much of a ramp-up is left.
    #[must_use]
    pub const fn left(mut self, left: Duration) -> Self {
        self.left = Some(left);
        self
    }

    /// Sets the number of openings in a row without recovery.
    #[must_use]
    pub const fn openings(mut self, openings: u32) -> Self {
        self.openings = openings;
        self
    }

    /// Sets the reason.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<Reason>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

/// What came of adopting a state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Adoption {
    /// The circuit took over the state, in this new generation.
    Applied(Generation),
    /// The circuit is in that state already: in the same state with the same number of openings,
    /// and, if it is open or ramps up, until the same instant within a millisecond. Nothing changed.
    Unchanged(Generation),
    /// The circuit is in another generation than the expected one. Nothing changed.
    Moved(Change),
    /// The circuit is not in the registry, or the registry is gone.
    Gone,
}

/// What a circuit says to a fleet, in its order.
#[derive(Debug)]
pub(crate) enum Note {
    Changed(Change),
    ProbeWanted(Generation),
    ProbeSettled(ProbeReport),
}
