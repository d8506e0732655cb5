//! Errors and permits refer to their circuit, on however many threads they are made, and keep it
//! for exactly as long as they last.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use breaker_box::{CallError, CircuitBreaker, CircuitOpenError, Clock, Outcome, Permit, Policy, Registry, State};

/// A clock, and a way to see whether any circuit still has it.
fn watched_clock() -> (Clock, Weak<()>) {
    let alive = Arc::new(());
    let watch = Arc::downgrade(&alive);
    let clock = Clock::from_fn(move || {
        let _ = &alive;
        Duration::from_secs(1)
    });
    (clock, watch)
}

fn open_breaker() -> (CircuitBreaker, Weak<()>) {
    let (clock, watch) = watched_clock();
    let breaker = CircuitBreaker::with_clock("payments", Policy::new(), clock).unwrap();
    breaker.open();
    (breaker, watch)
}

/// A registry with the open circuit `payments`.
fn open_registry() -> (Registry, Weak<()>) {
    let (clock, watch) = watched_clock();
    let registry = Registry::builder().clock(clock).build().unwrap();
    drop(registry.register("payments", Policy::new()).unwrap());
    registry.open("payments").unwrap();
    (registry, watch)
}

/// What each of so many threads, all alive at the same time, gets from `work`, three times each.
fn on_threads<T: Send>(threads: usize, work: impl Fn() -> T + Sync) -> Vec<T> {
    let barrier = std::sync::Barrier::new(threads);
    thread::scope(|scope| {
        let work = || {
            let own = [work(), work(), work()];
            barrier.wait();
            own
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    })
}

fn rejected(breaker: &CircuitBreaker) -> CircuitOpenError {
    match breaker.call(|| Ok::<_, ()>(())) {
        Err(CallError::Open(open)) => open,
        other => panic!("{other:?}"),
    }
}

fn rejected_by_name(registry: &Registry) -> CircuitOpenError {
    registry.call_with("payments", || (), |()| true).unwrap_err()
}

/// Drops the errors one by one: each names its circuit and its state, whichever is left, and the
/// circuit goes with the last.
fn each_keeps_the_circuit(mut errors: Vec<CircuitOpenError>, watch: &Weak<()>) {
    let total = errors.len() as u64;
    while let Some(error) = errors.pop() {
        assert_eq!((error.identifier(), error.status().state), ("payments", State::Open));
        assert_eq!(error.status().totals.rejected, total);
        assert!(errors.iter().all(|other| *other == error), "they are of one circuit");
    }
    assert!(watch.upgrade().is_none());
}

#[test]
fn rejections_of_many_threads_outlive_the_handle() {
    for threads in [1, 2, 100] {
        let (breaker, watch) = open_breaker();
        let errors = on_threads(threads, || rejected(&breaker));
        drop(breaker);
        each_keeps_the_circuit(errors, &watch);
    }
}

#[test]
fn rejections_of_many_threads_outlive_the_registry() {
    for threads in [1, 2, 100] {
        let (registry, watch) = open_registry();
        let errors = on_threads(threads, || rejected_by_name(&registry));
        drop(registry);
        each_keeps_the_circuit(errors, &watch);
    }
}

#[test]
fn a_circuit_that_nothing_refers_to_is_gone() {
    let (breaker, watch) = open_breaker();
    drop(on_threads(100, || rejected(&breaker)));
    let clone = breaker.clone();
    drop(on_threads(2, || rejected(&clone)));
    drop((breaker, clone));
    assert!(watch.upgrade().is_none());

    let (registry, watch) = open_registry();
    drop(on_threads(100, || rejected_by_name(&registry)));
    drop(on_threads(100, || rejected(&registry.get("payments").unwrap())));
    drop(registry);
    assert!(watch.upgrade().is_none());
}

#[test]
fn an_error_keeps_the_circuit_that_rejected_it_when_the_name_has_another() {
    let (registry, watch) = open_registry();
    let errors = on_threads(2, || rejected_by_name(&registry));
    drop(registry.unregister("payments").unwrap());
    registry.call("payments", || Ok::<_, ()>(())).unwrap();
    assert_eq!(registry.status("payments").unwrap().totals.rejected, 0);
    drop(registry);
    each_keeps_the_circuit(errors, &watch);
}

#[test]
fn permits_of_many_threads_settle_after_their_handle_and_registry_are_gone() {
    let settle = |permits: Vec<Permit>| on_threads_in_turn(permits, Permit::success);
    let (clock, watch) = watched_clock();
    let breaker = CircuitBreaker::with_clock("payments", Policy::new(), clock).unwrap();
    let permits = on_threads(100, || breaker.try_acquire().unwrap());
    breaker.open();
    let error = rejected(&breaker);
    breaker.close();
    drop(breaker);
    settle(permits);
    assert_eq!(error.status().totals.late + error.status().totals.successes, 300);
    drop(error);
    assert!(watch.upgrade().is_none());

    let (registry, watch) = open_registry();
    registry.close("payments").unwrap();
    let permits = on_threads(100, || registry.try_acquire("payments").unwrap());
    let breaker = registry.get("payments").unwrap();
    drop(registry);
    settle(permits);
    assert_eq!(breaker.status().totals.successes, 300);
    drop(breaker);
    assert!(watch.upgrade().is_none());
}

#[test]
fn a_permit_lets_go_of_its_circuit_however_it_ends() {
    let ways: [fn(Permit); 10] = [
        Permit::success,
        |permit| permit.failure("down"),
        Permit::ignore,
        |permit| permit.settle(false),
        |permit| permit.settle_by(&1, |_| Outcome::trip()),
        |permit| drop(catch_unwind(AssertUnwindSafe(|| permit.settle_by(&1, |_| -> bool { panic!("no verdict") })))),
        |permit| permit.panicked(&"lost"),
        Permit::cancel,
        drop,
        |permit| permit.scope(|| ()),
    ];
    for threads in [1, 2] {
        for way in ways {
            let (clock, watch) = watched_clock();
            let breaker = CircuitBreaker::with_clock("payments", Policy::new(), clock).unwrap();
            let permits = on_threads(threads, || breaker.try_acquire().unwrap());
            drop(breaker);
            permits.into_iter().for_each(way);
            assert!(watch.upgrade().is_none());
        }
    }
}

/// Half of the values on another thread than this.
fn on_threads_in_turn<T: Send>(mut values: Vec<T>, work: impl Fn(T) + Sync) {
    let half = values.split_off(values.len() / 2);
    thread::scope(|scope| {
        scope.spawn(|| values.into_iter().for_each(&work));
        half.into_iter().for_each(&work);
    });
}

#[test]
fn a_body_by_name_keeps_its_circuit_while_it_leaves_the_registry() {
    let (registry, watch) = open_registry();
    registry.close("payments").unwrap();
    let breaker = std::sync::Mutex::new(None);
    let _ = on_threads(4, || {
        registry.call("payments", || {
            if let Ok(left) = registry.unregister("payments") {
                *breaker.lock().unwrap() = Some(left);
            }
            Ok::<_, ()>(())
        })
    });
    assert!(breaker.into_inner().unwrap().is_some());
    drop(registry);
    assert!(watch.upgrade().is_none());
}
