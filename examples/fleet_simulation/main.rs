//! Ten thousand clients, and one service that recovers from an outage: the effect of jitter, probe
//! limits, progressive expiry and ramp-up.
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

use crate::fleet::Size;
use crate::guide_page::GuidePage;
use crate::simulation::Outcome;
use crate::variant::Variant;

fn main() -> Result<(), Box<dyn Error>> {
    let small = run_all(Size::SMALL_CLIENTS, Variant::all())?;
    let large = run_all(Size::LARGE_CLIENTS, Variant::all().into_iter().filter(|variant| variant.probe_limit))?;
    let page = GuidePage { tables: guide_page::tables(&small, &large), picture: chart::draw(&small)? };
    println!("{}", page.tables);
    assert_conclusions(&small);
    for outcomes in [&small, &large] {
        assert_conclusions_on_ramp_up(outcomes);
    }
    if env::args().any(|argument| argument == "--write") { page.write() } else { page.compare() }
}

/// These variants, in parallel because they are independent.
fn run_all(size: Size, variants: impl IntoIterator<Item = Variant>) -> Result<Vec<Outcome>, PolicyError> {
    thread::scope(|scope| {
        let runs: Vec<_> =
            variants.into_iter().map(|variant| scope.spawn(move || simulation::run(variant, size))).collect();
        runs.into_iter().map(|run| run.join().expect("a simulation does not panic")).collect()
    })
}

fn find(outcomes: &[Outcome], wanted: Variant) -> &Outcome {
    outcomes.iter().find(|outcome| outcome.variant == wanted).expect("it was run")
}

/// Asserts what the guide says about the figures without a ramp-up.
fn assert_conclusions(outcomes: &[Outcome]) {
    let of =
        |probe_limit, jitter, progressive| find(outcomes, Variant { probe_limit, jitter, progressive, ramp_up: false });
    for progressive in [false, true] {
        let (neither, both) = (of(false, false, progressive), of(true, true, progressive));
        assert!(
            neither.crashes > 0 && neither.recovery.is_none(),
            "the herd makes a cold service crash again and again"
        );
        assert!(both.crashes == 0 && both.recovery.is_some(), "with a probe limit and jitter it recovers");
        assert!(both.peak() * 2 < neither.peak(), "with at most half the load");
    }
    for outcome in outcomes.iter().filter(|outcome| !outcome.variant.ramp_up) {
        let Variant { probe_limit, jitter, progressive, .. } = outcome.variant;
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

/// Asserts what the guide says about a ramp-up, with one probe.
fn assert_conclusions_on_ramp_up(outcomes: &[Outcome]) {
    for progressive in [false, true] {
        let of = |jitter, ramp_up| find(outcomes, Variant { probe_limit: true, jitter, progressive, ramp_up });
        assert!(of(false, true).failed < of(false, false).failed, "without jitter, fewer calls fail");
        assert_eq!(of(false, true).crashes, 0, "and the service does not crash again");
        assert!(of(true, true).failed * 8 > of(true, false).failed * 7, "with jitter, hardly fewer");
        assert!(of(true, true).recovery > of(true, false).recovery, "and the recovery takes longer");
    }
    let of = |jitter, ramp_up| find(outcomes, Variant { probe_limit: true, jitter, progressive: false, ramp_up });
    assert!(of(true, false).failed <= of(false, true).failed * 11 / 10, "jitter alone saves as much");
    assert!(of(true, false).recovery < of(false, true).recovery, "and everything works again sooner");
}
