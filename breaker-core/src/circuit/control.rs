//! Controlling a circuit by hand, and replacing its policy.

use std::sync::Arc;

use super::chosen::Chosen;
use super::compared::Compared;
use super::failure_stamp::FailureStamp;
#[cfg(feature = "settings")]
use super::origin::Origin;
use super::transaction::Transaction;
use super::word::Flags;
use super::{Circuit, FROM_POLICY, policy_flags};
use crate::counters::Count;
use crate::event::EventKind;
use crate::log;
use crate::machine::{Command, Input};
use crate::policy::Policy;
use crate::reason::Reason;
use crate::sharing::only_here::is_only_here;
use crate::state::Mode;

impl Circuit {
    /// Applies a command, which begins a new generation.
    pub(crate) fn command(&self, command: Command, reason: Option<&Reason>) {
        self.transact(|transaction| {
            transaction.pass_time();
            transaction.only_here = is_only_here();
            transaction.command(command, reason);
        });
    }

    /// Applies time limits and expiries that have passed, so that watchers see them.
    pub(crate) fn pass_time(&self) {
        // A path instead of the closure would not be general enough over the transaction's
        // lifetime.
        #[allow(clippy::redundant_closure_for_method_calls)]
        self.transact(|transaction| transaction.pass_time());
    }

    /// Replaces the policy with another valid one, which is chosen by hand, and returns the
    /// previous one. The state stays, and so do the counts that still make sense.
    pub(crate) fn configure(&self, policy: Policy) -> Policy {
        self.transact(|transaction| {
            transaction.pass_time();
            let before = *transaction.locked.policy.policy();
            let chosen = Arc::new(transaction.locked.policy.configured(policy));
            transaction.set_policy(chosen, Compared::BY_HAND);
            before
        })
    }

    /// Compares the policy of a call site. If it differs from the first site's, the first one
    /// stays, and the disagreement is logged once.
    pub(crate) fn compare_site_policy(&self, policy: &'static Policy, mode: Option<Mode>) {
        let compared = self.atomics.compared();
        if compared != Compared::with_site(policy) && !compared.is_final() {
            self.report_conflict(policy, mode);
        }
    }

    #[cold]
    fn report_conflict(&self, policy: &'static Policy, mode: Option<Mode>) {
        #[cfg(feature = "settings")]
        self.note_choice(|| *policy, Origin::Site, mode);
        #[cfg(not(feature = "settings"))]
        let _ = mode;
        let conflicting = {
            let locked = self.locked.lock();
            if self.atomics.compared().is_final() {
                return;
            }
            let agrees = *locked.policy.policy() == *policy;
            self.atomics.set_compared(if agrees { Compared::with_site(policy) } else { Compared::CONFLICT_REPORTED });
            (!agrees).then(|| Arc::clone(&locked.policy))
        };
        if let Some(first) = conflicting {
            log::policies_disagree(&self.key, &first, policy);
        }
    }
}

impl Transaction<'_> {
    /// Applies a command after the time that has passed.
    pub(super) fn command(&mut self, command: Command, reason: Option<&Reason>) {
        if command == Command::Reset {
            // Before the step is published, so that a failure after it is not cleared with the
            // others.
            if let Some(cold) = self.circuit.atomics.cold() {
                cold.note_failure(FailureStamp::NEVER);
            }
            if let Some(windowed) = &mut self.locked.windowed {
                windowed.last_failure = FailureStamp::NEVER;
            }
            self.locked.set_last_reason(None);
        }
        self.step(&Input::Command(command), reason);
    }

    /// Replaces the policy after the time that has passed.
    pub(super) fn set_policy(&mut self, policy: Arc<Chosen>, compared: Compared) {
        let (circuit, locked) = (self.circuit, &mut *self.locked);
        let (failures, last_failure) = locked.set_policy(policy, circuit.successes(), self.moment.now);
        circuit.counters.add_many(Count::Failures, failures);
        if last_failure != FailureStamp::NEVER {
            circuit.cold().note_failure(last_failure);
        }
        let policy = &locked.policy;
        // A cold part that is allocated later is right for calls that are not timed.
        let is_timed = policy_flags(policy).has(Flags::TIMED.with(Flags::BUCKETED));
        if is_timed || circuit.atomics.cold().is_some() {
            circuit.cold().set_policy(policy, locked.bucket_end());
        }
        circuit.atomics.set_compared(compared);
        circuit.atomics.change_policy(policy, |word| {
            let kept = word.flags().without(FROM_POLICY);
            let word = word.with_flags(kept.with(policy_flags(policy)));
            if policy.consecutive_failures.is_some() { word } else { word.with_failures_in_row(0) }
        });
        // First, because the new policy may open the circuit at once.
        self.push(EventKind::Configured);
        self.step(&Input::PolicyChanged, None);
    }
}
