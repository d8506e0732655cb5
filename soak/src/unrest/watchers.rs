//! Subscriptions and receivers that come and go, panic, block, call back, and never read.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use breaker_box::{Event, EventKind, EventReceiver, EventType, Filter, Policy, Registry, Subscription};
use futures_core::Stream;

use crate::chance::Chance;
use crate::doors::{Errand, report};
use crate::fleet::Subject;
use crate::pulse::Pulse;
use crate::visit::{Intent, ON_PURPOSE};
use crate::world::{World, add};

/// So many watch at once at the most.
const SEATS: usize = 24;

enum Watcher {
    Handler(#[expect(dead_code, reason = "it ends with this")] Subscription),
    Receiver(EventReceiver),
}

/// Watchers come and go, until it is over.
pub(crate) fn watch(world: &Arc<World>, mut chance: Chance, pulse: &Pulse) {
    let mut watchers: Vec<Watcher> = Vec::new();
    while !world.is_over() {
        pulse.beat("watching");
        if watchers.len() >= SEATS || (chance.one_in(3) && !watchers.is_empty()) {
            watchers.swap_remove(chance.index(watchers.len()));
        } else {
            watchers.push(come(world, &mut chance));
            add(&world.tally.subscribed);
        }
        for watcher in &mut watchers {
            if let Watcher::Receiver(events) = watcher {
                read(world, events, &mut chance);
            }
        }
        if chance.one_in(20) {
            end_with_the_registry(world);
        }
        thread::sleep(Duration::from_millis(chance.below(6)));
    }
}

fn come(world: &Arc<World>, chance: &mut Chance) -> Watcher {
    let (fleet, _) = world.any_fleet(chance);
    let registry = if chance.one_in(8) { &world.passing.registry } else { &fleet.registry };
    let filter = filter(fleet.any(chance), chance);
    match chance.below(7) {
        0 | 1 => Watcher::Receiver(registry.events(filter)),
        2 => Watcher::Handler(registry.subscribe(filter, panics)),
        3 => Watcher::Handler(registry.subscribe(filter, blocks)),
        4 => Watcher::Handler(calls_back(world, registry, filter)),
        5 => Watcher::Handler(ends_itself(registry, filter)),
        _ => {
            let world = Arc::downgrade(world);
            Watcher::Handler(registry.subscribe(filter, move |_| {
                if let Some(world) = world.upgrade() {
                    add(&world.tally.delivered);
                }
            }))
        }
    }
}

fn filter(subject: &Subject, chance: &mut Chance) -> Filter {
    let filter = match chance.below(4) {
        0 => Filter::all(),
        1 => Filter::all().events([EventType::StateChanged, EventType::Configured]),
        2 => Filter::all().events([EventType::Failure, EventType::Panicked, EventType::Late, EventType::Rejected]),
        _ => Filter::all().identifier(subject.key.identifier()),
    };
    if chance.one_in(4) { filter.scope("soak") } else { filter }
}

fn panics(event: &Event) {
    assert!(event.sequence % 64 != 0, "{ON_PURPOSE}a handler");
}

fn blocks(event: &Event) {
    if event.sequence % 4_096 == 0 {
        thread::sleep(Duration::from_millis(10));
    }
}

/// Reports to a circuit of the same world while it is told about one.
fn calls_back(world: &Arc<World>, registry: &Registry, filter: Filter) -> Subscription {
    // Weak: the world holds the registry, which holds this handler.
    let world = Arc::downgrade(world);
    let told = AtomicU64::new(0);
    registry.subscribe(filter, move |event| {
        // Relaxed: a number to draw from.
        let number = told.fetch_add(1, Ordering::Relaxed);
        let Some(world) = world.upgrade().filter(|_| number % 256 == 0) else { return };
        let mut chance = Chance::new(event.sequence, number);
        let (fleet, _) = world.any_fleet(&mut chance);
        let errand = Errand { fleet, subject: fleet.any(&mut chance), intent: Intent::Succeed, waits: 0 };
        report(errand, chance.one_in(2));
        add(&world.tally.calls);
    })
}

/// Its handler holds its own subscription, and drops it.
fn ends_itself(registry: &Registry, filter: Filter) -> Subscription {
    let own: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let inside = Arc::downgrade(&own);
    let subscription = registry.subscribe(filter.clone(), move |_| {
        if let Some(own) = inside.upgrade() {
            drop(own.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
    });
    *own.lock().unwrap_or_else(PoisonError::into_inner) = Some(subscription);
    // This one keeps the first one's place, and goes by itself.
    registry.subscribe(filter, move |_| drop(own.lock().unwrap_or_else(PoisonError::into_inner).take()))
}

/// Most read what came, some wait for more, some never read.
fn read(world: &World, events: &mut EventReceiver, chance: &mut Chance) {
    let mut last = 0;
    let mut check = |event: &Event| {
        if event.sequence <= last {
            world.findings.add(format!("event {} came after {last}", event.sequence));
        }
        last = event.sequence;
        add(&world.tally.delivered);
    };
    match chance.below(4) {
        0 => std::iter::from_fn(|| events.try_recv().ok()).for_each(|event| check(&event)),
        1 => events.recv_timeout(Duration::from_micros(chance.below(500))).iter().for_each(check),
        2 => {
            let mut cx = Context::from_waker(Waker::noop());
            while let std::task::Poll::Ready(Some(event)) = Pin::new(&mut *events).poll_next(&mut cx) {
                check(&event);
            }
        }
        _ => {}
    }
}

/// Who waits for events of a registry that goes learns that none will come.
fn end_with_the_registry(world: &World) {
    let registry = Registry::new();
    let events = registry.events(Filter::all());
    let reader = thread::spawn(move || events.into_iter().filter(|event| event.kind == EventKind::Success).count());
    let breaker = registry.register("short", Policy::new()).expect("it is the only one");
    breaker.record_success();
    drop((registry, breaker));
    if reader.join().ok() != Some(1) {
        world.findings.add("the events of a registry that went did not end with its one success");
    }
}
