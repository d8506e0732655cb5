//! The metrics by name, with their meaning and the source of their values. The only file that names
//! them.

use super::source::Occupied;
use crate::state::State;
use crate::status::{Status, Totals};

/// The label that distinguishes the series of one family, if there are several.
pub(super) type Part = Option<(&'static str, &'static str)>;

/// One series of a family, and how its value is read.
pub(super) type Series<From, Value> = (Part, fn(&From) -> Value);

/// A number of calls or openings, which never decreases.
pub(super) struct Counter {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) series: &'static [Series<Totals, u64>],
}

/// A current value of a circuit.
pub(super) struct Gauge {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    /// `None` if there is no value to show.
    pub(super) series: &'static [Series<Status, Option<f64>>],
    /// What is reported once there is no value any more, to a recorder that cannot remove a gauge.
    pub(super) gone: f64,
}

pub(super) const COUNTERS: [Counter; 6] = [
    Counter {
        name: "breaker_box_calls_total",
        help: "Calls that were admitted and finished, by outcome.",
        series: &[
            (Some(("outcome", "success")), |totals| totals.successes),
            (Some(("outcome", "failure")), |totals| totals.failures),
            (Some(("outcome", "ignored")), |totals| totals.ignored),
            (Some(("outcome", "late")), |totals| totals.late),
        ],
    },
    Counter {
        name: "breaker_box_rejected_calls_total",
        help: "Calls that were rejected.",
        series: &[(None, |totals| totals.rejected)],
    },
    Counter {
        name: "breaker_box_slow_calls_total",
        help: "Calls that took longer than the policy allows, each also a success or a failure.",
        series: &[(None, |totals| totals.slow)],
    },
    Counter {
        name: "breaker_box_cancelled_calls_total",
        help: "Calls that were dropped before they had a result; each is also a failure if the policy says so.",
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
        help: "1 for the current state, 0 for the others.",
        series: &[
            (Some(("state", State::Closed.as_str())), |status| Some(f64::from(status.state == State::Closed))),
            (Some(("state", State::Open.as_str())), |status| Some(f64::from(status.state == State::Open))),
            (Some(("state", State::HalfOpen.as_str())), |status| Some(f64::from(status.state == State::HalfOpen))),
            (Some(("state", State::ForcedOpen.as_str())), |status| Some(f64::from(status.state == State::ForcedOpen))),
            (Some(("state", State::Disabled.as_str())), |status| Some(f64::from(status.state == State::Disabled))),
            (Some(("state", State::MetricsOnly.as_str())), |status| {
                Some(f64::from(status.state == State::MetricsOnly))
            }),
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
        help: "Failures ÷ calls in the policy's window, 0 to 1; absent below the minimum of calls.",
        series: &[(None, |status| status.window.failure_rate)],
        gone: f64::NAN,
    },
    Gauge {
        name: "breaker_box_slow_call_ratio",
        help: "Slow calls ÷ calls in the policy's window, 0 to 1; absent below the minimum of calls.",
        series: &[(None, |status| status.window.slow_call_rate)],
        gone: f64::NAN,
    },
];

/// A count of a registry as a whole.
pub(super) struct RegistryCounter {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) series: &'static [Series<Occupied, u64>],
}

/// A current value of a registry as a whole.
pub(super) struct RegistryGauge {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    /// `None` if there is no value to show.
    pub(super) value: fn(&Occupied) -> Option<f64>,
}

pub(super) const REGISTRY_COUNTERS: [RegistryCounter; 2] = [
    RegistryCounter {
        name: "breaker_box_unguarded_calls_total",
        help: "Calls that ran unguarded, because no circuit could be created.",
        series: &[
            (Some(("reason", "full")), |occupied| occupied.registry.unguarded_as_full),
            (Some(("reason", "invalid_key")), |occupied| occupied.registry.unguarded_as_invalid),
        ],
    },
    RegistryCounter {
        name: "breaker_box_overflow_calls_total",
        help: "Calls that shared the overflow circuit, because the registry was full.",
        series: &[(None, |occupied| occupied.registry.overflowed)],
    },
];

// Numbers of circuits are far below what an f64 keeps exactly.
#[allow(clippy::cast_precision_loss)]
pub(super) const REGISTRY_GAUGES: [RegistryGauge; 3] = [
    RegistryGauge {
        name: "breaker_box_circuits",
        help: "Circuits in the registry.",
        value: |occupied| Some(occupied.registry.circuits as f64),
    },
    RegistryGauge {
        name: "breaker_box_max_circuits",
        help: "The maximum number of circuits in the registry; absent without a limit.",
        value: |occupied| occupied.registry.max_circuits.map(|n| n as f64),
    },
    RegistryGauge {
        name: "breaker_box_circuits_left_out",
        help: "Circuits that are not shown, because there are too many.",
        value: |occupied| Some(occupied.left_out as f64),
    },
];

pub(super) const DURATION: &str = "breaker_box_call_duration_seconds";
pub(super) const DURATION_HELP: &str = "How long calls took, if the policy sets a limit for slow calls.";
