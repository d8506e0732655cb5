//! Times of batches of calls, on one or more threads.

use std::fs;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::run::Run;

/// What one batch found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch {
    /// Nanoseconds per call and thread.
    pub(crate) nanoseconds: f64,
    /// Whether the threads had to wait for a core: something else ran on this machine.
    pub(crate) disturbed: bool,
}

/// How long a chunk of calls lasts, between two looks at the clock.
const CHUNK: Duration = Duration::from_micros(50);
/// A batch that waited for a core for more than this part of its time is disturbed.
const TOLERATED_WAIT: f64 = 0.02;

/// Calls for `length` by so many threads at once: started by a barrier, stopped together.
pub(crate) fn batch(run: &dyn Run, threads: usize, length: Duration) -> Batch {
    let chunk = chunk(run);
    let crew = SharedByThreads { barrier: Barrier::new(threads), stop: AtomicBool::new(false), chunk, length };
    if threads == 1 {
        return sum(run, &[crew.work(run, true)], 1);
    }
    let shares: Vec<Share> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|number| {
                scope.spawn({
                    let crew = &crew;
                    move || crew.work(run, number == 0)
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("a worker that does not panic")).collect()
    });
    sum(run, &shares, threads)
}

/// How many calls take about [`CHUNK`]; warms the subject up on the way.
fn chunk(run: &dyn Run) -> u64 {
    let mut turn = 0;
    run.run(&mut turn, 200);
    let mut calls = run.at_least();
    loop {
        let began = Instant::now();
        run.run(&mut turn, calls);
        if began.elapsed() >= CHUNK || calls >= 1 << 20 {
            return calls;
        }
        calls *= 2;
    }
}

/// What the threads of a batch share.
struct SharedByThreads {
    barrier: Barrier,
    stop: AtomicBool,
    chunk: u64,
    length: Duration,
}

/// What one thread did.
struct Share {
    calls: u64,
    elapsed: Duration,
    waited: Duration,
}

impl SharedByThreads {
    fn work(&self, run: &dyn Run, leads: bool) -> Share {
        let mut turn = 0;
        // What happens once in a thread happens before the clock starts.
        run.run(&mut turn, 1);
        self.barrier.wait();
        let waited = waited();
        let began = Instant::now();
        let mut calls = 0;
        // Relaxed: only the flag itself matters.
        while !self.stop.load(Ordering::Relaxed) {
            run.run(&mut turn, self.chunk);
            calls += self.chunk;
            if leads && began.elapsed() >= self.length {
                self.stop.store(true, Ordering::Relaxed);
            }
        }
        Share { calls, elapsed: began.elapsed(), waited: self::waited().saturating_sub(waited) }
    }
}

#[allow(clippy::cast_precision_loss)] // Counts of calls stay far below 2^53.
fn sum(run: &dyn Run, shares: &[Share], threads: usize) -> Batch {
    let calls: u64 = shares.iter().map(|share| share.calls).sum();
    let elapsed: Duration = shares.iter().map(|share| share.elapsed).sum();
    let waited: Duration = shares.iter().map(|share| share.waited).sum();
    let nanoseconds = elapsed.as_secs_f64() * 1e9 / calls as f64 * f64::from(run.workers());
    // More threads than cores wait by design.
    let fits = threads <= thread::available_parallelism().map_or(1, usize::from);
    Batch { nanoseconds, disturbed: fits && waited.as_secs_f64() > TOLERATED_WAIT * elapsed.as_secs_f64() }
}

/// How long this thread has been waiting for a core, where the system tells.
fn waited() -> Duration {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = statistics.split_whitespace().nth(1).and_then(|word| word.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

/// Nanoseconds of wall time per call.
pub(crate) fn per_call(took: Duration, calls: u64) -> f64 {
    #[allow(clippy::cast_precision_loss)] // Counts of calls stay far below 2^53.
    let calls = calls as f64;
    took.as_secs_f64() * 1e9 / calls
}
