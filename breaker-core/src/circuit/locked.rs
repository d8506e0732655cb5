//! What only the lock of a circuit may touch.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::slots::Slots;
use crate::clock::tick::Tick;
use crate::limits::MetadataSize;
use crate::machine::{Out, Slot, Snapshot, Step};
use crate::policy::Policy;
use crate::reason::Reason;
use crate::state::State;
use crate::status::Totals;
use crate::window::Windows;

/// The policy, the windows, and what a circuit that never had trouble does not need.
#[derive(Debug)]
pub(super) struct Locked {
    pub(super) policy: Arc<Policy>,
    pub(super) windows: Option<Box<Windows>>,
    /// Made at the first trouble: of a million circuits most are closed and idle.
    extra: Option<Box<Extra>>,
}

#[derive(Debug)]
struct Extra {
    snapshot: Snapshot,
    slots: Slots,
    last_reason: Option<Reason>,
    metadata: BTreeMap<String, String>,
    counted: Totals,
}

impl Locked {
    pub(super) const fn new(policy: Arc<Policy>, windows: Option<Box<Windows>>) -> Self {
        Self { policy, windows, extra: None }
    }

    /// The machine's state, but for the count of failures, which is in the hot word.
    pub(super) fn snapshot(&self) -> &Snapshot {
        self.extra.as_deref().map_or(&Snapshot::NEW, |extra| &extra.snapshot)
    }

    /// The probes that hold slots, the oldest first.
    pub(super) fn out(&self) -> &[Out] {
        self.extra.as_deref().map_or(&[], |extra| extra.slots.out())
    }

    /// When the oldest probe that holds a slot was admitted.
    pub(super) fn oldest_probe(&self) -> Option<Tick> {
        self.extra.as_deref().and_then(|extra| extra.slots.oldest())
    }

    /// Keeps what a step, taken at that instant, has made of the snapshot and the slots.
    pub(super) fn keep(&mut self, step: &Step, now: Tick) {
        let before = self.snapshot().probes.given_up;
        let stays = self.snapshot().generation == step.next.generation;
        let snapshot = Snapshot { failures_in_row: 0, ..step.next };
        if *self.snapshot() != snapshot {
            self.extra().snapshot = snapshot;
        }
        let Some(extra) = self.extra.as_deref_mut().filter(|_| !stays || snapshot.state == State::HalfOpen) else {
            return;
        };
        if !stays {
            extra.slots.clear();
        } else if let Some(until) = snapshot.probes.given_up.filter(|_| snapshot.probes.given_up != before) {
            extra.slots.give_up(until);
        }
        match step.slot {
            Slot::Untouched => {}
            Slot::Taken => extra.slots.take(now),
            Slot::Freed(admitted) => extra.slots.free(admitted),
        }
    }

    /// Whether the next result must be looked at, whatever it is.
    #[inline]
    pub(super) fn awaits_next(&self) -> bool {
        self.extra.as_deref().is_some_and(|extra| extra.snapshot.awaits_next())
    }

    pub(super) fn last_reason(&self) -> Option<&Reason> {
        self.extra.as_deref().and_then(|extra| extra.last_reason.as_ref())
    }

    pub(super) fn set_last_reason(&mut self, reason: Option<Reason>) {
        if reason.is_some() || self.last_reason().is_some() {
            self.extra().last_reason = reason;
        }
    }

    pub(super) fn metadata(&self) -> BTreeMap<String, String> {
        self.extra.as_deref().map(|extra| extra.metadata.clone()).unwrap_or_default()
    }

    /// How much metadata there would be with these added.
    pub(super) fn metadata_with<'a>(
        &'a self,
        news: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> MetadataSize {
        let mut all: BTreeMap<_, _> = self.extra.iter().flat_map(|extra| &extra.metadata).collect();
        all.extend(news);
        all.into_iter().collect()
    }

    pub(super) fn has_metadata(&self) -> bool {
        self.extra.as_deref().is_some_and(|extra| !extra.metadata.is_empty())
    }

    pub(super) fn set_metadata(&mut self, name: String, value: String) {
        self.extra().metadata.insert(name, value);
    }

    /// The totals of what is found out under the lock; a reset does not clear them. The others are
    /// in the stripes.
    pub(super) fn counted(&self) -> Totals {
        self.extra.as_deref().map_or_else(Totals::default, |extra| extra.counted)
    }

    /// What adds to the totals that are counted here.
    pub(super) fn count(&mut self, add: impl FnOnce(&mut Totals)) {
        add(&mut self.extra().counted);
    }

    fn extra(&mut self) -> &mut Extra {
        self.extra.get_or_insert_with(|| {
            Box::new(Extra {
                snapshot: Snapshot::NEW,
                slots: Slots::default(),
                last_reason: None,
                metadata: BTreeMap::new(),
                counted: Totals::default(),
            })
        })
    }
}
