//! Random programs in every order, each outcome held to the reference model.

#[path = "../../../tests/linearizability/history.rs"]
mod history;
#[path = "../../../tests/model/model.rs"]
mod model;
#[path = "../../../tests/linearizability/node.rs"]
mod node;
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
#[path = "../../../tests/model/terms.rs"]
mod terms;

use std::collections::BTreeSet;
use std::sync::Arc;

use breaker_core::{Filter, ManualClock, Registry};
use history::History;
use loom::sync::atomic::{AtomicU64, Ordering};
use perform::Performer;
use program::{Action, Luck, Program, Size};

use crate::support::{all_together, all_within};

/// What one order came to.
fn perform(program: &Program) -> History {
    let clock = ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).build().unwrap();
    let events = registry.events(Filter::all());
    let breaker = registry.register("a", program.plan.policy()).unwrap();
    let origin = events.try_recv().unwrap().at;
    drop(events);
    let mut main = Performer { breaker: breaker.clone(), clock: clock.clone(), origin, held: Vec::new(), next: 0 };
    let moments = Arc::new(AtomicU64::new(0));
    // What had returned before another operation was invoked is visible to that one.
    let moment = move || moments.fetch_add(1, Ordering::AcqRel);
    let mut first = main.run(&program.prelude, &moment, || {});
    let mut held = std::mem::take(&mut main.held);
    let threads = program.threads.len();
    let works: Vec<_> = program
        .threads
        .iter()
        .enumerate()
        .map(|(number, actions)| {
            let share = held.len().div_ceil(threads - number);
            let held = held.drain(..share).collect();
            let mut performer =
                Performer { breaker: breaker.clone(), clock: clock.clone(), origin, held, next: (number + 1) * 1_000 };
            let (actions, moment) = (actions.clone(), moment.clone());
            let work: crate::support::Work<_> = Box::new(move || {
                let done = performer.run(&actions, &moment, || {});
                (done, performer.held)
            });
            work
        })
        .collect();
    let done = all_together(works);
    first.extend(main.run(&[Action::Look, Action::SeeState, Action::SeeAvailable], &moment, || {}));
    let mut held = Vec::new();
    let mut lists = vec![first];
    for (list, kept) in done {
        lists.push(list);
        held.push(kept);
    }
    History { plan: program.plan, threads: lists }
}

#[test]
fn every_order_is_that_of_some_turns() {
    let programs = std::env::var("BREAKER_SCHEDULE_PROGRAMS").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    let from = std::env::var("BREAKER_SCHEDULE_FROM").ok().and_then(|n| n.parse().ok()).unwrap_or(0);
    for seed in from..from + programs {
        let size = Size { threads: 2, operations: 3, prelude: 5, clock: false };
        let program = Program::random(&mut Luck(u64::wrapping_mul(seed, 0x1234_5678_9abc_def1)), size);
        let shown = format!("{program:?}");
        let histories = all_within(2, move || perform(&program));
        println!("seed {seed}: {}", histories.len());
        let mut known = BTreeSet::new();
        let mut bad = 0;
        for history in &histories {
            if known.insert(format!("{history:?}")) {
                if let Err(why) = search::explain(history) {
                    bad += 1;
                    if bad == 1 {
                        println!("BAD seed {seed} {shown}");
                        for (number, thread) in history.threads.iter().enumerate() {
                            println!("thread {number}");
                            for op in thread {
                                println!("   {}..{} {:?}", op.invoked, op.returned, op.what);
                            }
                        }
                        println!("explained {}, left {:#?}", why.explained, why.left);
                    }
                }
            }
        }
        println!("seed {seed}: {} of {} different, {bad} bad", known.len(), histories.len());
    }
}
