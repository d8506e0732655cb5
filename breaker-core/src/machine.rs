//! The state machine: a pure function from a state and an input to the next state.
//!
//! It uses no clock, no atomics, no allocation and no logging. Time and randomness come in as a
//! [`Moment`], what matters of the calls in flight as [`InFlight`], and everything else is in the
//! [`Snapshot`]. [`values`] contains these types, and [`conditions`] decides when a circuit
//! opens. Each row of this table is an arm below. In it, k is the number of openings in a row
//! without recovery ([`Snapshot::openings`]).
//!
//! | state | input | next |
//! |---|---|---|
//! | Closed | call | admitted |
//! | Closed, `RampingUp` | success, failure | counted; if a condition holds → Open, k + 1 |
//! | Closed, `RampingUp` | ignored, cancelled | nothing |
//! | Open, before the deadline | call | rejected, with the time left |
//! | Open, at or after the deadline | call | → `HalfOpen`, admitted as a probe (with `close_on_expiry`: → Closed, counts cleared; with `ramp_up` too: → `RampingUp` since the deadline, counts cleared) |
//! | `HalfOpen` | call | admitted as a probe if a slot is free, otherwise rejected |
//! | `HalfOpen` | a probe reaches `half_open_timeout` | it frees its slot and counts as failed, as of that instant |
//! | `HalfOpen`, without that timeout | a probe has run for the open period | it frees its slot; its result still counts |
//! | `HalfOpen` | success | frees its slot; after `success_threshold` of them → Closed, k = 0, counts cleared (with `ramp_up`: → `RampingUp`, k kept, counts cleared) |
//! | `RampingUp` | call | admitted if it belongs to the share of its instant, otherwise rejected |
//! | `RampingUp` | its time is over, or the policy has no `ramp_up` any more | → Closed, k = 0, counts kept |
//! | `HalfOpen` | failure, slow call | frees its slot; after `half_open_failure_threshold` of them → Open, k + 1 |
//! | `HalfOpen` | ignored, cancelled, lost permit | frees its slot |
//! | Closed, `HalfOpen`, `RampingUp` | trip | → Open for the time of the trip, k + 1 |
//! | Closed, `HalfOpen`, `RampingUp` | the n-th of `hung_calls` becomes hung | → Open, k + 1, as of that instant |
//! | any | result of an earlier generation, or of a probe that has timed out | late: changes nothing |
//! | any | command | applied; begins a new generation |
//! | any | adopted, in the expected generation | as other instances agree: with their k, and for Open and `RampingUp` with exactly the time left |
//! | any | adopted `RampingUp`, but the policy has no `ramp_up` | as adopted Closed, k = 0 |
//! | any | adopted, in another generation, or already in that state | nothing |
//! | Open, `HalfOpen` | hold of probes | held until the half-open period ends: no slot without a grant |
//! | Open, `HalfOpen`, held | grant | as many slots as granted, and as the policy allows |
//! | Open, `HalfOpen`, held | a grant lapses | no slot; a probe that has not returned is late |
//! | Open, `HalfOpen`, held | release | the slots are those of the policy again |
//!
//! Each entry into a state is a new generation, and each permit carries the generation that it was
//! issued in. So no late success closes a circuit, no late failure opens one, and no result frees
//! another probe's slot.

pub(crate) mod conditions;
pub(crate) mod ramp;
mod recovery;
mod remote;
pub(crate) mod trigger;
pub(crate) mod values;

use std::time::Duration;

pub(crate) use values::{
    Adopted, Allowance, Command, InFlight, Input, Moment, Observation, Outstanding, ProbeOrder, Reply, Slot, Snapshot,
    Step, Transition, changes,
};

use conditions::{Tally, opens};
use trigger::Trigger;
use values::Probes;

use crate::clock::tick::Tick;
use crate::policy::Policy;
use crate::state::State;

/// # The rows of the table
impl Step {
    /// Applies an input to a step that has just [begun](Self::from). `in_flight` does not include a
    /// call that has just returned.
    ///
    /// The function of the machine: what the step is afterwards follows from what goes in. It works
    /// in place, because a step is large.
    #[inline(never)]
    pub(crate) fn take(&mut self, policy: &Policy, in_flight: InFlight<'_>, input: &Input, moment: &Moment<'_>) {
        if let Input::PolicyChanged = input {
            // What has passed by the new policy has not been seen under the old one.
            self.change_policy(policy);
        }
        self.pass_time(policy, in_flight, moment);
        match *input {
            Input::TimePassed | Input::PolicyChanged => {}
            Input::CallRequested => self.request(policy, moment),
            Input::CallSettled { generation, admitted, .. } if self.next.is_late(generation, admitted) => {
                self.reply = Reply::Late;
            }
            Input::CallSettled { admitted, result, ref tally, .. } => {
                self.free_slot(admitted);
                self.count(policy, result, tally, moment);
            }
            Input::CallReported { result, ref tally } => self.count(policy, result, tally, moment),
            Input::Review { ref tally } => self.review(policy, tally),
            Input::Command(command) => self.apply(policy, command, moment),
            Input::Adopted { expected, to } => self.adopt(policy, expected, to, moment),
            Input::Probes { generation, order } => self.order_probes(generation, order, moment),
        }
    }

    /// Applies time limits and expiries that have passed, each as of its own instant.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "in one place only")]
    fn pass_time(&mut self, policy: &Policy, in_flight: InFlight<'_>, moment: &Moment<'_>) {
        if let Some(at) = in_flight.hung_at.filter(|at| at.has_come(moment.now)) {
            self.hang(policy, in_flight.probes, &Moment { now: at, ..*moment });
        }
        if self.next.state == State::HalfOpen {
            self.give_up_probes(policy, in_flight.probes, moment);
        }
        self.lapse_grant(moment);
        if self.next.state == State::Open && self.next.deadline.has_come(moment.now) {
            if policy.close_on_expiry {
                self.recover(policy, Trigger::Expired, self.next.deadline);
                self.next.last_counted = None;
            } else {
                let held = self.next.allowance;
                self.enter(policy, State::HalfOpen, Trigger::Expired);
                self.next.allowance = held;
            }
        }
        if self.next.state == State::RampingUp {
            self.finish_ramp(policy, moment);
        }
    }

    /// Opens because enough calls of this generation are hung as of this instant, unless a probe's
    /// time limit or the end of a ramp-up has ended the generation before.
    #[cold]
    fn hang(&mut self, policy: &Policy, probes: &[Outstanding], moment: &Moment<'_>) {
        let generation = self.next.generation;
        if self.next.state == State::HalfOpen {
            self.give_up_probes(policy, probes, moment);
        }
        // One that a new policy ends at once is over now, not before.
        if self.next.state == State::RampingUp && policy.ramp_up.is_some() {
            // At the end of the ramp-up itself, hung calls come first.
            let just_before = Tick::from_nanos(moment.now.as_nanos().saturating_sub(1));
            self.finish_ramp(policy, &Moment { now: just_before, ..*moment });
        }
        match self.next.state {
            _ if self.next.generation != generation => {}
            State::Closed | State::HalfOpen | State::RampingUp => {
                self.open(policy, None, Trigger::HungCalls, moment);
            }
            State::MetricsOnly => {
                self.is_hung = true;
                if self.next.incident.is_none() {
                    self.would_open = Some(Trigger::HungCalls);
                    self.next.incident = Some(Trigger::HungCalls);
                }
            }
            // None of their calls are listed.
            State::Open | State::ForcedOpen | State::Disabled => {}
        }
    }

    fn request(&mut self, policy: &Policy, moment: &Moment<'_>) {
        self.reply = match self.next.state {
            State::Closed | State::Disabled | State::MetricsOnly => Reply::Admitted,
            State::RampingUp => self.ask_for_share(policy, moment),
            State::Open => Reply::Rejected { retry_after: self.next.deadline.left_at(moment.now) },
            State::ForcedOpen => Reply::Rejected { retry_after: None },
            State::HalfOpen if self.next.has_all_probes_out(policy) => {
                self.want_probe();
                Reply::Rejected { retry_after: None }
            }
            State::HalfOpen => {
                self.take_slot();
                Reply::Admitted
            }
        };
    }

    #[inline]
    fn count(&mut self, policy: &Policy, result: Observation, tally: &Tally, moment: &Moment<'_>) {
        match self.next.state {
            State::Closed | State::RampingUp | State::MetricsOnly => self.count_closed(policy, result, tally, moment),
            State::HalfOpen => self.count_probe(policy, result, moment),
            State::Open | State::ForcedOpen | State::Disabled => {}
        }
    }

    #[inline(never)]
    fn count_closed(&mut self, policy: &Policy, result: Observation, tally: &Tally, moment: &Moment<'_>) {
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
                // Kept only if the policy has a debounce. A debounce that comes with a new policy
                // begins with the next failure.
                self.next.last_counted = (!policy.debounce.is_zero()).then_some(moment.now);
            }
        }
        self.next.evaluate_next = false;
        let trigger = match result {
            Observation::Trip { .. } => Some(Trigger::Tripped),
            _ => self.condition(policy, tally),
        };
        if self.next.state == State::MetricsOnly {
            // Once per incident, which lasts as long as a condition holds.
            if self.next.incident.is_none() {
                self.would_open = trigger;
            }
            self.next.incident = trigger;
        } else if let Observation::Trip { open_for } = result {
            self.trip(policy, open_for, moment);
        } else if let Some(trigger) = trigger {
            self.open(policy, None, trigger, moment);
        }
    }

    /// The first condition that holds. A closed circuit with hung calls has opened before.
    fn condition(&self, policy: &Policy, tally: &Tally) -> Option<Trigger> {
        opens(policy, self.next.failures_in_row, tally).or(self.is_hung.then_some(Trigger::HungCalls))
    }

    /// Ends the incident of a dry run if time alone has emptied the windows, or hung calls have
    /// returned. A trip is in no window, so only a result ends its incident.
    fn review(&mut self, policy: &Policy, tally: &Tally) {
        let lasts = |trigger: &Trigger| *trigger == Trigger::Tripped || self.condition(policy, tally).is_some();
        self.next.incident = self.next.incident.filter(lasts);
    }

    fn apply(&mut self, policy: &Policy, command: Command, moment: &Moment<'_>) {
        match command {
            Command::Open { open_for } => self.open(policy, open_for, Trigger::Manual, moment),
            Command::ForceOpen => {
                self.next.opened_at = moment.now;
                self.enter(policy, State::ForcedOpen, Trigger::Manual);
            }
            Command::Close => {
                self.enter(policy, State::Closed, Trigger::Manual);
                self.next.evaluate_next = true;
            }
            Command::Reset => {
                self.next.openings = 0;
                self.enter(policy, State::Closed, Trigger::Manual);
                self.next.last_counted = None;
                self.clear_counts();
            }
            Command::Disable => self.enter(policy, State::Disabled, Trigger::Manual),
            Command::MetricsOnly => self.enter(policy, State::MetricsOnly, Trigger::Manual),
        }
    }

    /// Keeps the counts under the new policy; they are evaluated at the next result.
    fn change_policy(&mut self, policy: &Policy) {
        // Otherwise there is nothing to evaluate, and a circuit that was never used needs no memory
        // for it.
        self.next.evaluate_next = self.next.failures_in_row > 0 || policy.has_windows();
        self.next.last_counted = self.next.last_counted.filter(|_| !policy.debounce.is_zero());
        // It belonged to the dry run of the old policy.
        self.next.incident = None;
    }
}

/// # Half-open: probes and their slots
impl Step {
    /// Gives up probes that have run for too long: each frees its slot, and counts as failed if the
    /// policy has a timeout for probes.
    #[inline]
    fn give_up_probes(&mut self, policy: &Policy, outstanding: &[Outstanding], moment: &Moment<'_>) {
        // Usually there are none, or the oldest has time left.
        let Some(oldest) = outstanding.first() else { return };
        let holds = self.next.probe_time(policy);
        if oldest.admitted.after(holds).has_come(moment.now) {
            self.give_up_oldest(policy, outstanding, holds, moment);
        }
    }

    #[cold]
    fn give_up_oldest(&mut self, policy: &Policy, outstanding: &[Outstanding], holds: Duration, moment: &Moment<'_>) {
        for Outstanding { admitted, calls } in outstanding.iter().copied().filter(|group| group.calls > 0) {
            let over = admitted.after(holds);
            // A probe whose grant lapses first is late.
            let lapses = self.next.allowance.is_some_and(|allowance| allowance.until <= over);
            if !over.has_come(moment.now) || lapses {
                return;
            }
            let counts = &mut self.next.probes;
            counts.in_flight = counts.in_flight.saturating_sub(calls);
            counts.given_up_before = admitted.next();
            if policy.half_open_timeout.is_some() {
                counts.late_before = admitted.next();
                counts.failures = counts.failures.saturating_add(calls);
                if counts.failures >= policy.half_open_failure_threshold {
                    return self.open(policy, None, Trigger::HalfOpenTimeout, &Moment { now: over, ..*moment });
                }
            }
        }
    }

    /// A call found no slot. The first one since the last order asks for one.
    fn want_probe(&mut self) {
        if let Some(allowance) = &mut self.next.allowance {
            self.wants_probe = !allowance.is_wanted;
            allowance.is_wanted = true;
        }
    }

    /// A call is admitted as a probe.
    fn take_slot(&mut self) {
        self.next.probes.in_flight += 1;
        self.slot = Slot::Taken;
    }

    /// Frees the slot of a probe that returned, unless the probe has already given it up.
    fn free_slot(&mut self, admitted: Tick) {
        let probes = &mut self.next.probes;
        if self.next.state == State::HalfOpen && admitted >= probes.given_up_before {
            probes.in_flight = probes.in_flight.saturating_sub(1);
            self.slot = Slot::Freed(admitted);
        }
    }

    fn count_probe(&mut self, policy: &Policy, result: Observation, moment: &Moment<'_>) {
        let probes = &mut self.next.probes;
        match result {
            Observation::Nothing => {}
            Observation::Success { slow: false } => {
                probes.successes = probes.successes.saturating_add(1);
                if probes.successes >= policy.success_threshold {
                    // A ramp-up keeps them until its end.
                    if policy.ramp_up.is_none() {
                        self.next.openings = 0;
                    }
                    self.recover(policy, Trigger::ProbesSucceeded, moment.now);
                }
            }
            Observation::Success { slow: true } | Observation::Failure | Observation::Debounced => {
                probes.failures = probes.failures.saturating_add(1);
                if probes.failures >= policy.half_open_failure_threshold {
                    self.open(policy, None, Trigger::ProbeFailed, moment);
                }
            }
            Observation::Trip { open_for } => self.trip(policy, open_for, moment),
        }
    }
}

/// # The steps that the rows of the table consist of
impl Step {
    /// Opens, either for exactly an explicit time or for the policy's time with jitter.
    #[inline(never)]
    fn open(&mut self, policy: &Policy, open_for: Option<Duration>, trigger: Trigger, moment: &Moment<'_>) {
        self.next.openings = self.next.openings.saturating_add(1);
        let period = open_for.unwrap_or_else(|| policy.jittered_period(self.next.openings, moment.jitter_sample));
        self.next.opened_at = moment.now;
        self.next.deadline = moment.now.after(period);
        self.enter(policy, State::Open, trigger);
    }

    /// Opens because a result tripped the circuit, for its own time or for the policy's.
    #[cold]
    fn trip(&mut self, policy: &Policy, open_for: Option<Duration>, moment: &Moment<'_>) {
        let open_for = open_for.map(|asked| policy.trip_period(asked, moment.jitter_sample));
        self.open(policy, open_for, Trigger::Tripped, moment);
    }

    /// Begins a new generation, whose openings and deadline are already set.
    fn enter(&mut self, policy: &Policy, state: State, trigger: Trigger) {
        let from = self.next.state;
        self.next.state = state;
        self.next.generation = (self.next.generation + 1) & Snapshot::MAX_GENERATION;
        self.next.probes = Probes::NONE;
        self.next.allowance = None;
        self.next.incident = None;
        self.next.evaluate_next = false;
        let (openings, until) = (self.next.openings, self.next.until(policy).unwrap_or(Tick::MAX));
        if let Some(free) = self.entered.iter_mut().find(|slot| slot.is_none()) {
            *free = Some(Transition { from, to: state, trigger, openings, until });
        }
    }

    fn clear_counts(&mut self) {
        self.next.failures_in_row = 0;
        self.next.evaluate_next = false;
        self.clears_counts = true;
    }
}

#[cfg(test)]
mod tests;
