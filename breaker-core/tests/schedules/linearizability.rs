//! Random programs in every order, each outcome held to the reference model.
//!
//! The programs, the model and the search are those of `tests/linearizability/` of the facade,
//! which says what the breaker allows itself. `BREAKER_SCHEDULE_PROGRAMS=10000` performs more
//! programs than usual, and `BREAKER_SCHEDULE_ORDERS` tries more orders of each; the usual bound on
//! interruptions holds too.

#[path = "../../../tests/linearizability/fleet.rs"]
mod fleet;
#[allow(dead_code, reason = "the tests of the model use more of it")]
#[path = "../../../tests/support/happened.rs"]
mod happened;
#[path = "../../../tests/linearizability/history.rs"]
mod history;
#[allow(dead_code, reason = "as above")]
#[path = "../../../tests/model/model.rs"]
mod model;
#[path = "../../../tests/linearizability/node.rs"]
mod node;
#[allow(dead_code, reason = "as above")]
#[path = "../../../tests/model/outcomes.rs"]
mod outcomes;
#[path = "../../../tests/linearizability/perform.rs"]
mod perform;
#[path = "../../../tests/model/plan.rs"]
mod plan;
#[path = "../../../tests/linearizability/program.rs"]
mod program;
#[path = "../../../tests/linearizability/search.rs"]
mod search;
#[allow(dead_code, reason = "as above")]
#[path = "../../../tests/model/terms.rs"]
mod terms;

use std::collections::BTreeSet;
use std::sync::Arc;

use history::History;
use loom::sync::atomic::{AtomicU64, Ordering};
use perform::{Part, perform};
use program::{Program, Size};

use crate::support::{Work, all_together, first_orders};

const SIZE: Size = Size { rounds: 1, alone: 5, threads: 2, operations: 3 };
const PROGRAMS: usize = 120;
const ORDERS: usize = 500;

fn variable(name: &str, usual: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

// Seen to fail with a plain store of the word in `Circuit::fail_in_count` or in
// `Circuit::succeed_without_lock`.
#[test]
fn concurrent_calls_are_linearizable_in_any_schedule() {
    let orders = variable("BREAKER_SCHEDULE_ORDERS", ORDERS);
    for number in 0..variable("BREAKER_SCHEDULE_PROGRAMS", PROGRAMS) as u64 {
        let program = Program::random(number, SIZE);
        let mut known = BTreeSet::new();
        for history in first_orders(orders, move || in_one_order(&program)) {
            // Most orders have the same outcome.
            if known.insert(history.to_string()) {
                if let Err(unexplained) = search::explain(&history) {
                    panic!("no order explains program {number}: {}", unexplained.0);
                }
            }
        }
    }
}

fn in_one_order(program: &Program) -> History {
    let moments = Arc::new(AtomicU64::new(0));
    // AcqRel: what had returned before another operation was invoked is visible to it. The checker
    // knows no other "before".
    let moment = move || moments.fetch_add(1, Ordering::AcqRel);
    perform(program, &moment, |parts| {
        let work = |part: Part| {
            let moment = moment.clone();
            Box::new(move || part.perform(&moment, || {})) as Work<Part>
        };
        all_together(parts.into_iter().map(work).collect())
    })
}
