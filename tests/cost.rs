//! What a call costs apart from time: allocations, and the size of a guarded future.

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use breaker_box::fleet::{Change, Peer};
use breaker_box::{
    CircuitBreaker, CircuitOpenError, ManualClock, Outcome, Policy, Registry, State, Window, circuit_breaker,
};

/// The allocations of `work` once everything that is made once has been made.
fn allocations(mut work: impl FnMut()) -> u64 {
    work();
    allocation_counter::measure(|| {
        for _ in 0..1_000 {
            work();
        }
    })
    .count_total
}

fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        std::task::Poll::Ready(output) => output,
        std::task::Poll::Pending => panic!("the future waits"),
    }
}

#[circuit_breaker(identifier = "cost_sync", failure_threshold = 1_000_000)]
fn annotated(works: bool) -> Result<u32, CircuitOpenError> {
    Ok(black_box(u32::from(works)))
}

#[circuit_breaker(identifier = "cost_open")]
fn rejected() -> Result<u32, CircuitOpenError> {
    Ok(1)
}

#[circuit_breaker(identifier = "cost:{shop}:{name}")]
fn keyed(shop: u32, name: &str) -> Result<usize, CircuitOpenError> {
    Ok(name.len())
}

#[circuit_breaker(identifier = "cost_async")]
async fn annotated_async(works: bool) -> Result<u32, CircuitOpenError> {
    plain_async(works).await
}

async fn plain_async(works: bool) -> Result<u32, CircuitOpenError> {
    std::future::ready(()).await;
    Ok(black_box(u32::from(works)))
}

#[allow(clippy::large_types_passed_by_value, reason = "the size of the argument is the point")]
async fn plain_large(bytes: [u8; 1_024]) -> Result<usize, CircuitOpenError> {
    std::future::ready(()).await;
    Ok(bytes.len())
}

#[allow(clippy::large_types_passed_by_value, reason = "the size of the argument is the point")]
#[circuit_breaker(identifier = "cost_large")]
async fn guarded_large(bytes: [u8; 1_024]) -> Result<usize, CircuitOpenError> {
    std::future::ready(()).await;
    Ok(bytes.len())
}

#[test]
fn a_closed_call_allocates_nothing() {
    let time = Window::time(Duration::from_secs(10));
    let policies = [
        Policy::new(),
        Policy::failures_within(1_000, Duration::from_secs(60)),
        Policy::failure_rate(1.0, Window::calls(100)),
        Policy::failure_rate(1.0, time),
        Policy::slow_call_rate(1.0, Duration::from_secs(1), time),
        Policy::hung_calls(1, Duration::from_secs(60)),
    ];
    for policy in policies {
        let breaker = CircuitBreaker::new("cost", policy).unwrap();
        assert_eq!(allocations(|| assert!(breaker.call(|| Ok::<_, ()>(black_box(1))).is_ok())), 0, "{policy}");
        assert_eq!(
            allocations(|| ready(breaker.call_async(async { Ok::<_, ()>(1) })).map(drop).unwrap()),
            0,
            "{policy}"
        );
    }
    assert_eq!(allocations(|| assert_eq!(annotated(true).unwrap(), 1)), 0);
    assert_eq!(allocations(|| assert_eq!(ready(annotated_async(true)).unwrap(), 1)), 0);
}

#[test]
fn a_failure_without_a_reason_allocates_nothing() {
    for policy in [Policy::consecutive_failures(1_000_000), Policy::failure_rate(1.0, Window::calls(100_000))] {
        let breaker = CircuitBreaker::new("cost", policy).unwrap();
        assert_eq!(allocations(|| drop(breaker.call(|| Err::<(), _>(black_box(1))))), 0, "{policy}");
    }
}

#[test]
fn a_failure_with_a_short_reason_allocates_nothing() {
    let failed = |_: &u32| Outcome::failure_from(&format_args!("status {}", black_box(503)));
    for policy in [Policy::consecutive_failures(1_000_000), Policy::failure_rate(1.0, Window::calls(100_000))] {
        let breaker = CircuitBreaker::new("cost", policy).unwrap();
        assert_eq!(allocations(|| drop(breaker.call_with(|| black_box(1), failed))), 0, "{policy}");
        assert_eq!(breaker.status().last_failure.unwrap().reason.unwrap(), "status 503");
    }
}

#[test]
fn opening_and_recovering_allocates_nothing_while_nobody_watches() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("cost", Policy::consecutive_failures(1), &clock).unwrap();
    let outage = || {
        drop(breaker.call(|| Err::<(), _>(())));
        assert_eq!(breaker.state(), State::Open);
        clock.advance(Duration::from_secs(30));
        breaker.call(|| Ok::<_, ()>(())).unwrap();
        assert_eq!(breaker.state(), State::Closed);
    };
    assert_eq!(allocations(outage), 0);
}

#[test]
fn a_rejection_allocates_nothing() {
    rejected().unwrap();
    Registry::global().force_open("cost_open").unwrap();
    assert_eq!(allocations(|| assert!(rejected().is_err())), 0);
}

#[test]
fn a_rejection_by_a_handle_or_by_name_allocates_nothing() {
    let registry = Registry::new();
    let breaker = registry.register("cost", Policy::new()).unwrap();
    breaker.open();
    let by_handle = || assert!(breaker.call(|| Ok::<_, ()>(())).is_err());
    let by_name = || assert!(registry.call("cost", || Ok::<_, ()>(())).is_err());
    // By one thread, and then by two.
    for _ in 0..2 {
        assert_eq!(allocations(|| (0..3).for_each(|_| by_handle())), 0);
        assert_eq!(allocations(|| (0..3).for_each(|_| by_name())), 0);
        std::thread::scope(|scope| scope.spawn(by_handle).join().unwrap());
    }
}

#[test]
fn a_handle_that_rejects_a_single_call_allocates_nothing() {
    let registry = Registry::new();
    drop(registry.register("cost", Policy::new()).unwrap());
    registry.open("cost").unwrap();
    let reject = || assert!(registry.get("cost").unwrap().call(|| Ok::<_, ()>(())).is_err());
    std::thread::scope(|scope| scope.spawn(reject).join().unwrap());
    assert_eq!(allocations(reject), 0);
}

#[test]
fn references_of_a_thread_take_at_most_128_bytes_per_circuit() {
    let registry = Registry::new();
    let call = || registry.call("cost", || Ok::<_, ()>(())).unwrap();
    let on_another_thread = || {
        let made = std::thread::scope(|scope| {
            let counted = || allocation_counter::measure(|| (0..100).for_each(|_| call())).bytes_current;
            scope.spawn(counted).join().unwrap()
        });
        u64::try_from(made).unwrap()
    };
    // The counters of all threads, and room for a reference count of each, come with the second.
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let threads = (cores * 2).clamp(8, 64) + 1;
    call();
    let second = on_another_thread();
    assert!(second <= (64 + 16) * threads + 256, "{second} bytes for {threads} threads");
    // Keeps its slot while the next one runs.
    let third = std::thread::scope(|scope| {
        let (kept, done) = std::sync::mpsc::channel();
        let (go, wait) = std::sync::mpsc::channel::<()>();
        scope.spawn(move || {
            call();
            kept.send(()).unwrap();
            wait.recv().unwrap();
        });
        done.recv().unwrap();
        let third = on_another_thread();
        go.send(()).unwrap();
        third
    });
    assert!(third <= 128, "{third} bytes");
}

#[test]
fn a_probe_allocates_nothing() {
    let clock = ManualClock::new();
    let policy = Policy::new().success_threshold(1_000_000);
    let breaker = CircuitBreaker::with_clock("cost", policy, &clock).unwrap();
    breaker.open();
    clock.advance(Duration::from_secs(30));
    assert_eq!(allocations(|| breaker.call(|| Ok::<_, ()>(())).unwrap()), 0);
}

/// A peer that does nothing.
struct Idle;

impl Peer for Idle {
    fn changed(&self, _: &CircuitBreaker, _: &Change) {}
}

#[test]
fn a_call_in_a_fleet_allocates_nothing_while_the_state_stays() {
    let registry = Registry::new();
    let membership = registry.join(Arc::new(Idle)).unwrap();
    let breaker = registry.register("cost", Policy::consecutive_failures(1_000_000)).unwrap();
    assert_eq!(allocations(|| breaker.call(|| Ok::<_, ()>(())).unwrap()), 0);
    assert_eq!(allocations(|| drop(breaker.call(|| Err::<(), _>(black_box(1))))), 0);
    assert_eq!(allocations(|| assert_eq!(membership.counts(&breaker).slow, 0)), 0);
    breaker.open_for(Duration::ZERO);
    let generation = membership.present(&breaker).generation;
    assert!(membership.hold_probes(&breaker, generation));
    assert_eq!(allocations(|| assert!(breaker.call(|| Ok::<_, ()>(())).is_err())), 0);
}

#[test]
fn a_circuit_is_no_larger_in_a_registry_that_has_joined_a_fleet() {
    let bytes = |registry: &Registry| {
        registry.register("first", Policy::new()).unwrap();
        // The map of circuits grows in both in the same way.
        let register = || drop(registry.register("second", Policy::new()).unwrap());
        allocation_counter::measure(register).bytes_total
    };
    let (alone, joined) = (Registry::new(), Registry::new());
    let _membership = joined.join(Arc::new(Idle)).unwrap();
    assert_eq!(bytes(&joined), bytes(&alone));
}

#[test]
fn a_call_by_a_name_of_up_to_64_bytes_allocates_nothing() {
    let name = "x".repeat(64 - "cost:7:".len());
    assert_eq!(allocations(|| drop(keyed(7, &name))), 0);
    let registry = Registry::new();
    assert_eq!(allocations(|| registry.call("cost", || Ok::<_, ()>(())).unwrap()), 0);
}

#[test]
fn a_guarded_future_is_at_most_48_bytes_larger() {
    let breaker = CircuitBreaker::new("cost", Policy::new()).unwrap();
    let body = || async {
        let held = black_box([1_u8; 1_024]);
        std::future::ready(()).await;
        Ok::<_, CircuitOpenError>(held.len())
    };
    let plain = size_of_val(&body());
    assert!(size_of_val(&breaker.call_async(body())) <= plain + 48);

    let (plain, guarded) = (size_of_val(&plain_large([0; 1_024])), size_of_val(&guarded_large([0; 1_024])));
    assert!(guarded <= plain + 48, "{guarded} bytes, {plain} without the attribute");
}
