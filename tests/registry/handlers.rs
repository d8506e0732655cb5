//! Handlers: what they may do, and what they cannot break.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use breaker_box::{EventType, Filter, Policy, Registry, State, Subscription};

use crate::support::{fail, registry, seconds, succeed, watch};

const ONE: Policy = Policy::consecutive_failures(1);

fn state_changes() -> Filter {
    Filter::all().events([EventType::StateChanged])
}

/// Counts the events that pass.
fn count(registry: &Registry, filter: Filter) -> (Arc<AtomicU32>, Subscription) {
    let count = Arc::new(AtomicU32::new(0));
    let sink = Arc::clone(&count);
    let subscription = registry.subscribe(filter, move |_| {
        sink.fetch_add(1, Ordering::Relaxed);
    });
    (count, subscription)
}

#[test]
fn every_subscription_gets_every_event() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", ONE).unwrap();
    let counters: Vec<_> = (0..3).map(|_| count(&registry, Filter::all())).collect();
    succeed(&breaker);
    assert!(counters.iter().all(|(count, _)| count.load(Ordering::Relaxed) == 1));
}

#[test]
fn a_dropped_subscription_ends() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", ONE).unwrap();
    let (count, subscription) = count(&registry, Filter::all());
    succeed(&breaker);
    drop(subscription);
    succeed(&breaker);
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

#[test]
fn unsubscribing_ends_that_one_subscription_only() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", ONE).unwrap();
    let (ended, subscription) = count(&registry, Filter::all());
    let (other, _other) = count(&registry, Filter::all());
    subscription.unsubscribe();
    succeed(&breaker);
    assert_eq!((ended.load(Ordering::Relaxed), other.load(Ordering::Relaxed)), (0, 1));
}

#[test]
fn a_subscription_outlives_the_registry_handle() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", ONE).unwrap();
    let (count, _subscription) = count(&registry, Filter::all());
    drop(registry);
    succeed(&breaker);
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

#[test]
fn events_before_a_subscription_are_not_delivered() {
    let (registry, _) = registry();
    succeed(&registry.register("payment_api", ONE).unwrap());
    let (count, _subscription) = count(&registry, Filter::all());
    assert_eq!(count.load(Ordering::Relaxed), 0);
}

#[test]
fn events_queued_for_a_slow_handler_are_not_delivered_to_a_later_subscription() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", ONE).unwrap();
    let (entered, is_entered) = mpsc::channel();
    let (gate, closed) = mpsc::channel::<()>();
    let closed = Mutex::new(closed);
    let _slow = registry.subscribe(Filter::all(), move |_| {
        entered.send(()).unwrap();
        // Until the gate is dropped.
        let _ = closed.lock().unwrap().recv();
    });
    let caller = breaker.clone();
    let delivering = thread::spawn(move || succeed(&caller));
    is_entered.recv().unwrap();
    succeed(&breaker);
    let (count, _subscription) = count(&registry, Filter::all());
    succeed(&breaker);
    drop(gate);
    delivering.join().unwrap();
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

#[test]
fn a_handler_sees_the_change_that_its_event_reports() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", ONE).unwrap();
    let (sender, receiver) = mpsc::channel();
    let inner = breaker.clone();
    let _subscription = registry.subscribe(state_changes(), move |_| sender.send(inner.state()).unwrap());
    fail(&breaker);
    assert_eq!(receiver.try_recv(), Ok(State::Open));
}

#[test]
fn a_handler_runs_on_the_thread_that_caused_the_event() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", ONE).unwrap();
    let (sender, receiver) = mpsc::channel();
    let _subscription = registry.subscribe(state_changes(), move |_| sender.send(thread::current().id()).unwrap());
    fail(&breaker);
    assert_eq!(receiver.try_recv(), Ok(thread::current().id()));
}

#[test]
fn a_handler_may_read_and_control_its_own_circuit() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", ONE).unwrap();
    let inner = breaker.clone();
    let _subscription = registry.subscribe(state_changes(), move |_| {
        if inner.status().state == State::Open {
            inner.set_metadata("seen", "yes").unwrap();
            inner.configure(Policy::new()).unwrap();
            inner.reset();
        }
    });
    fail(&breaker);
    let status = breaker.status();
    assert_eq!((status.state, status.policy, status.metadata.len()), (State::Closed, Policy::new(), 1));
}

#[test]
fn a_handler_may_make_calls_through_its_own_circuit() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", Policy::new()).unwrap();
    let inner = breaker.clone();
    let _subscription = registry.subscribe(Filter::all().events([EventType::Failure]), move |_| succeed(&inner));
    fail(&breaker);
    assert_eq!((breaker.status().totals.successes, breaker.status().failure_count), (1, 0));
}

#[test]
fn a_handler_may_use_the_whole_registry() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", ONE).unwrap();
    let inner = registry.clone();
    let _subscription = registry.subscribe(state_changes(), move |event| {
        inner.call("another", || Ok::<_, ()>(())).unwrap();
        inner.sweep();
        assert_eq!(inner.list().len(), 2);
        inner.unregister(&event.key).unwrap();
    });
    fail(&breaker);
    let names: Vec<_> = registry.list().iter().map(|status| status.key.to_string()).collect();
    assert_eq!(names, ["another"]);
}

#[test]
fn events_caused_by_a_handler_are_delivered_after_the_one_it_handles() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", ONE).unwrap();
    let inner = breaker.clone();
    let _first = registry.subscribe(state_changes(), move |_| {
        if inner.state() == State::Open {
            inner.close();
        }
    });
    let (seen, _second) = watch(&registry, state_changes());
    breaker.open();
    assert_eq!(seen.changes(), [(State::Closed, State::Open), (State::Open, State::Closed)]);
}

#[test]
fn a_handler_may_subscribe() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", ONE).unwrap();
    let later: Arc<Mutex<Vec<Subscription>>> = Arc::default();
    let count = Arc::new(AtomicU32::new(0));
    let (inner, sink, counter) = (registry.clone(), Arc::clone(&later), Arc::clone(&count));
    let _subscription = registry.subscribe(state_changes(), move |_| {
        let counter = Arc::clone(&counter);
        let filter = Filter::all().events([EventType::Rejected]);
        let subscription = inner.subscribe(filter, move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        sink.lock().unwrap().push(subscription);
    });
    fail(&breaker);
    succeed(&breaker);
    assert_eq!(count.load(Ordering::Relaxed), 1);
    later.lock().unwrap().clear();
}

#[test]
fn a_handler_may_end_its_own_subscription() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", ONE).unwrap();
    let own: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let count = Arc::new(AtomicU32::new(0));
    let (inner, counter) = (Arc::clone(&own), Arc::clone(&count));
    let subscription = registry.subscribe(Filter::all(), move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        if let Some(subscription) = inner.lock().unwrap().take() {
            subscription.unsubscribe();
        }
    });
    *own.lock().unwrap() = Some(subscription);
    succeed(&breaker);
    succeed(&breaker);
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

#[test]
fn a_handler_may_end_another_subscription() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", ONE).unwrap();
    let other: Arc<Mutex<Option<Subscription>>> = Arc::default();
    let inner = Arc::clone(&other);
    let _first = registry.subscribe(Filter::all(), move |_| drop(inner.lock().unwrap().take()));
    let (count, subscription) = count(&registry, Filter::all());
    *other.lock().unwrap() = Some(subscription);
    succeed(&breaker);
    succeed(&breaker);
    assert!(count.load(Ordering::Relaxed) <= 1);
}

#[test]
fn unsubscribing_never_waits_for_a_running_handler() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", ONE).unwrap();
    let (started, has_started) = mpsc::channel();
    let (finish, may_finish) = mpsc::channel::<()>();
    let may_finish = Mutex::new(may_finish);
    let subscription = registry.subscribe(Filter::all(), move |_| {
        started.send(()).unwrap();
        may_finish.lock().unwrap().recv().unwrap();
    });
    thread::scope(|scope| {
        scope.spawn(|| succeed(&breaker));
        has_started.recv().unwrap();
        subscription.unsubscribe();
        finish.send(()).unwrap();
    });
    succeed(&breaker);
    assert!(has_started.try_recv().is_err());
}

#[test]
fn a_running_handler_blocks_no_call_of_another_thread() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", ONE).unwrap();
    let (started, has_started) = mpsc::channel();
    let (finish, may_finish) = mpsc::channel::<()>();
    let may_finish = Mutex::new(may_finish);
    let _subscription = registry.subscribe(state_changes(), move |_| {
        started.send(()).unwrap();
        may_finish.lock().unwrap().recv().unwrap();
    });
    thread::scope(|scope| {
        scope.spawn(|| fail(&breaker));
        has_started.recv().unwrap();
        assert_eq!(breaker.state(), State::Open);
        assert!(breaker.try_acquire().is_err());
        breaker.record_failure("meanwhile");
        finish.send(()).unwrap();
    });
}

#[test]
fn an_event_during_a_delivery_is_delivered_by_the_delivering_thread() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", ONE).unwrap();
    let (started, has_started) = mpsc::channel();
    let (finish, may_finish) = mpsc::channel::<()>();
    let may_finish = Mutex::new(may_finish);
    let _subscription = registry.subscribe(state_changes(), move |_| {
        started.send(thread::current().id()).unwrap();
        may_finish.lock().unwrap().recv().unwrap();
    });
    thread::scope(|scope| {
        let deliverer = scope.spawn(|| breaker.open()).thread().id();
        assert_eq!(has_started.recv().unwrap(), deliverer);
        breaker.close();
        finish.send(()).unwrap();
        assert_eq!(has_started.recv().unwrap(), deliverer);
        finish.send(()).unwrap();
    });
}

#[test]
fn a_panicking_handler_harms_no_call() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", ONE).unwrap();
    let _subscription = registry.subscribe(Filter::all(), |_| panic!("handler"));
    assert_eq!(breaker.call(|| Ok::<_, ()>(7)).unwrap(), 7);
    assert!(registry.call("payment_api", || Err::<(), _>("unreachable")).is_err());
    assert_eq!((breaker.state(), breaker.status().totals.panicked), (State::Open, 0));
}

#[test]
fn a_panicking_handler_harms_no_other_handler() {
    let (registry, clock) = registry();
    let breaker = registry.register("payment_api", ONE).unwrap();
    let _first = registry.subscribe(Filter::all(), |_| panic!("handler"));
    let (seen, _second) = watch(&registry, state_changes());
    fail(&breaker);
    clock.advance(seconds(30));
    succeed(&breaker);
    assert_eq!(
        seen.changes(),
        [(State::Closed, State::Open), (State::Open, State::HalfOpen), (State::HalfOpen, State::Closed)]
    );
}

#[test]
fn a_handler_that_panicked_is_called_again() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", ONE).unwrap();
    let count = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&count);
    let _subscription = registry.subscribe(Filter::all(), move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        panic!("handler");
    });
    succeed(&breaker);
    succeed(&breaker);
    assert_eq!(count.load(Ordering::Relaxed), 2);
}

#[test]
fn no_event_is_lost_or_doubled_among_threads() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", Policy::consecutive_failures(1_000_000)).unwrap();
    let (seen, _subscription) = watch(&registry, Filter::all());
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..250).for_each(|_| succeed(&breaker)));
        }
    });
    let mut sequences: Vec<_> = seen.events().iter().map(|event| event.sequence).collect();
    assert!(sequences.is_sorted());
    sequences.dedup();
    assert_eq!(sequences.len(), 1_000);
}
