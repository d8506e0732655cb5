//! Who runs at once, and for how long.

use std::process;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use crate::arguments::Arguments;
use crate::chance::Chance;
use crate::gauge::Gauge;
use crate::pulse::{Pulse, Ward};
use crate::world::World;
use crate::{crowd, unrest, wires};

/// Who stands still for so long will not move again.
const STUCK: Duration = Duration::from_secs(30);
/// Exit code of a run that did not end.
const DEADLOCK: i32 = 3;

/// Lets everything loose, and waits until all of it has ended.
pub(crate) fn rage(world: &Arc<World>, arguments: &Arguments) -> Gauge {
    let ward = Arc::new(Ward::default());
    let (guard, over) = spawn_guard(&ward, arguments);
    let mut crew = Crew { world, ward: &ward, seed: arguments.seed, threads: Vec::new() };
    let runtime =
        Builder::new_multi_thread().worker_threads(2).enable_time().build().expect("the system has threads left");
    crew.start_threads(arguments);
    crew.start_tasks(arguments, &runtime);
    let gauge = conduct(world, arguments, &ward);
    world.end();
    for thread in crew.threads {
        if thread.join().is_err() {
            world.findings.add("a worker has panicked");
        }
    }
    end(runtime, &ward);
    let mut chance = Chance::new(arguments.seed, u64::MAX);
    world.desks.iter().for_each(|desk| desk.close(&world.findings, &mut chance));
    drop(over);
    if guard.join().is_err() {
        world.findings.add("the guard has panicked");
    }
    gauge
}

/// Those who run at once.
struct Crew<'a> {
    world: &'a Arc<World>,
    ward: &'a Ward,
    seed: u64,
    threads: Vec<JoinHandle<()>>,
}

impl Crew<'_> {
    fn start_threads(&mut self, arguments: &Arguments) {
        for _ in 0..arguments.threads {
            self.thread("caller", |world, chance, pulse| crowd::call_on(world, chance, pulse));
        }
        for _ in 0..2 {
            self.thread("orders", |world, chance, pulse| unrest::give_orders(world, chance, pulse));
            self.thread("wire", |world, chance, pulse| wires::submit(world, chance, pulse));
        }
        self.thread("newcomers", crowd::come_and_go);
        self.thread("clocks", |world, chance, pulse| unrest::move_clocks(world, chance, pulse));
        self.thread("settings", |world, chance, pulse| unrest::reload_settings(world, chance, pulse));
        self.thread("watchers", |world, chance, pulse| unrest::watch(world, chance, pulse));
        self.thread("sweepers", |world, chance, pulse| unrest::sweep(world, chance, pulse));
    }

    fn start_tasks(&mut self, arguments: &Arguments, runtime: &Runtime) {
        for number in 0..arguments.tasks {
            let (world, pulse, chance) =
                (Arc::clone(self.world), self.pulse("task", number), self.chance(1_000 + number));
            runtime.spawn(crowd::call_in_tasks(world, chance, pulse));
        }
        for number in 0..2 {
            let (world, pulse, chance) =
                (Arc::clone(self.world), self.pulse("wire task", number), self.chance(900 + number));
            runtime.spawn(wires::submit_in_task(world, chance, pulse));
        }
    }

    fn thread(&mut self, name: &str, work: fn(&Arc<World>, Chance, &Arc<Pulse>)) {
        let number = self.threads.len();
        let (world, pulse, chance) = (Arc::clone(self.world), self.pulse(name, number), self.chance(number));
        self.threads.push(thread::spawn(move || work(&world, chance, &pulse)));
    }

    fn pulse(&self, name: &str, number: usize) -> Arc<Pulse> {
        self.ward.admit(format!("{name} {number}"))
    }

    fn chance(&self, number: usize) -> Chance {
        Chance::new(self.seed, number as u64 + 1)
    }
}

/// Measures, and lets the moments pass.
fn conduct(world: &World, arguments: &Arguments, ward: &Ward) -> Gauge {
    let (began, length) = (Instant::now(), arguments.length);
    let mut gauge = Gauge::default();
    let mut floods = [0.05, 0.7].map(|part| length.mul_f64(part)).into_iter().peekable();
    let (pulse, mut chance) = (ward.admit("conductor".to_owned()), Chance::new(arguments.seed, u64::MAX - 1));
    for beat in 0_u32.. {
        pulse.beat("measuring");
        let at = began.elapsed();
        if at >= length {
            break;
        }
        gauge.read(at);
        if floods.next_if(|flood| at >= *flood).is_some() {
            unrest::flood(world, Chance::new(chance.any(), 0), &pulse);
        }
        if beat % 10 == 0 {
            world.next_moment();
        }
        thread::sleep(Duration::from_millis(50));
    }
    gauge
}

/// Waits for the tasks, each of which sees by itself that it is over.
fn end(runtime: Runtime, ward: &Ward) {
    while ward.is_occupied() {
        thread::sleep(Duration::from_millis(5));
    }
    drop(runtime);
}

/// A thread that ends the program when somebody stands still, until its channel closes.
fn spawn_guard(ward: &Arc<Ward>, arguments: &Arguments) -> (JoinHandle<()>, mpsc::Sender<()>) {
    let (sender, over) = mpsc::channel::<()>();
    let (ward, command) = (Arc::clone(ward), arguments.command());
    let guard = thread::spawn(move || {
        while over.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
            let stuck = ward.stuck(STUCK);
            if !stuck.is_empty() {
                for line in stuck {
                    eprintln!("FOUND: {line}");
                }
                eprintln!("run it again: {command}");
                process::exit(DEADLOCK);
            }
        }
    });
    (guard, sender)
}
