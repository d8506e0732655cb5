//! What the recorder of the `metrics` facade was last told about each circuit of a registry: it is
//! told the differences.

use std::collections::HashMap;
use std::sync::Arc;

use crate::circuit::Circuit;
use crate::counters::durations::DurationCounts;
use crate::key::Key;
use crate::status::Totals;

/// All circuits of a registry that a recorder knows.
#[derive(Default)]
pub(crate) struct Published {
    told: HashMap<Key, Told, foldhash::fast::RandomState>,
    round: u64,
    /// What was counted for the registry as a whole, in the order of the families.
    pub(crate) registry_counts: [u64; 3],
    /// The gauges of the registry that have a value, in the same order.
    pub(crate) registry_gauges: [bool; 3],
}

/// What was told about one circuit.
pub(crate) struct Told {
    /// Kept until the next round, so that what a circuit counted before it left is told too.
    pub(crate) circuit: Arc<Circuit>,
    pub(crate) totals: Totals,
    pub(crate) durations: Option<Box<DurationCounts>>,
    /// The gauges that have a value, one bit each.
    pub(crate) gauges: u32,
    round: u64,
}

impl Published {
    /// Begins a round in which every circuit that is there is looked up once.
    pub(crate) fn begin_round(&mut self) {
        self.round += 1;
    }

    /// What was told about the circuit of that name, which may be an earlier one of the same name.
    pub(crate) fn of(&mut self, circuit: &Arc<Circuit>) -> &mut Told {
        let told = self.told.entry(circuit.key().clone()).or_insert_with(|| Told::nothing(circuit));
        told.round = self.round;
        told
    }

    /// What was told about a circuit that is not shown in this round, if anything was; it is not
    /// forgotten.
    pub(crate) fn left_out(&mut self, circuit: &Arc<Circuit>) -> Option<&mut Told> {
        let told = self.told.get_mut(circuit.key()).filter(|told| Arc::ptr_eq(&told.circuit, circuit))?;
        told.round = self.round;
        Some(told)
    }

    /// Ends the round: `farewell` is called for all that were not looked up in it, and they are
    /// forgotten.
    pub(crate) fn end_round(&mut self, mut farewell: impl FnMut(&mut Told)) {
        let round = self.round;
        self.told.retain(|_, told| {
            let stays = told.round == round;
            if !stays {
                farewell(told);
            }
            stays
        });
    }
}

impl Told {
    fn nothing(circuit: &Arc<Circuit>) -> Self {
        Self { circuit: Arc::clone(circuit), totals: Totals::default(), durations: None, gauges: 0, round: 0 }
    }

    /// Another circuit has taken the name. It counts from zero; the gauges are the same ones.
    pub(crate) fn begin_anew(&mut self, circuit: &Arc<Circuit>) {
        *self = Self { gauges: self.gauges, round: self.round, ..Self::nothing(circuit) };
    }
}
