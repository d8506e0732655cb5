//! Ten thousand clients, and one service that recovers from an outage: the effect of jitter, probe
//! limits and progressive expiry.
//!
//! The simulation runs the library's own breakers on a `ManualClock`. On such a clock jitter is the
//! same in every process, so each run gives the same figures and can be compared with the committed
//! ones.
//!
//! `cargo run --release --example fleet_simulation --features fleet_simulation` compares them with
//! `docs/guide/`; with `-- --write` it writes them there.

mod chart;
mod event_queue;
mod fleet;
mod guide_page;
mod random;
mod service;
mod simulation;
mod variant;

use std::env;
use std::error::Error;
use std::thread;

use breaker_box::PolicyError;

use crate::guide_page::GuidePage;
use crate::simulation::Outcome;
use crate::variant::Variant;

fn main() -> Result<(), Box<dyn Error>> {
    let outcomes = run_all()?;
    let page = GuidePage { table: guide_page::table(&outcomes), picture: chart::draw(&outcomes)? };
    println!("{}", page.table);
    assert_conclusions(&outcomes);
    if env::args().any(|argument| argument == "--write") { page.write() } else { page.compare() }
}

/// All variants, in parallel because they are independent.
fn run_all() -> Result<Vec<Outcome>, PolicyError> {
    thread::scope(|scope| {
        let runs = Variant::ALL.map(|variant| scope.spawn(move || simulation::run(variant)));
        runs.into_iter().map(|run| run.join().expect("a simulation does not panic")).collect()
    })
}

/// Asserts what the guide says about the figures.
fn assert_conclusions(outcomes: &[Outcome]) {
    let of = |probe_limit, jitter, progressive| {
        let wanted = Variant { probe_limit, jitter, progressive };
        outcomes.iter().find(|outcome| outcome.variant == wanted).expect("all were run")
    };
    for progressive in [false, true] {
        let (neither, both) = (of(false, false, progressive), of(true, true, progressive));
        assert!(
            neither.crashes > 0 && neither.recovery.is_none(),
            "the herd makes a cold service crash again and again"
        );
        assert!(both.crashes == 0 && both.recovery.is_some(), "with a probe limit and jitter it recovers");
        assert!(both.peak() * 2 < neither.peak(), "with at most half the load");
    }
    for outcome in outcomes {
        let Variant { probe_limit, jitter, progressive } = outcome.variant;
        if probe_limit {
            let without = of(false, jitter, progressive);
            assert!(outcome.failed * 3 < without.failed * 2, "with a probe limit, a third fewer calls fail");
        }
        if progressive {
            let without = of(probe_limit, jitter, false);
            assert!(outcome.failed * 4 < without.failed * 3, "with longer waits, a quarter fewer calls fail");
        }
    }
    assert!(of(true, true, false).recovery < of(true, true, true).recovery, "longer waits delay the recovery");
}
