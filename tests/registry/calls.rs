//! Calls by name, which make missing circuits.

use std::pin::pin;

use breaker_box::{CallError, EventType, Filter, Key, Outcome, Policy, Registry, State};

use crate::support::{panic_message, poll_once, ready, registry, registry_with, seconds, watch};

const ONE: Policy = Policy::consecutive_failures(1);

#[test]
fn a_call_makes_a_missing_circuit_with_the_default_policy() {
    let (registry, _) = registry_with(ONE);
    assert_eq!(registry.call("payment_api", || Ok::<_, ()>(7)).unwrap(), 7);
    assert_eq!(registry.status("payment_api").unwrap().policy, ONE);
}

#[test]
fn every_form_of_call_makes_a_missing_circuit() {
    let (registry, _) = registry();
    registry.call("a", || Ok::<_, ()>(())).unwrap();
    registry.call_with("b", || (), |()| true).unwrap();
    ready(registry.call_async("c", async { Ok::<_, ()>(()) })).unwrap();
    ready(registry.call_async_with("d", async {}, |()| true)).unwrap();
    assert_eq!(registry.list().iter().map(|status| status.totals.successes).collect::<Vec<_>>(), [1; 4]);
}

#[test]
fn the_default_policy_of_the_builder_is_used() {
    let registry = Registry::builder().default_policy(ONE).build().unwrap();
    let _ = registry.call("payment_api", || Err::<(), _>(()));
    assert_eq!(registry.state("payment_api"), State::Open);
}

#[test]
fn a_new_default_policy_is_for_later_circuits_only() {
    let (registry, _) = registry();
    registry.call("before", || Ok::<_, ()>(())).unwrap();
    registry.set_default_policy(ONE).unwrap();
    registry.call("after", || Ok::<_, ()>(())).unwrap();
    let policy = |name: &str| registry.status(name).unwrap().policy;
    assert_eq!((policy("before"), policy("after")), (Policy::new(), ONE));
}

#[test]
fn a_call_is_rejected_by_its_open_circuit() {
    let (registry, clock) = registry_with(ONE);
    let _ = registry.call("payment_api", || Err::<(), _>(()));
    clock.advance(seconds(10));
    let mut ran = false;
    let answer = registry.call("payment_api", || {
        ran = true;
        Ok::<_, ()>(())
    });
    let Err(CallError::Open(open)) = answer else { panic!("it is open") };
    assert_eq!((open.identifier(), open.retry_after()), ("payment_api", Some(seconds(20))));
    assert!(!ran);
}

#[test]
fn a_call_returns_its_own_error() {
    let (registry, _) = registry();
    assert!(matches!(registry.call("payment_api", || Err::<(), _>(42)), Err(CallError::Failed(42))));
}

#[test]
fn a_classified_call_works_for_any_result() {
    let (registry, _) = registry();
    assert_eq!(registry.call_with("payment_api", || 429, |_| Outcome::trip_for(seconds(9))).unwrap(), 429);
    assert_eq!(registry.status("payment_api").unwrap().retry_after, Some(seconds(9)));
}

#[test]
fn calls_by_key_go_to_that_circuit() {
    let (registry, _) = registry();
    let key = Key::new("api").with_scope("payments");
    registry.call(&key, || Ok::<_, ()>(())).unwrap();
    assert_eq!(registry.status(&key).unwrap().totals.successes, 1);
    assert!(registry.get("api").is_none());
}

#[test]
fn a_panic_by_name_is_a_failure_and_is_resumed() {
    let (registry, _) = registry_with(ONE);
    assert_eq!(panic_message(|| registry.call("payment_api", || -> Result<(), ()> { panic!("boom") })), "boom");
    assert_eq!(registry.state("payment_api"), State::Open);
}

#[test]
fn an_async_call_by_name_is_admitted_at_its_first_poll() {
    let (registry, _) = registry_with(ONE);
    let mut call = pin!(registry.call_async("payment_api", async { Ok::<_, ()>(()) }));
    registry.get_or_register("payment_api", ONE).unwrap().open();
    let std::task::Poll::Ready(answer) = poll_once(call.as_mut()) else { panic!("nothing to wait for") };
    assert!(matches!(answer, Err(CallError::Open(_))));
}

#[test]
fn a_future_by_name_does_not_borrow_the_registry_or_the_key() {
    fn call() -> impl Future<Output = Result<u8, CallError<()>>> {
        let registry = Registry::new();
        registry.call_async("payment_api", async { Ok::<_, ()>(7) })
    }
    assert_eq!(ready(call()).unwrap(), 7);
}

#[test]
fn a_call_with_an_empty_name_runs_unguarded() {
    let (registry, _) = registry_with(ONE);
    let (seen, _subscription) = watch(&registry, Filter::all());
    for _ in 0..3 {
        assert!(matches!(registry.call("", || Err::<(), _>(42)), Err(CallError::Failed(42))));
    }
    assert_eq!(seen.types(), [EventType::Unguarded; 3]);
    assert!(registry.is_empty());
}

#[test]
fn every_form_of_call_runs_unguarded_where_no_circuit_can_be_made() {
    let (registry, _) = registry();
    assert_eq!(registry.call("", || Ok::<_, ()>(1)).unwrap(), 1);
    assert_eq!(registry.call_with("", || 2, |_| false).unwrap(), 2);
    assert_eq!(ready(registry.call_async("", async { Ok::<_, ()>(3) })).unwrap(), 3);
    assert_eq!(ready(registry.call_async_with("", async { 4 }, |_| false)).unwrap(), 4);
}

#[test]
fn an_unguarded_call_may_panic() {
    let (registry, _) = registry();
    assert_eq!(panic_message(|| registry.call("", || -> Result<(), ()> { panic!("boom") })), "boom");
}

#[test]
fn a_call_in_a_full_registry_runs_unguarded() {
    let registry = Registry::builder().max_circuits(1).build().unwrap();
    registry.register("taken", ONE).unwrap().open();
    let (seen, _subscription) = watch(&registry, Filter::all());
    assert_eq!(registry.call("payment_api", || Ok::<_, ()>(7)).unwrap(), 7);
    assert_eq!((seen.types(), seen.identifiers()), (vec![EventType::Unguarded], vec!["payment_api".to_owned()]));
    assert!(registry.get("payment_api").is_none());
}

#[test]
fn concurrent_calls_make_one_circuit() {
    let (registry, _) = registry();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| registry.call("payment_api", || Ok::<_, ()>(())).unwrap());
        }
    });
    assert_eq!((registry.len(), registry.status("payment_api").unwrap().totals.successes), (1, 8));
}

#[test]
fn a_permit_by_name_creates_a_missing_circuit_and_is_rejected_by_an_open_one() {
    let (registry, _) = registry_with(ONE);
    registry.try_acquire("payment_api").unwrap().failure("unreachable");
    let open = registry.try_acquire("payment_api").unwrap_err();
    assert_eq!((open.identifier(), open.state()), ("payment_api", State::Open));
}

#[test]
fn a_circuit_with_a_permit_out_is_not_evicted() {
    let registry = Registry::builder().max_circuits(1).build().unwrap();
    let permit = registry.try_acquire("first").unwrap();
    assert!(registry.register("second", ONE).is_err());
    permit.success();
    assert!(registry.register("second", ONE).is_ok());
}

#[test]
fn a_permit_for_a_circuit_that_cannot_be_made_lets_the_call_run_unguarded() {
    let (registry, _) = registry_with(ONE);
    let (seen, _subscription) = watch(&registry, Filter::all().events([EventType::Unguarded]));
    registry.try_acquire("").unwrap().failure("unreachable");
    registry.try_acquire("").unwrap().settle_by(&5, |_| false);
    drop(registry.try_acquire("").unwrap());
    assert_eq!((seen.types().len(), registry.len()), (3, 0));
}
