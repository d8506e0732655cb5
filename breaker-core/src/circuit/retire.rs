//! Who holds a circuit, and whether it may leave its registry.
//!
//! Only where the registry evicts circuits ([`Flags::TRACKED`]) anything is counted. An eviction
//! marks the circuit first and looks for pins then; a call by name counts itself first and looks
//! for the mark then. One of them sees the other: so nobody is left with a circuit that its
//! registry has forgotten.

use std::time::Duration;

use super::locked::Locked;
use super::{BY_HAND, Circuit};
use crate::circuit::word::Flags;
use crate::clock::tick::Tick;
use crate::machine::conditions::Tally;
use crate::primitive::{Ordering, fence};
use crate::state::State;

/// In the number of pins: call sites with a fixed identifier, however many they are. No number
/// of handles comes near it.
const SITES: u64 = 1 << 63;

/// # Held
impl Circuit {
    /// Keeps the circuit in its registry until [`unpin`](Self::unpin). False if it has left
    /// already.
    pub(crate) fn pin(&self) -> bool {
        if !self.word().has(Flags::TRACKED) {
            return true;
        }
        self.add_pin();
        let stays = !self.is_retired();
        if !stays {
            self.remove_pin();
        }
        stays
    }

    /// As [`pin`](Self::pin), by somebody whom another one keeps it for meanwhile.
    pub(crate) fn pin_again(&self) {
        if self.word().has(Flags::TRACKED) {
            // Relaxed: the number does not fall to zero meanwhile.
            self.cold().pins.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Ends a [`pin`](Self::pin).
    pub(crate) fn unpin(&self) {
        if self.word().has(Flags::TRACKED) {
            self.remove_pin();
        }
    }

    pub(super) fn add_pin(&self) {
        // Relaxed, ordered by the fence: the eviction marks the circuit and then looks at this
        // number, a holder raises it and then looks at the mark; with a SeqCst fence between the
        // two on both sides, one of them sees the other.
        self.cold().pins.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    pub(super) fn remove_pin(&self) {
        // Release: what the holder did, a call's settlement included, is visible to an eviction
        // that finds it gone.
        self.cold().pins.fetch_sub(1, Ordering::Release);
    }

    /// A call site with a fixed identifier uses the circuit, and will hold it as long as the
    /// program runs. Its call is in flight.
    pub(crate) fn pin_for_site(&self) {
        // Relaxed, both: as in `pin_again`, for until that call is settled.
        if self.cold().pins.load(Ordering::Relaxed) & SITES == 0 {
            self.cold().pins.fetch_or(SITES, Ordering::Relaxed);
        }
    }

    /// The policy in force is what somebody wants it to be: call sites no longer argue with it, and
    /// the circuit stays.
    #[cfg(feature = "settings")]
    pub(crate) fn adopt(&self) {
        let _locked = self.locked.lock();
        // Relaxed: as `compare_site_policy`.
        self.compared.store(BY_HAND, Ordering::Relaxed);
    }

    /// Whether somebody has thought of it: registered, configured or described it, or named it in
    /// the code.
    #[cfg(feature = "metrics")]
    pub(crate) fn is_wanted(&self) -> bool {
        // Relaxed: to show.
        let pins = self.cold.get().map_or(0, |cold| cold.pins.load(Ordering::Relaxed));
        pins & SITES != 0 || self.is_kept(&self.locked.lock())
    }

    /// Whether it stays although nobody holds it: somebody has registered, configured or described
    /// it.
    fn is_kept(&self, locked: &Locked) -> bool {
        // Relaxed: written under the lock.
        self.compared.load(Ordering::Relaxed) == BY_HAND || locked.has_metadata()
    }
}

/// # Leaving
impl Circuit {
    /// How long ago the last call was, where that is tracked.
    pub(crate) fn idle_for(&self) -> Duration {
        // Relaxed: a time; whether a call is in flight is asked separately.
        self.environment.clock.coarse().since(Tick::from_nanos(self.cold().last_call.load(Ordering::Relaxed)))
    }

    /// Whether it is plain, without a look at what the circuit remembers, that it stays. Registries
    /// are searched that hold many thousands of circuits which are all in use.
    pub(crate) fn is_pinned(&self) -> bool {
        // Relaxed, both: what matters is asked again by `retire_if_unused`.
        self.cold().pins.load(Ordering::Relaxed) != 0 || self.compared.load(Ordering::Relaxed) == BY_HAND
    }

    /// Marks the circuit as gone from its registry: call sites that remember it look its name up
    /// again.
    pub(crate) fn retire(&self) {
        let _locked = self.locked.lock();
        self.change_word(|word| word.with_flags(word.flags().with(Flags::RETIRED)));
    }

    /// Retires the circuit if nobody keeps or holds it, and it knows nothing that a newcomer of its
    /// name would have to know: it is closed without failures, or it is idle for so long that its
    /// failures, or its open period that is over, are an old story.
    pub(crate) fn retire_if_unused(&self, idle_after: Duration) -> bool {
        let now = self.environment.clock.now();
        let mut locked = self.locked.lock();
        if self.is_kept(&locked) || !self.is_forgettable(&mut locked, now, idle_after) {
            return false;
        }
        self.change_word(|word| word.with_flags(word.flags().with(Flags::RETIRED)));
        // SeqCst fence: pairs with the one in `add_pin`. Either that holder sees the mark, or
        // this sees the holder.
        fence(Ordering::SeqCst);
        // Acquire: pairs with `remove_pin`; what a call that has left did comes before the end
        // of its circuit. Nothing can have changed since it was judged: tracked calls settle under
        // the lock, all of them.
        if self.cold().pins.load(Ordering::Acquire) == 0 {
            return true;
        }
        self.unmark();
        false
    }

    /// Takes a circuit back that was retired and is still in its registry.
    #[cfg(feature = "settings")]
    pub(crate) fn reinstate(&self) {
        let _locked = self.locked.lock();
        self.unmark();
    }

    fn unmark(&self) {
        self.change_word(|word| word.with_flags(word.flags().without(Flags::RETIRED)));
    }

    fn is_forgettable(&self, locked: &mut Locked, now: Tick, idle_after: Duration) -> bool {
        let tally = match &mut locked.windows {
            Some(windows) => windows.tally(self.successes(), now),
            None => Tally::default(),
        };
        let remembers = tally.failures > 0 || tally.slow > 0 || tally.failures_within > 0;
        // With `close_on_expiry` an expired open circuit is a closed one that remembers nothing.
        let step = self.peek(locked, now);
        let next = step.next;
        // Relaxed: a time.
        let last_call = Tick::from_nanos(self.cold().last_call.load(Ordering::Relaxed));
        match next.state {
            State::Closed if next.failures_in_row == 0 && (!remembers || step.clears_counts) => true,
            State::Closed => now.since(last_call) >= idle_after,
            // A call that was rejected was none: it waits for one since its open period is over.
            State::HalfOpen => now.since(last_call.max(locked.snapshot().deadline)) >= idle_after,
            State::Open | State::ForcedOpen | State::Disabled | State::MetricsOnly => false,
        }
    }

    /// Whether the circuit has left its registry, seen by somebody who is counted already.
    pub(crate) fn is_retired(&self) -> bool {
        self.word().has(Flags::RETIRED)
    }
}
