//! Rounds of real threads.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use breaker_box::{Filter, ManualClock, Registry};

use super::history::History;
use super::perform::Performer;
use super::program::{Action, Luck, Program, Size};
use super::search::explain;

pub(crate) fn run(rounds: u64) {
    let size = Size { threads: 3, operations: 4, prelude: 6, clock: true };
    let mut failed = 0;
    for seed in 0..rounds {
        let program = Program::random(&mut Luck(seed.wrapping_mul(0x1234_5678_9abc_def1)), size);
        let history = perform(&program);
        if let Err(unexplained) = explain(&history) {
            failed += 1;
            if failed < 4 {
                println!("{:?}", program.plan);
                for (number, thread) in history.threads.iter().enumerate() {
                    println!("thread {number}");
                    for op in thread {
                        println!("   {}..{} {:?}", op.invoked, op.returned, op.what);
                    }
                }
                println!("explained {}, left {:#?}", unexplained.explained, unexplained.left);
            }
        }
    }
    assert_eq!(failed, 0);
}

fn perform(program: &Program) -> History {
    let clock = ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).build().unwrap();
    let events = registry.events(Filter::all());
    let breaker = registry.register("a", program.plan.policy()).unwrap();
    let origin = events.try_recv().unwrap().at;
    drop(events);
    let moments = AtomicU64::new(1);
    let moment = || moments.fetch_add(1, Ordering::SeqCst);
    let mut main = Performer { breaker: breaker.clone(), clock: clock.clone(), origin, held: Vec::new(), next: 0 };
    let mut first = main.run(&program.prelude, &moment, || {});
    let mut held = std::mem::take(&mut main.held);
    let arrived = AtomicUsize::new(0);
    let all = program.threads.len();
    let mut threads: Vec<_> = thread::scope(|scope| {
        let works: Vec<_> = program
            .threads
            .iter()
            .enumerate()
            .map(|(number, actions)| {
                let share = held.len().div_ceil(program.threads.len() - number);
                let held = held.drain(..share).collect();
                let mut performer = Performer {
                    breaker: breaker.clone(),
                    clock: clock.clone(),
                    origin,
                    held,
                    next: (number + 1) * 1_000,
                };
                let (arrived, moment) = (&arrived, &moment);
                scope.spawn(move || {
                    let mut goal = 0;
                    // Threads that begin each action together meet more often.
                    let meet = || {
                        goal += all;
                        arrived.fetch_add(1, Ordering::SeqCst);
                        let mut patience = 200;
                        while arrived.load(Ordering::SeqCst) < goal {
                            patience -= 1;
                            if patience < 0 {
                                thread::yield_now();
                            } else {
                                std::hint::spin_loop();
                            }
                        }
                    };
                    let done = performer.run(actions, moment, meet);
                    (done, performer.held)
                })
            })
            .collect();
        works.into_iter().map(|work| work.join().unwrap()).collect()
    });
    let last = main.run(&[Action::Look, Action::SeeState, Action::SeeAvailable], &moment, || {});
    first.extend(last);
    let mut lists = vec![first];
    lists.extend(threads.iter_mut().map(|(done, _)| std::mem::take(done)));
    History { plan: program.plan, threads: lists }
}
