//! Many threads on many circuits: 10,000 circuits with 10,000 calls a second each, in simulated
//! time. What grows, and how?

use std::fmt::Write as _;
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use breaker_box::{CircuitBreaker, ManualClock, Policy, Registry, Window};

use crate::case::threads_in_words;
use crate::load::{Broken, FailsEvery, Load as _};
use crate::measure::per_call;

const CIRCUITS: usize = 10_000;
const CALLS_PER_SECOND: u32 = 10_000;
/// The clock moves by this much once every circuit has had its share of calls: a tenth of a bucket.
const TICK: Duration = Duration::from_millis(100);
const TICKS: u32 = 20;

/// One line for each number of threads, in words. Writing to a text cannot fail.
pub(crate) fn report(text: &mut String) {
    for threads in [1, 2, 4, 16, 64] {
        let crowd = Crowd::new();
        let before = resident();
        let began = Instant::now();
        let calls = crowd.run(threads);
        let took = began.elapsed();
        let grown = resident().saturating_sub(before) / CIRCUITS as u64;
        let counted: u64 =
            crowd.registry.list().iter().map(|status| status.totals.successes + status.totals.failures).sum();
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

struct Crowd {
    clock: ManualClock,
    registry: Registry,
    breakers: Vec<CircuitBreaker>,
}

impl Crowd {
    fn new() -> Self {
        let clock = ManualClock::new();
        let registry = Registry::builder().clock(clock.clone()).build().expect("a registry that can be meant");
        let policy = Policy::failure_rate(0.5, Window::time(Duration::from_secs(10)));
        let breakers =
            (0..CIRCUITS).map(|id| registry.register(format!("circuit:{id}"), policy).expect("a new name")).collect();
        Self { clock, registry, breakers }
    }

    /// All calls of all threads; how many that were.
    fn run(&self, threads: u32) -> u64 {
        let in_tick = CALLS_PER_SECOND / 1_000 * u32::try_from(TICK.as_millis()).expect("a short tick");
        // Each visit to a circuit is a burst, as a request that makes several calls.
        let burst = in_tick / threads;
        thread::scope(|scope| {
            for number in 0..threads {
                scope.spawn(move || {
                    let mut turn = 0;
                    for _ in 0..TICKS {
                        self.tick(&mut turn, burst);
                        // One thread is the time for all.
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
                let _ = breaker.call(|| FailsEvery::<100>::call::<Broken>(*turn));
            }
        }
    }
}

/// Bytes of this process in memory; 0 where the system does not say.
fn resident() -> u64 {
    const PAGE: u64 = 4_096;
    let pages = || fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse::<u64>().ok();
    pages().unwrap_or(0) * PAGE
}
