//! What the core reports, as the link has it.

use breaker_core::fleet;

use super::input::{Change, Generation, ProbeReport, Why};

impl From<fleet::Generation> for Generation {
    fn from(generation: fleet::Generation) -> Self {
        Self(generation.number())
    }
}

impl From<Generation> for fleet::Generation {
    fn from(generation: Generation) -> Self {
        Self::new(generation.0)
    }
}

impl From<&fleet::Change> for Change {
    fn from(change: &fleet::Change) -> Self {
        Self {
            generation: change.generation.into(),
            state: change.state,
            left: change.left,
            openings: change.openings,
            why: Why::of(&change.cause),
            cause: change.cause.as_str(),
            reason: change.cause.reason().cloned(),
            only_here: change.only_here,
        }
    }
}

impl From<&fleet::ProbeReport> for ProbeReport {
    fn from(report: &fleet::ProbeReport) -> Self {
        Self {
            generation: report.generation.into(),
            successes: report.successes,
            failures: report.failures,
            in_flight: report.in_flight,
            success_threshold: report.success_threshold,
            failure_threshold: report.failure_threshold,
            max_calls: report.max_calls,
            next_openings: report.next_openings,
            next_period: report.next_period,
        }
    }
}
