//! Ten thousand clients, and one service that comes back from an outage: what jitter, probe limits and progressive expiry buy.
//!
//! Everything happens on a clock that is moved by hand, with the library's own breakers. On such a clock jitter is the same in
//! every process, so each run comes to the same figures, and what is committed can be held against them.
//!
//! `cargo run --release --example fleet_simulation` compares them with `docs/guide/`; with `-- --write` it writes them there.

mod calendar;
mod chance;
mod chart;
mod figures;
mod fleet;
mod service;
mod simulation;
mod variant;

use std::error::Error;
use std::thread;

use breaker_box::PolicyError;

use crate::simulation::Outcome;
use crate::variant::Variant;

fn main() -> Result<(), Box<dyn Error>> {
    let outcomes = run_all()?;
    let (table, picture) = (figures::table(&outcomes), chart::draw(&outcomes)?);
    println!("{table}");
    show_what_it_is_about(&outcomes);
    for (name, text) in [("fleet-table.md", table), ("fleet.svg", picture)] {
        if std::env::args().any(|argument| argument == "--write") {
            figures::write(name, &text)?;
        } else {
            figures::compare(name, &text)?;
        }
    }
    Ok(())
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
    let with = |wanted: fn(&Variant) -> bool| outcomes.iter().filter(move |outcome| wanted(&outcome.variant));
    let of = |probe_limit, jitter, progressive| {
        let wanted = Variant { probe_limit, jitter, progressive };
        outcomes.iter().find(|outcome| outcome.variant == wanted).expect("all were run")
    };
    assert!(with(|variant| !variant.jitter).all(|outcome| outcome.falls > 0), "a herd knocks a cold service over");
    assert!(with(|variant| variant.jitter && variant.probe_limit).all(|outcome| outcome.falls == 0));
    assert!(with(|variant| variant.jitter && variant.progressive).all(|outcome| outcome.falls == 0));
    assert!(of(false, false, false).recovery.is_none(), "without any of the three it does not come back");
    assert!(of(true, true, false).recovery < of(true, true, true).recovery, "what progressive expiry costs");
    for outcome in outcomes {
        let Variant { probe_limit, jitter, progressive } = outcome.variant;
        if probe_limit {
            assert!(outcome.failed * 3 < of(false, jitter, progressive).failed * 2, "one probe saves a third at least");
        }
        if progressive {
            assert!(outcome.failed * 4 < of(probe_limit, jitter, false).failed * 3, "and so does waiting longer");
        }
    }
}
