//! The whole breaker under threads: whatever they do, and however they meet, it comes out as if
//! they had taken turns.
//!
//! Random programs run on real threads, which note when each operation began and ended and what
//! came of it. Then an order is sought that agrees with those moments, and in which the reference
//! model of `tests/model/` does the same. What the breaker allows itself beyond that is listed in
//! [`node`].
//!
//! `BREAKER_LINEARIZABILITY_PROGRAMS=1000000 cargo test --test linearizability` runs more than the
//! usual few thousand. The same programs, in every order, are in
//! `breaker-core/tests/schedules/linearizability.rs`.

#[allow(dead_code, reason = "the tests of the model use more of it")]
#[path = "../support/happened.rs"]
mod happened;
#[allow(dead_code, reason = "as above")]
#[path = "../model/model.rs"]
mod model;
#[allow(dead_code, reason = "as above")]
#[path = "../model/outcomes.rs"]
mod outcomes;
#[path = "../model/plan.rs"]
mod plan;
#[allow(dead_code, reason = "as above")]
#[path = "../model/terms.rs"]
mod terms;

mod fleet;
mod history;
mod judged;
mod node;
mod perform;
mod program;
mod rounds;
mod search;

/// How many programs run by default.
const PROGRAMS: u64 = 3_000;

fn programs() -> u64 {
    std::env::var("BREAKER_LINEARIZABILITY_PROGRAMS").ok().and_then(|n| n.parse().ok()).unwrap_or(PROGRAMS)
}

#[test]
fn concurrent_calls_are_linearizable() {
    rounds::run(0..programs());
}
