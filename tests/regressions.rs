//! Faults that a review found, each held by a test.

use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use futures_core::Stream;

use breaker_box::{CallError, CircuitBreaker, EventKind, EventType, Filter, Policy, Reason, Registry, State};

/// Calls through the global registry when its thread ends.
struct CallsAtTheEnd(Arc<AtomicBool>);

impl Drop for CallsAtTheEnd {
    fn drop(&mut self) {
        let answer = Registry::global().call("at_the_end", || Ok::<_, ()>(()));
        self.0.store(answer.is_ok(), Ordering::SeqCst);
    }
}

#[test]
fn a_call_by_name_from_the_destructor_of_a_thread_local_works() {
    thread_local!(static LAST: RefCell<Option<CallsAtTheEnd>> = const { RefCell::new(None) });
    let worked = Arc::new(AtomicBool::new(false));
    let inside = Arc::clone(&worked);
    thread::spawn(move || {
        // Registered before the registry is touched, so that its destructor runs after those that
        // the look-up registers.
        LAST.with_borrow_mut(|last| *last = Some(CallsAtTheEnd(inside)));
        Registry::global().call("at_the_end", || Ok::<_, ()>(())).unwrap();
    })
    .join()
    .unwrap();
    assert!(worked.load(Ordering::SeqCst));
}

/// Does something when its thread ends.
struct AtTheEnd(Option<Box<dyn FnOnce()>>);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        if let Some(work) = self.0.take() {
            work();
        }
    }
}

/// Runs `work` in the destructor of a thread-local, when the registry's own thread-locals are gone.
fn when_a_thread_ends(registry: &Registry, work: impl FnOnce() + Send + 'static) {
    thread_local!(static LAST: RefCell<AtTheEnd> = const { RefCell::new(AtTheEnd(None)) });
    let registry = registry.clone();
    thread::spawn(move || {
        // Registered before the registry is touched, so that its destructor runs after those that
        // the look-up registers.
        LAST.with_borrow_mut(|last| last.0 = Some(Box::new(work)));
        registry.call("touched", || Ok::<_, ()>(())).unwrap();
    })
    .join()
    .unwrap();
}

#[test]
fn the_destructor_of_a_thread_local_can_create_and_unregister_a_circuit() {
    let registry = Registry::new();
    registry.register("old", Policy::new()).unwrap();
    let (inside, (sender, worked)) = (registry.clone(), mpsc::channel());
    when_a_thread_ends(&registry, move || {
        let made = catch_unwind(AssertUnwindSafe(|| inside.call("new", || Ok::<_, ()>(())).is_ok()));
        let taken_out = catch_unwind(AssertUnwindSafe(|| inside.unregister("old").is_ok()));
        sender.send((made.ok(), taken_out.ok())).unwrap();
    });
    assert_eq!(worked.recv().unwrap(), (Some(true), Some(true)));
    assert_eq!(registry.status("new").unwrap().totals.successes, 1);
    assert!(registry.get("old").is_none());
    assert_eq!(registry.len(), 2);
}

/// Panics when it is dropped.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(thread::panicking(), "the drop of a handler");
    }
}

#[test]
fn a_handler_whose_drop_panics_does_not_end_the_delivery_for_all() {
    let registry = Registry::new();
    let events = registry.events(Filter::all());
    let slot = Arc::new(Mutex::new(None));
    let (own, bomb) = (Arc::clone(&slot), Bomb);
    let subscription = registry.subscribe(Filter::all(), move |_| {
        let _held = &bomb;
        drop(own.lock().unwrap().take());
    });
    *slot.lock().unwrap() = Some(subscription);
    // The handler ends its own subscription; its captures are dropped by the delivery.
    let _ = catch_unwind(AssertUnwindSafe(|| registry.register("a", Policy::new())));
    registry.register("b", Policy::new()).unwrap();
    let told: Vec<_> = std::iter::from_fn(|| events.try_recv().ok()).map(|event| event.key.to_string()).collect();
    assert_eq!(told, ["a", "b"]);
}

#[test]
fn a_rejected_future_that_is_polled_again_does_not_run_unguarded() {
    let breaker = CircuitBreaker::new("a", Policy::new()).unwrap();
    breaker.force_open();
    let ran = AtomicU32::new(0);
    let mut call = pin!(breaker.call_async(async {
        ran.fetch_add(1, Ordering::SeqCst);
        Ok::<_, ()>(())
    }));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(matches!(call.as_mut().poll(&mut cx), Poll::Ready(Err(CallError::Open(_)))));
    assert!(catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(&mut cx).is_ready())).is_err());
    assert_eq!(ran.load(Ordering::SeqCst), 0);
}

#[test]
fn registered_and_removed_events_alternate_across_threads() {
    let registry = Registry::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let kinds = [EventType::Registered, EventType::Unregistered, EventType::StateChanged];
    let _subscription =
        registry.subscribe(Filter::all().events(kinds), move |event| sink.lock().unwrap().push(event.kind.clone()));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                // So few that all events fit into a lane, whatever holds the handler up.
                for _ in 0..60 {
                    if let Ok(breaker) = registry.register("a", Policy::new()) {
                        breaker.force_open();
                    }
                    let _ = registry.force_open("a");
                    let _ = registry.unregister("a");
                }
            });
        }
    });
    let mut registered = false;
    for kind in seen.lock().unwrap().iter() {
        match kind {
            EventKind::Registered => assert!(!std::mem::replace(&mut registered, true)),
            EventKind::Unregistered => assert!(std::mem::replace(&mut registered, false)),
            // Handles outlive the registration.
            _ => {}
        }
    }
}

/// A waker that causes an event when it is dropped.
struct Loud(Registry);

impl Wake for Loud {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Loud {
    fn drop(&mut self) {
        self.0.register("from the waker", Policy::new()).unwrap();
    }
}

#[test]
fn a_waker_may_cause_an_event_when_it_is_dropped() {
    let registry = Registry::new();
    let mut events = Box::pin(registry.events(Filter::all()));
    let loud = Waker::from(Arc::new(Loud(registry.clone())));
    assert!(events.as_mut().poll_next(&mut Context::from_waker(&loud)).is_pending());
    drop(loud);
    // Takes the place of the loud one, which is dropped.
    assert!(events.as_mut().poll_next(&mut Context::from_waker(Waker::noop())).is_pending());
    assert_eq!(events.try_recv().unwrap().key.identifier(), "from the waker");
}

#[test]
fn a_short_reason_keeps_no_huge_buffer() {
    let mut kept = None;
    let held = allocation_counter::measure(|| {
        let mut text = String::with_capacity(1_000_000);
        text.push_str("short");
        kept = Some(Reason::from(text));
    });
    assert_eq!(kept.unwrap(), "short");
    assert!(held.bytes_current <= 256, "{} bytes are held", held.bytes_current);
}

#[test]
fn a_command_by_name_lasts_although_idle_circuits_are_evicted() {
    let registry = Registry::builder().idle_after(Duration::from_nanos(1)).build().unwrap();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                registry.sweep();
            }
        });
        let lost = (0..5_000).filter(|_| {
            let _ = registry.register("a", Policy::new());
            let lost = registry.force_open("a").is_ok() && registry.state("a") != State::ForcedOpen;
            let _ = registry.reset("a");
            lost
        });
        let lost = lost.count();
        // Before anything can panic, so that the sweeping thread ends.
        stop.store(true, Ordering::Relaxed);
        assert_eq!(lost, 0);
    });
}
