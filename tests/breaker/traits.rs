//! What the public types can be used for: sent and shared between threads, compared, hashed.

use std::collections::HashSet;
use std::fmt::Debug;
use std::future::Future;
use std::hash::Hash;

use breaker_box::{
    CallError, Cancellation, Cause, CircuitBreaker, CircuitOpenError, Clock, ConfigureError, Event, EventKind,
    EventReceiver, EventType, Filter, Key, ManualClock, NotFoundError, Outcome, Permit, Policy, PolicyError, Reason,
    RegisterError, Registry, RegistryBuilder, Routing, State, Status, Submitted, Subscription, Sweeper, Window, Wire,
    WireError,
};

use crate::support::{breaker, fail};

const fn is_shared<T: Send + Sync>() {}
const fn is_compared<T: Eq + Debug>() {}
const fn is_hashed<T: Eq + Hash + Debug>() {}

const _: () = {
    is_shared::<CircuitBreaker>();
    is_shared::<Registry>();
    is_shared::<RegistryBuilder>();
    is_shared::<Permit>();
    is_shared::<EventReceiver>();
    is_shared::<Subscription>();
    is_shared::<Sweeper>();
    is_shared::<Clock>();
    is_shared::<ManualClock>();
    is_shared::<Policy>();
    is_shared::<Outcome>();
    is_shared::<Status>();
    is_shared::<Event>();
    is_shared::<Filter>();
    is_shared::<Key>();
    is_shared::<Reason>();
    is_shared::<CircuitOpenError>();
    is_shared::<CallError<String>>();
    is_shared::<WireError<String, String>>();
    is_shared::<NotFoundError>();
    is_shared::<RegisterError>();
    is_shared::<ConfigureError>();
    is_shared::<PolicyError>();
};

const _: () = {
    is_compared::<CircuitOpenError>();
    is_compared::<CallError<String>>();
    is_compared::<WireError<String, String>>();
    is_compared::<Submitted<String, String>>();
    is_compared::<NotFoundError>();
    is_compared::<Event>();
};

const _: () = {
    is_hashed::<Key>();
    is_hashed::<Reason>();
    is_hashed::<State>();
    is_hashed::<Window>();
    is_hashed::<Cancellation>();
    is_hashed::<Outcome>();
    is_hashed::<Routing>();
    is_hashed::<Submitted<String, String>>();
    is_hashed::<Cause>();
    is_hashed::<EventKind>();
    is_hashed::<EventType>();
};

const fn sent<F: Future + Send>(_: &F) {}
const fn shared<T: Sync>(_: &T) {}

#[test]
fn a_guarded_future_is_as_sendable_as_its_body() {
    let (breaker, _) = breaker(Policy::new());
    let registry = Registry::new();
    let body = || async { Ok::<_, ()>(1) };
    let classify = |_: &Result<i32, ()>| Outcome::Success;
    sent(&breaker.call_async(body()));
    sent(&breaker.call_async_with(body(), classify));
    sent(&registry.call_async("a", body()));
    sent(&registry.call_async_with("a", body(), classify));
    shared(&breaker.call_async(body()));
}

#[test]
fn a_wire_can_be_shared_where_its_processor_can() {
    let (breaker, _) = breaker(Policy::new());
    let wire = Wire::new(breaker, |item: &u32| Ok::<_, ()>(*item)).neutral(std::sync::mpsc::channel().0);
    shared(&wire);
}

#[test]
fn rejections_are_equal_if_the_circuit_and_its_state_are() {
    let (one, clock) = breaker(Policy::new());
    let (other, _) = breaker(Policy::new());
    let rejected = |breaker: &CircuitBreaker| breaker.try_acquire().map(drop).unwrap_err();
    one.open();
    other.open();
    let first = rejected(&one);
    clock.advance(std::time::Duration::from_secs(1));
    assert_eq!(rejected(&one), first, "though less time is left");
    assert_ne!(first.retry_after(), rejected(&one).retry_after());
    assert_ne!(rejected(&other), first, "another circuit, of the same name");
    one.force_open();
    assert_ne!(rejected(&one), first, "another state");
}

#[test]
fn results_of_calls_can_be_compared() {
    let (breaker, _) = breaker(Policy::consecutive_failures(1));
    assert_eq!(breaker.call(|| Ok::<_, &str>(1)), Ok(1));
    assert_eq!(breaker.call(|| Err::<(), _>("declined")), Err(CallError::Failed("declined")));
    let open = breaker.try_acquire().map(drop).unwrap_err();
    assert_eq!(breaker.call(|| Ok::<_, &str>(1)), Err(CallError::Open(open.clone())));
    assert_eq!(breaker.call_with(|| 1, |_| true), Err(open.clone()));

    let wire = Wire::new(breaker, |item: &u32| Ok::<_, &str>(*item));
    assert_eq!(wire.submit(7), Err(WireError::NoWire { item: 7, open }));
}

#[test]
fn errors_of_a_registry_can_be_compared() {
    let registry = Registry::new();
    registry.register("a", Policy::new()).unwrap();
    let taken = registry.register("a", Policy::new()).map(drop);
    assert_eq!(taken, Err(RegisterError::AlreadyRegistered { key: "a".into() }));
    assert_eq!(registry.open("b"), Err(NotFoundError::new("b")));
    let invalid = Policy::consecutive_failures(0);
    let error = invalid.validate().unwrap_err();
    assert_eq!(CircuitBreaker::new("a", invalid).map(drop), Err(error));
    let refused = registry.configure("a", invalid).map(drop);
    assert_eq!(refused, Err(ConfigureError::InvalidPolicy(error)));
}

#[test]
fn what_happened_can_be_collected_in_a_set() {
    let registry = Registry::new();
    let events = registry.events(Filter::all());
    let breaker = registry.register("a", Policy::new()).unwrap();
    fail(&breaker);
    fail(&breaker);
    let kinds: HashSet<EventKind> = std::iter::from_fn(|| events.try_recv().ok()).map(|event| event.kind).collect();
    assert_eq!(kinds.len(), 2, "registered, and failed twice in the same way: {kinds:?}");
}
