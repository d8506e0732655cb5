//! Subscribers that come and go: handlers that panic, block or make calls, receivers that never
//! read.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use breaker_box::{Event, EventKind, EventReceiver, EventType, Filter, Policy, Registry, Subscription};
use futures_core::Stream;

use crate::calls::{PlannedCall, report};
use crate::circuit_set::Circuit;
use crate::random::Random;
use crate::shared::{Shared, add};
use crate::tracked_call::{DELIBERATE, Intent};
use crate::watchdog::Heartbeat;

/// At most this many subscribers exist at once.
const MAX_SUBSCRIBERS: usize = 24;

enum Subscriber {
    Handler(#[expect(dead_code, reason = "it ends with this")] Subscription),
    Receiver(EventReceiver),
}

/// Subscribes and unsubscribes until the run is over.
pub(crate) fn subscribe(shared: &Arc<Shared>, mut random: Random, heartbeat: &Heartbeat) {
    let mut subscribers: Vec<Subscriber> = Vec::new();
    while !shared.is_over() {
        heartbeat.beat("subscribing");
        if subscribers.len() >= MAX_SUBSCRIBERS || (random.one_in(3) && !subscribers.is_empty()) {
            subscribers.swap_remove(random.index(subscribers.len()));
        } else {
            subscribers.push(come(shared, &mut random));
            add(&shared.counters.subscribed);
        }
        for subscriber in &mut subscribers {
            if let Subscriber::Receiver(events) = subscriber {
                read(shared, events, &mut random);
            }
        }
        if random.one_in(20) {
            end_with_the_registry(shared);
        }
        thread::sleep(Duration::from_millis(random.below(6)));
    }
}

fn come(shared: &Arc<Shared>, random: &mut Random) -> Subscriber {
    let (circuit_set, _) = shared.any_circuit_set(random);
    let registry = if random.one_in(8) { &shared.small_registry.registry } else { &circuit_set.registry };
    let filter = filter(circuit_set.any(random), random);
    match random.below(7) {
        0 | 1 => Subscriber::Receiver(registry.events(filter)),
        2 => Subscriber::Handler(registry.subscribe(filter, panics)),
        3 => Subscriber::Handler(registry.subscribe(filter, blocks)),
        4 => Subscriber::Handler(calls_back(shared, registry, filter)),
        5 => Subscriber::Handler(ends_itself(registry, filter)),
        _ => {
            let shared = Arc::downgrade(shared);
            Subscriber::Handler(registry.subscribe(filter, move |_| {
                if let Some(shared) = shared.upgrade() {
                    add(&shared.counters.delivered);
                }
            }))
        }
    }
}

fn filter(circuit: &Circuit, random: &mut Random) -> Filter {
    let filter = match random.below(4) {
        0 => Filter::all(),
        1 => Filter::all().events([EventType::StateChanged, EventType::Configured]),
        2 => Filter::all().events([EventType::Failure, EventType::Panicked, EventType::Late, EventType::Rejected]),
        _ => Filter::all().identifier(circuit.key.identifier()),
    };
    if random.one_in(4) { filter.scope("soak") } else { filter }
}

fn panics(event: &Event) {
    assert!(event.sequence % 64 != 0, "{DELIBERATE}a handler");
}

fn blocks(event: &Event) {
    if event.sequence % 4_096 == 0 {
        thread::sleep(Duration::from_millis(10));
    }
}

/// A handler that itself reports calls to circuits.
fn calls_back(shared: &Arc<Shared>, registry: &Registry, filter: Filter) -> Subscription {
    // Weak: `Shared` holds the registry, which holds this handler.
    let shared = Arc::downgrade(shared);
    let reported = AtomicU64::new(0);
    registry.subscribe(filter, move |event| {
        // Relaxed: a number to draw from.
        let number = reported.fetch_add(1, Ordering::Relaxed);
        let Some(shared) = shared.upgrade().filter(|_| number % 256 == 0) else { return };
        let mut random = Random::new(event.sequence, number);
        let (circuit_set, _) = shared.any_circuit_set(&mut random);
        let plan =
            PlannedCall { circuit_set, circuit: circuit_set.any(&mut random), intent: Intent::Succeed, waits: 0 };
        report(plan, random.one_in(2));
        add(&shared.counters.calls);
    })
}

/// A handler that holds its own subscription, and drops it.
fn ends_itself(registry: &Registry, filter: Filter) -> Subscription {
    let own: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let inside = Arc::downgrade(&own);
    let subscription = registry.subscribe(filter.clone(), move |_| {
        if let Some(own) = inside.upgrade() {
            drop(own.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
    });
    *own.lock().unwrap_or_else(PoisonError::into_inner) = Some(subscription);
    // This handler drops it from outside, if the first has not done so.
    registry.subscribe(filter, move |_| drop(own.lock().unwrap_or_else(PoisonError::into_inner).take()))
}

/// Reads events: all that have come, with a timeout, as a stream, or not at all.
fn read(shared: &Shared, events: &mut EventReceiver, random: &mut Random) {
    let mut last = 0;
    let mut check = |event: &Event| {
        if event.sequence <= last {
            shared.problems.add(format!("event {} came after {last}", event.sequence));
        }
        last = event.sequence;
        add(&shared.counters.delivered);
    };
    match random.below(4) {
        0 => std::iter::from_fn(|| events.try_recv().ok()).for_each(|event| check(&event)),
        1 => events.recv_timeout(Duration::from_micros(random.below(500))).iter().for_each(check),
        2 => {
            let mut cx = Context::from_waker(Waker::noop());
            while let std::task::Poll::Ready(Some(event)) = Pin::new(&mut *events).poll_next(&mut cx) {
                check(&event);
            }
        }
        _ => {}
    }
}

/// A receiver of a registry that is dropped gets the remaining events, and then the end.
fn end_with_the_registry(shared: &Shared) {
    let registry = Registry::new();
    let events = registry.events(Filter::all());
    let reader = thread::spawn(move || events.into_iter().filter(|event| event.kind == EventKind::Success).count());
    let breaker = registry.register("short", Policy::new()).expect("it is the only one");
    breaker.record_success();
    drop((registry, breaker));
    if reader.join().ok() != Some(1) {
        shared.problems.add("the events of a dropped registry did not end with its one success");
    }
}
