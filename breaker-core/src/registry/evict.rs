//! Idle circuits leave: what bounds the memory of names that come from user input.
//!
//! Only circuits leave that calls have made by name, that nobody holds, and that know nothing which
//! a call would have to know; see [`leaving`](crate::circuit). An open one never does before its
//! time is over, because it would come back closed.

use std::sync::Arc;
use std::time::Duration;

use super::Registry;
use super::search_pause::SearchPause;
use crate::circuit::Circuit;
use crate::event::EventKind;
use crate::key::AsKey as _;

/// A full registry makes room for this part of its circuits at once, so that the search is paid
/// once for many newcomers.
const PART: usize = 16;

/// After how long without a call a full registry forgets the failures of a circuit, where nobody
/// has said after how long it is idle.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(10 * 60);

impl Registry {
    /// Whether circuits ever leave by themselves.
    pub(super) fn evicts(&self) -> bool {
        self.inner.idle_after.is_some() || self.inner.max_circuits < usize::MAX
    }

    /// Lets late expiries become events, and circuits that are idle leave.
    ///
    /// Circuits expire without it as soon as somebody calls or looks; watchers learn of it here.
    /// See [`spawn_sweeper`](Self::spawn_sweeper).
    pub fn sweep(&self) {
        for circuit in self.inner.circuits.all() {
            circuit.pass_time();
        }
        if let Some(idle_after) = self.inner.idle_after {
            let _registrar = self.inner.registrar.lock();
            let circuits = self.inner.circuits.all();
            let idle = circuits.iter().filter(|circuit| !circuit.is_pinned() && circuit.idle_for() >= idle_after);
            self.take_out(idle.filter(|circuit| circuit.retire_if_unused(idle_after)));
        }
        self.inner.environment.events.deliver();
    }

    /// Makes room for at least one circuit. The lock of the registrar is held.
    pub(super) fn evict_for_one(&self, pause: &mut SearchPause) -> bool {
        let now = self.inner.environment.clock.now();
        if pause.skips_search(now) {
            return false;
        }
        let wanted = (self.inner.max_circuits / PART).max(1);
        let leaving = self.retire_idle(wanted);
        self.take_out(&leaving);
        if leaving.len() < wanted {
            pause.begin(self.len(), now);
        }
        !leaving.is_empty()
    }

    /// Retires up to so many circuits that may leave and make room, the longest idle first. The
    /// lock of the registrar is held; until they are taken out or reinstated, calls by their names
    /// wait.
    pub(super) fn retire_idle(&self, wanted: usize) -> Vec<Arc<Circuit>> {
        let idle_after = self.inner.idle_after.unwrap_or(FORGOTTEN_AFTER);
        let circuits = self.inner.circuits.all().into_iter().filter(|circuit| !circuit.is_pinned());
        let mut idle: Vec<_> = circuits.map(|circuit| (circuit.idle_for(), circuit)).collect();
        idle.sort_by(|(a, _), (b, _)| b.cmp(a));
        let leaving =
            idle.into_iter().map(|(_, circuit)| circuit).filter(|circuit| circuit.retire_if_unused(idle_after));
        leaving.take(wanted).collect()
    }

    /// Takes out circuits that are retired. The lock of the registrar is held; the events are
    /// delivered after it.
    pub(super) fn take_out<'a>(&self, leaving: impl IntoIterator<Item = &'a Arc<Circuit>>) {
        for circuit in leaving {
            self.inner.circuits.remove(circuit.key().as_key());
            self.inner.environment.push(circuit.key(), EventKind::Evicted);
        }
    }
}
