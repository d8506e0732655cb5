//! How a circuit recovers: it closes, or ramps up before it does.

use super::ramp::{Credit, RampStart, Share};
use super::trigger::Trigger;
use super::values::{Moment, Reply, Step};
use crate::clock::tick::Tick;
use crate::policy::Policy;
use crate::state::State;

impl Step {
    /// The dependency has recovered, as of this instant: ramps up if the policy says so, otherwise
    /// closes.
    #[inline(never)]
    pub(super) fn recover(&mut self, policy: &Policy, trigger: Trigger, at: Tick) {
        if policy.ramp_up.is_some() {
            self.ramp_up(policy, RampStart::at(at), trigger);
        } else {
            self.enter(policy, State::Closed, trigger);
            self.clear_counts();
        }
    }

    /// Begins a ramp-up, with no counts.
    pub(super) fn ramp_up(&mut self, policy: &Policy, start: RampStart, trigger: Trigger) {
        self.next.ramp_start = start;
        self.next.credit = Credit::FIRST;
        self.enter(policy, State::RampingUp, trigger);
        self.clear_counts();
    }

    /// Admits a call that belongs to the share of the calls that is admitted now.
    pub(super) fn ask_for_share(&mut self, policy: &Policy, moment: &Moment<'_>) -> Reply {
        let share = self.next.ramp(policy).map_or(Share::ALL, |ramp| ramp.share(moment.now));
        let (admitted, credit) = self.next.credit.ask(share);
        self.next.credit = credit;
        if admitted { Reply::Admitted } else { Reply::Rejected { retry_after: None } }
    }

    /// Closes at the end of the ramp-up, or if a new policy has none.
    #[inline(never)]
    pub(super) fn finish_ramp(&mut self, policy: &Policy, moment: &Moment<'_>) {
        if self.next.ramp(policy).is_none_or(|ramp| ramp.end.has_come(moment.now)) {
            let evaluate_next = self.next.evaluate_next;
            self.next.openings = 0;
            self.enter(policy, State::Closed, Trigger::RampedUp);
            // The counts stay, and so does what is known of them.
            self.next.evaluate_next = evaluate_next;
        }
    }
}
