//! A panic is a failure of the call that it comes from, and of no other; it goes on.

use std::future::{self, Future, Ready};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use breaker_box::State;
use breaker_box_tower::CircuitBreakerLayer;
use tower::{Layer, Service, service_fn};

use crate::support::{ONE, Waits, answered, breaker, half_open, panic_message, poll_once, ready};

#[test]
fn a_panic_in_the_inner_call_is_a_failure_and_goes_on() {
    let (breaker, _) = breaker(ONE);
    let panics = service_fn(|()| -> Ready<Result<(), &'static str>> { panic!("in call") });
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(panics);
    assert_eq!(panic_message(|| service.call(())), "in call");
    let status = breaker.status();
    assert_eq!((status.state, status.totals.panicked, status.totals.failures), (State::Open, 1, 1));
    assert_eq!(status.last_failure.unwrap().reason.unwrap(), "in call");
}

#[test]
fn a_panic_in_the_inner_future_is_a_failure_and_goes_on() {
    let (breaker, _) = half_open(ONE);
    let panics = service_fn(|()| future::poll_fn(|_| -> Poll<Result<(), &'static str>> { panic!("in poll") }));
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(panics);
    let mut call = pin!(service.call(()));
    assert_eq!(panic_message(|| poll_once(call.as_mut())), "in poll");
    let status = breaker.status();
    assert_eq!((status.state, status.totals.panicked, status.totals.cancelled), (State::Open, 1, 0));
    assert_eq!(status.last_failure.unwrap().reason.unwrap(), "in poll");
    // Nothing sees the state that the service left half-done.
    assert_eq!(panic_message(|| poll_once(call.as_mut())), "a guarded request was polled after it had completed");
}

#[test]
fn a_panic_takes_the_thread_out_of_the_probe() {
    let (breaker, _) = half_open(ONE.half_open_failure_threshold(3));
    let layer = CircuitBreakerLayer::new(breaker.clone());
    let in_call = service_fn(|()| -> Ready<Result<(), &'static str>> { panic!("in call") });
    panic_message(|| layer.layer(in_call).call(()));
    let in_poll = service_fn(|()| future::poll_fn(|_| -> Poll<Result<(), &'static str>> { panic!("in poll") }));
    panic_message(|| ready(layer.layer(in_poll).call(())));

    let probe = breaker.try_acquire().unwrap();
    assert_eq!((breaker.state(), breaker.status().totals.panicked), (State::HalfOpen, 2));
    assert!(!breaker.is_available(), "a call of this thread is not part of a probe that is over");
    probe.success();
}

/// Ready at once, and panics when it is dropped.
struct PanicsAtTheEnd;

impl Future for PanicsAtTheEnd {
    type Output = Result<(), &'static str>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for PanicsAtTheEnd {
    fn drop(&mut self) {
        panic!("in drop")
    }
}

#[test]
fn a_request_whose_future_panics_when_it_is_dropped_is_cancelled_and_frees_its_slot() {
    let (breaker, _) = half_open(ONE);
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(service_fn(|()| PanicsAtTheEnd));
    let mut call = Box::pin(service.call(()));
    assert_eq!(panic_message(|| poll_once(call.as_mut())), "in drop");
    // At once, although somebody keeps the future.
    let totals = breaker.status().totals;
    assert_eq!((totals.cancelled, totals.panicked, totals.successes), (1, 0, 0));
    assert!(breaker.is_available());
    assert_eq!(panic_message(|| poll_once(call.as_mut())), "a guarded request was polled after it had completed");
    drop(call);
    assert_eq!(breaker.status().totals, totals);
}

#[test]
fn a_panic_elsewhere_that_drops_a_call_is_not_its_failure() {
    let (breaker, _) = half_open(ONE);
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(Waits);
    panic_message(|| {
        let _call = service.call(answered(Ok("unheard")));
        panic!("in the other half of the task")
    });
    let totals = breaker.status().totals;
    assert_eq!((totals.cancelled, totals.panicked, totals.failures), (1, 0, 0));
    assert!(breaker.is_available());
}

#[test]
fn a_classifier_that_panics_counts_nothing_and_frees_the_slot() {
    let (breaker, _) = half_open(ONE);
    let before = breaker.status().totals;
    let layer = CircuitBreakerLayer::new(breaker.clone())
        .classify(|_: &Result<&'static str, &'static str>| -> bool { panic!("no verdict") });
    let mut service = layer.layer(Waits);
    assert_eq!(panic_message(|| ready(service.call(answered(Ok("up"))))), "no verdict");
    assert_eq!(breaker.status().totals, before);
    assert!(breaker.is_available());
}

#[test]
fn a_fallback_that_panics_holds_nothing() {
    let (breaker, _) = breaker(ONE);
    breaker.open();
    let layer = CircuitBreakerLayer::new(breaker.clone())
        .fallback(|_| -> Result<&'static str, &'static str> { panic!("no answer") });
    let mut service = layer.layer(Waits);
    assert_eq!(panic_message(|| ready(service.call(answered(Ok("unheard"))))), "no answer");
    assert_eq!(breaker.status().totals.panicked, 0);
}

#[test]
fn a_key_closure_that_panics_holds_nothing() {
    let (registry, _) = crate::support::registry(ONE);
    let layer =
        CircuitBreakerLayer::new(breaker_box_tower::Keyed::new(&registry, |_: &_| -> String { panic!("no key") }));
    let mut service = layer.layer(Waits);
    assert_eq!(panic_message(|| service.call(answered(Ok("unheard")))), "no key");
    assert!(registry.is_empty());
}

#[test]
fn a_call_that_has_ended_says_so_when_it_is_polled_again() {
    let (breaker, _) = breaker(ONE);
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(Waits);
    let mut call = pin!(service.call(answered(Ok("up"))));
    assert!(poll_once(call.as_mut()).is_ready());
    assert_eq!(panic_message(|| poll_once(call.as_mut())), "a guarded request was polled after it had completed");
    breaker.open();
    let mut call = pin!(service.call(answered(Ok("unheard"))));
    assert!(poll_once(call.as_mut()).is_ready());
    assert_eq!(panic_message(|| poll_once(call.as_mut())), "a guarded request was polled after it had completed");
}
