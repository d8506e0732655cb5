//! Controlling a circuit by hand, and replacing its policy.

use std::sync::Arc;

use super::atomics::FailureStamp;
use super::origin::{Compared, Origin};
use super::{Circuit, FROM_POLICY, policy_flags};
use crate::event::EventKind;
use crate::log;
use crate::machine::{Command, Input};
use crate::policy::Policy;
use crate::reason::Reason;
use crate::sharing::only_here::is_only_here;

impl Circuit {
    /// Applies a command, which begins a new generation.
    pub(crate) fn command(&self, command: Command, reason: Option<&Reason>) {
        self.transact(|transaction| {
            transaction.pass_time();
            if command == Command::Reset {
                // Before the step is published, so that a failure after it is not cleared with the
                // others.
                if let Some(cold) = self.atomics.cold() {
                    cold.note_failure(FailureStamp::NEVER);
                }
                transaction.locked.set_last_reason(None);
            }
            transaction.only_here = is_only_here();
            transaction.step(Input::Command(command), reason);
        });
    }

    /// Applies time limits and expiries that have passed, so that watchers see them.
    pub(crate) fn pass_time(&self) {
        // A path instead of the closure would not be general enough over the transaction's
        // lifetime.
        #[allow(clippy::redundant_closure_for_method_calls)]
        self.transact(|transaction| transaction.pass_time());
    }

    /// Replaces the policy with another valid one, and returns the previous one. The state stays,
    /// and so do the counts that still make sense.
    pub(crate) fn configure(&self, policy: Arc<Policy>, origin: Origin) -> Policy {
        self.transact(|transaction| {
            transaction.pass_time();
            let locked = &mut *transaction.locked;
            let before = *locked.policy;
            locked.set_policy(policy, self.successes(), transaction.moment.now);
            let policy = &locked.policy;
            self.cold().set_policy(policy, locked.bucket_end());
            self.atomics.set_compared(Compared::initial(origin));
            self.atomics.change_policy(policy, |word| {
                let kept = word.flags().without(FROM_POLICY);
                let word = word.with_flags(kept.with(policy_flags(policy)));
                if policy.consecutive_failures.is_some() { word } else { word.with_failures_in_row(0) }
            });
            // First, because the new policy may open the circuit at once.
            transaction.push(EventKind::Configured);
            transaction.step(Input::PolicyChanged, None);
            before
        })
    }

    /// Marks the policy as chosen by hand: call sites are no longer compared with it, and the
    /// circuit is not evicted.
    #[cfg(feature = "settings")]
    pub(crate) fn mark_chosen_by_hand(&self) {
        let _locked = self.locked.lock();
        self.atomics.set_compared(Compared::BY_HAND);
    }

    /// Compares the policy of a call site. If it differs from the first site's, the first one
    /// stays, and the disagreement is logged once.
    pub(crate) fn compare_site_policy(&self, policy: &'static Policy) {
        let compared = self.atomics.compared();
        if compared != Compared::with_site(policy) && !compared.is_final() {
            self.report_conflict(policy);
        }
    }

    #[cold]
    fn report_conflict(&self, policy: &'static Policy) {
        let conflicting = {
            let locked = self.locked.lock();
            if self.atomics.compared().is_final() {
                return;
            }
            let agrees = *locked.policy == *policy;
            self.atomics.set_compared(if agrees { Compared::with_site(policy) } else { Compared::CONFLICT_REPORTED });
            (!agrees).then(|| Arc::clone(&locked.policy))
        };
        if let Some(first) = conflicting {
            log::policies_disagree(&self.key, &first, policy);
        }
    }
}
