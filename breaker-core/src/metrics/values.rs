//! What is shown of a circuit, or of a group of circuits, at one moment.

use super::families::{GAUGE_SERIES, Gauge, gauge_series};
use crate::circuit::Circuit;
use crate::counters::durations::DurationCounts;
use crate::status::Totals;

/// The values of all series of a circuit or a group.
#[derive(Clone)]
pub(super) struct Values {
    pub(super) counts: Counts,
    /// In the order of the families; `None` where there is no value to show.
    pub(super) gauges: [Option<f64>; GAUGE_SERIES],
}

/// What never decreases.
#[derive(Clone, Default)]
pub(super) struct Counts {
    pub(super) totals: Totals,
    pub(super) durations: DurationCounts,
    /// Whether durations are shown: the policy times calls, or did so.
    pub(super) is_timed: bool,
}

impl Values {
    pub(super) fn of(circuit: &Circuit) -> Self {
        let status = circuit.status();
        let durations = circuit.durations();
        let is_timed = status.policy.times_calls() || durations.total() > 0;
        let mut values = gauge_series().map(|(_, (_, value))| value(&status));
        Self {
            gauges: std::array::from_fn(|_| values.next().flatten()),
            counts: Counts { totals: status.totals, durations, is_timed },
        }
    }

    /// A group that has counted this, and has no circuits now.
    pub(super) fn of_empty_group(counts: Counts) -> Self {
        // What is unknown of a circuit is unknown of a group without one of which it is known.
        let is_known = |gauge: &Gauge| gauge.is_summed && !gauge.gone.is_nan();
        let mut gauges = gauge_series().map(|(gauge, _)| is_known(gauge).then_some(0.0));
        Self { counts, gauges: std::array::from_fn(|_| gauges.next().flatten()) }
    }

    /// Adds a circuit to its group.
    pub(super) fn add(&mut self, circuit: &Self) {
        self.counts.add(&circuit.counts);
        for ((gauge, _), (sum, value)) in gauge_series().zip(self.gauges.iter_mut().zip(circuit.gauges)) {
            if let Some(value) = value.filter(|_| gauge.is_summed) {
                *sum = Some(sum.unwrap_or(0.0) + value);
            }
        }
    }
}

impl Counts {
    pub(super) fn add(&mut self, other: &Self) {
        self.merge(other, u64::saturating_add);
    }

    /// Replaces each count by the one of `floor` if that is higher.
    pub(super) fn raise_to(&mut self, floor: &Self) {
        self.merge(floor, u64::max);
    }

    fn merge(&mut self, other: &Self, with: fn(u64, u64) -> u64) {
        let counts = totals(&mut self.totals).into_iter().chain(durations(&mut self.durations));
        let mut other = other.clone();
        let others = totals(&mut other.totals).into_iter().chain(durations(&mut other.durations));
        for (count, other) in counts.zip(others) {
            *count = with(*count, *other);
        }
        self.is_timed |= other.is_timed;
    }
}

/// All of them, so that a new total is not forgotten in groups.
fn totals(totals: &mut Totals) -> [&mut u64; 9] {
    let Totals { successes, failures, ignored, rejected, slow, cancelled, panicked, late, opened } = totals;
    [successes, failures, ignored, rejected, slow, cancelled, panicked, late, opened]
}

fn durations(durations: &mut DurationCounts) -> impl Iterator<Item = &mut u64> {
    durations.calls.iter_mut().chain(&mut durations.micros)
}
