//! Half-open: the probes, the slots they hold, and what they come to.

use super::trigger::Trigger;
use super::values::{Moment, Observation, Outstanding, Slot, Snapshot, Step};
use crate::clock::tick::Tick;
use crate::policy::Policy;
use crate::state::State;

impl Snapshot {
    /// Whether the next call would be rejected because every probe is out.
    pub(crate) fn has_all_probes_out(&self, policy: &Policy) -> bool {
        self.state == State::HalfOpen && self.probes.in_flight >= policy.half_open_max_calls
    }

    /// Until when a probe holds its slot that was admitted at this instant.
    pub(crate) fn holds_until(&self, policy: &Policy, admitted: Tick) -> Tick {
        admitted.after(policy.probe_time(self.openings, self.deadline.since(self.opened_at)))
    }

    /// Whether a result comes too late to count: from an earlier generation, or of a probe that ran
    /// out of time.
    pub(crate) fn is_late(&self, generation: u32, admitted: Tick) -> bool {
        generation != self.generation || self.probes.timed_out.is_some_and(|until| admitted <= until)
    }
}

impl Step {
    /// Probes that have been out too long: each gives its slot up, and counts as failed if the policy
    /// limits their time.
    pub(super) fn give_up_probes(&mut self, policy: &Policy, outstanding: &[Outstanding], moment: Moment) {
        for Outstanding { admitted, probes } in outstanding.iter().copied().filter(|group| group.probes > 0) {
            let over = self.next.holds_until(policy, admitted);
            if !over.has_come(moment.now) {
                return;
            }
            let counts = &mut self.next.probes;
            counts.in_flight = counts.in_flight.saturating_sub(probes);
            counts.given_up = Some(admitted);
            if policy.half_open_timeout.is_some() {
                counts.timed_out = Some(admitted);
                counts.failures = counts.failures.saturating_add(probes);
                if counts.failures >= policy.half_open_failure_threshold {
                    return self.open(policy, None, Trigger::HalfOpenTimeout, Moment { now: over, ..moment });
                }
            }
        }
    }

    /// A call is admitted as a probe.
    pub(super) fn take_slot(&mut self) {
        self.next.probes.in_flight += 1;
        self.slot = Slot::Taken;
    }

    /// A probe that returned gives its slot to another, unless it has given it up already.
    pub(super) fn free_slot(&mut self, admitted: Tick) {
        let probes = &mut self.next.probes;
        if self.next.state == State::HalfOpen && probes.given_up.is_none_or(|until| admitted > until) {
            probes.in_flight = probes.in_flight.saturating_sub(1);
            self.slot = Slot::Freed(admitted);
        }
    }

    pub(super) fn count_probe(&mut self, policy: &Policy, result: Observation, moment: Moment) {
        let probes = &mut self.next.probes;
        match result {
            Observation::Nothing => {}
            Observation::Success { slow: false } => {
                probes.successes = probes.successes.saturating_add(1);
                if probes.successes >= policy.success_threshold {
                    self.enter(State::Closed, Trigger::ProbesSucceeded);
                    self.next.openings = 0;
                    self.clear_counts();
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
