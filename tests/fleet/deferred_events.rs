//! Event handlers do not run on the thread of a peer that defers them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use breaker_box::fleet::{Shared, defer_events, deliver_events};
use breaker_box::{Filter, Policy, State, Subscription};

use crate::support::{Joined, joined};

/// On which threads the handler was called.
fn watch(all: &Joined) -> (Arc<Mutex<Vec<ThreadId>>>, Subscription) {
    let threads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&threads);
    let subscription =
        all.registry.subscribe(Filter::all(), move |_| seen.lock().unwrap().push(thread::current().id()));
    (threads, subscription)
}

#[test]
fn another_thread_delivers_what_is_deferred() {
    let all = joined(Policy::new());
    let (threads, _watching) = watch(&all);
    defer_events(|| {
        all.membership.adopt(&all.breaker, None, &Shared::new(State::ForcedOpen));
        all.membership.adopt(&all.breaker, None, &Shared::new(State::Closed));
    });
    assert!(threads.lock().unwrap().is_empty());
    assert_eq!(all.peer.take_changes().len(), 2, "the peer hears of it at once");
    let other = thread::scope(|scope| scope.spawn(|| deliver_events(&all.registry)).thread().id());
    assert_eq!(*threads.lock().unwrap(), [other, other]);
}

#[test]
fn the_next_event_of_any_thread_brings_what_is_deferred() {
    let all = joined(Policy::new());
    let (threads, _watching) = watch(&all);
    defer_events(|| all.membership.adopt(&all.breaker, None, &Shared::new(State::ForcedOpen)));
    all.breaker.reset();
    assert_eq!(*threads.lock().unwrap(), [thread::current().id(); 2]);
}

#[test]
fn a_handler_that_runs_may_defer_and_its_own_events_come_after_it() {
    let all = joined(Policy::new());
    let (threads, _watching) = watch(&all);
    let breaker = all.breaker.clone();
    let _deferring = all.registry.subscribe(Filter::all(), move |_| {
        if breaker.state() == State::ForcedOpen {
            defer_events(|| breaker.reset());
        }
    });
    all.breaker.force_open();
    assert_eq!(all.breaker.state(), State::Closed);
    assert_eq!(threads.lock().unwrap().len(), 2);
}

#[test]
fn it_nests_and_ends_with_a_panic() {
    let all = joined(Policy::new());
    let (threads, _watching) = watch(&all);
    defer_events(|| {
        defer_events(|| ());
        all.breaker.force_open();
    });
    assert!(threads.lock().unwrap().is_empty());
    let panicked = catch_unwind(AssertUnwindSafe(|| defer_events(|| panic!("it ends"))));
    assert!(panicked.is_err());
    all.breaker.reset();
    assert_eq!(threads.lock().unwrap().len(), 2);
}
