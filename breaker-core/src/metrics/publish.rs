//! Reporting to a recorder of the `metrics` facade.
//!
//! Counters are reported as differences and not with `Counter::absolute`, for three reasons. A
//! circuit that is created again under an old key counts from zero, which `absolute` would hide
//! until it exceeds the earlier count. Recorders that only add, such as those of OpenTelemetry,
//! cannot implement `absolute` well. And no handles are kept: a recorder that has dropped an idle
//! series creates it again, whereas an old handle would report to nothing.

use std::mem;
use std::sync::Arc;

use metrics::{Key, KeyName, Label, Level, Metadata, Recorder, Unit};

use super::families::{
    COUNTERS, DURATION, DURATION_HELP, FLEET_COUNTERS, FLEET_GAUGES, GAUGES, Part, REGISTRY_COUNTERS, REGISTRY_GAUGES,
    gauge_series,
};
use super::source::{Circuits, Source};
use super::values::{Counts, Values};
use crate::registry::recorder_state::{RecorderState, Reported};

const METADATA: Metadata<'static> = Metadata::new("breaker_box", Level::INFO, Some(module_path!()));

/// How many durations of a bucket are reported at once at most. Recorders keep each one until they
/// are read.
const MOST_DURATIONS: u64 = 1 << 20;

/// Describes the metrics. Recorders keep descriptions that they already have.
pub(super) fn describe(recorder: &dyn Recorder) {
    for counter in &COUNTERS {
        recorder.describe_counter(name(counter.name), Some(Unit::Count), counter.help.into());
    }
    for counter in &REGISTRY_COUNTERS {
        recorder.describe_counter(name(counter.name), Some(Unit::Count), counter.help.into());
    }
    for gauge in &GAUGES {
        recorder.describe_gauge(name(gauge.name), None, gauge.help.into());
    }
    for gauge in &REGISTRY_GAUGES {
        recorder.describe_gauge(name(gauge.name), None, gauge.help.into());
    }
    for counter in &FLEET_COUNTERS {
        recorder.describe_counter(name(counter.name), Some(Unit::Count), counter.help.into());
    }
    for gauge in &FLEET_GAUGES {
        recorder.describe_gauge(name(gauge.name), None, gauge.help.into());
    }
    recorder.describe_histogram(name(DURATION), Some(Unit::Seconds), DURATION_HELP.into());
}

/// Reports on all circuits and groups of a registry, and on circuits that have left since the last
/// time.
pub(super) fn publish(source: &Source, max_circuits: usize, recorder: &dyn Recorder) {
    let mut state = source.registry.recorder_state();
    state.begin_round();
    let Circuits { shown, left_out, elsewhere, groups } = source.circuits(max_circuits);
    for circuit in &shown {
        let last = state.of(circuit);
        let reporter = Reporter::new(source.labels(circuit.key()), recorder);
        if !Arc::ptr_eq(&last.circuit, circuit) {
            let end = Values::of(&last.circuit);
            reporter.report_counts(&mut last.reported, &end.counts);
            last.restart(circuit);
        }
        reporter.report(&mut last.reported, &Values::of(circuit));
    }
    for circuit in &left_out {
        // Kept for when the circuit is shown again, so that nothing is counted twice.
        if let Some(last) = state.of_not_shown(circuit) {
            Reporter::new(source.labels(circuit.key()), recorder).report_gauges(&mut last.reported, None);
        }
    }
    for circuit in &elsewhere {
        // Kept too, and as it is: other metrics of this registry may show it.
        let _ = state.of_not_shown(circuit);
    }
    for (group, values) in &groups {
        let reported = state.groups.entry(Arc::clone(group)).or_default();
        Reporter::new(source.group_labels(group), recorder).report(reported, values);
    }
    report_registry(source, left_out.len(), &mut state, recorder);
    report_fleet(source, &mut state, recorder);
    state.end_round(|last| {
        let reporter = Reporter::new(source.labels(last.circuit.key()), recorder);
        reporter.report_counts(&mut last.reported, &Values::of(&last.circuit).counts);
        reporter.report_gauges(&mut last.reported, None);
    });
}

/// Reports on the registry as a whole.
fn report_registry(source: &Source, left_out: usize, state: &mut RecorderState, recorder: &dyn Recorder) {
    let occupied = source.occupied(left_out);
    let labels = own_labels(source);
    if let Some(occupied) = &occupied {
        let series =
            REGISTRY_COUNTERS.iter().flat_map(|counter| counter.series.iter().map(move |series| (counter, series)));
        for (count, (counter, (part, value))) in state.registry_counts.iter_mut().zip(series) {
            let mut labels = labels.clone();
            labels.extend(part.map(|(label, value)| Label::from_static_parts(label, value)));
            // Updated first, as in `report_counts`.
            let before = mem::replace(count, value(occupied));
            let key = Key::from_parts(name(counter.name), labels);
            recorder.register_counter(&key, &METADATA).increment(count.saturating_sub(before));
        }
    }
    for (has_value, gauge) in state.registry_gauges.iter_mut().zip(&REGISTRY_GAUGES) {
        let value = occupied.as_ref().and_then(gauge.value);
        if value.is_some() || *has_value {
            let key = Key::from_parts(name(gauge.name), labels.clone());
            recorder.register_gauge(&key, &METADATA).set(value.unwrap_or(0.0));
        }
        *has_value = value.is_some();
    }
}

/// Reports on the fleet that the registry has joined. If it has left, the gauges become NaN, once.
fn report_fleet(source: &Source, state: &mut RecorderState, recorder: &dyn Recorder) {
    let fleet = source.fleet();
    let labels = own_labels(source);
    if let Some(status) = &fleet {
        for (count, counter) in state.fleet_counts.iter_mut().zip(&FLEET_COUNTERS) {
            let value = (counter.value)(status);
            // Updated first, as in `report_counts`. A registry that joins again counts from zero.
            let before = mem::replace(count, value);
            let key = Key::from_parts(name(counter.name), labels.clone());
            recorder.register_counter(&key, &METADATA).increment(value.checked_sub(before).unwrap_or(value));
        }
    }
    if fleet.is_some() || state.has_fleet {
        for gauge in &FLEET_GAUGES {
            let key = Key::from_parts(name(gauge.name), labels.clone());
            // Not 0, which would say that the connection is lost.
            recorder.register_gauge(&key, &METADATA).set(fleet.as_ref().map_or(f64::NAN, gauge.value));
        }
    }
    state.has_fleet = fleet.is_some();
}

fn own_labels(source: &Source) -> Vec<Label> {
    source.own_label().map(|(name, value)| Label::new(name, Arc::clone(value))).into_iter().collect()
}

/// Reports on one circuit or group to a recorder.
struct Reporter<'a> {
    recorder: &'a dyn Recorder,
    labels: Vec<Label>,
}

impl<'a> Reporter<'a> {
    fn new<'l>(labels: impl Iterator<Item = (&'static str, &'l Arc<str>)>, recorder: &'a dyn Recorder) -> Self {
        Self { recorder, labels: labels.map(|(name, value)| Label::new(name, Arc::clone(value))).collect() }
    }

    fn key(&self, name: &'static str, part: Part) -> Key {
        let mut labels = self.labels.clone();
        labels.extend(part.map(|(label, value)| Label::from_static_parts(label, value)));
        Key::from_parts(self::name(name), labels)
    }

    fn report(&self, last: &mut Reported, values: &Values) {
        self.report_counts(last, &values.counts);
        self.report_gauges(last, Some(values));
    }

    /// Reports the counts since the last time.
    fn report_counts(&self, last: &mut Reported, counts: &Counts) {
        // Updated first: if the recorder panics, the rest of this report is lost, but nothing is
        // reported twice.
        let before = mem::replace(&mut last.totals, counts.totals);
        for counter in &COUNTERS {
            for (part, value) in counter.series {
                let news = value(&counts.totals).saturating_sub(value(&before));
                // Zero is reported too: the series exists from the beginning, and the recorder sees
                // that it is still in use.
                self.recorder.register_counter(&self.key(counter.name, *part), &METADATA).increment(news);
            }
        }
        if counts.is_timed || last.durations.is_some() {
            let before = last.durations.get_or_insert_default();
            let histogram = self.recorder.register_histogram(&self.key(DURATION, None), &METADATA);
            for (seconds, calls) in counts.durations.unreported(before, MOST_DURATIONS) {
                histogram.record_many(seconds, usize::try_from(calls).unwrap_or(usize::MAX));
            }
        }
    }

    /// Reports the current values. Without values the circuit has left.
    fn report_gauges(&self, last: &mut Reported, values: Option<&Values>) {
        for (index, (gauge, (part, _))) in gauge_series().enumerate() {
            let bit = 1_u32 << index;
            let had_value = last.gauges & bit != 0;
            let value = values.and_then(|values| values.gauges[index]);
            if value.is_some() || had_value {
                let reported = value.unwrap_or(gauge.gone);
                self.recorder.register_gauge(&self.key(gauge.name, *part), &METADATA).set(reported);
            }
            last.gauges = if value.is_some() { last.gauges | bit } else { last.gauges & !bit };
        }
    }
}

const fn name(name: &'static str) -> KeyName {
    KeyName::from_const_str(name)
}
