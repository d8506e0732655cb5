//! Fleets of real processes with a real Redis.

#[path = "../support/mod.rs"]
mod support;

mod chaos;
#[cfg(any(feature = "cluster", feature = "sentinel"))]
mod clusters;
mod counting;
mod failovers;
mod foreign;
mod manual;
mod network;
mod operations;
mod outages;
mod probes;
mod processes;
mod refusals;
mod separate;
mod speed;
mod spread;
mod storms;

use std::process::ExitCode;

use support::harness;

fn main() -> ExitCode {
    // The processes of the instances run this program too.
    if support::child::run() {
        return ExitCode::SUCCESS;
    }
    harness::main(&[
        // Those that take longest come first.
        storms::TESTS,
        chaos::TESTS,
        #[cfg(any(feature = "cluster", feature = "sentinel"))]
        clusters::TESTS,
        probes::TESTS,
        operations::TESTS,
        outages::TESTS,
        network::TESTS,
        failovers::TESTS,
        processes::TESTS,
        foreign::TESTS,
        counting::TESTS,
        spread::TESTS,
        manual::TESTS,
        refusals::TESTS,
        separate::TESTS,
        speed::TESTS,
    ])
}
