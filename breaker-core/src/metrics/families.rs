//! The metrics by name, with their meaning and the source of their values. The only file that names
//! them.

use crate::fleet::FleetStatus;
use crate::registry::Occupancy;
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
    /// Whether a group shows the sum over its circuits; otherwise it shows nothing.
    pub(super) is_summed: bool,
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

// Numbers of calls in flight are far below what an f64 keeps exactly.
#[allow(clippy::cast_precision_loss)]
pub(super) const GAUGES: [Gauge; 7] = [
    Gauge {
        name: "breaker_box_state",
        help: "Circuits in this state: 1 or 0, in a group their number.",
        series: &[
            (Some(("state", State::Closed.as_str())), |status| Some(f64::from(status.state == State::Closed))),
            (Some(("state", State::Open.as_str())), |status| Some(f64::from(status.state == State::Open))),
            (Some(("state", State::HalfOpen.as_str())), |status| Some(f64::from(status.state == State::HalfOpen))),
            (Some(("state", State::ForcedOpen.as_str())), |status| Some(f64::from(status.state == State::ForcedOpen))),
            (Some(("state", State::Disabled.as_str())), |status| Some(f64::from(status.state == State::Disabled))),
            (Some(("state", State::MetricsOnly.as_str())), |status| {
                Some(f64::from(status.state == State::MetricsOnly))
            }),
            (Some(("state", State::RampingUp.as_str())), |status| Some(f64::from(status.state == State::RampingUp))),
        ],
        gone: 0.0,
        is_summed: true,
    },
    Gauge {
        name: "breaker_box_consecutive_openings",
        help: "Openings in a row without a recovery.",
        series: &[(None, |status| Some(f64::from(status.openings)))],
        gone: 0.0,
        is_summed: false,
    },
    Gauge {
        name: "breaker_box_failure_ratio",
        help: "Failures ÷ calls in the policy's window, 0 to 1; absent below the minimum of calls.",
        series: &[(None, |status| status.window.failure_rate)],
        gone: f64::NAN,
        is_summed: false,
    },
    Gauge {
        name: "breaker_box_slow_call_ratio",
        help: "Slow calls ÷ calls in the policy's window, 0 to 1; absent below the minimum of calls.",
        series: &[(None, |status| status.window.slow_call_rate)],
        gone: f64::NAN,
        is_summed: false,
    },
    Gauge {
        name: "breaker_box_admitted_share",
        help: "The share of the calls that is admitted while the circuit ramps up, 0 to 1; absent otherwise.",
        series: &[(None, |status| status.admitted_share)],
        gone: f64::NAN,
        is_summed: false,
    },
    Gauge {
        name: "breaker_box_calls_in_flight",
        help: "Calls in flight that were admitted since the circuit entered its state, if the policy judges hung calls.",
        series: &[(None, |status| status.in_flight.map(|in_flight| in_flight.calls as f64))],
        gone: f64::NAN,
        is_summed: true,
    },
    Gauge {
        name: "breaker_box_hung_calls",
        help: "Calls in flight for as long as the policy's limit for hung calls, if it has one.",
        series: &[(None, |status| status.in_flight.map(|in_flight| in_flight.hung as f64))],
        gone: f64::NAN,
        is_summed: true,
    },
];

/// The number of all series of gauges of a circuit.
pub(super) const GAUGE_SERIES: usize = {
    let (mut series, mut gauge) = (0, 0);
    while gauge < GAUGES.len() {
        series += GAUGES[gauge].series.len();
        gauge += 1;
    }
    series
};

/// All series of gauges of a circuit, in their order.
pub(super) fn gauge_series() -> impl Iterator<Item = (&'static Gauge, &'static Series<Status, Option<f64>>)> {
    GAUGES.iter().flat_map(|gauge| gauge.series.iter().map(move |series| (gauge, series)))
}

/// How full a registry is, and how many circuits are not shown.
pub(super) struct Occupied {
    pub(super) registry: Occupancy,
    pub(super) left_out: usize,
}

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

/// A count of a registry that has joined a fleet.
pub(super) struct FleetCounter {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) value: fn(&FleetStatus) -> u64,
}

/// A current value of a registry that has joined a fleet. Once it has left, there is none.
pub(super) struct FleetGauge {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) value: fn(&FleetStatus) -> f64,
}

pub(super) const FLEET_COUNTERS: [FleetCounter; 3] = [
    FleetCounter {
        name: "breaker_box_fleet_adopted_total",
        help: "Changes of other instances that were adopted.",
        value: |status| status.adopted,
    },
    FleetCounter {
        name: "breaker_box_fleet_published_total",
        help: "Changes of this instance that were published to the others.",
        value: |status| status.published,
    },
    FleetCounter {
        name: "breaker_box_fleet_errors_total",
        help: "Requests to the fleet's store that failed, and connections to it that were lost.",
        value: |status| status.errors,
    },
];

// Numbers of circuits and instances are far below what an f64 keeps exactly.
#[allow(clippy::cast_precision_loss)]
pub(super) const FLEET_GAUGES: [FleetGauge; 4] = [
    FleetGauge {
        name: "breaker_box_fleet_connected",
        help: "1 while this instance is connected to the fleet's store, otherwise 0.",
        value: |status| f64::from(status.connected),
    },
    FleetGauge {
        name: "breaker_box_fleet_instances",
        help: "Instances of the fleet that were seen recently, this one included; 0 while not connected.",
        value: |status| status.instances as f64,
    },
    FleetGauge {
        name: "breaker_box_fleet_shared_circuits",
        help: "Circuits whose state the fleet holds.",
        value: |status| status.shared_circuits as f64,
    },
    FleetGauge {
        name: "breaker_box_fleet_pending",
        help: "Changes of this instance that are yet to be published.",
        value: |status| status.pending as f64,
    },
];

pub(super) const DURATION: &str = "breaker_box_call_duration_seconds";
pub(super) const DURATION_HELP: &str = "How long calls took, if the policy sets a limit for slow or hung calls.";
