//! Event receivers: who waits is woken by what comes, and by the end.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake};

use breaker_core::{EventReceiver, EventType, Filter, Policy};
use futures_core::Stream as _;

use crate::support::{Work, outcomes, registry, together};

fn changes() -> Filter {
    Filter::all().kinds([EventType::StateChanged])
}

#[test]
fn who_waits_gets_the_event() {
    let seen = outcomes(|| {
        let registry = registry();
        let breaker = registry.register("a", Policy::new()).expect("a free name");
        let events = registry.events(changes());
        let opened = breaker.clone();
        let works: [Work<bool>; 2] = [
            Box::new(move || {
                opened.force_open();
                true
            }),
            // A wake that is lost is a deadlock, which the checker reports.
            Box::new(move || events.recv().is_ok()),
        ];
        let got = together(works)[1];
        // Until now the registry was there, so that its end woke nobody.
        drop((breaker, registry));
        got
    });
    assert_eq!(seen, BTreeSet::from([true]));
}

#[test]
fn who_waits_learns_of_the_end() {
    let seen = outcomes(|| {
        let registry = registry();
        let events = registry.events(changes());
        let works: [Work<bool>; 2] = [
            Box::new(move || {
                drop(registry);
                true
            }),
            Box::new(move || events.recv().is_ok()),
        ];
        together(works)[1]
    });
    assert_eq!(seen, BTreeSet::from([false]));
}

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn poll(events: &mut EventReceiver, flag: &Arc<Flag>) -> bool {
    let waker = Arc::clone(flag).into();
    matches!(Pin::new(events).poll_next(&mut Context::from_waker(&waker)), Poll::Ready(Some(_)))
}

#[test]
fn a_task_that_found_nothing_is_woken() {
    let seen = outcomes(|| {
        let registry = registry();
        let breaker = registry.register("a", Policy::new()).expect("a free name");
        let mut events = registry.events(changes());
        let flag = Arc::new(Flag::default());
        let (polled, opened) = (Arc::clone(&flag), breaker.clone());
        let works: [Work<bool>; 2] = [
            Box::new(move || {
                opened.force_open();
                true
            }),
            Box::new(move || poll(&mut events, &polled)),
        ];
        let found = together(works)[1];
        // Until now the registry was there, so that its end woke nobody.
        drop((breaker, registry));
        (found, flag.0.load(Ordering::Relaxed))
    });
    assert_eq!(seen, BTreeSet::from([(true, false), (false, true)]));
}
