//! Handlers that call back, end themselves, panic or block.

use std::sync::{Arc, Barrier, Mutex, OnceLock};
use std::thread;

use breaker_box::{EventType, Filter, Policy, Registry, State, Subscription};

use crate::happened::EventKind;

#[test]
fn a_handler_may_call_the_circuit_that_the_event_is_about() {
    let registry = Registry::new();
    let changes = Arc::new(Mutex::new(Vec::new()));
    let (inside, sink) = (registry.clone(), Arc::clone(&changes));
    let _subscription = registry.subscribe(Filter::all().events([EventType::StateChanged]), move |event| {
        let breaker_box::EventKind::StateChanged { to, .. } = event.kind else { panic!("filtered") };
        sink.lock().unwrap().push(to);
        if to == State::Open {
            inside.force_open(&event.key).unwrap();
            assert_eq!(inside.list().len(), 1);
            inside.register("made inside", Policy::new()).unwrap();
        }
    });
    registry.register("a", Policy::new()).unwrap().open();
    assert_eq!(*changes.lock().unwrap(), [State::Open, State::ForcedOpen]);
    assert_eq!(registry.len(), 2);
}

#[test]
fn a_handler_may_end_its_own_subscription() {
    let registry = Registry::new();
    let slot: Arc<OnceLock<Mutex<Option<Subscription>>>> = Arc::default();
    let count = Arc::new(Mutex::new(0));
    let (own, counter) = (Arc::clone(&slot), Arc::clone(&count));
    let subscription = registry.subscribe(Filter::all(), move |_| {
        *counter.lock().unwrap() += 1;
        if let Some(own) = own.get() {
            drop(own.lock().unwrap().take());
        }
    });
    slot.set(Mutex::new(Some(subscription))).unwrap();
    registry.register("a", Policy::new()).unwrap();
    registry.register("b", Policy::new()).unwrap();
    assert_eq!(*count.lock().unwrap(), 1);
}

#[test]
fn a_handler_that_panics_harms_neither_the_call_nor_other_handlers() {
    let registry = Registry::new();
    let _broken = registry.subscribe(Filter::all(), |_| panic!("handler"));
    let events = registry.events(Filter::all());
    let breaker = registry.register("a", Policy::new()).unwrap();
    breaker.call(|| Ok::<_, ()>(())).unwrap();
    assert_eq!(events.try_recv().unwrap().kind, EventKind::Registered);
    assert_eq!(events.try_recv().unwrap().kind, EventKind::Success);
}

#[test]
fn ending_one_subscription_leaves_the_others() {
    let registry = Registry::new();
    let first = registry.subscribe(Filter::all(), |_| panic!("ended before any event"));
    let events = registry.events(Filter::all());
    first.unsubscribe();
    registry.register("a", Policy::new()).unwrap();
    assert!(events.try_recv().is_ok());
}

#[test]
fn a_handler_that_blocks_does_not_stop_other_threads_from_calling() {
    let registry = Registry::new();
    let breaker = registry.register("a", Policy::new()).unwrap();
    let (entered, release) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (inside, leave) = (Arc::clone(&entered), Arc::clone(&release));
    let blocks_once = OnceLock::new();
    let _subscription = registry.subscribe(Filter::all(), move |_| {
        if blocks_once.set(()).is_ok() {
            inside.wait();
            leave.wait();
        }
    });
    let caller = breaker.clone();
    let blocked = thread::spawn(move || caller.record_failure("delivers, and is stuck in the handler"));
    entered.wait();
    breaker.record_success();
    breaker.open();
    assert_eq!(breaker.state(), State::Open);
    release.wait();
    blocked.join().unwrap();
}
