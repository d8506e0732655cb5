//! Who holds a circuit, and whether it may leave its registry.
//!
//! Only where the registry evicts circuits ([`Flags::TRACKED`]) anything is counted. An eviction
//! marks the circuit first and looks for holders then; a call by name counts itself first and looks
//! for the mark then. One of them sees the other: so nobody is left with a circuit that its
//! registry has forgotten.

use std::time::Duration;

use super::locked::Ledger;
use super::{BY_HAND, Circuit};
use crate::circuit::word::Flags;
use crate::clock::tick::Tick;
use crate::machine::conditions::Tally;
use crate::primitive::{Ordering, fence};
use crate::state::State;

/// In the number of holders: call sites with a fixed identifier, however many they are. No number
/// of handles comes near it.
const SITES: u64 = 1 << 63;

/// # Held
impl Circuit {
    /// Keeps the circuit in its registry until [`release`](Self::release). False if it has left
    /// already.
    pub(crate) fn hold(&self) -> bool {
        if !self.word().has(Flags::TRACKED) {
            return true;
        }
        self.add_holder();
        let stays = !self.is_retired();
        if !stays {
            self.remove_holder();
        }
        stays
    }

    /// As [`hold`](Self::hold), by somebody whom another one keeps it for meanwhile.
    pub(crate) fn hold_too(&self) {
        if self.word().has(Flags::TRACKED) {
            // Relaxed: the number does not fall to zero meanwhile.
            self.rare().holders.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Ends a [`hold`](Self::hold).
    pub(crate) fn release(&self) {
        if self.word().has(Flags::TRACKED) {
            self.remove_holder();
        }
    }

    pub(super) fn add_holder(&self) {
        // Relaxed, ordered by the fence: the eviction marks the circuit and then looks at this
        // number, a holder raises it and then looks at the mark; with a SeqCst fence between the
        // two on both sides, one of them sees the other.
        self.rare().holders.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    pub(super) fn remove_holder(&self) {
        // Release: what the holder did, a call's settlement included, is visible to an eviction
        // that finds it gone.
        self.rare().holders.fetch_sub(1, Ordering::Release);
    }

    /// A call site with a fixed identifier uses the circuit, and will hold it as long as the
    /// program runs. Its call is in flight.
    pub(crate) fn hold_for_site(&self) {
        // Relaxed, both: as in `hold_too`, for until that call is settled.
        if self.rare().holders.load(Ordering::Relaxed) & SITES == 0 {
            self.rare().holders.fetch_or(SITES, Ordering::Relaxed);
        }
    }

    /// The policy in force is what somebody wants it to be: call sites no longer argue with it, and
    /// the circuit stays.
    #[cfg(feature = "serde")]
    pub(crate) fn adopt(&self) {
        let _ledger = self.ledger.lock();
        // Relaxed: as `compare_site_policy`.
        self.compared.store(BY_HAND, Ordering::Relaxed);
    }

    /// Whether somebody has thought of it: registered, configured or described it, or named it in
    /// the code.
    #[cfg(feature = "metrics")]
    pub(crate) fn is_wanted(&self) -> bool {
        // Relaxed: to show.
        let holders = self.rare.get().map_or(0, |rare| rare.holders.load(Ordering::Relaxed));
        holders & SITES != 0 || self.is_kept(&self.ledger.lock())
    }

    /// Whether it stays although nobody holds it: somebody has registered, configured or described
    /// it.
    fn is_kept(&self, ledger: &Ledger) -> bool {
        // Relaxed: written under the lock.
        self.compared.load(Ordering::Relaxed) == BY_HAND || ledger.has_metadata()
    }
}

/// # Leaving
impl Circuit {
    /// How long ago the last call was, where that is tracked.
    pub(crate) fn idle_for(&self) -> Duration {
        // Relaxed: a time; whether a call is in flight is asked separately.
        self.environment.clock.coarse().since(Tick::from_nanos(self.rare().last_call.load(Ordering::Relaxed)))
    }

    /// Whether it is plain, without a look at what the circuit remembers, that it stays. Registries
    /// are searched that hold many thousands of circuits which are all in use.
    pub(crate) fn stays_plainly(&self) -> bool {
        // Relaxed, both: what matters is asked again by `retire_if_unused`.
        self.rare().holders.load(Ordering::Relaxed) != 0 || self.compared.load(Ordering::Relaxed) == BY_HAND
    }

    /// Marks the circuit as gone from its registry: call sites that remember it look its name up
    /// again.
    pub(crate) fn retire(&self) {
        let _ledger = self.ledger.lock();
        self.change_word(|word| word.with_flags(word.flags().with(Flags::RETIRED)));
    }

    /// Retires the circuit if nobody keeps or holds it, and it knows nothing that a newcomer of its
    /// name would have to know: it is closed without failures, or it is idle for so long that its
    /// failures, or its open period that is over, are an old story.
    pub(crate) fn retire_if_unused(&self, idle_after: Duration) -> bool {
        let now = self.environment.clock.now();
        let mut ledger = self.ledger.lock();
        if self.is_kept(&ledger) || !self.is_forgettable(&mut ledger, now, idle_after) {
            return false;
        }
        self.change_word(|word| word.with_flags(word.flags().with(Flags::RETIRED)));
        // SeqCst fence: pairs with the one in `add_holder`. Either that holder sees the mark, or
        // this sees the holder.
        fence(Ordering::SeqCst);
        // Acquire: pairs with `remove_holder`; what a call that has left did comes before the end
        // of its circuit. Nothing can have changed since it was judged: tracked calls settle under
        // the lock, all of them.
        if self.rare().holders.load(Ordering::Acquire) == 0 {
            return true;
        }
        self.unmark();
        false
    }

    /// Takes a circuit back that was retired and is still in its registry.
    #[cfg(feature = "serde")]
    pub(crate) fn reinstate(&self) {
        let _ledger = self.ledger.lock();
        self.unmark();
    }

    fn unmark(&self) {
        self.change_word(|word| word.with_flags(word.flags().without(Flags::RETIRED)));
    }

    fn is_forgettable(&self, ledger: &mut Ledger, now: Tick, idle_after: Duration) -> bool {
        let tally = match &mut ledger.windows {
            Some(windows) => windows.tally(self.successes(), now),
            None => Tally::default(),
        };
        let remembers = tally.failures > 0 || tally.slow > 0 || tally.failures_within > 0;
        // With `close_on_expiry` an expired open circuit is a closed one that remembers nothing.
        let step = self.peek(ledger, now);
        let next = step.next;
        // Relaxed: a time.
        let last_call = Tick::from_nanos(self.rare().last_call.load(Ordering::Relaxed));
        match next.state {
            State::Closed if next.failures_in_row == 0 && (!remembers || step.clears_counts) => true,
            State::Closed => now.since(last_call) >= idle_after,
            // A call that was rejected was none: it waits for one since its open period is over.
            State::HalfOpen => now.since(last_call.max(ledger.snapshot().deadline)) >= idle_after,
            State::Open | State::ForcedOpen | State::Disabled | State::MetricsOnly => false,
        }
    }

    /// Whether the circuit has left its registry, seen by somebody who is counted already.
    pub(crate) fn is_retired(&self) -> bool {
        self.word().has(Flags::RETIRED)
    }
}
