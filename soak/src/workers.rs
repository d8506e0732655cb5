//! The worker threads and tasks: started, watched and joined.

use std::process;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use crate::arguments::Arguments;
use crate::memory::MemoryUsage;
use crate::random::Random;
use crate::shared::Shared;
use crate::watchdog::{Heartbeat, Watchdog};
use crate::{callers, disturbances, wires};

/// A worker that makes no progress for this long is deadlocked.
const STUCK: Duration = Duration::from_secs(30);
/// The exit code after a deadlock.
const DEADLOCK: i32 = 3;

/// Runs all workers until the time is over, and joins them.
pub(crate) fn run(shared: &Arc<Shared>, arguments: &Arguments) -> MemoryUsage {
    let watchdog = Arc::new(Watchdog::default());
    let (guard, over) = spawn_guard(&watchdog, arguments);
    let mut workers = Workers { shared, watchdog: &watchdog, seed: arguments.seed, threads: Vec::new() };
    let runtime =
        Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("the system has threads left");
    workers.start_threads(arguments);
    workers.start_tasks(arguments, &runtime);
    let memory = sample_memory(shared, arguments, &watchdog);
    shared.end();
    for thread in workers.threads {
        if thread.join().is_err() {
            shared.problems.add("a worker has panicked");
        }
    }
    end(runtime, &watchdog);
    let mut random = Random::new(arguments.seed, u64::MAX);
    shared.held_permits.iter().for_each(|held_permits| held_permits.settle_all(&shared.problems, &mut random));
    drop(over);
    if guard.join().is_err() {
        shared.problems.add("the watchdog thread has panicked");
    }
    memory
}

/// The workers of a run.
struct Workers<'a> {
    shared: &'a Arc<Shared>,
    watchdog: &'a Watchdog,
    seed: u64,
    threads: Vec<JoinHandle<()>>,
}

impl Workers<'_> {
    fn start_threads(&mut self, arguments: &Arguments) {
        for _ in 0..arguments.threads {
            self.thread("caller", |shared, random, heartbeat| callers::call_until_over(shared, random, heartbeat));
        }
        for _ in 0..2 {
            self.thread("manual control", |shared, random, heartbeat| {
                disturbances::control_circuits(shared, random, heartbeat);
            });
            self.thread("wire", |shared, random, heartbeat| wires::submit(shared, random, heartbeat));
        }
        self.thread("newcomers", callers::spawn_short_lived_threads);
        self.thread("clocks", |shared, random, heartbeat| disturbances::move_clocks(shared, random, heartbeat));
        self.thread("settings", |shared, random, heartbeat| disturbances::reload_settings(shared, random, heartbeat));
        self.thread("subscribers", |shared, random, heartbeat| disturbances::subscribe(shared, random, heartbeat));
        self.thread("sweepers", |shared, random, heartbeat| disturbances::sweep(shared, random, heartbeat));
    }

    fn start_tasks(&mut self, arguments: &Arguments, runtime: &Runtime) {
        for number in 0..arguments.tasks {
            let (shared, heartbeat, random) =
                (Arc::clone(self.shared), self.heartbeat("task", number), self.random(1_000 + number));
            runtime.spawn(callers::call_in_tasks(shared, random, heartbeat));
        }
        for number in 0..2 {
            let (shared, heartbeat, random) =
                (Arc::clone(self.shared), self.heartbeat("wire task", number), self.random(900 + number));
            runtime.spawn(wires::submit_in_task(shared, random, heartbeat));
        }
    }

    fn thread(&mut self, name: &str, work: fn(&Arc<Shared>, Random, &Arc<Heartbeat>)) {
        let number = self.threads.len();
        let (shared, heartbeat, random) = (Arc::clone(self.shared), self.heartbeat(name, number), self.random(number));
        self.threads.push(thread::spawn(move || work(&shared, random, &heartbeat)));
    }

    fn heartbeat(&self, name: &str, number: usize) -> Arc<Heartbeat> {
        self.watchdog.watch(format!("{name} {number}"))
    }

    fn random(&self, number: usize) -> Random {
        Random::new(self.seed, number as u64 + 1)
    }
}

/// Samples the memory, advances the phase and causes the event floods, until the time is over.
fn sample_memory(shared: &Shared, arguments: &Arguments, watchdog: &Watchdog) -> MemoryUsage {
    let (began, length) = (Instant::now(), arguments.length);
    let mut memory = MemoryUsage::default();
    let mut floods = [0.05, 0.7].map(|part| length.mul_f64(part)).into_iter().peekable();
    let (heartbeat, mut random) = (watchdog.watch("conductor".to_owned()), Random::new(arguments.seed, u64::MAX - 1));
    for beat in 0_u32.. {
        heartbeat.beat("measuring");
        let at = began.elapsed();
        if at >= length {
            break;
        }
        memory.read();
        if floods.next_if(|flood| at >= *flood).is_some() {
            disturbances::flood(shared, Random::new(random.any(), 0), &heartbeat);
        }
        if beat % 10 == 0 {
            shared.next_phase();
        }
        thread::sleep(Duration::from_millis(50));
    }
    memory
}

/// Waits for the tasks, which end by themselves.
fn end(runtime: Runtime, watchdog: &Watchdog) {
    while watchdog.is_watching() {
        thread::sleep(Duration::from_millis(5));
    }
    drop(runtime);
}

/// A thread that ends the program when a worker is stuck, until its channel closes.
fn spawn_guard(watchdog: &Arc<Watchdog>, arguments: &Arguments) -> (JoinHandle<()>, mpsc::Sender<()>) {
    let (sender, over) = mpsc::channel::<()>();
    let (watchdog, command) = (Arc::clone(watchdog), arguments.command());
    let guard = thread::spawn(move || {
        while over.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
            let stuck = watchdog.stuck(STUCK);
            if !stuck.is_empty() {
                for line in stuck {
                    eprintln!("PROBLEM: {line}");
                }
                eprintln!("run it again: {command}");
                process::exit(DEADLOCK);
            }
        }
    });
    (guard, sender)
}
