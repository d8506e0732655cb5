//! Moving a circuit by hand, and swapping its policy.

use std::sync::Arc;

use super::cold::{bucket_end, fast_until};
use super::{BY_CALL, BY_HAND, Circuit, DISPUTED, Origin, policy_flags, threshold};
use crate::circuit::word::{Flags, Word};
use crate::event::EventKind;
use crate::log;
use crate::machine::{Command, Input};
use crate::policy::Policy;
use crate::primitive::Ordering;
use crate::reason::Reason;
use crate::window::Windows;

impl Circuit {
    /// Does as asked; a new generation.
    pub(crate) fn command(&self, command: Command, reason: Option<&Reason>) {
        self.transact(|transaction| {
            transaction.pass_time();
            if command == Command::Reset {
                // Relaxed: a time to show. Before the step is published: who fails after it is not
                // forgotten with the others.
                if let Some(cold) = self.cold.get() {
                    cold.last_failure.store(0, Ordering::Relaxed);
                }
                transaction.locked.set_last_reason(None);
            }
            transaction.step(Input::Command(command), reason);
        });
    }

    /// Lets time limits and expiries take effect, for those who watch.
    pub(crate) fn pass_time(&self) {
        // A path instead of the closure would not be general enough over the transaction's lifetime.
        #[allow(clippy::redundant_closure_for_method_calls)]
        self.transact(|transaction| transaction.pass_time());
    }

    /// Swaps the policy, which must be valid. The state stays, and of the counts what still makes
    /// sense.
    pub(crate) fn configure(&self, policy: Arc<Policy>, origin: Origin) {
        self.transact(|transaction| {
            transaction.pass_time();
            let successes = self.successes();
            let now = transaction.moment.now;
            let locked = &mut *transaction.locked;
            let windows = match locked.windows.take() {
                Some(known) => known.reconfigured(&locked.policy, &policy, successes, now),
                None => Windows::new(&policy, successes, now),
            };
            locked.windows = windows;
            // Relaxed: whoever counts by the old threshold fails to swap the word once that has
            // changed, below. Until then nobody may count by the new one, because that count may
            // not be kept: who fails meanwhile comes to the lock, and waits.
            self.threshold.store(0, Ordering::Relaxed);
            // Relaxed, both: a number that is swapped at this moment may apply or not.
            let cold = self.cold();
            cold.fast_until.store(fast_until(&policy), Ordering::Relaxed);
            cold.bucket_end.store(bucket_end(locked.windows.as_deref()), Ordering::Relaxed);
            let counts_in_row = policy.consecutive_failures.is_some();
            let flags = policy_flags(&policy);
            locked.policy = policy;
            // Relaxed: as `compare_site_policy`.
            self.compared.store(origin.compared(), Ordering::Relaxed);
            self.change_word(|word| {
                let policy_bits = Flags::TIMED.with(Flags::BUCKETED).with(Flags::LOCKED);
                let kept = word.flags().without(policy_bits);
                let word = word.with_flags(kept.with(flags));
                if counts_in_row { word } else { word.with_failures_in_row(0) }
            });
            // Relaxed: whoever has seen the old word still fails to swap it.
            self.threshold.store(threshold(&transaction.locked.policy), Ordering::Relaxed);
            transaction.step(Input::PolicyChanged, None);
            transaction.push(EventKind::Configured);
        });
    }

    /// A call site came with this policy. If it is another than the first site's, that one stays,
    /// and it is said once.
    pub(crate) fn compare_site_policy(&self, policy: &'static Policy) {
        // The lower half tells the statics of any program below four gigabytes apart; and none of
        // them lies at the lowest addresses.
        #[allow(clippy::cast_possible_truncation)]
        let address = std::ptr::from_ref(policy).addr() as u32;
        // Relaxed: only compared; at worst two sites take turns to look again.
        let compared = self.compared.load(Ordering::Relaxed);
        if compared != address && !matches!(compared, BY_HAND | DISPUTED | BY_CALL) {
            self.dispute(policy, address);
        }
    }

    #[cold]
    fn dispute(&self, policy: &Policy, address: u32) {
        let disputed = {
            let locked = self.locked.lock();
            // Relaxed, as above: what matters is written under this lock.
            if matches!(self.compared.load(Ordering::Relaxed), BY_HAND | DISPUTED | BY_CALL) {
                return;
            }
            let disputed = *locked.policy != *policy;
            self.compared.store(if disputed { DISPUTED } else { address }, Ordering::Relaxed);
            disputed.then(|| Arc::clone(&locked.policy))
        };
        if let Some(first) = disputed {
            log::policies_disagree(&self.key, &first, policy);
        }
    }

    /// Changes flags of the word under the lock, whatever happens to the count meanwhile.
    pub(super) fn change_word(&self, change: impl Fn(Word) -> Word) {
        let mut word = self.word();
        while let Err(found) = self.swap_word(word, change(word)) {
            word = found;
        }
    }
}
