//! Many threads on many circuits: 10,000 circuits with 10,000 calls a second each, in simulated
//! time. What grows, and how?

use std::fmt::Write as _;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use breaker_box::{CircuitBreaker, ManualClock, Policy, Registry, Window};

use crate::case::threads_in_words;
use crate::guarded_function::{FailsEvery, GuardedFunction as _};
use crate::measure::per_call;

const CIRCUITS: usize = 10_000;
const CALLS_PER_SECOND: u32 = 10_000;
/// The clock moves by this much once every circuit has had its share of calls: a tenth of a bucket.
const TICK: Duration = Duration::from_millis(100);
const TICKS: u32 = 20;

/// One line for each number of threads, in words. Writing to a string cannot fail.
pub(crate) fn report(text: &mut String) {
    for threads in [1, 2, 4, 16, 64] {
        let circuits = ManyCircuits::new();
        let before = resident();
        let began = Instant::now();
        let calls = circuits.run(threads);
        let took = began.elapsed();
        let grown = resident().saturating_sub(before) / CIRCUITS as u64;
        let counted: u64 =
            circuits.registry.list().iter().map(|status| status.totals.successes + status.totals.failures).sum();
        assert_eq!(counted, calls, "every call is in the totals");
        let simulated = TICK * TICKS;
        let _ = writeln!(
            text,
            "{CIRCUITS} circuits × {CALLS_PER_SECOND} calls/s for {simulated:?} on a manual clock, window of 10 s, 1 % failing, {}: {:.1} s, \
             {:.1} ns per call, {grown} bytes more per circuit",
            threads_in_words(threads),
            took.as_secs_f64(),
            per_call(took, calls),
        );
    }
}

struct ManyCircuits {
    clock: ManualClock,
    registry: Registry,
    breakers: Vec<CircuitBreaker>,
}

impl ManyCircuits {
    fn new() -> Self {
        let clock = ManualClock::new();
        let registry = Registry::builder().clock(clock.clone()).build().expect("a valid registry");
        let policy = Policy::failure_rate(0.5, Window::time(Duration::from_secs(10)));
        let breakers =
            (0..CIRCUITS).map(|id| registry.register(format!("circuit:{id}"), policy).expect("a new name")).collect();
        Self { clock, registry, breakers }
    }

    /// Makes all calls of all threads; returns how many.
    fn run(&self, threads: u32) -> u64 {
        let in_tick = CALLS_PER_SECOND / 1_000 * u32::try_from(TICK.as_millis()).expect("a short tick");
        // Each circuit gets a burst of calls, as from a request that makes several.
        let burst = in_tick / threads;
        thread::scope(|scope| {
            for number in 0..threads {
                scope.spawn(move || {
                    let mut turn = 0;
                    for _ in 0..TICKS {
                        self.tick(&mut turn, burst);
                        // One thread advances the clock for all.
                        if number == 0 {
                            self.clock.advance(TICK);
                        }
                    }
                });
            }
        });
        u64::from(threads) * u64::from(TICKS) * u64::from(burst) * CIRCUITS as u64
    }

    fn tick(&self, turn: &mut u64, burst: u32) {
        for breaker in &self.breakers {
            for _ in 0..burst {
                *turn += 1;
                let _ = breaker.call(|| FailsEvery::<100>::call(*turn));
            }
        }
    }
}

/// The resident set size in bytes; 0 if the system has no `/proc`.
pub(crate) fn resident() -> u64 {
    const PAGE: u64 = 4_096;
    let pages = || fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse::<u64>().ok();
    pages().unwrap_or(0) * PAGE
}
