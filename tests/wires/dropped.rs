//! Diversions and lost items as events.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;

use breaker_box::{CircuitBreaker, EventReceiver, EventType, Filter, ManualClock, Policy, Registry, Routing, Wire};

use crate::happened::EventKind;
use crate::{even_only, refuse};

#[test]
fn diversions_and_drops_are_events() {
    let registry = Registry::builder().clock(ManualClock::new()).build().unwrap();
    let events = registry.events(Filter::all().events([EventType::Diverted, EventType::Dropped]));
    let breaker = registry.register("wire", Policy::new()).unwrap();
    breaker.force_open();
    let (sender, _queue) = mpsc::sync_channel(1);
    let wire = Wire::new(breaker, even_only).neutral(refuse).neutral(sender);
    wire.submit(1).unwrap();
    wire.submit(2).unwrap_err();
    assert_eq!(events.try_recv().unwrap().kind, EventKind::Diverted { wire: 1 });
    assert_eq!(events.try_recv().unwrap().kind, EventKind::Dropped);
    assert!(events.try_recv().is_err());
}

/// An open circuit, and its events about items.
pub(crate) fn watched_and_open() -> (CircuitBreaker, EventReceiver) {
    let (breaker, events) = watched();
    breaker.force_open();
    (breaker, events)
}

pub(crate) fn watched() -> (CircuitBreaker, EventReceiver) {
    let registry = Registry::builder().clock(ManualClock::new()).build().unwrap();
    let events = registry.events(Filter::all().events([EventType::Diverted, EventType::Dropped]));
    (registry.register("wire", Policy::consecutive_failures(2)).unwrap(), events)
}

pub(crate) fn event_kinds(events: &EventReceiver) -> Vec<EventKind> {
    std::iter::from_fn(|| events.try_recv().ok()).map(|event| event.kind.into()).collect()
}

pub(crate) fn panics(work: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(work)).is_err());
}

#[test]
fn an_item_that_is_processed_or_comes_back_with_its_error_is_no_drop() {
    let (breaker, events) = watched();
    let wire = Wire::new(breaker, even_only).neutral(refuse);
    wire.submit(2).unwrap();
    wire.submit(3).unwrap_err();
    assert_eq!(event_kinds(&events), []);
    // This one opens the circuit, and nothing takes it.
    wire.submit(5).unwrap_err();
    assert_eq!(event_kinds(&events), [EventKind::Dropped]);
}

#[test]
fn an_item_whose_processor_panics_is_a_drop() {
    let (breaker, events) = watched();
    let wire = Wire::new(breaker, |_: &u32| -> Result<(), ()> { panic!("the processor") });
    panics(|| drop(wire.submit(1)));
    assert_eq!(event_kinds(&events), [EventKind::Dropped]);
}

#[test]
fn an_item_whose_wire_panics_is_a_drop() {
    let (breaker, events) = watched_and_open();
    let wire = Wire::new(breaker, even_only).neutral(refuse).neutral(|_| panic!("a wire"));
    panics(|| drop(wire.submit(1)));
    assert_eq!(event_kinds(&events), [EventKind::Dropped]);
}

#[test]
fn a_broadcast_item_that_one_wire_has_is_no_drop_where_another_panics() {
    let (breaker, events) = watched_and_open();
    let (sender, queue) = mpsc::channel();
    let wire = Wire::new(breaker, even_only).routing(Routing::Broadcast).neutral(sender).neutral(|_| panic!("a wire"));
    panics(|| drop(wire.submit(1)));
    assert_eq!((event_kinds(&events), queue.try_recv()), (vec![EventKind::Diverted { wire: 0 }], Ok(1)));
}

#[test]
fn a_broadcast_item_that_cannot_be_cloned_is_a_drop() {
    struct Unique;
    #[allow(clippy::non_canonical_clone_impl, reason = "it shall fail")]
    impl Clone for Unique {
        fn clone(&self) -> Self {
            panic!("the only one")
        }
    }

    let (breaker, events) = watched_and_open();
    let (sender, _queue) = mpsc::channel();
    let wire = Wire::new(breaker, |_: &Unique| Ok::<_, ()>(())).routing(Routing::Broadcast).neutral(sender);
    panics(|| drop(wire.submit(Unique)));
    assert_eq!(event_kinds(&events), [EventKind::Dropped]);
}
