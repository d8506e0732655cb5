//! The callers: long-lived threads, short-lived threads, and tasks.

use std::cell::RefCell;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

use crate::calls::{self, PlannedCall, call, call_async, call_or_abandon, intent};
use crate::random::Random;
use crate::shared::{Shared, add};
use crate::tracked_call::Intent;
use crate::watchdog::Heartbeat;

/// Makes calls until the run is over.
pub(crate) fn call_until_over(shared: &Shared, mut random: Random, heartbeat: &Heartbeat) {
    while !shared.is_over() {
        call_once(shared, &mut random, heartbeat);
    }
}

/// Makes a few calls, and one more from a thread-local destructor when the thread ends.
pub(crate) fn call_briefly(shared: &Arc<Shared>, mut random: Random, heartbeat: &Arc<Heartbeat>) {
    thread_local!(static LAST: RefCell<Option<LastCall>> = const { RefCell::new(None) });
    // Registered first, so its destructor runs after those of thread locals that the calls below
    // use.
    LAST.set(Some(LastCall { shared: Arc::clone(shared), random: random.clone(), heartbeat: Arc::clone(heartbeat) }));
    for _ in 0..random.count(1, 300) {
        call_once(shared, &mut random, heartbeat);
    }
    add(&shared.counters.threads);
}

/// Makes a call when its thread ends.
struct LastCall {
    shared: Arc<Shared>,
    random: Random,
    heartbeat: Arc<Heartbeat>,
}

impl Drop for LastCall {
    fn drop(&mut self) {
        call_once(&self.shared, &mut self.random, &self.heartbeat);
    }
}

fn call_once(shared: &Shared, random: &mut Random, heartbeat: &Heartbeat) {
    add(&shared.counters.calls);
    if random.one_in(4) {
        heartbeat.beat("calling in the small registry");
        // Other threads deliver the events, or calls that do not wait here.
        if shared.small_registry.has_backlog() {
            thread::yield_now();
            return;
        }
        let (number, _) = shared.small_registry.any(random);
        let intent = intent(number, shared.phase(), random);
        shared.small_registry.call(number, intent, &shared.problems, random);
        return;
    }
    heartbeat.beat("calling");
    let (circuit_set, held_permits) = shared.any_circuit_set(random);
    let plan = PlannedCall::draw(circuit_set, shared.phase(), random);
    if random.one_in(20) {
        calls::report(plan, random.one_in(2));
    } else {
        call(plan, held_permits, &shared.problems, random);
    }
}

/// Spawns short-lived threads until the run is over.
pub(crate) fn spawn_short_lived_threads(shared: &Arc<Shared>, mut random: Random, heartbeat: &Arc<Heartbeat>) {
    while !shared.is_over() {
        heartbeat.beat("spawning threads");
        let thread = |number| {
            let (shared, heartbeat, random) =
                (Arc::clone(shared), Arc::clone(heartbeat), Random::new(random.any(), number));
            thread::spawn(move || call_briefly(&shared, random, &heartbeat))
        };
        let threads: Vec<_> = (0..4).map(thread).collect();
        for thread in threads {
            if thread.join().is_err() {
                shared.problems.add("a short-lived thread has panicked");
            }
        }
        thread::sleep(Duration::from_millis(random.below(20)));
    }
}

/// Makes calls until the run is over, each in a task of its own: some are awaited, some time out,
/// some are aborted.
pub(crate) async fn call_in_tasks(shared: Arc<Shared>, mut random: Random, heartbeat: Arc<Heartbeat>) {
    let mut others = JoinSet::new();
    while !shared.is_over() {
        add(&shared.counters.calls);
        let (number, limit) = (random.any(), Duration::from_micros(random.below(2_000)));
        let (inside, decisions) = (Arc::clone(&shared), Random::new(number, 0));
        match random.below(8) {
            0 => {
                others.spawn(async move { one_call(&inside, decisions, true).await });
            }
            1 => {
                others.spawn(async move {
                    // The call is settled, whether it timed out or not.
                    let _ = timeout(limit, one_call(&inside, decisions, true)).await;
                });
            }
            2 => {
                heartbeat.beat("aborting calls");
                others.abort_all();
            }
            _ => {
                heartbeat.beat("awaiting a call");
                let joined = tokio::spawn(async move { one_call(&inside, decisions, false).await }).await;
                note(&shared, joined);
            }
        }
        while others.len() > MAX_CONCURRENT {
            heartbeat.beat("aborting the remaining calls");
            others.abort_all();
            while let Some(joined) = others.join_next().await {
                note(&shared, joined);
            }
        }
    }
    heartbeat.beat("ending tasks");
    others.abort_all();
    while let Some(joined) = others.join_next().await {
        note(&shared, joined);
    }
}

/// At most this many calls of one task run concurrently.
const MAX_CONCURRENT: usize = 16;

/// Makes one call. A call that is meant to be dropped is dropped by its task, or drops itself.
async fn one_call(shared: &Shared, mut random: Random, is_given_up: bool) {
    let (circuit_set, _) = shared.any_circuit_set(&mut random);
    let plan = PlannedCall::draw(circuit_set, shared.phase(), &mut random);
    let (kind, polls) = (random.any(), random.count(0, 4));
    if is_given_up && plan.intent == Intent::Drop {
        call_async(plan, kind).await;
    } else {
        call_or_abandon(plan, kind, polls).await;
    }
}

/// A task may have been aborted, or have panicked on purpose.
fn note(shared: &Shared, joined: Result<(), JoinError>) {
    if let Some(payload) = joined.err().and_then(|error| error.try_into_panic().ok()) {
        shared.problems.add_panic(&*payload);
    }
}
