//! What comes from other instances: states that are adopted, and slots of probes that are held and
//! granted.

use std::time::Duration;

use super::ramp::{Ramp, RampStart};
use super::trigger::Trigger;
use super::values::{Adopted, Allowance, Moment, ProbeOrder, Reply, Snapshot, Step};
use crate::clock::tick::Tick;
use crate::policy::Policy;
use crate::state::State;

/// Deadlines that differ by no more are the same: they have been rounded on their way.
const ROUNDED: Duration = Duration::from_millis(1);

impl Step {
    /// Takes over a state, unless the circuit has moved on or is in that state already.
    pub(super) fn adopt(&mut self, policy: &Policy, expected: Option<u32>, to: Adopted, moment: &Moment<'_>) {
        let Adopted { state, left, openings } = unless_over(policy, to);
        let ramp_start = RampStart::with_left(policy, left, moment.now);
        let deadline = match state {
            State::RampingUp => Ramp::of(policy, ramp_start).map_or(moment.now, |ramp| ramp.end),
            State::HalfOpen => moment.now,
            _ => moment.now.after(left.unwrap_or_else(|| policy.period(openings))),
        };
        if expected.is_some_and(|expected| expected != self.next.generation) {
            self.reply = Reply::Late;
            return;
        }
        if self.next.is_in(policy, state, openings, deadline) {
            self.reply = Reply::Unchanged;
            return;
        }
        self.next.openings = openings;
        match state {
            State::RampingUp => {
                self.ramp_up(policy, ramp_start, Trigger::Remote);
            }
            State::Closed => {
                self.enter(policy, State::Closed, Trigger::Remote);
                if openings == 0 {
                    self.clear_counts();
                } else {
                    self.next.evaluate_next = true;
                }
            }
            State::Open | State::HalfOpen => {
                self.next.opened_at = moment.now;
                self.next.deadline = deadline;
                self.enter(policy, State::Open, Trigger::Remote);
            }
            State::ForcedOpen => {
                self.next.opened_at = moment.now;
                self.enter(policy, State::ForcedOpen, Trigger::Remote);
            }
            State::Disabled | State::MetricsOnly => self.enter(policy, state, Trigger::Remote),
        }
    }

    /// Holds, grants or releases the slots of probes.
    pub(super) fn order_probes(&mut self, generation: u32, order: ProbeOrder, moment: &Moment<'_>) {
        let has_slots = matches!(self.next.state, State::Open | State::HalfOpen);
        if generation != self.next.generation || !has_slots {
            self.reply = Reply::Late;
            return;
        }
        self.next.allowance = match (order, self.next.allowance) {
            // A grant stays until it lapses, because a probe may rely on it.
            (ProbeOrder::Hold, held) => Some(Allowance { is_wanted: false, ..held.unwrap_or(Allowance::NONE) }),
            (ProbeOrder::Grant { slots, within }, Some(_)) => {
                Some(Allowance { slots, until: moment.now.after(within), is_wanted: false })
            }
            (ProbeOrder::Grant { .. }, None) => {
                self.reply = Reply::Late;
                None
            }
            (ProbeOrder::Release, _) => None,
        };
        self.lapse_grant(moment);
    }

    /// Applies the end of a grant: its slots are gone, and probes that have not returned are late.
    #[inline]
    pub(super) fn lapse_grant(&mut self, moment: &Moment<'_>) {
        if let Some(Allowance { until, is_wanted, .. }) = self.next.allowance {
            if until.has_come(moment.now) {
                self.end_grant(until, is_wanted);
            }
        }
    }

    #[cold]
    fn end_grant(&mut self, until: Tick, is_wanted: bool) {
        self.next.allowance = Some(Allowance { is_wanted, ..Allowance::NONE });
        if self.next.state == State::HalfOpen {
            // All of them were admitted before that instant, and later ones are admitted at it or
            // after it.
            let probes = &mut self.next.probes;
            (probes.in_flight, probes.given_up_before, probes.late_before) = (0, until, until);
        }
    }
}

/// What is adopted: a ramp-up that is over, or that the policy does not have, is a recovery.
fn unless_over(policy: &Policy, to: Adopted) -> Adopted {
    if to.state == State::RampingUp && (policy.ramp_up.is_none() || to.left == Some(Duration::ZERO)) {
        Adopted { state: State::Closed, left: None, openings: 0 }
    } else {
        to
    }
}

impl Snapshot {
    /// Whether an adoption would change nothing.
    fn is_in(&self, policy: &Policy, state: State, openings: u32, until: Tick) -> bool {
        let is_near = |known: Tick| known.max(until).since(known.min(until)) <= ROUNDED;
        self.state == state && self.openings == openings && self.until(policy).is_none_or(is_near)
    }
}
