//! Programs performed by real threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use super::history::History;
use super::perform::{Part, perform};
use super::program::{Program, Size};
use super::search::explain;

const SIZE: Size = Size { rounds: 2, alone: 5, threads: 3, operations: 4 };

/// Performs the programs of these numbers, and looks for an order of each.
pub(crate) fn run(numbers: std::ops::Range<u64>) {
    for number in numbers {
        let history = with_threads(&Program::random(number, SIZE));
        if let Err(unexplained) = explain(&history) {
            panic!("no order explains program {number}: {}", unexplained.0);
        }
    }
}

fn with_threads(program: &Program) -> History {
    let moments = Arc::new(AtomicU64::new(1));
    // SeqCst: what had returned before another operation was invoked has a smaller number, and is
    // visible to it.
    let moment = move || moments.fetch_add(1, Ordering::SeqCst);
    perform(program, &moment, |parts| together(parts, &moment))
}

fn together(parts: Vec<Part>, moment: &(impl Fn() -> u64 + Sync)) -> Vec<Part> {
    let arrived = AtomicUsize::new(0);
    let all = parts.len();
    thread::scope(|scope| {
        let perform = |part: Part| {
            let arrived = &arrived;
            scope.spawn(move || {
                let mut goal = 0;
                // Threads that begin each action together meet more often.
                part.perform(moment, || {
                    goal += all;
                    arrived.fetch_add(1, Ordering::SeqCst);
                    wait(|| arrived.load(Ordering::SeqCst) >= goal);
                })
            })
        };
        let threads: Vec<_> = parts.into_iter().map(perform).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

/// Waits a little without leaving the processor, which others may need, though.
fn wait(is_over: impl Fn() -> bool) {
    for _ in 0..200 {
        if is_over() {
            return;
        }
        std::hint::spin_loop();
    }
    while !is_over() {
        thread::yield_now();
    }
}
