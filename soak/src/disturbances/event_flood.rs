//! More events than the library queues, while a handler is blocked: calls go on, and totals stay
//! exact.

use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use breaker_box::Filter;

use crate::calls::{PlannedCall, report};
use crate::random::Random;
use crate::shared::{Shared, add};
use crate::tracked_call::Intent;
use crate::watchdog::Heartbeat;

/// More than the 65,536 events that are queued.
const EVENTS: u32 = 70_000;

/// Floods the registry on the manual clock with events.
pub(crate) fn flood(shared: &Shared, mut random: Random, heartbeat: &Heartbeat) {
    let (caught, is_caught) = mpsc::channel();
    let (gate, closed) = mpsc::channel::<()>();
    let closed = Mutex::new(closed);
    let subscription = shared.circuit_sets[0].registry.subscribe(Filter::all(), move |_| {
        let _ = caught.send(());
        // Blocks until the gate is dropped; after that, not at all.
        let _ = closed.lock().unwrap_or_else(PoisonError::into_inner).recv();
    });
    thread::scope(|scope| {
        // This thread, or one that delivers already, is blocked in the handler.
        let mut first = random.clone();
        scope.spawn(move || cause_event(shared, &mut first));
        if is_caught.recv_timeout(Duration::from_secs(10)).is_err() {
            shared.problems.add("no event reached a handler within ten seconds");
        }
        for number in 0..EVENTS {
            if number % 1_024 == 0 {
                heartbeat.beat("flooding");
            }
            cause_event(shared, &mut random);
        }
        drop(gate);
    });
    drop(subscription);
}

fn cause_event(shared: &Shared, random: &mut Random) {
    let circuit_set = &shared.circuit_sets[0];
    report(PlannedCall { circuit_set, circuit: circuit_set.any(random), intent: Intent::Succeed, waits: 0 }, false);
    add(&shared.counters.calls);
}
