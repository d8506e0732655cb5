//! Load and faults: many threads and tasks call thousands of circuits, while everything that may
//! happen to them happens.
//!
//! At the end totals add up exactly against the program's own ledgers, every circuit can be brought
//! back to closed by good calls, memory in use, counted by the allocator, was as high in the second
//! half as in the first, and no thread is left.

mod arguments;
mod chance;
mod crowd;
mod doors;
mod findings;
mod fleet;
mod gauge;
mod ledger;
mod passing;
mod policies;
mod pulse;
mod recovery;
mod storm;
mod summary;
mod unrest;
mod visit;
mod wires;
mod world;

use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::arguments::{Arguments, USAGE};
use crate::findings::keep_quiet_about_panics_on_purpose;
use crate::fleet::Fleet;
use crate::world::World;

fn main() -> ExitCode {
    if std::env::args().any(|word| word == "--help") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let arguments = match Arguments::read(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(error) => {
            eprintln!("{error}\n\n{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    keep_quiet_about_panics_on_purpose();
    println!("{}", arguments.command());
    let threads_before = gauge::threads();
    let world = Arc::new(World::new(&arguments));
    let gauge = storm::rage(&world, &arguments);

    let World { fleets, passing, findings, .. } = &*world;
    summary::print(&world, &gauge);
    let check_totals = || {
        findings.add_all(fleets.iter().flat_map(Fleet::discrepancies).chain(passing.discrepancies()));
    };
    check_totals();
    for fleet in fleets {
        let (wedged, orders) = recovery::recover(fleet);
        let closed = fleet.subjects.len() - wedged.len();
        println!(
            "{}: {closed} of {} circuits closed by good calls, {orders} of them after a reset",
            fleet.name,
            fleet.subjects.len()
        );
        findings.add_all(wedged);
    }
    findings.add_all(recovery::recover_passing(passing));
    // Also with the calls of the recovery.
    check_totals();
    findings.add_all(summary::judge_memory(&gauge));
    findings.add_all(threads_left(threads_before));

    if findings.report() {
        println!("nothing was found");
        ExitCode::SUCCESS
    } else {
        eprintln!("run it again: {}", arguments.command());
        ExitCode::FAILURE
    }
}

/// A thread that was joined may take a moment longer to leave the system's list.
fn threads_left(before: Option<usize>) -> Option<String> {
    let give_up = Instant::now() + Duration::from_secs(5);
    while gauge::threads() != before && Instant::now() < give_up {
        thread::yield_now();
    }
    let now = gauge::threads();
    (now != before).then(|| format!("threads before: {before:?}, now: {now:?}"))
}
