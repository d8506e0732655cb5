//! The breaker beside a naive model of it: random policies, random sequences, compared step by
//! step.
//!
//! `BREAKER_MODEL_CASES=100000 cargo test --test model` runs more sequences than the usual ten
//! thousand. A sequence that fails is shrunk, printed, and kept by its seed in
//! `main.proptest-regressions`. Write it down in `kept.rs` and throw the seed away, for a seed
//! means something else as soon as a strategy changes.
//!
//! Each of these changes to the breaker was made once, and noticed: `<=` as `<` for the deadline,
//! `>=` as `>` for the rates, their minimum and the thresholds, `>` as `>=` for slow calls, `<` as
//! `<=` for the debounce, the edge of `failures_within` and the slots of probes; a time limit as of
//! now instead of its own instant, no judgement after `close`, probes that slip into a window, a
//! back-off one step ahead, nine buckets instead of ten; a probe whose time is over counted twice,
//! one that gave its slot up freeing another's, a call inside a probe whose stay is over taken for
//! a part of it; the lapse of a grant after a time limit at the same instant, one that keeps its
//! slots or counts its probes, a hold that ends with the open period or takes a grant back, a
//! second request for a probe, an adoption that keeps the openings.

mod give;
#[path = "../support/happened.rs"]
mod happened;
mod in_fleet;
mod jitter;
mod kept;
mod model;
mod operation;
mod outcomes;
mod plan;
mod side_by_side;
mod strategy;
mod terms;

use std::collections::BTreeSet;
use std::fmt;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{
    Config, FileFailurePersistence, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner,
};

use happened::EventKind;
use operation::Case;

/// How many sequences of two hundred steps run by default.
const CASES: u32 = 10_000;
// One in a hundred is left out by chance, which is how sequences shrink.
const STEPS: usize = 204;

fn cases() -> u32 {
    std::env::var("BREAKER_MODEL_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES)
}

/// Runs a test on random values; the first one that fails, shrunk.
fn run<V: fmt::Debug>(
    cases: u32,
    strategy: &impl Strategy<Value = V>,
    test: impl Fn(&V) -> Result<(), String>,
) -> Result<(), TestError<V>> {
    let config = Config {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("proptest-regressions"))),
        source_file: Some(file!()),
        max_shrink_iters: 20_000,
        // Half the time went into the default one, which is made for secrets.
        rng_algorithm: RngAlgorithm::XorShift,
        ..Config::default()
    };
    TestRunner::new(config).run(strategy, |value| test(&value).map_err(TestCaseError::fail))
}

fn hold_to_the_model(strategy: &impl Strategy<Value = Case>, cases: u32) {
    match run(cases, strategy, |case| side_by_side::compare(case).map(drop)) {
        Ok(()) => {}
        Err(TestError::Fail(_, case)) => {
            let shortest = shortened(case);
            let difference = side_by_side::compare(&shortest).expect_err("it differs still");
            panic!("{difference}\n{shortest:?}");
        }
        Err(error) => panic!("{error}"),
    }
}

/// Leaves out what the single pass of proptest could not leave out yet.
fn shortened(mut case: Case) -> Case {
    case.steps.retain(|step| step.kept);
    loop {
        let shorter = (0..case.steps.len()).find_map(|place| {
            let mut shorter = case.clone();
            shorter.steps.remove(place);
            side_by_side::compare(&shorter).is_err().then_some(shorter)
        });
        match shorter {
            Some(shorter) => case = shorter,
            None => return case,
        }
    }
}

// Two halves, so that two threads share the work.

#[test]
fn the_breaker_agrees_with_the_model_on_one_half_of_the_sequences() {
    hold_to_the_model(&strategy::case(STEPS), cases() / 2);
}

#[test]
fn the_breaker_agrees_with_the_model_on_the_other_half_of_the_sequences() {
    hold_to_the_model(&strategy::case(STEPS), cases().div_ceil(2));
}

#[test]
fn the_breaker_agrees_with_the_model_on_sequences_of_a_fleet() {
    hold_to_the_model(&strategy::fleet_case(STEPS), cases() / 4);
}

#[test]
fn the_breaker_agrees_with_the_model_on_many_sequences() {
    hold_to_the_model(&strategy::large_case(), cases() / 200);
}

/// The name of a variant, without its fields.
fn variant(value: &impl fmt::Debug) -> String {
    format!("{value:?}").split(' ').next().unwrap_or_default().to_owned()
}

/// What the breaker comes by on 500 sequences.
fn reached(strategy: &impl Strategy<Value = Case>) -> BTreeSet<String> {
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::XorShift));
    let mut reached = BTreeSet::new();
    for _ in 0..500 {
        let case = strategy.new_tree(&mut runner).expect("no filters").current();
        let trace = side_by_side::compare(&case).unwrap_or_else(|difference| panic!("{difference}\n{case:?}"));
        reached.extend(trace.iter().map(|kind| match kind {
            EventKind::StateChanged { from, to, cause } => format!("{from} to {to}: {}", variant(cause)),
            EventKind::WouldOpen { cause } => format!("would open: {}", variant(cause)),
            kind => variant(kind),
        }));
    }
    reached
}

#[test]
fn the_sequences_of_a_fleet_reach_every_state_from_every_state() {
    let reached = reached(&strategy::fleet_case(STEPS));
    let states = ["closed", "open", "forced open", "disabled", "metrics only", "ramping up", "half-open"];
    // A fleet moves no circuit to half-open.
    let pairs = states.iter().flat_map(|from| states[..6].iter().map(move |to| (from, to)));
    let rows = pairs.filter(|(from, to)| from != to).map(|(from, to)| format!("{from} to {to}: Remote"));
    let missing: Vec<String> = rows.filter(|row| !reached.contains(row)).collect();
    assert!(missing.is_empty(), "{missing:?} are missing from {reached:?}");
}

/// Sequences that never leave the closed state would prove little: here is what they must come by.
#[test]
fn the_sequences_reach_every_row_of_the_table() {
    let reached = reached(&strategy::case(STEPS));
    let expected = [
        "Cancelled",
        "Configured",
        "Debounced",
        "Failure",
        "Ignored",
        "Late",
        "Panicked",
        "Rejected",
        "SlowCall",
        "Success",
        "closed to disabled: Manual",
        "closed to forced open: Manual",
        "closed to metrics only: Manual",
        "closed to open: Manual",
        "closed to open: ConsecutiveFailures",
        "closed to open: FailureRate",
        "closed to open: FailuresWithin",
        "closed to open: HungCalls",
        "closed to open: SlowCallRate",
        "closed to open: Tripped",
        "half-open to closed: Manual",
        "half-open to closed: ProbesSucceeded",
        "half-open to disabled: Manual",
        "half-open to forced open: Manual",
        "half-open to metrics only: Manual",
        "half-open to open: Manual",
        "half-open to open: HungCalls",
        "half-open to open: HalfOpenTimeout",
        "half-open to open: ProbeFailed",
        "half-open to open: Tripped",
        "half-open to ramping up: ProbesSucceeded",
        "open to closed: Manual",
        "open to closed: Expired",
        "open to disabled: Manual",
        "open to forced open: Manual",
        "open to half-open: Expired",
        "open to metrics only: Manual",
        "open to ramping up: Expired",
        "ramping up to closed: Manual",
        "ramping up to closed: RampedUp",
        "ramping up to disabled: Manual",
        "ramping up to forced open: Manual",
        "ramping up to metrics only: Manual",
        "ramping up to open: ConsecutiveFailures",
        "ramping up to open: FailureRate",
        "ramping up to open: FailuresWithin",
        "ramping up to open: HungCalls",
        "ramping up to open: Manual",
        "ramping up to open: SlowCallRate",
        "ramping up to open: Tripped",
        "would open: ConsecutiveFailures",
        "would open: FailureRate",
        "would open: FailuresWithin",
        "would open: HungCalls",
        "would open: SlowCallRate",
        "would open: Tripped",
    ];
    let missing: Vec<&str> = expected.into_iter().filter(|row| !reached.contains(*row)).collect();
    assert!(missing.is_empty(), "{missing:?} are missing from {reached:?}");
}
