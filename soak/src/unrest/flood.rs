//! More events than the library keeps waiting, while a handler does not return: calls go on, and
//! their totals stay exact.

use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use breaker_box::Filter;

use crate::chance::Chance;
use crate::doors::{Errand, report};
use crate::pulse::Pulse;
use crate::visit::Intent;
use crate::world::{World, add};

/// More than the 65,536 that wait.
const EVENTS: u32 = 70_000;

/// Floods the registry of the jumping clock.
pub(crate) fn flood(world: &World, mut chance: Chance, pulse: &Pulse) {
    let (caught, is_caught) = mpsc::channel();
    let (gate, closed) = mpsc::channel::<()>();
    let closed = Mutex::new(closed);
    let subscription = world.fleets[0].registry.subscribe(Filter::all(), move |_| {
        let _ = caught.send(());
        // Until the gate is dropped; from then on not at all.
        let _ = closed.lock().unwrap_or_else(PoisonError::into_inner).recv();
    });
    thread::scope(|scope| {
        // This thread, or whoever delivers already, is caught in the handler, so that nobody else
        // delivers.
        let mut first = chance.clone();
        scope.spawn(move || cause_event(world, &mut first));
        if is_caught.recv_timeout(Duration::from_secs(10)).is_err() {
            world.findings.add("no event came to a handler within ten seconds");
        }
        for number in 0..EVENTS {
            if number % 1_024 == 0 {
                pulse.beat("flooding");
            }
            cause_event(world, &mut chance);
        }
        drop(gate);
    });
    drop(subscription);
}

fn cause_event(world: &World, chance: &mut Chance) {
    let fleet = &world.fleets[0];
    report(Errand { fleet, subject: fleet.any(chance), intent: Intent::Succeed, waits: 0 }, false);
    add(&world.tally.calls);
}
