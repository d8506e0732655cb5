//! Whether a circuit may be evicted from its registry, and its retirement.

use std::time::Duration;

use super::Circuit;
use super::locked::Locked;
use super::word::Flags;
use crate::clock::tick::Tick;
use crate::machine::Input;
use crate::machine::conditions::Tally;
use crate::state::State;

impl Circuit {
    /// How long ago the last call was, if calls are tracked.
    pub(crate) fn idle_for(&self) -> Duration {
        self.environment.clock.coarse().since(self.last_call())
    }

    /// Whether the circuit certainly stays, without looking at its state. Registries with many
    /// thousands of circuits in use are searched with this.
    pub(crate) fn is_pinned(&self) -> bool {
        self.has_pins() || self.atomics.compared().is_kept()
    }

    /// Whether the circuit is intended: it was registered, configured, given metadata, or named in
    /// code or settings.
    #[cfg(feature = "metrics")]
    pub(crate) fn is_wanted(&self) -> bool {
        self.atomics.has_site() || self.is_kept(&self.locked.lock())
    }

    /// Whether the circuit stays without a pin, because it was registered, configured, given
    /// metadata, or named in settings.
    fn is_kept(&self, locked: &Locked) -> bool {
        self.atomics.compared().is_kept() || locked.has_own_metadata()
    }

    /// Marks the circuit as gone from its registry. Call sites that remember it look its name up
    /// again.
    pub(crate) fn retire(&self) {
        let _locked = self.locked.lock();
        self.mark();
    }

    /// Retires the circuit if it is neither kept nor pinned, and its state does not affect the next
    /// call: it is closed without failures, or it has been idle for so long that its failures, or
    /// its expired open period, no longer matter.
    pub(crate) fn retire_if_unused(&self, idle_after: Duration) -> bool {
        let now = self.environment.clock.now();
        let mut locked = self.locked.lock();
        if self.is_kept(&locked) || !self.is_forgettable(&mut locked, now, idle_after) {
            return false;
        }
        self.mark();
        // Once there are no pins, all calls are settled, and no other is admitted. What they left
        // may be new since the check, which only spares most circuits the mark.
        let leaves = !self.has_pins_once_marked() && self.is_forgettable(&mut locked, now, idle_after);
        if !leaves {
            self.unmark();
        }
        leaves
    }

    /// Reinstates a retired circuit that is still in its registry.
    #[cfg(feature = "settings")]
    pub(crate) fn reinstate(&self) {
        let _locked = self.locked.lock();
        self.unmark();
    }

    pub(super) fn mark(&self) {
        self.atomics.change_word(|word| word.with_flags(word.flags().with(Flags::RETIRED)));
    }

    pub(super) fn unmark(&self) {
        self.atomics.change_word(|word| word.with_flags(word.flags().without(Flags::RETIRED)));
    }

    fn is_forgettable(&self, locked: &mut Locked, now: Tick, idle_after: Duration) -> bool {
        let tally = match locked.windows() {
            Some(windows) => windows.tally(self.successes(), now),
            None => Tally::default(),
        };
        let remembers = tally.failures > 0 || tally.slow > 0 || tally.failures_within > 0;
        // With `close_on_expiry`, an open circuit whose period is over is the same as a new one.
        let step = self.peek(locked, &Input::TimePassed, now);
        let next = step.next;
        let last_call = self.last_call();
        // One that is in a mode comes back in that mode.
        let state = if locked.is_in_mode() { State::Closed } else { next.state };
        match state {
            State::Closed if next.failures_in_row == 0 && (!remembers || step.clears_counts) => true,
            State::Closed => now.since(last_call) >= idle_after,
            // A ramp-up after an expiry begins by itself.
            State::RampingUp => now.since(last_call.max(next.ramp_start.at)) >= idle_after,
            // Rejected calls do not count as calls: the circuit has been idle since its open period
            // ended.
            State::HalfOpen => now.since(last_call.max(locked.snapshot().deadline)) >= idle_after,
            State::Open | State::ForcedOpen | State::Disabled | State::MetricsOnly => false,
        }
    }
}
