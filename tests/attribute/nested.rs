//! Functions of one circuit that call each other: while it is half-open, the inner calls are part
//! of the probe.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use breaker_box::{CircuitOpenError, ManualClock, Policy, Registry, State, circuit_breaker};

use crate::support::{finish, now, registry_and_clock, status, yield_once};

#[derive(Debug, thiserror::Error)]
enum GatewayError {
    #[error("down")]
    Down,
    #[error(transparent)]
    Open(#[from] CircuitOpenError),
}

type Answer = Result<u32, GatewayError>;

const GATEWAY: Policy = Policy::consecutive_failures(1);

#[circuit_breaker(identifier = "gateway", registry = registry, policy = GATEWAY)]
fn pay(registry: &Registry, up: bool) -> Answer {
    if up { Ok(1) } else { Err(GatewayError::Down) }
}

#[circuit_breaker(identifier = "gateway", registry = registry, policy = GATEWAY)]
fn checkout(registry: &Registry, up: bool) -> Answer {
    Ok(pay(registry, up)? + pay(registry, up)?)
}

#[circuit_breaker(identifier = "gate{rest}", registry = registry, error_handler = |answer: &Answer| answer.is_ok())]
fn by_name(registry: &Registry, rest: &str) -> Answer {
    checkout(registry, true)
}

#[circuit_breaker(identifier = String::from("gateway"), registry = registry)]
async fn waits(registry: &Registry) -> Answer {
    yield_once().await;
    let answer = by_name(registry, "way")?;
    yield_once().await;
    Ok(answer + pay(registry, true)?)
}

#[circuit_breaker(identifier = "gateway", registry = registry)]
async fn awaits(registry: &Registry) -> Answer {
    let (first, second) = (waits(registry).await?, waits(registry).await?);
    Ok(first + second)
}

#[circuit_breaker(identifier = "gateway", registry = registry)]
fn makes(registry: &Registry) -> impl Future<Output = Answer> {
    // Runs when it is called, and is part of the call as well.
    let early = pay(registry, true);
    async move {
        yield_once().await;
        Ok(early? + waits(registry).await?)
    }
}

#[circuit_breaker(identifier = "gateway", registry = registry)]
fn boxes(registry: &Registry) -> Pin<Box<dyn Future<Output = Answer> + '_>> {
    Box::pin(async move { makes(registry).await })
}

struct Client {
    registry: Registry,
}

#[async_trait]
trait Remote {
    async fn send(&self) -> Answer;
}

#[async_trait]
impl Remote for Client {
    #[circuit_breaker(identifier = "gateway", registry = &self.registry)]
    async fn send(&self) -> Answer {
        yield_once().await;
        self.method()
    }
}

impl Client {
    #[circuit_breaker(identifier = "gateway", registry = &self.registry)]
    fn method(&self) -> Answer {
        checkout(&self.registry, true)
    }
}

/// The circuit of all of them, with an open period that is just over.
fn expired() -> (Registry, ManualClock) {
    let (registry, clock) = registry_and_clock();
    pay(&registry, false).unwrap_err();
    clock.advance(Duration::from_secs(30));
    assert_eq!(registry.state("gateway"), State::HalfOpen);
    (registry, clock)
}

/// A function that calls another of the same circuit, by what it is.
type Shape = (&'static str, fn(&Registry) -> Answer);

#[test]
fn functions_of_one_circuit_that_call_each_other_recover() {
    let shapes: [Shape; 8] = [
        ("fn", |registry| checkout(registry, true)),
        ("fn by a name with places", |registry| by_name(registry, "way")),
        ("async fn by a computed name", |registry| finish(waits(registry))),
        ("async fn that awaits another", |registry| finish(awaits(registry))),
        ("fn that makes a future", |registry| finish(makes(registry))),
        ("fn that boxes a block", |registry| finish(boxes(registry))),
        ("async_trait", |registry| finish(Client { registry: registry.clone() }.send())),
        ("method", |registry| Client { registry: registry.clone() }.method()),
    ];
    for (shape, call) in shapes {
        let (registry, _) = expired();
        call(&registry).unwrap();
        let status = status(&registry, "gateway");
        assert_eq!((status.state, status.totals.successes, status.totals.failures), (State::Closed, 1, 1), "{shape}");
    }
}

#[test]
fn what_fails_inside_is_the_failure_of_the_outer_one() {
    let (registry, _) = expired();
    assert!(matches!(checkout(&registry, false), Err(GatewayError::Down)));
    let status = status(&registry, "gateway");
    assert_eq!((status.state, status.openings, status.totals.failures), (State::Open, 2, 2));
}

#[test]
fn a_made_future_is_inside_only_while_it_is_polled() {
    let (registry, _) = expired();
    let made = makes(&registry);
    assert!(matches!(pay(&registry, true), Err(GatewayError::Open(_))), "the slot is taken, but no call is inside");
    let made = {
        let mut made = Box::pin(made);
        assert!(crate::support::poll(made.as_mut()).is_pending());
        made
    };
    assert!(matches!(pay(&registry, true), Err(GatewayError::Open(_))));
    finish(made).unwrap();
    assert_eq!(registry.state("gateway"), State::Closed);
}

#[test]
fn a_made_future_that_is_dropped_leaves_nothing_behind() {
    let (registry, _) = expired();
    drop(makes(&registry));
    let _probe = registry.try_acquire("gateway").unwrap();
    assert!(matches!(now(async { pay(&registry, true) }), Err(GatewayError::Open(_))));
    assert_eq!(status(&registry, "gateway").totals.cancelled, 1);
}
