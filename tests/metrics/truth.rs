//! What a scrape must show of a circuit, written down from its status and nothing else.

use breaker_box::{Metrics, State, Status};

use crate::exposition::{Samples, Series, Value};

/// All series of a circuit but for its durations.
pub(crate) fn series_of(status: &Status, registry: Option<&str>) -> Samples {
    let labels = labels_of(status, registry);
    let mut samples = Samples::new();
    let totals = &status.totals;
    for (outcome, calls) in [
        ("success", totals.successes),
        ("failure", totals.failures),
        ("ignored", totals.ignored),
        ("late", totals.late),
    ] {
        samples.insert(named(&labels, "breaker_box_calls_total").with("outcome", outcome), number(calls));
    }
    for (name, calls) in [
        ("breaker_box_rejected_calls_total", totals.rejected),
        ("breaker_box_slow_calls_total", totals.slow),
        ("breaker_box_cancelled_calls_total", totals.cancelled),
        ("breaker_box_panicked_calls_total", totals.panicked),
        ("breaker_box_openings_total", totals.opened),
        ("breaker_box_consecutive_openings", status.openings.into()),
    ] {
        samples.insert(named(&labels, name), number(calls));
    }
    for (name, state) in STATES {
        let is_in_it = u64::from(status.state == state);
        samples.insert(named(&labels, "breaker_box_state").with("state", name), number(is_in_it));
    }
    for (name, ratio) in [
        ("breaker_box_failure_ratio", status.window.failure_rate),
        ("breaker_box_slow_call_ratio", status.window.slow_call_rate),
        ("breaker_box_admitted_share", status.admitted_share),
    ] {
        samples.extend(ratio.map(|ratio| (named(&labels, name), Value(ratio))));
    }
    if let Some(in_flight) = status.in_flight {
        samples.insert(named(&labels, "breaker_box_calls_in_flight"), number(in_flight.calls));
        samples.insert(named(&labels, "breaker_box_hung_calls"), number(in_flight.hung));
    }
    samples
}

/// The histogram of a circuit whose calls took this long, in seconds.
pub(crate) fn durations_of(status: &Status, registry: Option<&str>, seconds: &[f64]) -> Samples {
    let labels = labels_of(status, registry);
    let mut samples = Samples::new();
    let up_to = |end: f64| number(seconds.iter().filter(|seconds| **seconds <= end).count() as u64);
    for end in Metrics::DURATION_BUCKETS {
        let bucket = named(&labels, "breaker_box_call_duration_seconds_bucket").with("le", &end.to_string());
        samples.insert(bucket, up_to(end));
    }
    let all = named(&labels, "breaker_box_call_duration_seconds_bucket").with("le", "+Inf");
    samples.insert(all, up_to(f64::INFINITY));
    samples.insert(named(&labels, "breaker_box_call_duration_seconds_count"), up_to(f64::INFINITY));
    samples.insert(named(&labels, "breaker_box_call_duration_seconds_sum"), Value(seconds.iter().sum()));
    samples
}

const STATES: [(&str, State); 7] = [
    ("closed", State::Closed),
    ("open", State::Open),
    ("half_open", State::HalfOpen),
    ("forced_open", State::ForcedOpen),
    ("disabled", State::Disabled),
    ("metrics_only", State::MetricsOnly),
    ("ramping_up", State::RampingUp),
];

fn labels_of(status: &Status, registry: Option<&str>) -> Series {
    let key = &status.key;
    let labels =
        [("identifier", Some(key.identifier())), ("scope", key.scope()), ("kind", key.kind()), ("registry", registry)];
    let labels: Vec<_> = labels.into_iter().filter_map(|(label, value)| Some((label, value?))).collect();
    Series::new("", &labels)
}

fn named(labels: &Series, name: &str) -> Series {
    Series { name: name.to_owned(), ..labels.clone() }
}

fn number(n: u64) -> Value {
    Value(f64::from(u32::try_from(n).expect("a small number")))
}
