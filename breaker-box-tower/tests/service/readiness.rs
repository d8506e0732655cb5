//! Readiness is the inner service's own: nothing is reserved, counted or lost before there is a
//! request.

use std::future::{self, Ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use breaker_box::{CircuitOpenError, State};
use breaker_box_tower::CircuitBreakerLayer;
use tower::limit::ConcurrencyLimitLayer;
use tower::{Layer, Service, ServiceBuilder};

use crate::support::{ONE, Waits, answered, breaker, half_open, is_ready, ready};

/// A service that insists on being polled ready before each call, as its contract allows.
#[derive(Debug, Default)]
struct Strict {
    ready: bool,
    polls: Arc<AtomicUsize>,
}

impl Service<u32> for Strict {
    type Response = u32;
    type Error = &'static str;
    type Future = Ready<Result<u32, &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        self.ready = true;
        self.polls.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: u32) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called without having been polled ready");
        future::ready(Ok(request))
    }
}

/// A service that is never ready, or broken.
#[derive(Clone)]
struct NotReady(Poll<Result<(), &'static str>>);

impl Service<()> for NotReady {
    type Response = ();
    type Error = &'static str;
    type Future = Ready<Result<(), &'static str>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        self.0
    }

    fn call(&mut self, (): ()) -> Self::Future {
        panic!("it was not ready")
    }
}

#[test]
fn polling_ready_reserves_no_probe() {
    let (breaker, _) = half_open(ONE);
    let layer = CircuitBreakerLayer::new(breaker.clone());
    let mut services = [layer.layer(Waits), layer.layer(Waits), layer.layer(Waits)];
    for service in &mut services {
        for _ in 0..3 {
            assert!(is_ready(service).is_ready());
        }
    }
    drop(services);
    assert_eq!(breaker.state(), State::HalfOpen);
    assert!(breaker.is_available());
}

#[test]
fn an_inner_service_that_is_not_ready_is_waited_for_and_not_counted() {
    let (breaker, _) = half_open(ONE);
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(NotReady(Poll::Pending));
    assert!(is_ready(&mut service).is_pending());
    drop(service);
    let totals = breaker.status().totals;
    assert_eq!((totals.failures, totals.cancelled, totals.rejected), (0, 0, 0));
    assert!(breaker.is_available());
}

#[test]
fn an_error_of_the_inner_readiness_is_handed_on_and_not_counted() {
    let (breaker, _) = breaker(ONE);
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(NotReady(Poll::Ready(Err("closed"))));
    let Poll::Ready(Err(error)) = is_ready(&mut service) else { panic!("it is broken") };
    assert_eq!(error.to_string(), "closed");
    assert_eq!((breaker.status().totals.failures, breaker.state()), (0, State::Closed));
}

#[test]
fn the_inner_service_is_polled_ready_before_every_call_that_reaches_it() {
    let (breaker, _) = breaker(ONE);
    let strict = Strict::default();
    let polls = Arc::clone(&strict.polls);
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(strict);
    for n in 0..3 {
        assert!(is_ready(&mut service).is_ready());
        assert_eq!(ready(service.call(n)).unwrap(), n);
    }
    assert_eq!(polls.load(Ordering::Relaxed), 3);
}

#[test]
fn a_rejected_call_leaves_the_inner_service_ready_for_the_next() {
    let (breaker, _) = breaker(ONE);
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(Strict::default());
    assert!(is_ready(&mut service).is_ready());
    breaker.open();
    assert!(ready(service.call(1)).unwrap_err().is::<CircuitOpenError>());
    breaker.close();
    // Ready it was said to be, and ready it is.
    assert_eq!(ready(service.call(2)).unwrap(), 2);
}

#[test]
fn what_a_rejected_call_had_reserved_below_is_used_by_the_next_one_or_freed() {
    let (breaker, _) = breaker(ONE);
    let limit = ServiceBuilder::new().layer(ConcurrencyLimitLayer::new(1)).service(Waits);
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(limit);
    let mut other = service.clone();
    breaker.open();
    for _ in 0..3 {
        assert!(is_ready(&mut service).is_ready());
        ready(service.call(answered(Ok("unheard")))).unwrap_err();
    }
    breaker.close();
    assert_eq!(ready(service.call(answered(Ok("heard")))).unwrap(), "heard");

    assert!(is_ready(&mut service).is_ready());
    assert!(is_ready(&mut other).is_pending());
    drop(service);
    assert!(is_ready(&mut other).is_ready());
}

#[test]
fn clones_share_their_circuit_and_not_their_readiness() {
    let (breaker, _) = breaker(ONE);
    let mut service = CircuitBreakerLayer::new(breaker).layer(Waits);
    let mut clone = service.clone();
    ready(service.call(answered(Err("unreachable")))).unwrap_err();
    assert!(ready(clone.call(answered(Ok("unheard")))).unwrap_err().is::<CircuitOpenError>());
}

#[test]
fn the_inner_service_can_be_reached_past_its_circuits() {
    let (breaker, _) = breaker(ONE);
    breaker.force_open();
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(Strict::default());
    assert!(!service.get_ref().ready);
    assert!(is_ready(service.get_mut()).is_ready());
    assert_eq!(ready(service.into_inner().call(7)), Ok(7));
    assert_eq!(breaker.status().totals.rejected, 0);
}
