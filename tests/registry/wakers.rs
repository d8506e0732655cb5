//! Tasks that await events, and what their wakers may do.

use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};

use breaker_box::{EventKind, EventReceiver, Filter, Policy, State};
use futures_core::Stream as _;

use super::queues::{counting, drain, number};
use crate::support::{registry, succeed};

/// A waker that does something.
struct Loud<F>(F);

impl<F: Fn() + Send + Sync + 'static> Wake for Loud<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

fn await_event(events: &mut EventReceiver, on_wake: impl Fn() + Send + Sync + 'static) {
    let waker = Waker::from(Arc::new(Loud(on_wake)));
    let polled = std::pin::Pin::new(events).poll_next(&mut Context::from_waker(&waker));
    assert!(matches!(polled, Poll::Pending));
}

#[test]
fn a_waker_may_call_the_circuit_whose_event_wakes_it() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", Policy::consecutive_failures(1)).unwrap();
    let mut events = registry.events(Filter::all());
    let (inner, all) = (breaker.clone(), registry.clone());
    await_event(&mut events, move || {
        assert_eq!((inner.status().state, all.list().len()), (State::Open, 1));
        inner.reset();
    });
    breaker.open();
    let changes = [(State::Closed, State::Open), (State::Open, State::Closed)];
    let told = drain(&events).into_iter().map(|kind| match kind {
        EventKind::StateChanged { from, to, .. } => (from, to),
        other => panic!("{other:?}"),
    });
    assert!(told.eq(changes));
}

#[test]
fn a_waker_that_panics_harms_neither_the_call_nor_others() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", Policy::new()).unwrap();
    let (woken, is_woken) = mpsc::channel();
    let mut receivers: Vec<_> = (0..3).map(|_| registry.events(Filter::all())).collect();
    let (count, _subscription) = counting(&registry, Filter::all(), || {});
    for (n, events) in receivers.iter_mut().enumerate() {
        let woken = woken.clone();
        await_event(events, move || {
            woken.send(n).unwrap();
            assert_ne!(n, 1, "a waker");
        });
    }
    succeed(&breaker);
    let mut woken: Vec<_> = is_woken.try_iter().collect();
    woken.sort_unstable();
    assert_eq!((woken, number(&count)), (vec![0, 1, 2], 1));
}

#[test]
fn tasks_are_woken_before_any_handler_is_called() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", Policy::new()).unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let (first, second) = (Arc::clone(&order), Arc::clone(&order));
    let _subscription = registry.subscribe(Filter::all(), move |_| first.lock().unwrap().push("called"));
    let mut events = registry.events(Filter::all());
    await_event(&mut events, move || second.lock().unwrap().push("woken"));
    succeed(&breaker);
    assert_eq!(*order.lock().unwrap(), ["woken", "called"]);
}
