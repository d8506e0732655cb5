//! Pins, which threads count for themselves and remove for each other, while their sums are read.
//!
//! The first thread that calls a circuit keeps a difference. Once a second one has called it,
//! threads have lines.

use std::collections::BTreeSet;
use std::sync::Arc;

use breaker_core::{CircuitBreaker, ManualClock, Policy, Registry};
use loom::thread;

use crate::support::{outcomes, seconds};

/// A registry in which the circuit `a` has been idle for long enough to leave. This thread has
/// called it, and another one if `has_lines`.
fn with_an_idle_circuit(has_lines: bool) -> Registry {
    let clock = ManualClock::new();
    let builder = Registry::builder().default_policy(Policy::new()).clock(clock.clone());
    let registry = builder.idle_after(seconds(10)).build().expect("a valid policy");
    call(&registry);
    if has_lines {
        elsewhere(&registry, call).join().expect("no panic");
    }
    clock.advance(seconds(10));
    registry
}

/// One call by name that succeeds.
fn call(registry: &Registry) {
    registry.call_with("a", || (), |()| true).expect("it is closed");
}

fn elsewhere<T: 'static>(registry: &Registry, work: impl FnOnce(&Registry) -> T + 'static) -> thread::JoinHandle<T> {
    let registry = registry.clone();
    thread::spawn(move || work(&registry))
}

/// A handle that is found or not while the circuit would leave, and that keeps it while `meanwhile`
/// goes on; whether there is one, and the number of circuits.
fn held(has_lines: bool, meanwhile: fn(&CircuitBreaker)) {
    let seen = outcomes(move || {
        let registry = with_an_idle_circuit(has_lines);
        let sweeper = elsewhere(&registry, Registry::sweep);
        // The sweep first finds the circuit without a handle.
        thread::yield_now();
        let handle = registry.get("a");
        if let Some(handle) = &handle {
            meanwhile(handle);
        }
        sweeper.join().expect("no panic");
        (handle.is_some(), registry.len())
    });
    assert_eq!(seen, BTreeSet::from([(true, 1), (false, 0)]));
}

/// The work of another thread, while this one waits for it.
fn there<T: 'static>(work: impl FnOnce() -> T + 'static) -> T {
    thread::spawn(work).join().expect("no panic")
}

// Seen to fail when `Counters::has_pins` reads what was removed last.
#[test]
fn a_pin_that_comes_and_goes_hides_no_other() {
    held(true, |handle| {
        let handle = Arc::new(handle.clone());
        let other = Arc::clone(&handle);
        there(move || drop(other.as_ref().clone()));
    });
}

// Seen to fail when `Counters::has_pins` reads the difference of the first thread before what was
// removed.
#[test]
fn a_pin_that_another_thread_removes_hides_no_other() {
    held(false, |handle| {
        let handle = handle.clone();
        there(move || drop(handle));
    });
}

// Seen to fail when `Counters::has_pins` reads the difference of the first thread after what was
// added.
#[test]
fn a_pin_that_another_thread_adds_hides_no_other() {
    held(false, |handle| {
        let handle = Arc::new(handle.clone());
        let other = Arc::clone(&handle);
        drop(there(move || other.as_ref().clone()));
    });
}
