//! Telling a recorder of the `metrics` facade.
//!
//! Counters are told by their differences and not by `Counter::absolute`, for three reasons. A
//! circuit that is made anew under an old name counts from zero, which `absolute` would hide until
//! it had overtaken its predecessor. Recorders that only add (those of OpenTelemetry) make of an
//! `absolute` whatever they can. And handles need not be kept, so that a recorder which has
//! forgotten an idle series makes it anew instead of being told on a handle that nobody reads any
//! more.

use std::sync::Arc;

use metrics::{Key, KeyName, Label, Level, Metadata, Recorder, Unit};

use super::families::{COUNTERS, DURATION, DURATION_HELP, GAUGES, Part, REGISTRY_COUNTERS, REGISTRY_GAUGES};
use super::source::{Circuits, Source};
use crate::circuit::Circuit;
use crate::registry::recorded::{Published, Told};
use crate::status::Status;

const METADATA: Metadata<'static> = Metadata::new("breaker_box", Level::INFO, Some(module_path!()));

/// Of a bucket of durations, so many calls at once at the most: recorders keep each by itself until
/// somebody reads them.
const MOST_DURATIONS: u64 = 1 << 20;

/// Tells what the metrics mean. Recorders keep what they know already.
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
    recorder.describe_histogram(name(DURATION), Some(Unit::Seconds), DURATION_HELP.into());
}

/// Tells about all circuits of a registry, and about those that have left since the last time.
pub(super) fn publish(source: &Source, max_circuits: usize, recorder: &dyn Recorder) {
    let mut published = source.registry.published();
    published.begin_round();
    let Circuits { shown, left_out } = source.circuits(max_circuits);
    for circuit in &shown {
        let told = published.of(circuit);
        let teller = Teller::new(source, circuit, recorder);
        if !Arc::ptr_eq(&told.circuit, circuit) {
            let last = told.circuit.status();
            teller.tell_counts(told, &last);
            told.begin_anew(circuit);
        }
        let status = circuit.status();
        teller.tell_counts(told, &status);
        teller.tell_gauges(told, Some(&status));
    }
    for circuit in &left_out {
        // What was told of it is kept for when it is shown again, so that nothing is counted twice.
        if let Some(told) = published.left_out(circuit) {
            Teller::new(source, circuit, recorder).tell_gauges(told, None);
        }
    }
    tell_registry(source, left_out.len(), &mut published, recorder);
    published.end_round(|told| {
        let circuit = Arc::clone(&told.circuit);
        let teller = Teller::new(source, &circuit, recorder);
        teller.tell_counts(told, &circuit.status());
        teller.tell_gauges(told, None);
    });
}

/// Tells about the registry as a whole.
fn tell_registry(source: &Source, left_out: usize, published: &mut Published, recorder: &dyn Recorder) {
    let occupied = source.occupied(left_out);
    let labels: Vec<_> =
        source.own_label().map(|(name, value)| Label::new(name, Arc::clone(value))).into_iter().collect();
    if let Some(occupied) = &occupied {
        let series =
            REGISTRY_COUNTERS.iter().flat_map(|counter| counter.series.iter().map(move |series| (counter, series)));
        for (told, (counter, (part, value))) in published.registry_counts.iter_mut().zip(series) {
            let mut labels = labels.clone();
            labels.extend(part.map(|(label, value)| Label::from_static_parts(label, value)));
            // Noted first, as in `tell_counts`.
            let before = std::mem::replace(told, value(occupied));
            let key = Key::from_parts(name(counter.name), labels);
            recorder.register_counter(&key, &METADATA).increment(told.saturating_sub(before));
        }
    }
    for (told, gauge) in published.registry_gauges.iter_mut().zip(&REGISTRY_GAUGES) {
        let value = occupied.as_ref().and_then(gauge.value);
        if value.is_some() || *told {
            let key = Key::from_parts(name(gauge.name), labels.clone());
            recorder.register_gauge(&key, &METADATA).set(value.unwrap_or(0.0));
        }
        *told = value.is_some();
    }
}

/// Tells a recorder about one circuit.
struct Teller<'a> {
    recorder: &'a dyn Recorder,
    labels: Vec<Label>,
}

impl<'a> Teller<'a> {
    fn new(source: &Source, circuit: &Circuit, recorder: &'a dyn Recorder) -> Self {
        let labels = source.labels(circuit.key()).map(|(name, value)| Label::new(name, Arc::clone(value))).collect();
        Self { recorder, labels }
    }

    fn key(&self, name: &'static str, part: Part) -> Key {
        let mut labels = self.labels.clone();
        labels.extend(part.map(|(label, value)| Label::from_static_parts(label, value)));
        Key::from_parts(self::name(name), labels)
    }

    /// What was counted since the last time.
    fn tell_counts(&self, told: &mut Told, status: &Status) {
        // Noted first: what a recorder that panics was not told is lost, and nothing is told twice.
        let before = std::mem::replace(&mut told.totals, status.totals);
        for counter in &COUNTERS {
            for (part, value) in counter.series {
                let news = value(&status.totals).saturating_sub(value(&before));
                // Also where there is none: the series exists from the beginning, and a recorder
                // sees that it is still in use.
                self.recorder.register_counter(&self.key(counter.name, *part), &METADATA).increment(news);
            }
        }
        if status.policy.slow_after().is_some() || told.durations.is_some() {
            let before = told.durations.get_or_insert_default();
            let histogram = self.recorder.register_histogram(&self.key(DURATION, None), &METADATA);
            for (seconds, calls) in told.circuit.durations().counts().news(before, MOST_DURATIONS) {
                histogram.record_many(seconds, usize::try_from(calls).unwrap_or(usize::MAX));
            }
        }
    }

    /// How the circuit stands; `None` where it has left.
    fn tell_gauges(&self, told: &mut Told, status: Option<&Status>) {
        let series = GAUGES.iter().flat_map(|gauge| gauge.series.iter().map(move |series| (gauge, series)));
        for (bit, (gauge, (part, value))) in series.enumerate() {
            let bit = 1_u32 << bit;
            let known = told.gauges & bit != 0;
            let value = status.and_then(value);
            if value.is_some() || known {
                let value_to_tell = value.unwrap_or(gauge.gone);
                self.recorder.register_gauge(&self.key(gauge.name, *part), &METADATA).set(value_to_tell);
            }
            told.gauges = if value.is_some() { told.gauges | bit } else { told.gauges & !bit };
        }
    }
}

const fn name(name: &'static str) -> KeyName {
    KeyName::from_const_str(name)
}
