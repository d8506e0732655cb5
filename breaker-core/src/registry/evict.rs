//! Eviction of idle circuits, which bounds the memory of names that come from user input.
//!
//! Only circuits are evicted that calls created by name, that nothing holds, and whose state does
//! not affect the next call; see `circuit/retire.rs`. An open circuit is never evicted
//! before its open period is over, because it would come back closed.

use std::sync::Arc;
use std::time::Duration;

use super::Registry;
use super::search_pause::SearchPause;
use crate::circuit::Circuit;
use crate::event::EventKind;
use crate::key::AsKey as _;

/// A full registry evicts one in this many of its circuits at a time, so that one search serves
/// many new names.
const PART: usize = 16;

/// How long a circuit must be idle before a full registry disregards its failures, if `idle_after`
/// is not set.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(10 * 60);

impl Registry {
    /// Whether circuits are ever evicted.
    pub(super) fn evicts(&self) -> bool {
        self.inner.idle_after.is_some() || self.inner.max_circuits < usize::MAX
    }

    /// Applies overdue changes of state, and evicts idle circuits (see
    /// [`idle_after`](crate::RegistryBuilder::idle_after)).
    ///
    /// A circuit whose open period is over, or which has too many
    /// [hung calls](crate::Policy::hung_calls), changes its state at the next call or query even
    /// without a sweep. Subscribers only see the change when a call, a query or a sweep makes it.
    /// See [`spawn_sweeper`](Self::spawn_sweeper).
    pub fn sweep(&self) {
        for circuit in self.inner.circuits.all() {
            circuit.pass_time();
        }
        if let Some(idle_after) = self.inner.idle_after {
            let registrar = self.inner.registrar.lock();
            let mut leaving = self.inner.circuits.all();
            leaving.retain(|circuit| !circuit.is_pinned() && circuit.idle_for() >= idle_after);
            leaving.retain(|circuit| circuit.retire_if_unused(idle_after));
            self.take_out(&leaving);
            drop(registrar);
            self.report_departed(&leaving);
        }
        self.inner.environment.events.deliver();
    }

    /// Makes room for at least one circuit, if it can, and returns what has left. The caller holds
    /// the registrar's lock, and [reports](Self::report_departed) them after releasing it.
    pub(super) fn evict_for_one(&self, pause: &mut SearchPause) -> Vec<Arc<Circuit>> {
        let now = self.inner.environment.clock.now();
        if pause.skips_search(now) {
            return Vec::new();
        }
        let wanted = (self.inner.max_circuits / PART).max(1);
        let leaving = self.retire_idle(wanted);
        self.take_out(&leaving);
        if leaving.len() < wanted {
            pause.begin(self.len(), now);
        }
        leaving
    }

    /// Retires up to `wanted` circuits that can be evicted, the longest idle first. The caller
    /// holds the registrar's lock. Until the circuits are taken out or reinstated, calls by their
    /// names wait.
    pub(super) fn retire_idle(&self, wanted: usize) -> Vec<Arc<Circuit>> {
        let idle_after = self.inner.idle_after.unwrap_or(FORGOTTEN_AFTER);
        let circuits = self.inner.circuits.all().into_iter().filter(|circuit| !circuit.is_pinned());
        let mut idle: Vec<_> = circuits.map(|circuit| (circuit.idle_for(), circuit)).collect();
        idle.sort_by(|(a, _), (b, _)| b.cmp(a));
        let leaving =
            idle.into_iter().map(|(_, circuit)| circuit).filter(|circuit| circuit.retire_if_unused(idle_after));
        leaving.take(wanted).collect()
    }

    /// Takes out retired circuits. The caller holds the registrar's lock and delivers the events
    /// after releasing it.
    pub(super) fn take_out<'a>(&self, leaving: impl IntoIterator<Item = &'a Arc<Circuit>>) {
        for circuit in leaving {
            self.inner.circuits.remove(circuit.key().as_key());
            self.inner.environment.push(circuit.key(), EventKind::Evicted);
        }
    }

    /// Reports circuits that have left to what keeps their counts. Not under the registrar's lock,
    /// because it runs code of the user's.
    pub(super) fn report_departed(&self, circuits: &[Arc<Circuit>]) {
        #[cfg(feature = "metrics")]
        self.inner.departures.report(circuits);
        #[cfg(not(feature = "metrics"))]
        let _ = (self, circuits);
    }
}
