//! What is counted: probes of a half-open period, and calls of a circuit.

use std::time::Duration;

use super::generation::Generation;

/// How the probes of a half-open circuit are doing.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::fleet::{Generation, ProbeReport};
///
/// let report = ProbeReport::new(Generation::new(2));
/// assert_eq!((report.successes, report.failures, report.in_flight), (0, 0, 0));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProbeReport {
    /// The half-open generation.
    pub generation: Generation,
    /// The probes of this instance that succeeded in this generation.
    pub successes: u32,
    /// The probes of this instance that failed in this generation.
    pub failures: u32,
    /// The probes of this instance that hold slots now.
    pub in_flight: u32,
    /// How many successes close the circuit; see
    /// [`success_threshold`](crate::Policy::success_threshold).
    pub success_threshold: u32,
    /// How many failures open it again; see
    /// [`half_open_failure_threshold`](crate::Policy::half_open_failure_threshold).
    pub failure_threshold: u32,
    /// How many probes may run at a time; see
    /// [`half_open_max_calls`](crate::Policy::half_open_max_calls).
    pub max_calls: u32,
    /// The number of openings in a row if the circuit opens again.
    pub next_openings: u32,
    /// How long the circuit would then stay open, with jitter.
    pub next_period: Duration,
    /// How long the circuit ramps up before it closes, if its policy says so; see
    /// [`ramp_up`](crate::Policy::ramp_up).
    pub ramp_up: Option<Duration>,
}

impl ProbeReport {
    /// Creates a report without any probe, with thresholds of 1, no period and no ramp-up, for
    /// tests of a peer. The fields can be set.
    #[must_use]
    pub const fn new(generation: Generation) -> Self {
        Self {
            generation,
            successes: 0,
            failures: 0,
            in_flight: 0,
            success_threshold: 1,
            failure_threshold: 1,
            max_calls: 1,
            next_openings: 1,
            next_period: Duration::ZERO,
            ramp_up: None,
        }
    }
}

/// How many calls of a circuit were counted since it was created. The numbers never decrease, with
/// one exception: `slow` is zero under a policy without a limit for slow calls.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::fleet::Counts;
///
/// let counts = Counts::new(10, 2, 1);
/// assert_eq!((counts.calls, counts.failures, counts.slow), (10, 2, 1));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// The calls that succeeded or failed.
    pub calls: u64,
    /// The calls that failed.
    pub failures: u64,
    /// The calls that took longer than the policy's limit for slow calls.
    pub slow: u64,
}

impl Counts {
    /// Creates counts, for tests of a peer.
    #[must_use]
    pub const fn new(calls: u64, failures: u64, slow: u64) -> Self {
        Self { calls, failures, slow }
    }
}
