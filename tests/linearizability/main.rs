//! The whole breaker under threads: whatever they did, and however they met, it came out as if they had taken turns.

#[expect(dead_code, reason = "the model answers more than is asked of it here")]
#[path = "../model/model.rs"]
mod model;
#[path = "../model/outcomes.rs"]
mod outcomes;
#[path = "../model/plan.rs"]
mod plan;
#[expect(dead_code, reason = "the model answers more than is asked of it here")]
#[path = "../model/terms.rs"]
mod terms;

mod history;
mod node;
mod perform;
mod program;
mod rounds;
mod search;

#[test]
fn every_history_is_that_of_some_order() {
    let rounds = std::env::var("BREAKER_LINEARIZABILITY_ROUNDS").ok().and_then(|r| r.parse().ok()).unwrap_or(5_000);
    rounds::run(rounds);
}
