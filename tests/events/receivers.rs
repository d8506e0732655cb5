//! Receivers, and the order of events.

use std::pin::Pin;
use std::sync::mpsc::{RecvTimeoutError, TryRecvError};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use breaker_box::{EventReceiver, EventType, Filter, Key, ManualClock, Policy, Registry, State};

use crate::Scene;
use crate::happened::EventKind;

#[test]
fn a_full_receiver_drops_the_newest_and_counts_them() {
    let scene = Scene::new();
    let breaker = scene.register(Policy::new());
    breaker.record_failure("first");
    for _ in 0..2_000 {
        breaker.record_success();
    }
    assert_eq!(scene.events.dropped(), 2_001 - 1_024);
    let kinds = scene.kinds();
    assert_eq!(kinds.len(), 1_024);
    assert_eq!(kinds[0], EventKind::Failure { reason: Some("first".into()) });
    breaker.record_success();
    assert_eq!(scene.kinds(), [EventKind::Success], "room again");
}

#[test]
fn a_receiver_ends_with_its_registry() {
    let registry = Registry::new();
    let events = registry.events(Filter::all());
    let breaker = registry.register("a", Policy::new()).unwrap();
    drop(registry);
    breaker.record_success();
    drop(breaker);
    assert_eq!(events.recv().unwrap().kind, EventKind::Registered);
    assert_eq!(events.recv_timeout(Duration::MAX).unwrap().kind, EventKind::Success);
    assert!(events.recv().is_err());
    assert_eq!(events.try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!(events.into_iter().count(), 0);
}

#[test]
fn a_receiver_that_waits_is_woken_by_an_event_and_by_the_end() {
    let registry = Registry::new();
    let events = registry.events(Filter::all());
    let reader = thread::spawn(move || events.into_iter().map(|event| event.key).collect::<Vec<_>>());
    registry.register("a", Policy::new()).unwrap();
    drop(registry);
    assert_eq!(reader.join().unwrap(), [Key::new("a")]);
}

#[test]
fn recv_timeout_gives_up_after_its_time() {
    let registry = Registry::new();
    let events = registry.events(Filter::all());
    assert_eq!(events.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::Timeout));
}

#[test]
fn a_receiver_is_a_stream() {
    use futures_core::Stream;

    let registry = Registry::new();
    let mut events = Box::pin(registry.events(Filter::all()));
    let mut cx = Context::from_waker(Waker::noop());
    let mut poll = |events: &mut Pin<Box<EventReceiver>>| events.as_mut().poll_next(&mut cx);
    assert!(poll(&mut events).is_pending());
    registry.register("a", Policy::new()).unwrap();
    assert!(matches!(poll(&mut events), Poll::Ready(Some(_))));
    drop(registry);
    assert!(matches!(poll(&mut events), Poll::Ready(None)));
}

#[test]
fn a_dropped_receiver_gets_no_more_events() {
    let registry = Registry::new();
    drop(registry.events(Filter::all()));
    registry.register("a", Policy::new()).unwrap();
    let events = registry.events(Filter::all());
    assert!(events.try_recv().is_err(), "events from before the subscription are not delivered");
}

#[test]
fn sequences_grow_by_one_and_state_changes_of_a_circuit_chain_under_load() {
    let registry = Registry::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let _subscription = registry.subscribe(Filter::all(), move |event| sink.lock().unwrap().push(event.clone()));
    let policy = Policy::consecutive_failures(1).expiry(Duration::from_nanos(1));
    let barrier = Barrier::new(4);
    thread::scope(|scope| {
        for thread in 0..4 {
            let (registry, barrier) = (&registry, &barrier);
            scope.spawn(move || {
                barrier.wait();
                let breaker = registry.get_or_register(["a", "b"][thread % 2], policy).unwrap();
                // So few that all events fit into a lane, whatever holds the handler up.
                for call in 0..60 {
                    let _ = breaker.call(|| if call % 2 == 0 { Err(()) } else { Ok(()) });
                }
            });
        }
    });
    let seen = seen.lock().unwrap();
    assert!(seen.windows(2).all(|pair| pair[1].sequence == pair[0].sequence + 1));
    for name in ["a", "b"] {
        let mut state = State::Closed;
        for event in seen.iter().filter(|event| event.key.identifier() == name) {
            if let breaker_box::EventKind::StateChanged { from, to, .. } = &event.kind {
                assert_eq!(*from, state);
                state = *to;
            }
        }
    }
    assert_eq!(seen.iter().filter(|event| event.kind == EventKind::Registered).count(), 2);
}

#[test]
fn a_receiver_iterates_as_that_of_a_channel_does() {
    let registry = Registry::builder().clock(ManualClock::new()).build().unwrap();
    let events = registry.events(Filter::all());
    let breaker = registry.register("a", Policy::new()).unwrap();
    assert_eq!(events.try_iter().map(|event| event.kind.event_type()).collect::<Vec<_>>(), [EventType::Registered]);
    assert_eq!(events.try_iter().count(), 0, "it does not wait");

    let report = || (0..3).for_each(|_| breaker.record_success());
    report();
    let first: Vec<_> = events.iter().take(2).map(|event| event.sequence).collect();
    assert_eq!(first, [2, 3], "what an iterator has not taken stays");
    report();
    drop((breaker, registry));
    for event in &events {
        assert_eq!(event.kind, EventKind::Success);
        if event.sequence == 5 {
            break;
        }
    }
    assert_eq!(events.into_iter().map(|event| event.sequence).collect::<Vec<_>>(), [6, 7]);
}
