//! Event receivers: a waiting thread is woken by an event, and by the end.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake};

use breaker_core::{EventReceiver, EventType, Filter, Policy};
use futures_core::Stream as _;

use crate::support::{Work, outcomes, registry, together};

fn changes() -> Filter {
    Filter::all().events([EventType::StateChanged])
}

// Seen to fail when `Sender::send` notifies before it puts the event in, and when
// `Channel::recv` unlocks before it waits.
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
        // The registry existed until now, so its end cannot have woken the receiver.
        drop((breaker, registry));
        got
    });
    assert_eq!(seen, BTreeSet::from([true]));
}

// Seen to fail when `Sender::drop` wakes before it closes the channel, and when
// `Channel::recv` unlocks before it waits.
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

// Seen to fail when `Channel::poll` releases the lock before it leaves its waker.
#[test]
fn a_task_that_found_nothing_is_woken() {
    let seen = outcomes(|| {
        let registry = registry();
        let breaker = registry.register("a", Policy::new()).expect("a free name");
        let mut events = registry.events(changes());
        let flag = Arc::new(Flag::default());
        let (polled, opened) = (Arc::clone(&flag), breaker.clone());
        let works: [Work<Option<(bool, EventReceiver)>>; 2] = [
            Box::new(move || {
                opened.force_open();
                None
            }),
            Box::new(move || Some((poll(&mut events, &polled), events))),
        ];
        let polled: Vec<_> = together(works).into_iter().flatten().collect();
        let woken = flag.0.load(Ordering::Relaxed);
        // The receiver and the registry existed until now, so their end cannot have woken the task.
        drop((breaker, registry));
        polled.into_iter().map(|(found, _)| (found, woken)).collect::<Vec<_>>()
    });
    assert_eq!(seen, BTreeSet::from([vec![(true, false)], vec![(false, true)]]));
}
