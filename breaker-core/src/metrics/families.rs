//! The metrics by name: what each means, and where its value comes from. The only place that names them.

use crate::state::State;
use crate::status::{Status, TotalCounts};

/// A label that tells the series of one family apart, where there are several.
pub(super) type Part = Option<(&'static str, &'static str)>;

/// One series of a family, and how its value is read.
pub(super) type Series<From, Value> = (Part, fn(&From) -> Value);

/// A number of calls or openings; it only grows.
pub(super) struct Counter {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) series: &'static [Series<TotalCounts, u64>],
}

/// How a circuit stands now.
pub(super) struct Gauge {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    /// `None`: there is no value to show.
    pub(super) series: &'static [Series<Status, Option<f64>>],
    /// What a recorder that cannot forget a gauge is told when there is no value any more.
    pub(super) gone: f64,
}

pub(super) const COUNTERS: [Counter; 6] = [
    Counter {
        name: "breaker_box_calls_total",
        help: "Calls that were let through and came back, by outcome.",
        series: &[
            (Some(("outcome", "success")), |totals| totals.successes),
            (Some(("outcome", "failure")), |totals| totals.failures),
            (Some(("outcome", "ignored")), |totals| totals.ignored),
            (Some(("outcome", "late")), |totals| totals.late),
        ],
    },
    Counter {
        name: "breaker_box_rejected_calls_total",
        help: "Calls that were not let through.",
        series: &[(None, |totals| totals.rejected)],
    },
    Counter {
        name: "breaker_box_slow_calls_total",
        help: "Calls that took longer than the policy allows, each also a success or a failure.",
        series: &[(None, |totals| totals.slow)],
    },
    Counter {
        name: "breaker_box_cancelled_calls_total",
        help: "Calls that were dropped before they had a result; where the policy says so, each also a failure.",
        series: &[(None, |totals| totals.cancelled)],
    },
    Counter {
        name: "breaker_box_panicked_calls_total",
        help: "Calls that panicked, each also a failure.",
        series: &[(None, |totals| totals.panicked)],
    },
    Counter {
        name: "breaker_box_openings_total",
        help: "How often the circuit opened.",
        series: &[(None, |totals| totals.opened)],
    },
];

pub(super) const GAUGES: [Gauge; 4] = [
    Gauge {
        name: "breaker_box_state",
        help: "1 for the state that the circuit is in, 0 for the others.",
        series: &[
            (Some(("state", "closed")), |status| Some(f64::from(status.state == State::Closed))),
            (Some(("state", "open")), |status| Some(f64::from(status.state == State::Open))),
            (Some(("state", "half_open")), |status| Some(f64::from(status.state == State::HalfOpen))),
            (Some(("state", "forced_open")), |status| Some(f64::from(status.state == State::ForcedOpen))),
            (Some(("state", "disabled")), |status| Some(f64::from(status.state == State::Disabled))),
            (Some(("state", "metrics_only")), |status| Some(f64::from(status.state == State::MetricsOnly))),
        ],
        gone: 0.0,
    },
    Gauge {
        name: "breaker_box_consecutive_openings",
        help: "Openings in a row without a recovery.",
        series: &[(None, |status| Some(f64::from(status.openings)))],
        gone: 0.0,
    },
    Gauge {
        name: "breaker_box_failure_ratio",
        help: "Failures in the policy's window, 0 to 1; absent while too few calls are known.",
        series: &[(None, |status| status.window.failure_rate)],
        gone: f64::NAN,
    },
    Gauge {
        name: "breaker_box_slow_call_ratio",
        help: "Slow calls in the policy's window, 0 to 1; absent while too few calls are known.",
        series: &[(None, |status| status.window.slow_call_rate)],
        gone: f64::NAN,
    },
];

pub(super) const DURATION: &str = "breaker_box_call_duration_seconds";
pub(super) const DURATION_HELP: &str = "How long calls took, where the policy judges slow ones.";
