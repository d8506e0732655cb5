//! Healthy calls, all the time: what the fleet must not disturb.

use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use breaker_box::{CircuitBreaker, Policy, Registry};

use super::super::report::Report;

/// A thread that calls a healthy circuit of the fleet and one that belongs to none, in turn.
pub(crate) struct Pulse(Arc<Mutex<Beats>>);

#[derive(Default)]
struct Beats {
    calls: u64,
    /// Calls that were rejected.
    failed: u64,
    /// How often the thread waited for something in calls.
    waits: u64,
    shared: Vec<u32>,
    local: Vec<u32>,
}

impl Pulse {
    pub(crate) fn start(every: Duration) -> Self {
        let beats = Arc::new(Mutex::new(Beats::default()));
        let kept = Arc::clone(&beats);
        thread::spawn(move || {
            let shared = Registry::global().get_or_register("pulse", Policy::new()).expect("a circuit");
            let local = CircuitBreaker::new("pulse", Policy::new()).expect("a valid policy");
            for first_is_shared in [true, false].into_iter().cycle() {
                // The first call after a pause is slower. Each has its turn.
                let before = waits();
                let (first, second) = if first_is_shared { (&shared, &local) } else { (&local, &shared) };
                let (first, second) = (timed(first), timed(second));
                let waits = waits() - before;
                let ((passed, took), (_, took_locally)) =
                    if first_is_shared { (first, second) } else { (second, first) };
                let mut beats = kept.lock().expect("no panic");
                beats.calls += 1;
                beats.failed += u64::from(!passed);
                beats.waits += waits;
                beats.shared.push(took);
                beats.local.push(took_locally);
                drop(beats);
                thread::sleep(every);
            }
        });
        Self(beats)
    }

    pub(crate) fn report(&self) -> String {
        let beats = self.0.lock().expect("no panic");
        Report::default()
            .with("calls", beats.calls)
            .with("failed", beats.failed)
            .with("waits", beats.waits)
            .with("shared_median", percentile(&beats.shared, 500))
            .with("local_median", percentile(&beats.local, 500))
            .to_string()
    }
}

/// A call, and how many nanoseconds it took.
fn timed(circuit: &CircuitBreaker) -> (bool, u32) {
    let start = Instant::now();
    let passed = circuit.call(|| black_box(Ok::<(), ()>(()))).is_ok();
    (passed, u32::try_from(start.elapsed().as_nanos()).unwrap_or(u32::MAX))
}

/// The value that so many of a thousand values do not exceed.
fn percentile(values: &[u32], thousandths: usize) -> u32 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let index = sorted.len() * thousandths / 1_000;
    sorted.get(index.min(sorted.len().saturating_sub(1))).copied().unwrap_or(0)
}

/// How often this thread gave up its core to wait for something: a lock, a socket, time. Being
/// preempted is not counted.
fn waits() -> u64 {
    let status = std::fs::read_to_string("/proc/thread-self/status").expect("the status of this thread");
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).expect("its waits");
    super::number(line.trim())
}

/// Times this many calls of a healthy circuit of the registry.
pub(crate) fn measure(calls: u64) -> String {
    let circuit = Registry::global().get_or_register("measured", Policy::new()).expect("a circuit");
    let results: Vec<(bool, u32)> = (0..calls).map(|_| timed(&circuit)).collect();
    let times: Vec<u32> = results.iter().map(|(_, took)| *took).collect();
    Report::default()
        .with("failed", results.iter().filter(|(passed, _)| !passed).count())
        .with("median", percentile(&times, 500))
        .with("slowest", percentile(&times, 999))
        .to_string()
}
