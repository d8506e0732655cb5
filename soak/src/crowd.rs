//! Those who call: threads that stay, threads that come and go, and tasks.

use std::cell::RefCell;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

use crate::chance::Chance;
use crate::doors::{self, Errand, call, enter, enter_and_give_up, intent};
use crate::pulse::Pulse;
use crate::visit::Intent;
use crate::world::{World, add};

/// A thread that calls until it is over.
pub(crate) fn call_on(world: &World, mut chance: Chance, pulse: &Pulse) {
    while !world.is_over() {
        call_once(world, &mut chance, pulse);
    }
}

/// A thread that calls for a moment, and once more when it ends.
pub(crate) fn call_briefly(world: &Arc<World>, mut chance: Chance, pulse: &Arc<Pulse>) {
    thread_local!(static LAST: RefCell<Option<LastCall>> = const { RefCell::new(None) });
    // Its destructor runs after those of what the calls below touch for the first time.
    LAST.set(Some(LastCall { world: Arc::clone(world), chance: chance.clone(), pulse: Arc::clone(pulse) }));
    for _ in 0..chance.count(1, 300) {
        call_once(world, &mut chance, pulse);
    }
    add(&world.tally.threads);
}

/// Calls when its thread ends.
struct LastCall {
    world: Arc<World>,
    chance: Chance,
    pulse: Arc<Pulse>,
}

impl Drop for LastCall {
    fn drop(&mut self) {
        call_once(&self.world, &mut self.chance, &self.pulse);
    }
}

fn call_once(world: &World, chance: &mut Chance, pulse: &Pulse) {
    add(&world.tally.calls);
    if chance.one_in(4) {
        pulse.beat("calling by a passing name");
        // Events are delivered by others, or by the calls that are let on.
        if world.passing.is_ahead() {
            thread::yield_now();
            return;
        }
        let (number, _) = world.passing.any(chance);
        let intent = intent(number, world.moment(), chance);
        world.passing.call(number, intent, &world.findings, chance);
        return;
    }
    pulse.beat("calling");
    let (fleet, desk) = world.any_fleet(chance);
    let errand = Errand::draw(fleet, world.moment(), chance);
    if chance.one_in(20) {
        doors::report(errand, chance.one_in(2));
    } else {
        call(errand, desk, &world.findings, chance);
    }
}

/// Threads that come and go, until it is over.
pub(crate) fn come_and_go(world: &Arc<World>, mut chance: Chance, pulse: &Arc<Pulse>) {
    while !world.is_over() {
        pulse.beat("bringing threads");
        let thread = |number| {
            let (world, pulse, chance) = (Arc::clone(world), Arc::clone(pulse), Chance::new(chance.any(), number));
            thread::spawn(move || call_briefly(&world, chance, &pulse))
        };
        let threads: Vec<_> = (0..4).map(thread).collect();
        for thread in threads {
            if thread.join().is_err() {
                world.findings.add("a thread that came and went has panicked");
            }
        }
        thread::sleep(Duration::from_millis(chance.below(20)));
    }
}

/// A task that calls until it is over, in tasks of their own: some are awaited, some are given up
/// in time, some are aborted.
pub(crate) async fn call_in_tasks(world: Arc<World>, mut chance: Chance, pulse: Arc<Pulse>) {
    let mut others = JoinSet::new();
    while !world.is_over() {
        add(&world.tally.calls);
        let (number, limit) = (chance.any(), Duration::from_micros(chance.below(2_000)));
        let (inside, decisions) = (Arc::clone(&world), Chance::new(number, 0));
        match chance.below(8) {
            0 => {
                others.spawn(async move { one_call(&inside, decisions, true).await });
            }
            1 => {
                others.spawn(async move {
                    // Over or not, it is settled.
                    let _ = timeout(limit, one_call(&inside, decisions, true)).await;
                });
            }
            2 => {
                pulse.beat("aborting calls");
                others.abort_all();
            }
            _ => {
                pulse.beat("awaiting a call");
                let joined = tokio::spawn(async move { one_call(&inside, decisions, false).await }).await;
                note(&world, joined);
            }
        }
        while others.len() > LOOSE {
            pulse.beat("giving up calls");
            others.abort_all();
            while let Some(joined) = others.join_next().await {
                note(&world, joined);
            }
        }
    }
    pulse.beat("ending tasks");
    others.abort_all();
    while let Some(joined) = others.join_next().await {
        note(&world, joined);
    }
}

/// So many calls of a task run beside it.
const LOOSE: usize = 16;

/// One call; one that is meant to be dropped waits for its end, or ends by itself.
async fn one_call(world: &World, mut chance: Chance, is_given_up: bool) {
    let (fleet, _) = world.any_fleet(&mut chance);
    let errand = Errand::draw(fleet, world.moment(), &mut chance);
    let (door, polls) = (chance.any(), chance.count(0, 4));
    if is_given_up && errand.intent == Intent::Drop {
        enter(errand, door).await;
    } else {
        enter_and_give_up(errand, door, polls).await;
    }
}

/// A task may have been aborted, or have panicked on purpose.
fn note(world: &World, joined: Result<(), JoinError>) {
    if let Some(payload) = joined.err().and_then(|error| error.try_into_panic().ok()) {
        world.findings.judge(&*payload);
    }
}
