//! Breakers on a target without a system, where a function gives the time and asking the system for
//! it panics. It runs natively with the other tests, and in node by
//!
//! ```sh
//! CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER="node $PWD/breaker-core/tests/wasm/run.mjs" \
//!     cargo test -p breaker-core --no-default-features --test wasm --target wasm32-unknown-unknown
//! ```
//!
//! There is no test harness, because that one needs a system.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use breaker_core::{CircuitBreaker, Clock, Filter, ManualClock, Policy, Registry, State, Window};

/// The time that a page would get from `Date.now()`, in milliseconds.
static NOW: AtomicU64 = AtomicU64::new(1_800_000_000_000);

fn main() {
    opens_and_closes_by_the_time_of_a_function();
    has_the_calendar_time_of_the_function();
    works_with_a_manual_clock();
}

fn clock() -> Clock {
    Clock::from_fn(|| Duration::from_millis(NOW.load(Ordering::Relaxed)))
}

fn opens_and_closes_by_the_time_of_a_function() {
    let minute = Window::time(Duration::from_secs(60));
    let policy = Policy::failure_rate(0.5, minute)
        .or_slow_call_rate(0.9, Duration::from_secs(1), minute)
        .minimum_calls(2)
        .jitter(0.1);
    let registry = Registry::builder().clock(clock()).default_policy(policy).build().unwrap();
    for _ in 0..2 {
        registry.call("search", || Err::<(), _>("down")).unwrap_err();
    }
    assert_eq!(registry.state("search"), State::Open);
    NOW.fetch_add(33_000, Ordering::Relaxed);
    assert_eq!(registry.state("search"), State::HalfOpen);
    registry.call("search", || Ok::<_, ()>(7)).unwrap();
    assert_eq!(registry.state("search"), State::Closed);
    registry.sweep();
}

fn has_the_calendar_time_of_the_function() {
    let registry = Registry::builder().clock(clock()).build().unwrap();
    let events = registry.events(Filter::all());
    registry.register("search", Policy::new()).unwrap();
    let at = events.try_recv().unwrap().at;
    if cfg!(target_family = "wasm") {
        assert_eq!(at, SystemTime::UNIX_EPOCH + Duration::from_millis(NOW.load(Ordering::Relaxed)));
    }
}

fn works_with_a_manual_clock() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("search", Policy::new(), clock.clone()).unwrap();
    breaker.open();
    clock.advance(Duration::from_secs(30));
    assert_eq!(breaker.state(), State::HalfOpen);
    assert!(breaker.status().to_string().contains("search"));
}
