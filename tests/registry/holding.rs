//! What keeps a circuit in its registry, however little room there is: code that relies on it.

use std::pin::pin;
use std::time::Duration;

use breaker_box::{CallError, CircuitBreaker, ManualClock, Policy, Registry, State, Wire, circuit_breaker};

use crate::support::{fail, poll_once, seconds};

const ONE: Policy = Policy::consecutive_failures(1);
const MONTH: Duration = seconds(30 * 86_400);

/// A registry with room for ten circuits, in which nothing is remembered for longer than a minute.
fn small() -> (Registry, ManualClock) {
    let clock = ManualClock::new();
    let builder = Registry::builder().clock(clock.clone()).max_circuits(10).idle_after(seconds(60));
    (builder.build().unwrap(), clock)
}

/// All that can push a circuit out: time, sweeps, and more names than there is room for.
fn push(registry: &Registry, clock: &ManualClock) {
    clock.advance(MONTH);
    registry.sweep();
    for number in 0..100 {
        let _ = registry.call(format!("made up {number}"), || Ok::<_, ()>(()));
        clock.advance(seconds(1));
    }
    clock.advance(MONTH);
    registry.sweep();
}

#[track_caller]
fn stays(registry: &Registry, clock: &ManualClock, name: &str) {
    push(registry, clock);
    assert!(registry.get(name).is_some());
    assert!(registry.list().iter().any(|status| status.key.identifier() == name));
}

#[track_caller]
fn leaves(registry: &Registry, clock: &ManualClock, name: &str) {
    push(registry, clock);
    assert!(registry.get(name).is_none());
}

fn call(registry: &Registry, name: &str) {
    let _ = registry.call(name, || Ok::<_, ()>(()));
}

#[test]
fn a_registered_circuit_stays_with_its_policy() {
    let (registry, clock) = small();
    drop(registry.register("payments", ONE).unwrap());
    drop(registry.get_or_register("refunds", ONE).unwrap());
    for name in ["payments", "refunds"] {
        stays(&registry, &clock, name);
        assert_eq!(registry.status(name).unwrap().policy, ONE);
    }
}

#[test]
fn get_or_register_registers_nothing_that_calls_have_made() {
    let (registry, clock) = small();
    call(&registry, "payments");
    drop(registry.get_or_register("payments", ONE).unwrap());
    leaves(&registry, &clock, "payments");
}

#[test]
fn a_circuit_that_was_configured_stays_with_its_policy() {
    let (registry, clock) = small();
    for name in ["by name", "by handle"] {
        call(&registry, name);
    }
    registry.configure("by name", ONE).unwrap();
    registry.get("by handle").unwrap().configure(ONE).unwrap();
    for name in ["by name", "by handle"] {
        stays(&registry, &clock, name);
        assert_eq!(registry.status(name).unwrap().policy, ONE);
    }
}

#[test]
fn a_circuit_with_metadata_is_not_evicted() {
    let (registry, clock) = small();
    call(&registry, "payments");
    let _ = registry.get("payments").unwrap().set_metadata("owner", "checkout");
    stays(&registry, &clock, "payments");
    assert_eq!(registry.status("payments").unwrap().metadata["owner"], "checkout");
}

#[test]
fn a_circuit_that_was_only_read_or_reset_is_evicted() {
    let (registry, clock) = small();
    call(&registry, "payments");
    let _ = (registry.status("payments"), registry.state("payments"), registry.is_available("payments"));
    registry.force_open("payments").unwrap();
    registry.reset("payments").unwrap();
    registry.record_failure("payments", "reported").unwrap();
    leaves(&registry, &clock, "payments");
}

#[test]
fn a_circuit_with_a_handle_is_not_evicted() {
    let (registry, clock) = small();
    call(&registry, "payments");
    let first = registry.get("payments").unwrap();
    let second = first.clone();
    drop(first);
    stays(&registry, &clock, "payments");
    second.force_open();
    assert_eq!(registry.state("payments"), State::ForcedOpen, "it is one circuit");
    second.reset();
    drop(second);
    leaves(&registry, &clock, "payments");
}

#[test]
fn the_handle_of_a_failing_circuit_keeps_its_failures() {
    let (registry, clock) = small();
    call(&registry, "payments");
    let handle = registry.get("payments").unwrap();
    fail(&handle);
    stays(&registry, &clock, "payments");
    assert_eq!(registry.status("payments").unwrap().failure_count, 1);
}

#[test]
fn a_handle_in_a_wire_or_a_closure_is_a_handle() {
    let (registry, clock) = small();
    for name in ["wire", "closure"] {
        call(&registry, name);
    }
    let wire = Wire::new(registry.get("wire").unwrap(), |_: &u32| Ok::<_, ()>(()));
    let breaker = registry.get("closure").unwrap();
    let closure: Box<dyn Fn() -> State> = Box::new(move || breaker.state());
    for name in ["wire", "closure"] {
        stays(&registry, &clock, name);
    }
    assert_eq!(closure(), State::Closed);
    drop((wire, closure));
    leaves(&registry, &clock, "wire");
    assert!(registry.get("closure").is_none());
}

#[test]
fn a_circuit_with_a_permit_is_not_evicted() {
    let (registry, clock) = small();
    let permit = registry.try_acquire("payments").unwrap();
    stays(&registry, &clock, "payments");
    permit.failure("down");
    assert_eq!(registry.status("payments").unwrap().failure_count, 1);
    leaves(&registry, &clock, "payments");
}

#[test]
fn a_permit_outlives_the_handle_that_it_is_from() {
    let (registry, clock) = small();
    call(&registry, "payments");
    let permit = registry.get("payments").unwrap().try_acquire().unwrap();
    stays(&registry, &clock, "payments");
    drop(permit);
    leaves(&registry, &clock, "payments");
}

#[test]
fn a_circuit_with_a_running_future_is_not_evicted() {
    let (registry, clock) = small();
    {
        let mut running = pin!(registry.call_async("payments", std::future::pending::<Result<(), ()>>()));
        assert!(poll_once(running.as_mut()).is_pending());
        stays(&registry, &clock, "payments");
    }
    leaves(&registry, &clock, "payments");
}

#[test]
fn an_unpolled_future_does_not_prevent_eviction() {
    let (registry, clock) = small();
    call(&registry, "payments");
    let waiting = registry.call_async("payments", std::future::ready(Ok::<_, ()>(())));
    leaves(&registry, &clock, "payments");
    drop(waiting);
}

#[test]
fn a_kept_error_does_not_prevent_eviction() {
    let (registry, clock) = small();
    call(&registry, "payments");
    registry.open_for("payments", seconds(1)).unwrap();
    let Err(CallError::Open(kept)) = registry.call("payments", || Ok::<_, ()>(())) else { panic!("it is open") };
    leaves(&registry, &clock, "payments");
    assert_eq!((kept.identifier(), kept.state()), ("payments", State::Open));
}

#[circuit_breaker(identifier = "fixed", registry = registry)]
fn fixed(registry: &Registry) -> Option<()> {
    Some(())
}

#[circuit_breaker(identifier = "of {name}", registry = registry)]
fn filled_in(registry: &Registry, name: &str) -> Option<()> {
    Some(())
}

#[circuit_breaker(identifier = name, registry = registry)]
fn computed(registry: &Registry, name: &str) -> Option<()> {
    Some(())
}

#[test]
fn a_function_with_a_fixed_identifier_keeps_its_circuit_in_every_registry() {
    let registries: Vec<_> = (0..3).map(|_| small()).collect();
    for (registry, clock) in &registries {
        fixed(registry).unwrap();
        stays(registry, clock, "fixed");
    }
    for (registry, clock) in &registries {
        registry.unregister("fixed").unwrap();
        fixed(registry).unwrap();
        stays(registry, clock, "fixed");
    }
}

#[test]
fn a_function_whose_identifier_is_filled_in_or_computed_keeps_none() {
    let (registry, clock) = small();
    filled_in(&registry, "payments").unwrap();
    computed(&registry, "refunds").unwrap();
    assert!(registry.get("of payments").is_some() && registry.get("refunds").is_some());
    leaves(&registry, &clock, "of payments");
    assert!(registry.get("refunds").is_none());
}

#[test]
fn an_unregistered_circuit_that_somebody_still_holds_does_not_keep_its_successor() {
    let (registry, clock) = small();
    call(&registry, "payments");
    let old = registry.get("payments").unwrap();
    registry.unregister("payments").unwrap();
    call(&registry, "payments");
    leaves(&registry, &clock, "payments");
    assert_eq!(old.state(), State::Closed);
}

#[test]
fn a_concurrent_scrape_or_list_does_not_cause_evictions() {
    let registry = Registry::builder().max_circuits(1).build().unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let unguarded = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let _ = (registry.list(), registry.len());
            }
        });
        let unguarded = (0..5_000).filter(|number| {
            let name = format!("user {number}");
            call(&registry, &name);
            registry.get(&name).is_none()
        });
        let unguarded = unguarded.count();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        unguarded
    });
    assert_eq!(unguarded, 0);
}

#[test]
fn handles_that_come_and_go_on_many_threads_leave_none_behind() {
    let (registry, clock) = small();
    call(&registry, "payments");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    let handles: Vec<CircuitBreaker> = registry.get("payments").into_iter().collect();
                    drop(handles.clone());
                }
            });
        }
    });
    leaves(&registry, &clock, "payments");
}
