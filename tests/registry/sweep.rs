//! Sweeping: late expiries become events; a thread that does it.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use breaker_box::{EventType, Filter, Policy, State, Subscription, Sweeper};

use crate::support::{millis, registry, seconds, succeed, watch};

const ONE: Policy = Policy::consecutive_failures(1);
/// Only a broken sweeper needs it.
const LONG: Duration = seconds(120);

fn state_changes() -> Filter {
    Filter::all().events([EventType::StateChanged])
}

#[test]
fn a_late_expiry_becomes_an_event() {
    let (registry, clock) = registry();
    registry.register("payment_api", ONE).unwrap().open();
    let (seen, _subscription) = watch(&registry, state_changes());
    clock.advance(seconds(30));
    registry.sweep();
    assert_eq!(seen.changes(), [(State::Open, State::HalfOpen)]);
}

#[test]
fn with_close_on_expiry_a_late_expiry_closes() {
    let (registry, clock) = registry();
    registry.register("payment_api", ONE.close_on_expiry()).unwrap().open();
    let (seen, _subscription) = watch(&registry, state_changes());
    clock.advance(seconds(30));
    registry.sweep();
    assert_eq!(seen.changes(), [(State::Open, State::Closed)]);
}

#[test]
fn a_late_limit_of_a_probe_becomes_an_event() {
    let (registry, clock) = registry();
    let breaker = registry.register("payment_api", ONE.half_open_timeout(seconds(20))).unwrap();
    breaker.open();
    clock.advance(seconds(30));
    std::mem::forget(breaker.try_acquire().unwrap());
    let (seen, _subscription) = watch(&registry, state_changes());
    clock.advance(seconds(20));
    registry.sweep();
    assert_eq!(seen.changes(), [(State::HalfOpen, State::Open)]);
}

#[test]
fn a_sweep_before_its_time_does_nothing() {
    let (registry, clock) = registry();
    registry.register("payment_api", ONE).unwrap().open();
    let (seen, _subscription) = watch(&registry, Filter::all());
    clock.advance(seconds(29));
    registry.sweep();
    assert_eq!((seen.types(), registry.state("payment_api")), (Vec::new(), State::Open));
}

#[test]
fn a_second_sweep_says_nothing_again() {
    let (registry, clock) = registry();
    registry.register("payment_api", ONE).unwrap().open();
    clock.advance(seconds(30));
    registry.sweep();
    let (seen, _subscription) = watch(&registry, Filter::all());
    registry.sweep();
    assert_eq!(seen.types(), []);
}

#[test]
fn a_sweep_takes_no_probe() {
    let (registry, clock) = registry();
    let breaker = registry.register("payment_api", ONE).unwrap();
    breaker.open();
    clock.advance(seconds(30));
    registry.sweep();
    succeed(&breaker);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_sweeper_sweeps_by_itself() {
    let (registry, clock) = registry();
    registry.register("payment_api", ONE).unwrap().open();
    let (sender, receiver) = mpsc::channel();
    let _subscription = registry.subscribe(state_changes(), move |_| sender.send(()).unwrap());
    clock.advance(seconds(30));
    let _sweeper = registry.spawn_sweeper(millis(1)).unwrap();
    assert!(receiver.recv_timeout(LONG).is_ok());
}

#[test]
fn the_thread_of_a_sweeper_ends_with_its_handle() {
    thread_local! {
        static ALIVE: RefCell<Option<mpsc::Sender<()>>> = const { RefCell::new(None) };
    }
    let (registry, clock) = registry();
    registry.register("payment_api", ONE).unwrap().open();
    let (swept, has_swept) = mpsc::channel();
    let (alive, ended) = mpsc::channel();
    let alive = Mutex::new(Some(alive));
    // What a thread keeps in its local storage is dropped when it ends.
    let _subscription = registry.subscribe(state_changes(), move |_| {
        ALIVE.with(|kept| *kept.borrow_mut() = alive.lock().unwrap().take());
        swept.send(thread::current().id()).unwrap();
    });
    clock.advance(seconds(30));
    let sweeper = registry.spawn_sweeper(millis(1)).unwrap();
    assert_ne!(has_swept.recv_timeout(LONG), Ok(thread::current().id()));
    assert_eq!(ended.try_recv(), Err(mpsc::TryRecvError::Empty));
    drop(sweeper);
    assert_eq!(ended.recv_timeout(LONG), Err(mpsc::RecvTimeoutError::Disconnected));
}

#[test]
fn a_sweeper_with_an_endless_interval_ends_with_its_handle() {
    let (registry, _) = registry();
    drop(registry.spawn_sweeper(Duration::MAX).unwrap());
}

#[test]
fn a_sweeper_without_an_interval_still_sweeps_and_ends() {
    let (registry, clock) = registry();
    registry.register("payment_api", ONE).unwrap().open();
    let (sender, receiver) = mpsc::channel();
    let _subscription = registry.subscribe(state_changes(), move |_| sender.send(()).unwrap());
    clock.advance(seconds(30));
    let sweeper = registry.spawn_sweeper(Duration::ZERO).unwrap();
    assert!(receiver.recv_timeout(LONG).is_ok());
    drop(sweeper);
}

#[test]
fn a_handler_may_end_the_sweeper_that_called_it() {
    let (registry, clock) = registry();
    registry.register("payment_api", ONE).unwrap().open();
    let sweeper: Arc<Mutex<Option<Sweeper>>> = Arc::default();
    let inner = Arc::clone(&sweeper);
    let (sender, receiver) = mpsc::channel();
    let _subscription: Subscription = registry.subscribe(state_changes(), move |_| {
        drop(inner.lock().unwrap().take());
        sender.send(()).unwrap();
    });
    let mut place = sweeper.lock().unwrap();
    *place = Some(registry.spawn_sweeper(millis(1)).unwrap());
    drop(place);
    clock.advance(seconds(30));
    assert!(receiver.recv_timeout(LONG).is_ok());
}

#[test]
fn a_panicking_handler_does_not_end_a_sweeper() {
    let (registry, clock) = registry();
    let breaker = registry.register("payment_api", ONE).unwrap();
    let (sender, receiver) = mpsc::channel();
    let filter = Filter::all().events([EventType::StateChanged]);
    let _subscription = registry.subscribe(filter, move |_| {
        sender.send(()).unwrap();
        panic!("handler");
    });
    let _sweeper = registry.spawn_sweeper(millis(1)).unwrap();
    for _ in 0..2 {
        breaker.open();
        assert!(receiver.recv_timeout(LONG).is_ok());
        clock.advance(seconds(30));
        assert!(receiver.recv_timeout(LONG).is_ok(), "the sweeper is gone");
        breaker.reset();
        assert!(receiver.recv_timeout(LONG).is_ok());
    }
}
