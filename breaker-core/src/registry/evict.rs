//! Idle circuits leave: what bounds the memory of names that come from user input.
//!
//! Only a circuit that is closed, without failures and without calls in flight may leave; an open one never does, because it would
//! come back closed.

use std::sync::Arc;
use std::time::Duration;

use super::Registry;
use crate::circuit::Circuit;
use crate::event::EventKind;
use crate::key::AsKey as _;

/// A full registry makes room for this part of its circuits at once, so that the search is paid once for many newcomers.
const PART: usize = 16;

impl Registry {
    /// Whether circuits ever leave by themselves.
    pub(super) fn evicts(&self) -> bool {
        self.inner.idle_after.is_some() || self.inner.max_circuits < usize::MAX
    }

    /// Lets late expiries become events, and circuits that are idle leave.
    ///
    /// Circuits expire without it as soon as somebody calls or looks; watchers learn of it here. See
    /// [`spawn_sweeper`](Self::spawn_sweeper).
    pub fn sweep(&self) {
        for circuit in self.inner.circuits.all() {
            circuit.pass_time();
        }
        if let Some(idle_after) = self.inner.idle_after {
            let _makers = self.inner.makers.lock();
            for circuit in self.inner.circuits.all() {
                if circuit.idle_for() >= idle_after {
                    self.evict(&circuit);
                }
            }
        }
        self.inner.hub.deliver();
    }

    /// Makes room for at least one circuit. The lock of the makers is held.
    pub(super) fn evict_for_one(&self) -> bool {
        let idle_after = self.inner.idle_after.unwrap_or(Duration::ZERO);
        let mut idle: Vec<_> = self
            .inner
            .circuits
            .all()
            .into_iter()
            .map(|circuit| (circuit.idle_for(), circuit))
            .filter(|(idle_for, _)| *idle_for >= idle_after)
            .collect();
        // The longest idle first.
        idle.sort_by(|(a, _), (b, _)| b.cmp(a));
        let wanted = (self.inner.max_circuits / PART).max(1);
        let evicted = idle.iter().filter(|(_, circuit)| self.evict(circuit)).take(wanted).count();
        evicted > 0
    }

    /// Takes a circuit out if it is one that may leave. The lock of the makers is held.
    fn evict(&self, circuit: &Arc<Circuit>) -> bool {
        if !circuit.retire_if_unused() {
            return false;
        }
        self.inner.circuits.remove(circuit.key().as_key());
        self.inner.hub.push(circuit.key(), EventKind::Evicted);
        true
    }
}
