//! Services of one circuit that call each other: while it is half-open, the inner calls are part of
//! the probe.

use std::convert::Infallible;
use std::future::ready as now;
use std::pin::Pin;
use std::task::{Context, Poll};

use breaker_box::{CircuitBreaker, Outcome, State};
use breaker_box_tower::{CircuitBreakerLayer, GuardedBody};
use bytes::Bytes;
use http_body::{Body, Frame};
use http_body_util::BodyExt as _;
use tower::{Layer, Service, ServiceExt, service_fn};

use crate::support::{ONE, half_open, poll_once, ready};

fn succeeds(breaker: &CircuitBreaker) -> bool {
    breaker.call(|| Ok::<_, ()>(())).is_ok()
}

#[test]
fn what_a_service_calls_of_its_own_circuit_is_part_of_the_probe() {
    let (breaker, _) = half_open(ONE);
    let inner = breaker.clone();
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(service_fn(move |()| {
        // In `call`, and in the future that it returns.
        assert!(succeeds(&inner));
        let inner = inner.clone();
        async move {
            assert!(succeeds(&inner));
            Ok::<_, Infallible>(())
        }
    }));
    ready(service.call(())).unwrap();
    assert_eq!((breaker.state(), breaker.status().totals.successes), (State::Closed, 1));
}

#[test]
fn two_layers_of_one_circuit_recover() {
    let (breaker, _) = half_open(ONE);
    let layer = CircuitBreakerLayer::new(breaker.clone());
    let service = layer.layer(layer.layer(service_fn(|()| now(Ok::<_, Infallible>(())))));
    ready(service.oneshot(())).unwrap();
    assert_eq!((breaker.state(), breaker.status().totals.successes), (State::Closed, 1));
}

#[test]
fn between_its_polls_a_request_is_nowhere() {
    let (breaker, _) = half_open(ONE);
    let inner = breaker.clone();
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(service_fn(move |()| {
        let inner = inner.clone();
        async move {
            tokio::task::yield_now().await;
            assert!(succeeds(&inner));
            Ok::<_, Infallible>(())
        }
    }));
    let mut probe = Box::pin(service.call(()));
    assert!(!succeeds(&breaker));
    assert!(poll_once(probe.as_mut()).is_pending());
    assert!(!succeeds(&breaker));
    assert!(poll_once(probe.as_mut()).is_ready());
    assert_eq!(breaker.state(), State::Closed);
}

/// A body of one frame that calls the circuit when it is asked for it.
struct Calls(Option<CircuitBreaker>);

impl Body for Calls {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(breaker) = self.0.take() else { return Poll::Ready(None) };
        assert!(succeeds(&breaker));
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"up")))))
    }
}

#[test]
fn a_body_that_is_read_is_still_the_call() {
    let (breaker, _) = half_open(ONE);
    let permit = breaker.try_acquire().unwrap();
    let body = GuardedBody::new(Calls(Some(breaker.clone())), Some(permit), |_| Outcome::Success);
    assert!(!succeeds(&breaker));
    assert_eq!(ready(body.collect()).unwrap().to_bytes(), "up");
    assert_eq!((breaker.state(), breaker.status().totals.successes), (State::Closed, 1));
}
