//! What only the lock of a circuit may touch.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::machine::Snapshot;
use crate::policy::Policy;
use crate::reason::Reason;
use crate::status::TotalCounts;
use crate::window::Windows;

/// The policy, the windows, and what a circuit that never had trouble does not need.
#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) policy: Arc<Policy>,
    pub(super) windows: Option<Box<Windows>>,
    /// Made at the first trouble: of a million circuits most are closed and idle.
    notes: Option<Box<Notes>>,
}

#[derive(Debug)]
struct Notes {
    snapshot: Snapshot,
    last_reason: Option<Reason>,
    metadata: BTreeMap<String, String>,
    counted: TotalCounts,
}

impl Ledger {
    pub(super) const fn new(policy: Arc<Policy>, windows: Option<Box<Windows>>) -> Self {
        Self { policy, windows, notes: None }
    }

    /// The machine's state, but for the count of failures, which is in the hot word.
    pub(super) fn snapshot(&self) -> &Snapshot {
        self.notes.as_deref().map_or(&Snapshot::NEW, |notes| &notes.snapshot)
    }

    pub(super) fn set_snapshot(&mut self, snapshot: Snapshot) {
        let snapshot = Snapshot { failures_in_row: 0, ..snapshot };
        if *self.snapshot() != snapshot {
            self.notes().snapshot = snapshot;
        }
    }

    /// Whether the next result must be looked at, whatever it is.
    #[inline]
    pub(super) fn awaits_next(&self) -> bool {
        self.notes.as_deref().is_some_and(|notes| notes.snapshot.awaits_next(&self.policy))
    }

    pub(super) fn last_reason(&self) -> Option<&Reason> {
        self.notes.as_deref().and_then(|notes| notes.last_reason.as_ref())
    }

    pub(super) fn set_last_reason(&mut self, reason: Option<Reason>) {
        if reason.is_some() || self.last_reason().is_some() {
            self.notes().last_reason = reason;
        }
    }

    pub(super) fn metadata(&self) -> BTreeMap<String, String> {
        self.notes.as_deref().map(|notes| notes.metadata.clone()).unwrap_or_default()
    }

    pub(super) fn set_metadata(&mut self, name: String, value: String) {
        self.notes().metadata.insert(name, value);
    }

    /// The totals of what is found out under the lock; a reset does not clear them. The others are in the stripes.
    pub(super) fn counted(&self) -> TotalCounts {
        self.notes.as_deref().map_or_else(TotalCounts::default, |notes| notes.counted)
    }

    /// What adds to the totals that are counted here.
    pub(super) fn count(&mut self, add: impl FnOnce(&mut TotalCounts)) {
        add(&mut self.notes().counted);
    }

    fn notes(&mut self) -> &mut Notes {
        self.notes.get_or_insert_with(|| {
            Box::new(Notes {
                snapshot: Snapshot::NEW,
                last_reason: None,
                metadata: BTreeMap::new(),
                counted: TotalCounts::default(),
            })
        })
    }
}
