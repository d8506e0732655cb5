//! A soak test: many threads and tasks call thousands of circuits, while policies, clocks,
//! settings, subscribers and states change.
//!
//! At the end, totals must equal the program's own counts, successful calls must close every
//! circuit, the memory in use (as counted by the allocator) must not have grown from the first half
//! to the second, and no thread may be left.

mod arguments;
mod callers;
mod calls;
mod circuit_set;
mod disturbances;
mod expected_totals;
mod memory;
mod policies;
mod problems;
mod random;
mod recovery;
mod shared;
mod small_registry;
mod summary;
mod tracked_call;
mod watchdog;
mod wires;
mod workers;

use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use crate::arguments::{Arguments, USAGE};
use crate::circuit_set::CircuitSet;
use crate::problems::silence_deliberate_panics;
use crate::shared::Shared;

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
    silence_deliberate_panics();
    println!("{}", arguments.command());
    let threads_before = memory::threads();
    let shared = Arc::new(Shared::new(&arguments));
    let memory = workers::run(&shared, &arguments);

    let Shared { circuit_sets, small_registry, problems, .. } = &*shared;
    summary::print(&shared, &memory);
    let check_totals = || {
        problems.add_all(circuit_sets.iter().flat_map(CircuitSet::discrepancies).chain(small_registry.discrepancies()));
    };
    check_totals();
    for circuit_set in circuit_sets {
        let (unrecovered, resets) = recovery::recover(circuit_set);
        let closed = circuit_set.circuits.len() - unrecovered.len();
        println!(
            "{}: {closed} of {} circuits closed by successful calls, {resets} of them after a reset",
            circuit_set.name,
            circuit_set.circuits.len()
        );
        problems.add_all(unrecovered);
    }
    problems.add_all(recovery::recover_small_registry(small_registry));
    // Again, with the calls of the recovery.
    check_totals();
    problems.add_all(summary::check_memory(&memory));
    problems.add_all(threads_left(threads_before));

    if problems.report() {
        println!("no problems found");
        ExitCode::SUCCESS
    } else {
        eprintln!("run it again: {}", arguments.command());
        ExitCode::FAILURE
    }
}

/// A joined thread may stay in the system's list for a moment.
fn threads_left(before: Option<usize>) -> Option<String> {
    let give_up = Instant::now() + Duration::from_secs(5);
    while memory::threads() != before && Instant::now() < give_up {
        thread::yield_now();
    }
    let now = memory::threads();
    (now != before).then(|| format!("threads before: {before:?}, now: {now:?}"))
}
