//! Moving a circuit by hand, and swapping its policy.

use std::sync::Arc;
use std::time::Duration;

use super::rare::{bucket_end, fast_until};
use super::{BY_HAND, Circuit, DISPUTED, Origin, policy_flags, threshold};
use crate::event::EventKind;
use crate::log;
use crate::machine::{Event, Order};
use crate::policy::Policy;
use crate::primitive::{Ordering, fence};
use crate::reason::Reason;
use crate::state::State;
use crate::tally::Tally;
use crate::tick::Tick;
use crate::window::Windows;
use crate::word::{Flags, Word};

impl Circuit {
    /// Does as asked; a new generation.
    pub(crate) fn order(&self, order: Order, reason: Option<&Reason>) {
        self.session(|session| {
            session.pass_time();
            if order == Order::Reset {
                // Relaxed: a time to show. Before the step is published: who fails after it is not forgotten with the others.
                if let Some(rare) = self.rare.get() {
                    rare.last_failure.store(0, Ordering::Relaxed);
                }
                session.ledger.set_last_reason(None);
            }
            session.step(Event::Ordered(order), reason);
        });
    }

    /// Lets time limits and expiries take effect, for those who watch.
    pub(crate) fn pass_time(&self) {
        // A path instead of the closure would not be general enough over the session's lifetime.
        #[allow(clippy::redundant_closure_for_method_calls)]
        self.session(|session| session.pass_time());
    }

    /// Swaps the policy, which must be valid. The state stays, and of the counts what still makes sense.
    pub(crate) fn configure(&self, policy: Arc<Policy>, origin: Origin) {
        self.session(|session| {
            session.pass_time();
            let successes = self.successes();
            let now = session.moment.now;
            let ledger = &mut *session.ledger;
            let windows = match ledger.windows.take() {
                Some(known) => known.reconfigured(&ledger.policy, &policy, successes, now),
                None => Windows::new(&policy, successes, now),
            };
            ledger.windows = windows;
            // Relaxed: whoever counts by the old threshold fails to swap the word once that has changed, below. Until then nobody may
            // count by the new one, because that count may not be kept: who fails meanwhile comes to the lock, and waits.
            self.threshold.store(0, Ordering::Relaxed);
            // Relaxed, both: a number that is swapped at this moment may apply or not.
            let rare = self.rare();
            rare.fast_until.store(fast_until(&policy), Ordering::Relaxed);
            rare.bucket_end.store(bucket_end(ledger.windows.as_deref()), Ordering::Relaxed);
            let counts_in_row = policy.consecutive_failures.is_some();
            let flags = policy_flags(&policy);
            ledger.policy = policy;
            // Relaxed: as `compare_site_policy`.
            self.compared.store(origin.compared(), Ordering::Relaxed);
            self.change_word(|word| {
                let policy_bits = Flags::TIMED.with(Flags::BUCKETED).with(Flags::LOCKED);
                let kept = word.flags().without(policy_bits);
                let word = word.with_flags(kept.with(flags));
                if counts_in_row { word } else { word.with_failures_in_row(0) }
            });
            // Relaxed: whoever has seen the old word still fails to swap it.
            self.threshold.store(threshold(&session.ledger.policy), Ordering::Relaxed);
            session.step(Event::Configured, None);
            session.push(EventKind::Configured);
        });
    }

    /// A call site came with this policy. If it is another than the first site's, that one stays, and it is said once.
    pub(crate) fn compare_site_policy(&self, policy: &'static Policy) {
        // The lower half tells the statics of any program below four gigabytes apart; and none of them lies at the lowest addresses.
        #[allow(clippy::cast_possible_truncation)]
        let address = std::ptr::from_ref(policy).addr() as u32;
        // Relaxed: only compared; at worst two sites take turns to look again.
        let compared = self.compared.load(Ordering::Relaxed);
        if compared != address && !matches!(compared, BY_HAND | DISPUTED) {
            self.dispute(policy, address);
        }
    }

    #[cold]
    fn dispute(&self, policy: &Policy, address: u32) {
        let disputed = {
            let ledger = self.ledger.lock();
            // Relaxed, as above: what matters is written under this lock.
            if matches!(self.compared.load(Ordering::Relaxed), BY_HAND | DISPUTED) {
                return;
            }
            let disputed = *ledger.policy != *policy;
            self.compared.store(if disputed { DISPUTED } else { address }, Ordering::Relaxed);
            disputed.then(|| Arc::clone(&ledger.policy))
        };
        if let Some(first) = disputed {
            log::policies_disagree(&self.key, &first, policy);
        }
    }

    /// The policy in force is what somebody wants it to be: call sites no longer argue with it.
    #[cfg(feature = "serde")]
    pub(crate) fn adopt(&self) {
        let _ledger = self.ledger.lock();
        // Relaxed: as `compare_site_policy`.
        self.compared.store(BY_HAND, Ordering::Relaxed);
    }

    /// Marks the circuit as gone from its registry: call sites that remember it look its name up again.
    pub(crate) fn retire(&self) {
        let _ledger = self.ledger.lock();
        self.change_word(|word| word.with_flags(word.flags().with(Flags::RETIRED)));
    }

    /// Changes flags of the word under the lock, whatever happens to the count meanwhile.
    pub(super) fn change_word(&self, change: impl Fn(Word) -> Word) {
        let mut word = self.word();
        while let Err(found) = self.swap_word(word, change(word)) {
            word = found;
        }
    }
}

/// # Leaving the registry
impl Circuit {
    /// How long ago the last call was, where that is tracked.
    pub(crate) fn idle_for(&self) -> Duration {
        // Relaxed: a time; whether a call is in flight is asked separately.
        self.hub.clock().coarse().since(Tick::from_nanos(self.rare().last_call.load(Ordering::Relaxed)))
    }

    /// Retires the circuit if it is closed, without failures and without calls in flight.
    pub(crate) fn retire_if_unused(&self) -> bool {
        let now = self.hub.clock().now();
        let mut ledger = self.ledger.lock();
        let tally = match &mut ledger.windows {
            Some(windows) => windows.tally(self.successes(), now),
            None => Tally::default(),
        };
        let remembers = tally.failures > 0 || tally.slow > 0 || tally.failures_within > 0;
        let mut word = self.word();
        loop {
            // With `close_on_expiry` an expired open circuit is a closed one that remembers nothing.
            let step = self.peek(&ledger, now);
            let next = step.next;
            if next.state != State::Closed || next.failures_in_row > 0 || (remembers && !step.clears_counts) {
                return false;
            }
            match self.swap_word(word, word.with_flags(word.flags().with(Flags::RETIRED))) {
                Ok(()) => break,
                Err(found) => word = found,
            }
        }
        // SeqCst fence: pairs with the one in `enter_tracked`. Either that call sees the mark, or this sees the call.
        fence(Ordering::SeqCst);
        // Acquire: pairs with `leave_tracked`; what a call that has left did comes before the end of its circuit. A call that is tracked
        // cannot have added to the count meanwhile, because its failure waits for the lock.
        if self.rare().in_flight.load(Ordering::Acquire) == 0 {
            return true;
        }
        self.change_word(|word| word.with_flags(word.flags().without(Flags::RETIRED)));
        false
    }

    /// Keeps the circuit from being evicted until [`may_leave`](Self::may_leave). False if it has left already.
    pub(crate) fn stay(&self) -> bool {
        if !self.word().has(Flags::TRACKED) {
            return true;
        }
        self.enter_tracked();
        let stays = !self.is_retired();
        if !stays {
            self.leave_tracked();
        }
        stays
    }

    /// Ends a [`stay`](Self::stay).
    pub(crate) fn may_leave(&self) {
        if self.word().has(Flags::TRACKED) {
            self.leave_tracked();
        }
    }

    /// Whether the circuit has left its registry, seen by a call that is tracked already.
    pub(crate) fn is_retired(&self) -> bool {
        self.word().has(Flags::RETIRED)
    }
}
