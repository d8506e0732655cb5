//! Ten thousand clients, and one service that comes back from an outage: what jitter, probe limits
//! and progressive expiry buy.
//!
//! Everything happens on a clock that is moved by hand, with the library's own breakers. On such a
//! clock jitter is the same in every process, so each run comes to the same figures, and what is
//! committed can be held against them.
//!
//! `cargo run --release --example fleet_simulation --features fleet_simulation` compares them with
//! `docs/guide/`; with `-- --write` it writes them there.

mod calendar;
mod chance;
mod chart;
mod figures;
mod fleet;
mod service;
mod simulation;
mod variant;

use std::env;
use std::error::Error;
use std::thread;

use breaker_box::PolicyError;

use crate::figures::Figures;
use crate::simulation::Outcome;
use crate::variant::Variant;

fn main() -> Result<(), Box<dyn Error>> {
    let outcomes = run_all()?;
    let figures = Figures { table: figures::table(&outcomes), picture: chart::draw(&outcomes)? };
    println!("{}", figures.table);
    show_what_it_is_about(&outcomes);
    if env::args().any(|argument| argument == "--write") { figures.write() } else { figures.compare() }
}

/// Each by itself, so all at once.
fn run_all() -> Result<Vec<Outcome>, PolicyError> {
    thread::scope(|scope| {
        let runs = Variant::ALL.map(|variant| scope.spawn(move || simulation::run(variant)));
        runs.into_iter().map(|run| run.join().expect("a simulation does not panic")).collect()
    })
}

/// What the guide says of the figures.
fn show_what_it_is_about(outcomes: &[Outcome]) {
    let of = |probe_limit, jitter, progressive| {
        let wanted = Variant { probe_limit, jitter, progressive };
        outcomes.iter().find(|outcome| outcome.variant == wanted).expect("all were run")
    };
    for progressive in [false, true] {
        let (neither, both) = (of(false, false, progressive), of(true, true, progressive));
        assert!(
            neither.falls > 0 && neither.recovery.is_none(),
            "the herd knocks a cold service over, again and again"
        );
        assert!(both.falls == 0 && both.recovery.is_some(), "with a probe limit and jitter it comes back in peace");
        assert!(both.peak() * 2 < neither.peak(), "and is asked for half as much at the most");
    }
    for outcome in outcomes {
        let Variant { probe_limit, jitter, progressive } = outcome.variant;
        if probe_limit {
            let without = of(false, jitter, progressive);
            assert!(outcome.failed * 3 < without.failed * 2, "a probe limit saves a third of the calls that fail");
        }
        if progressive {
            let without = of(probe_limit, jitter, false);
            assert!(outcome.failed * 4 < without.failed * 3, "waiting longer saves a quarter of them");
        }
    }
    assert!(of(true, true, false).recovery < of(true, true, true).recovery, "and that is what it costs");
}
