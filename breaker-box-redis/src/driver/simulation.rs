//! Many instances in one thread and in simulated time: real registries, the link, and a store in
//! memory, with a network that delays, loses, repeats and reorders, instances that are stopped and
//! killed, and a store that stalls, forgets and fails over. Every run is drawn from a seed.
//!
//! Checked throughout: slots for probes are granted only as the store has leased them, and never
//! more than the policy allows; versions only grow; no local change is overwritten that the link
//! has not seen; queues stay short. Checked at the end, when nothing goes wrong any more: all
//! instances do what the store says, and every circuit closes when its calls succeed.

mod flaw;
mod instance;
mod invariants;
mod random;
mod run;
mod world;

use std::num::NonZero;
use std::thread;

use flaw::Flaw;
use run::{fails, run};

/// How many runs there are by default; `SCHEDULES` overrides it, and `SEED` runs one.
const SCHEDULES: u64 = 100_000;
/// In how many runs a flaw must show.
const RUNS: u64 = 3_000;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn instances_agree_whatever_goes_wrong() {
    if let Some(seed) = number("SEED") {
        return check(seed);
    }
    let schedules = number("SCHEDULES").unwrap_or(SCHEDULES);
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for first in 0..threads as u64 {
            scope.spawn(move || (first..schedules).step_by(threads).for_each(check));
        }
    });
}

fn check(seed: u64) {
    if let Err(failed) = run(seed, None) {
        let last = failed.trace.iter().rev().take(400).rev();
        let trace: Vec<&str> = last.map(String::as_str).collect();
        panic!(
            "seed {}, after {} actions: {}\n{}\nSEED={} cargo test -p breaker-box-redis --all-features simulation",
            failed.seed,
            failed.actions,
            failed.why,
            trace.join("\n"),
            failed.seed,
        );
    }
}

#[test]
fn every_flaw_is_found() {
    let missed = Flaw::ALL.iter().filter(|flaw| !(0..RUNS).any(|seed| fails(seed, **flaw)));
    let missed: Vec<&Flaw> = missed.collect();
    assert!(missed.is_empty(), "not found in {RUNS} runs: {missed:?}");
}
