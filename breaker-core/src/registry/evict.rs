//! Idle circuits leave: what bounds the memory of names that come from user input.
//!
//! Only circuits leave that calls have made by name, that nobody holds, and that know nothing which
//! a call would have to know; see [`leaving`](crate::circuit). An open one never does before its
//! time is over, because it would come back closed.

use std::sync::Arc;
use std::time::Duration;

use super::Registry;
use crate::circuit::Circuit;
use crate::clock::tick::Tick;
use crate::event::EventKind;
use crate::key::AsKey as _;

/// A full registry makes room for this part of its circuits at once, so that the search is paid
/// once for many newcomers.
const PART: usize = 16;

/// A search that left no idle circuit behind is not repeated for a while, because it looks at all
/// of them while everybody who is new waits: for one newcomer in so many circuits, and for no
/// longer than this. So a registry full of busy circuits looks at some 64 of them for a newcomer on
/// average, and one that is smaller searches each time.
const CIRCUITS_PER_NEWCOMER: usize = 64;
const LONGEST: Duration = Duration::from_secs(1);

/// After how long without a call a full registry forgets the failures of a circuit, where nobody
/// has said after how long it is idle.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(10 * 60);

/// What is left of the last search that found all there was.
#[derive(Default)]
pub(super) struct Exhausted {
    /// Newcomers that are turned away without another search.
    newcomers: usize,
    until: Option<Tick>,
}

impl Exhausted {
    /// There were so many circuits, and none of those that are left can leave.
    fn note(&mut self, circuits: usize, now: Tick) {
        *self = Self { newcomers: circuits / CIRCUITS_PER_NEWCOMER, until: Some(now.after(LONGEST)) };
    }

    /// Whether a newcomer is one of those; it is counted.
    fn spares_search(&mut self, now: Tick) -> bool {
        let spares = self.newcomers > 0 && self.until.is_some_and(|until| !until.has_come(now));
        self.newcomers = if spares { self.newcomers - 1 } else { 0 };
        spares
    }
}

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
            let _makers = self.inner.makers.lock();
            let circuits = self.inner.circuits.all();
            let idle = circuits.iter().filter(|circuit| !circuit.is_pinned() && circuit.idle_for() >= idle_after);
            self.take_out(idle.filter(|circuit| circuit.retire_if_unused(idle_after)));
        }
        self.inner.environment.events.deliver();
    }

    /// Makes room for at least one circuit. The lock of the makers is held.
    pub(super) fn evict_for_one(&self, exhausted: &mut Exhausted) -> bool {
        let now = self.inner.environment.clock.now();
        if exhausted.spares_search(now) {
            return false;
        }
        let wanted = (self.inner.max_circuits / PART).max(1);
        let leaving = self.retire_idle(wanted);
        self.take_out(&leaving);
        if leaving.len() < wanted {
            exhausted.note(self.len(), now);
        }
        !leaving.is_empty()
    }

    /// Retires up to so many circuits that may leave and make room, the longest idle first. The
    /// lock of the makers is held; until they are taken out or reinstated, calls by their names
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

    /// Takes out circuits that are retired. The lock of the makers is held; the events are
    /// delivered after it.
    pub(super) fn take_out<'a>(&self, leaving: impl IntoIterator<Item = &'a Arc<Circuit>>) {
        for circuit in leaving {
            self.inner.circuits.remove(circuit.key().as_key());
            self.inner.environment.push(circuit.key(), EventKind::Evicted);
        }
    }
}
