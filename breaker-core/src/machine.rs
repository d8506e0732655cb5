//! THE state machine: one pure function from what is and what happens to what follows.
//!
//! No clock, no atomics, no allocation, no logging: time and jitter_sample come in as a [`Moment`], the
//! probes that hold slots as a list of [`Out`], everything else is in the [`Snapshot`]. Each row of
//! the table is an arm below.
//!
//! | state | event | next |
//! |---|---|---|
//! | Closed | asked | admitted |
//! | Closed | success, failure | count it; a condition holds → Open, k + 1 |
//! | Closed | ignore, cancel | nothing |
//! | Open, before the deadline | asked | rejected, with the time left |
//! | Open, at or after it | asked | → `HalfOpen`, a probe (`close_on_expiry`: → Closed, counts cleared) |
//! | `HalfOpen` | asked | a free slot → probe, else rejected |
//! | `HalfOpen` | a probe is out for `half_open_timeout` | frees its slot and counts as failed, as of that instant |
//! | `HalfOpen` | without that limit: a probe is out for the open period | frees its slot, its result still counts |
//! | `HalfOpen` | success | frees its slot; enough of them → Closed, k = 0, counts cleared |
//! | `HalfOpen` | failure, slow call | frees its slot; enough of them → Open, k + 1 |
//! | `HalfOpen` | ignore, cancel, lost permit | frees its slot |
//! | Closed, `HalfOpen` | trip | → Open for its time, k + 1 |
//! | any | a result from an earlier generation, or of a probe whose time was over | late: changes nothing |
//! | any | an order | as asked; a new generation |
//!
//! Each entry into a state is a new generation, and a permit carries the one it was given in (the
//! idea is gobreaker's): no late success closes, no late failure opens, no foreign slot is freed.

mod probes;

pub(crate) mod conditions;

use std::time::Duration;

pub(crate) use probes::{Out, Probes, Slot};

use crate::clock::tick::Tick;
use crate::machine::conditions::{Limits, Tally};
use crate::policy::Policy;
use crate::state::State;

/// What the machine cannot know by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) now: Tick,
    /// In [−1, 1]: where in the range of the jitter an open period that begins now falls.
    pub(crate) jitter_sample: f64,
}

/// Everything the next step depends on, the windows aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) state: State,
    pub(crate) generation: u32,
    /// Failures in a row; kept only where the policy has that condition.
    pub(crate) failures_in_row: u32,
    /// k: openings in a row without recovery.
    pub(crate) openings: u32,
    /// When the present or the last open period began and ends.
    pub(crate) opened_at: Tick,
    pub(crate) deadline: Tick,
    pub(crate) probes: Probes,
    /// The last failure that was counted, for the debounce.
    pub(crate) last_counted: Option<Tick>,
    /// Counts were kept over a change by hand: the next result is judged on them, whatever it is.
    pub(crate) judge_next: bool,
    /// In metrics-only: the condition that would have opened, while its incident lasts. Told once
    /// per incident.
    pub(crate) reported: Option<Trigger>,
}

/// What happens to a circuit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Input {
    /// Nothing but time.
    TimePassed,
    /// A call asks to be let through.
    CallRequested,
    /// A call that was admitted in `generation` came back. When it was admitted matters for probes
    /// only.
    CallSettled { generation: u32, admitted: Tick, result: Observation, tally: Tally },
    /// In metrics-only: what the windows hold before the next result is added to them.
    Reviewed { tally: Tally },
    /// Somebody reports a call made elsewhere: as settled, but without a slot.
    CallReported { result: Observation, tally: Tally },
    /// Somebody moves the circuit by hand.
    Command(Command),
    /// The policy was swapped.
    PolicyChanged,
}

/// What a call turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Observation {
    Success {
        slow: bool,
    },
    Failure,
    /// A failure too close to the last one: the rates see it, the other conditions do not.
    Debounced,
    /// Ignored, cancelled or lost: nothing to count.
    Nothing,
    Trip {
        open_for: Option<Duration>,
    },
}

/// What can be asked for by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Open { open_for: Option<Duration> },
    ForceOpen,
    Close,
    Reset,
    Disable,
    MetricsOnly,
}

/// Why a state was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    ConsecutiveFailures,
    FailuresWithin,
    FailureRate,
    SlowCallRate,
    Tripped,
    ProbeFailed,
    ProbesSucceeded,
    Expired,
    HalfOpenTimeout,
    Manual,
}

/// What the caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Admitted,
    Rejected { retry_after: Option<Duration> },
    Done,
    Late,
}

/// A change of state, for those who watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transition {
    pub(crate) from: State,
    pub(crate) to: State,
    pub(crate) trigger: Trigger,
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) next: Snapshot,
    pub(crate) reply: Reply,
    /// In order; at most a time limit, an expiry and the event's own.
    pub(crate) transitions: [Option<Transition>; 3],
    /// What the event does to the slots of probes; what time has done to them is in the [`Probes`].
    pub(crate) slot: Slot,
    /// The windows are to be emptied.
    pub(crate) clears_counts: bool,
    /// In metrics-only: the condition that would have opened, told once per incident.
    pub(crate) would_open: Option<Trigger>,
}

impl Snapshot {
    /// A circuit that has seen nothing.
    pub(crate) const NEW: Self = Self {
        state: State::Closed,
        generation: 0,
        failures_in_row: 0,
        openings: 0,
        opened_at: Tick::from_nanos(0),
        deadline: Tick::from_nanos(0),
        probes: Probes { in_flight: 0, successes: 0, failures: 0, given_up: None, timed_out: None },
        last_counted: None,
        judge_next: false,
        reported: None,
    };

    /// The highest generation; the next one is 0 again. A permit would have to be held over a
    /// thousand million changes of state to be taken for a fresh one.
    pub(crate) const MAX_GENERATION: u32 = (1 << 30) - 1;

    /// Whether a success must be looked at, although successes rarely change anything.
    pub(crate) fn watches_successes(&self, policy: &Policy, tally: &Tally) -> bool {
        matches!(self.state, State::Closed | State::MetricsOnly)
            && (self.awaits_next() || Limits::of(policy).success_may_reach(tally))
    }

    /// Whether the next result must be looked at, whatever it is.
    pub(crate) const fn awaits_next(&self) -> bool {
        self.judge_next || self.recovers_by_success()
    }

    /// Whether a failure now is too close to the last counted one. Probes are never debounced: each
    /// is a reply.
    pub(crate) fn debounces(&self, policy: &Policy, now: Tick) -> bool {
        matches!(self.state, State::Closed | State::MetricsOnly)
            && self.last_counted.is_some_and(|last| now.since(last) < policy.debounce)
    }

    /// Where no probe has shown a recovery, the first success does: after an expiry that closes, or
    /// an order to close.
    const fn recovers_by_success(&self) -> bool {
        matches!(self.state, State::Closed) && self.openings > 0
    }
}

/// The one function. `out` lists the probes that hold slots, the oldest first.
pub(crate) fn step(policy: &Policy, snapshot: &Snapshot, out: &[Out], event: Input, moment: Moment) -> Step {
    let mut step = Step {
        next: *snapshot,
        reply: Reply::Done,
        transitions: [None; 3],
        slot: Slot::Untouched,
        clears_counts: false,
        would_open: None,
    };
    step.pass_time(policy, out, moment);
    match event {
        Input::TimePassed => {}
        Input::CallRequested => step.ask(policy, moment),
        Input::CallSettled { generation, admitted, .. } if step.next.is_late(generation, admitted) => {
            step.reply = Reply::Late;
        }
        Input::CallSettled { admitted, result, tally, .. } => {
            step.free(admitted);
            step.count(policy, result, &tally, moment);
        }
        Input::Reviewed { tally } => step.review(policy, &tally),
        Input::CallReported { result, tally } => step.count(policy, result, &tally, moment),
        Input::Command(order) => step.apply(policy, order, moment),
        Input::PolicyChanged => {
            step.next.judge_next = true;
            step.next.last_counted = step.next.last_counted.filter(|_| !policy.debounce.is_zero());
            // The dry run of another policy.
            step.next.reported = None;
        }
    }
    step
}

impl Step {
    /// How often the circuit opens here: changes from a state that lets calls through to one that
    /// rejects them.
    pub(crate) fn times_opened(&self) -> u64 {
        let changes = self.transitions.iter().flatten();
        changes.map(|change| u64::from(change.to.is_open() && !change.from.is_open())).sum()
    }

    /// Time limits and expiries that have come, each as of its own instant.
    fn pass_time(&mut self, policy: &Policy, out: &[Out], moment: Moment) {
        if self.next.state == State::HalfOpen {
            self.give_up_probes(policy, out, moment);
        }
        if self.next.state == State::Open && self.next.deadline.has_come(moment.now) {
            if policy.close_on_expiry {
                self.enter(State::Closed, Trigger::Expired);
                self.next.last_counted = None;
                self.clear_counts();
            } else {
                self.enter(State::HalfOpen, Trigger::Expired);
            }
        }
    }

    fn ask(&mut self, policy: &Policy, moment: Moment) {
        self.reply = match self.next.state {
            State::Closed | State::Disabled | State::MetricsOnly => Reply::Admitted,
            State::Open => Reply::Rejected { retry_after: self.next.deadline.left_at(moment.now) },
            State::ForcedOpen => Reply::Rejected { retry_after: None },
            State::HalfOpen if self.next.has_all_probes_out(policy) => Reply::Rejected { retry_after: None },
            State::HalfOpen => {
                self.next.probes.in_flight += 1;
                self.slot = Slot::Taken;
                Reply::Admitted
            }
        };
    }

    fn count(&mut self, policy: &Policy, result: Observation, tally: &Tally, moment: Moment) {
        match self.next.state {
            State::Closed | State::MetricsOnly => self.count_closed(policy, result, tally, moment),
            State::HalfOpen => self.count_probe(policy, result, moment),
            State::Open | State::ForcedOpen | State::Disabled => {}
        }
    }

    fn count_closed(&mut self, policy: &Policy, result: Observation, tally: &Tally, moment: Moment) {
        match result {
            Observation::Nothing => return,
            Observation::Debounced => {}
            Observation::Success { .. } => {
                self.next.failures_in_row = 0;
                if self.next.recovers_by_success() {
                    self.next.openings = 0;
                }
            }
            Observation::Failure | Observation::Trip { .. } => {
                if policy.consecutive_failures.is_some() {
                    self.next.failures_in_row = self.next.failures_in_row.saturating_add(1).min(Policy::MAX_COUNT);
                }
                // Known only where it is asked for: a debounce that comes with a new policy begins
                // with the next failure.
                self.next.last_counted = (!policy.debounce.is_zero()).then_some(moment.now);
            }
        }
        self.next.judge_next = false;
        let (trigger, open_for) = match result {
            Observation::Trip { open_for } => (Some(Trigger::Tripped), trip_period(policy, open_for, moment)),
            _ => (opens(policy, self.next.failures_in_row, tally), None),
        };
        if self.next.state == State::MetricsOnly {
            // Once per incident, which lasts as long as a condition holds.
            self.would_open = trigger.filter(|_| self.next.reported.is_none());
            self.next.reported = trigger;
        } else if let Some(trigger) = trigger {
            self.open(policy, open_for, trigger, moment);
        }
    }

    /// Ends the incident of a dry run where time alone has emptied the windows. No window holds a
    /// trip: only a result ends its incident.
    fn review(&mut self, policy: &Policy, tally: &Tally) {
        let lasts = |trigger: &Trigger| {
            *trigger == Trigger::Tripped || opens(policy, self.next.failures_in_row, tally).is_some()
        };
        self.next.reported = self.next.reported.filter(lasts);
    }

    fn apply(&mut self, policy: &Policy, order: Command, moment: Moment) {
        match order {
            Command::Open { open_for } => self.open(policy, open_for, Trigger::Manual, moment),
            Command::ForceOpen => {
                self.enter(State::ForcedOpen, Trigger::Manual);
                self.next.opened_at = moment.now;
            }
            Command::Close => {
                self.enter(State::Closed, Trigger::Manual);
                self.next.judge_next = true;
            }
            Command::Reset => {
                self.enter(State::Closed, Trigger::Manual);
                self.next.openings = 0;
                self.next.last_counted = None;
                self.clear_counts();
            }
            Command::Disable => self.enter(State::Disabled, Trigger::Manual),
            Command::MetricsOnly => self.enter(State::MetricsOnly, Trigger::Manual),
        }
    }

    /// Opens, for an explicit time as it is or for the policy's with jitter.
    fn open(&mut self, policy: &Policy, open_for: Option<Duration>, trigger: Trigger, moment: Moment) {
        self.enter(State::Open, trigger);
        self.next.openings = self.next.openings.saturating_add(1);
        let period = open_for.unwrap_or_else(|| policy.jittered_period(self.next.openings, moment.jitter_sample));
        self.next.opened_at = moment.now;
        self.next.deadline = moment.now.after(period);
    }

    /// A new generation; an event where the state really changes.
    fn enter(&mut self, state: State, trigger: Trigger) {
        let from = self.next.state;
        self.next.state = state;
        self.next.generation = (self.next.generation + 1) & Snapshot::MAX_GENERATION;
        self.next.probes = Probes::default();
        self.next.reported = None;
        self.next.judge_next = false;
        if from != state {
            if let Some(free) = self.transitions.iter_mut().find(|slot| slot.is_none()) {
                *free = Some(Transition { from, to: state, trigger });
            }
        }
    }

    fn clear_counts(&mut self) {
        self.next.failures_in_row = 0;
        self.next.judge_next = false;
        self.clears_counts = true;
    }
}

/// How long a trip opens, where it asks for a time.
fn trip_period(policy: &Policy, asked: Option<Duration>, moment: Moment) -> Option<Duration> {
    asked.map(|asked| policy.trip_period(asked, moment.jitter_sample))
}

/// The first condition of the policy that holds.
fn opens(policy: &Policy, failures_in_row: u32, tally: &Tally) -> Option<Trigger> {
    if policy.consecutive_failures.is_some_and(|n| failures_in_row >= n) {
        return Some(Trigger::ConsecutiveFailures);
    }
    opens_by_windows(&Limits::of(policy), tally)
}

/// The first condition over the windows that holds.
#[inline]
pub(crate) fn opens_by_windows(limits: &Limits, tally: &Tally) -> Option<Trigger> {
    if limits.failures_within_reached(tally) {
        Some(Trigger::FailuresWithin)
    } else if limits.failure_rate_reached(tally) {
        Some(Trigger::FailureRate)
    } else if limits.slow_call_rate_reached(tally) {
        Some(Trigger::SlowCallRate)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
