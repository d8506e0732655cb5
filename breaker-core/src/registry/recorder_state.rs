//! What was last reported to a recorder of the `metrics` facade about each circuit of a registry.
//! Only differences are reported.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::circuit::Circuit;
use crate::counters::durations::DurationCounts;
use crate::key::Key;
use crate::status::Totals;

/// All that has been reported to a recorder about a registry.
#[derive(Default)]
pub(crate) struct RecorderState {
    circuits: HashMap<Key, LastReported, foldhash::fast::RandomState>,
    round: u64,
    /// The groups of circuits, by their labels.
    pub(crate) groups: BTreeMap<Arc<str>, Reported>,
    /// The counts of the registry as a whole, in the order of the families.
    pub(crate) registry_counts: [u64; 3],
    /// Which gauges of the registry have a value, in the same order.
    pub(crate) registry_gauges: [bool; 3],
    /// The counts of the fleet, in the order of its families.
    pub(crate) fleet_counts: [u64; 3],
    /// Whether the gauges of the fleet have a value.
    pub(crate) has_fleet: bool,
}

/// What was last reported about a circuit or a group.
#[derive(Default)]
pub(crate) struct Reported {
    pub(crate) totals: Totals,
    pub(crate) durations: Option<Box<DurationCounts>>,
    /// The gauges that have a value, one bit each.
    pub(crate) gauges: u32,
}

/// What was last reported about one circuit.
pub(crate) struct LastReported {
    /// Kept until the next round, to report also the counts from before the circuit left.
    pub(crate) circuit: Arc<Circuit>,
    pub(crate) reported: Reported,
    round: u64,
}

impl RecorderState {
    /// Begins a round, in which every circuit of the registry is looked up once.
    pub(crate) fn begin_round(&mut self) {
        self.round += 1;
    }

    /// Returns the last report on the circuit with this key, which may be about an earlier circuit.
    pub(crate) fn of(&mut self, circuit: &Arc<Circuit>) -> &mut LastReported {
        let last = self.circuits.entry(circuit.key().clone()).or_insert_with(|| LastReported::nothing(circuit));
        last.round = self.round;
        last
    }

    /// Returns the last report on a circuit that is not shown in this round, if there is one, and
    /// keeps it.
    pub(crate) fn of_not_shown(&mut self, circuit: &Arc<Circuit>) -> Option<&mut LastReported> {
        let last = self.circuits.get_mut(circuit.key()).filter(|last| Arc::ptr_eq(&last.circuit, circuit))?;
        last.round = self.round;
        Some(last)
    }

    /// Ends the round: calls `report` for all circuits that were not looked up in it, and forgets
    /// them.
    pub(crate) fn end_round(&mut self, mut report: impl FnMut(&mut LastReported)) {
        let round = self.round;
        self.circuits.retain(|_, last| {
            let stays = last.round == round;
            if !stays {
                report(last);
            }
            stays
        });
    }
}

impl LastReported {
    fn nothing(circuit: &Arc<Circuit>) -> Self {
        Self { circuit: Arc::clone(circuit), reported: Reported::default(), round: 0 }
    }

    /// Starts over for another circuit of the same key. Its counts start from zero; the gauges are
    /// the same.
    pub(crate) fn restart(&mut self, circuit: &Arc<Circuit>) {
        self.circuit = Arc::clone(circuit);
        self.reported = Reported { gauges: self.reported.gauges, ..Reported::default() };
    }
}
