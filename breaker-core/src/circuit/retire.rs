//! Whether a circuit may leave its registry, and how it does.

use std::time::Duration;

use super::Circuit;
use super::locked::Locked;
use super::origin::Compared;
use super::word::Flags;
use crate::clock::tick::Tick;
use crate::machine::Input;
use crate::machine::conditions::Tally;
use crate::state::State;

impl Circuit {
    /// How long ago the last call was, if calls are tracked.
    pub(crate) fn idle_for(&self) -> Duration {
        self.environment.clock.coarse().since(self.cold().last_call())
    }

    /// Whether the circuit obviously stays, without a look at what it remembers. Registries are
    /// searched that hold many thousands of circuits, all of them in use.
    pub(crate) fn is_pinned(&self) -> bool {
        self.cold().seems_pinned() || self.atomics.compared() == Compared::BY_HAND
    }

    /// Whether somebody intended the circuit: registered, configured or described it, or named it
    /// in the code.
    #[cfg(feature = "metrics")]
    pub(crate) fn is_wanted(&self) -> bool {
        self.atomics.cold().is_some_and(super::atomics::Cold::is_pinned_by_site) || self.is_kept(&self.locked.lock())
    }

    /// Whether the circuit stays without a pin: somebody has registered, configured or described
    /// it.
    fn is_kept(&self, locked: &Locked) -> bool {
        self.atomics.compared() == Compared::BY_HAND || locked.has_metadata()
    }

    /// Marks the circuit as gone from its registry: call sites that remember it look its name up
    /// again.
    pub(crate) fn retire(&self) {
        let _locked = self.locked.lock();
        self.mark();
    }

    /// Retires the circuit if it is neither kept nor pinned and remembers nothing that a new
    /// circuit of its name would need to know: it is closed without failures, or it has been idle
    /// for so long that its failures, or its expired open period, no longer matter.
    pub(crate) fn retire_if_unused(&self, idle_after: Duration) -> bool {
        let now = self.environment.clock.now();
        let mut locked = self.locked.lock();
        if self.is_kept(&locked) || !self.is_forgettable(&mut locked, now, idle_after) {
            return false;
        }
        self.mark();
        // Nothing can have changed since the circuit was found forgettable: all tracked calls
        // settle under the lock.
        let is_unpinned = self.cold().is_unpinned();
        if !is_unpinned {
            self.unmark();
        }
        is_unpinned
    }

    /// Takes a circuit back that was retired and is still in its registry.
    #[cfg(feature = "settings")]
    pub(crate) fn reinstate(&self) {
        let _locked = self.locked.lock();
        self.unmark();
    }

    fn mark(&self) {
        self.atomics.change_word(|word| word.with_flags(word.flags().with(Flags::RETIRED)));
    }

    fn unmark(&self) {
        self.atomics.change_word(|word| word.with_flags(word.flags().without(Flags::RETIRED)));
    }

    fn is_forgettable(&self, locked: &mut Locked, now: Tick, idle_after: Duration) -> bool {
        let tally = match locked.windows() {
            Some(windows) => windows.tally(self.successes(), now),
            None => Tally::default(),
        };
        let remembers = tally.failures > 0 || tally.slow > 0 || tally.failures_within > 0;
        // With `close_on_expiry` an expired open circuit is a closed one that remembers nothing.
        let step = self.peek(locked, Input::TimePassed, now);
        let next = step.next;
        let last_call = self.cold().last_call();
        match next.state {
            State::Closed if next.failures_in_row == 0 && (!remembers || step.clears_counts) => true,
            State::Closed => now.since(last_call) >= idle_after,
            // A rejected call is no call: the circuit has been idle since its open period ended.
            State::HalfOpen => now.since(last_call.max(locked.snapshot().deadline)) >= idle_after,
            State::Open | State::ForcedOpen | State::Disabled | State::MetricsOnly => false,
        }
    }
}
