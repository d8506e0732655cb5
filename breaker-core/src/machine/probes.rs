//! Half-open: the probes, the slots that they hold, and what they come to.

use super::{Moment, Observation, Snapshot, Step, Trigger, trip_period};
use crate::clock::tick::Tick;
use crate::policy::Policy;
use crate::state::State;

/// One half-open episode.
///
/// Time takes slots away from the oldest probes first, so one instant says which of them hold none
/// any more. Probes that were admitted at the same instant are interchangeable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Probes {
    /// Those that hold slots.
    pub(crate) in_flight: u32,
    pub(crate) successes: u32,
    pub(crate) failures: u32,
    /// Who was admitted up to then, and is not back, holds no slot any more.
    pub(crate) given_up: Option<Tick>,
    /// Who was admitted up to then, and is not back, is late: those whose time was over were
    /// counted as failed.
    pub(crate) timed_out: Option<Tick>,
}

/// Probes that hold slots and were admitted at the same instant. None may be left of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Out {
    pub(crate) admitted: Tick,
    pub(crate) probes: u32,
}

/// A slot of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Untouched,
    /// Taken by a probe that is admitted now.
    Taken,
    /// Free again: its probe, admitted then, came back.
    Freed(Tick),
}

impl Snapshot {
    /// Whether the next call would be rejected because every probe is out.
    pub(crate) fn has_all_probes_out(&self, policy: &Policy) -> bool {
        self.state == State::HalfOpen && self.probes.in_flight >= policy.half_open_max_calls
    }

    /// Until when a probe that was admitted then holds its slot.
    pub(crate) fn holds_until(&self, policy: &Policy, admitted: Tick) -> Tick {
        admitted.after(policy.probe_time(self.openings, self.deadline.since(self.opened_at)))
    }

    /// Whether a result comes too late to count: from an earlier stay, or of a probe whose time was
    /// over.
    pub(crate) fn is_late(&self, generation: u32, admitted: Tick) -> bool {
        generation != self.generation || self.probes.timed_out.is_some_and(|until| admitted <= until)
    }
}

impl Step {
    /// Probes that have been out too long: each gives its slot up, and where there is a time limit
    /// it counts as failed.
    pub(super) fn give_up_probes(&mut self, policy: &Policy, out: &[Out], moment: Moment) {
        for Out { admitted, probes } in out.iter().copied().filter(|out| out.probes > 0) {
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

    /// A probe that came back gives its slot to another, unless it has given it up already.
    pub(super) fn free(&mut self, admitted: Tick) {
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
            Observation::Trip { open_for } => {
                self.open(policy, trip_period(policy, open_for, moment), Trigger::Tripped, moment);
            }
        }
    }
}
