//! The inputs and outputs of the state machine.

use std::time::Duration;

use super::conditions::{Limits, Tally};
use super::ramp::{Credit, Ramp, RampStart};
use super::trigger::Trigger;
use crate::clock::tick::Tick;
use crate::policy::Policy;
use crate::state::State;

/// What the machine cannot compute: time and randomness.
#[derive(Clone, Copy)]
pub(crate) struct Moment<'a> {
    pub(crate) now: Tick,
    /// In [−1, 1]: where in the range of the jitter an open period that begins now falls. A
    /// function, because most steps do not need it, and without side effects: it always returns the
    /// same.
    pub(crate) jitter_sample: &'a dyn Fn() -> f64,
}

/// Everything the next step depends on, except for the windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) state: State,
    pub(crate) generation: u32,
    /// Failures in a row; counted only if the policy has that condition.
    pub(crate) failures_in_row: u32,
    /// The number of openings in a row without recovery.
    pub(crate) openings: u32,
    /// When the current or the last open period began and ends.
    pub(crate) opened_at: Tick,
    pub(crate) deadline: Tick,
    pub(crate) probes: Probes,
    /// The last failure that was counted, for the debounce.
    pub(crate) last_counted: Option<Tick>,
    /// Whether counts were kept across a command or a new policy. The next result then evaluates
    /// the conditions on them, whatever it is.
    pub(crate) evaluate_next: bool,
    /// In metrics-only: the condition that would have opened the circuit, as long as it holds.
    /// Reported once per incident.
    pub(crate) incident: Option<Trigger>,
    /// While probes are held: the slots that were granted. Without it the policy alone decides.
    pub(crate) allowance: Option<Allowance>,
    /// While ramping up: when that began, and what is left of the calls that have asked.
    pub(crate) ramp_start: RampStart,
    pub(crate) credit: Credit,
}

/// The granted slots of a circuit that holds its probes. A hold begins in an open or half-open
/// generation, and lasts from there until the half-open period ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// Zero without a grant.
    pub(crate) slots: u32,
    /// When the grant lapses.
    pub(crate) until: Tick,
    /// Whether a rejection has asked for a slot since the last hold, grant or release.
    pub(crate) is_wanted: bool,
}

impl Allowance {
    /// No slot at all.
    pub(crate) const NONE: Self = Self { slots: 0, until: Tick::MAX, is_wanted: false };
}

/// The probes of one half-open period.
///
/// Time limits end the oldest probes first, so a single instant tells which of them no longer hold
/// a slot. Probes that were admitted at the same instant are interchangeable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Probes {
    /// The number of probes that hold slots.
    pub(crate) in_flight: u32,
    pub(crate) successes: u32,
    pub(crate) failures: u32,
    /// Probes admitted before this instant that have not returned no longer hold a slot.
    pub(crate) given_up_before: Tick,
    /// Probes admitted before this instant that have not returned are late: they have timed out and
    /// were counted as failed.
    pub(crate) late_before: Tick,
}

impl Probes {
    /// None yet.
    pub(crate) const NONE: Self = Self {
        in_flight: 0,
        successes: 0,
        failures: 0,
        given_up_before: Tick::from_nanos(0),
        late_before: Tick::from_nanos(0),
    };
}

/// The calls in flight, as far as they can change the state before they return.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InFlight<'a> {
    /// The probes that hold slots, the oldest first.
    pub(crate) probes: &'a [Outstanding],
    /// When so many calls of this generation are hung that the circuit opens, unless some of them
    /// return before.
    pub(crate) hung_at: Option<Tick>,
}

/// Calls that were admitted at the same instant and are in flight. The number may be zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outstanding {
    pub(crate) admitted: Tick,
    pub(crate) calls: u32,
}

/// What happens to a circuit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Input {
    /// Only time has passed.
    TimePassed,
    /// A call asks for admission.
    CallRequested,
    /// A call that was admitted in `generation` returned. When it was admitted matters for probes
    /// only.
    CallSettled { generation: u32, admitted: Tick, result: Observation, tally: Tally },
    /// A call made elsewhere is reported: like a settled one, but without a slot.
    CallReported { result: Observation, tally: Tally },
    /// In metrics-only: the content of the windows before the next result is added to them.
    Review { tally: Tally },
    /// The state is changed by hand.
    Command(Command),
    /// Other instances agree on a state. Only in the generation that is `expected`, if one is.
    Adopted { expected: Option<u32>, to: Adopted },
    /// The slots of probes are held, granted or released, in this generation only.
    Probes { generation: u32, order: ProbeOrder },
    /// The policy was replaced.
    PolicyChanged,
}

/// What a call says about its dependency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Observation {
    Success {
        slow: bool,
    },
    Failure,
    /// A failure too close to the last counted one. It counts towards the rates only.
    Debounced,
    /// Ignored, cancelled or lost: nothing to count.
    Nothing,
    Trip {
        open_for: Option<Duration>,
    },
}

/// What can be done to a circuit by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Open { open_for: Option<Duration> },
    ForceOpen,
    Close,
    Reset,
    Disable,
    MetricsOnly,
}

/// A state that other instances agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Adopted {
    /// Half-open means open with nothing left.
    pub(crate) state: State,
    /// How long it stays open, or ramps up; the policy's time if it is `None`.
    pub(crate) left: Option<Duration>,
    pub(crate) openings: u32,
}

/// What is done with the slots of probes from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProbeOrder {
    /// No slot without a grant.
    Hold,
    /// So many slots in all, from now on for this time.
    Grant { slots: u32, within: Duration },
    /// The policy alone decides again.
    Release,
}

/// The reply to the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Admitted,
    Rejected {
        retry_after: Option<Duration>,
    },
    Done,
    /// The input is of another generation, or too late in this one.
    Late,
    /// The circuit is as the input would have it.
    Unchanged,
}

/// A new generation. Usually it has another state, for events and the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transition {
    pub(crate) from: State,
    pub(crate) to: State,
    pub(crate) trigger: Trigger,
    /// As they are in this generation.
    pub(crate) openings: u32,
    /// When time alone ends it: that of an open circuit, or of one that ramps up. Otherwise never.
    pub(crate) until: Tick,
}

/// What an input does to the slots of probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Untouched,
    /// Taken by a probe that is admitted now.
    Taken,
    /// Free again: its probe, admitted at that instant, returned.
    Freed(Tick),
}

/// What follows from an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) next: Snapshot,
    pub(crate) reply: Reply,
    /// The generations that begin, in order. At most four: by a time limit, an expiry, the end of a
    /// ramp-up and the input itself.
    pub(crate) entered: [Option<Transition>; 4],
    /// What the input does to the slots; what time did to them is in [`Probes::given_up_before`].
    pub(crate) slot: Slot,
    /// Whether the windows must be cleared.
    pub(crate) clears_counts: bool,
    /// In metrics-only: the condition that would have opened the circuit, once per incident.
    pub(crate) would_open: Option<Trigger>,
    /// In metrics-only: whether enough calls are hung.
    pub(super) is_hung: bool,
    /// Whether the call is the first to want a slot while probes are held.
    pub(crate) wants_probe: bool,
}

impl Snapshot {
    /// A new circuit.
    pub(crate) const NEW: Self = Self {
        state: State::Closed,
        generation: 0,
        failures_in_row: 0,
        openings: 0,
        opened_at: Tick::from_nanos(0),
        deadline: Tick::from_nanos(0),
        probes: Probes::NONE,
        last_counted: None,
        evaluate_next: false,
        incident: None,
        allowance: None,
        ramp_start: RampStart::at(Tick::from_nanos(0)),
        credit: Credit::FIRST,
    };

    /// The highest generation; the next one is 0 again. A permit would have to be held across half
    /// a billion changes of state to be mistaken for a current one.
    pub(crate) const MAX_GENERATION: u32 = (1 << 29) - 1;

    /// Whether a success must take the lock, although successes rarely change anything.
    pub(crate) fn watches_successes(&self, policy: &Policy, tally: &Tally) -> bool {
        let may_reach = || tally.holds_something() && Limits::of(policy).success_may_reach(tally);
        self.counts_calls() && (self.awaits_next() || may_reach())
    }

    /// Whether results are counted, and recorded in the windows.
    pub(crate) const fn counts_calls(&self) -> bool {
        matches!(self.state, State::Closed | State::RampingUp | State::MetricsOnly)
    }

    /// The ramp-up that the circuit is in; `None` if it is in none, or if its policy no longer has
    /// one.
    pub(crate) fn ramp(&self, policy: &Policy) -> Option<Ramp> {
        if self.state == State::RampingUp { Ramp::of(policy, self.ramp_start) } else { None }
    }

    /// Whether the next result must take the lock, whatever it is.
    pub(crate) const fn awaits_next(&self) -> bool {
        self.evaluate_next || self.recovers_by_success()
    }

    /// When time alone ends the state: that of an open circuit, or of one that ramps up.
    pub(crate) fn until(&self, policy: &Policy) -> Option<Tick> {
        match self.state {
            State::Open => Some(self.deadline),
            _ => self.ramp(policy).map(|ramp| ramp.end),
        }
    }

    /// Whether a failure now is too close to the last counted one. Probes are never debounced,
    /// because each of them matters.
    pub(crate) fn debounces(&self, policy: &Policy, now: Tick) -> bool {
        self.counts_calls() && self.last_counted.is_some_and(|last| now.since(last) < policy.debounce)
    }

    /// Whether the next call would be rejected because every slot is taken.
    pub(crate) fn has_all_probes_out(&self, policy: &Policy) -> bool {
        self.state == State::HalfOpen && self.probes.in_flight >= self.slots(policy)
    }

    /// How many probes may hold slots at a time. A grant that has lapsed was removed when the time
    /// was applied.
    fn slots(&self, policy: &Policy) -> u32 {
        let granted = self.allowance.map_or(u32::MAX, |allowance| allowance.slots);
        policy.half_open_max_calls.min(granted)
    }

    /// The instant until which a probe that was admitted at `admitted` holds its slot.
    pub(crate) fn holds_until(&self, policy: &Policy, admitted: Tick) -> Tick {
        admitted.after(self.probe_time(policy))
    }

    /// How long a probe holds its slot.
    pub(super) fn probe_time(&self, policy: &Policy) -> Duration {
        policy.probe_time(self.openings, || self.deadline.since(self.opened_at))
    }

    /// Whether a result is too late to count: it is from an earlier generation, or of a probe that
    /// has timed out.
    pub(crate) fn is_late(&self, generation: u32, admitted: Tick) -> bool {
        generation != self.generation || admitted < self.probes.late_before
    }

    /// Whether the first success ends the series of openings because no probe does: after an expiry
    /// that closes, or a command to close.
    pub(super) const fn recovers_by_success(&self) -> bool {
        matches!(self.state, State::Closed) && self.openings > 0
    }
}

impl Default for Snapshot {
    fn default() -> Self {
        Self::NEW
    }
}

impl Step {
    /// A step without any effect yet.
    #[inline]
    pub(crate) const fn from(snapshot: &Snapshot) -> Self {
        Self {
            next: *snapshot,
            reply: Reply::Done,
            entered: [None; 4],
            slot: Slot::Untouched,
            clears_counts: false,
            would_open: None,
            is_hung: false,
            wants_probe: false,
        }
    }

    /// Whether the step begins a generation, as most do not.
    #[inline]
    pub(crate) const fn begins_generation(&self) -> bool {
        self.entered[0].is_some()
    }

    /// How often the circuit opens in this step, that is, changes from a state that lets calls
    /// through to one that rejects them.
    pub(crate) fn times_opened(&self) -> u64 {
        changes(&self.entered).map(|change| u64::from(change.to.is_open() && !change.from.is_open())).sum()
    }
}

/// The changes of state among the generations that a step begins, in order.
pub(crate) fn changes(entered: &[Option<Transition>; 4]) -> impl Iterator<Item = Transition> {
    // None leaves a gap.
    entered.iter().map_while(|entered| *entered).filter(|entered| entered.from != entered.to)
}
