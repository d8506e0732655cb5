//! Panics in bodies and in classifiers.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::pin;

use breaker_box::{Outcome, Policy, State};

use crate::support::{breaker, half_open, panic_in, panic_message, poll_once, ready};

const ONE: Policy = Policy::consecutive_failures(1);

/// The payload with which `body` panics.
fn payload<R>(body: impl FnOnce() -> R) -> Box<dyn Any + Send> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(_) => panic!("it should have panicked"),
        Err(payload) => payload,
    }
}

#[test]
fn a_panic_in_call_is_a_failure_and_goes_on() {
    let (breaker, _) = breaker(ONE);
    panic_in(&breaker, "boom");
    let status = breaker.status();
    assert_eq!((status.state, status.totals.panicked, status.totals.failures), (State::Open, 1, 1));
}

#[test]
fn a_panic_in_call_with_is_a_failure_and_is_not_classified() {
    let (breaker, _) = breaker(ONE);
    let message = panic_message(|| breaker.call_with(|| -> u8 { panic!("boom") }, |_| Outcome::Ignore));
    assert_eq!((message.as_str(), breaker.state()), ("boom", State::Open));
}

#[test]
fn a_panic_in_call_async_is_a_failure_and_goes_on() {
    let (breaker, _) = breaker(ONE);
    let message = panic_message(|| ready(breaker.call_async(async { panic!("boom") as Result<(), ()> })));
    assert_eq!((message.as_str(), breaker.status().totals.panicked), ("boom", 1));
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_panic_in_call_async_with_is_a_failure_and_goes_on() {
    let (breaker, _) = breaker(ONE);
    let call = breaker.call_async_with(async { panic!("boom") }, |(): &()| Outcome::Success);
    assert_eq!(panic_message(|| ready(call)), "boom");
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn a_future_that_panicked_counts_once() {
    let (breaker, _) = breaker(ONE);
    {
        let mut call = pin!(breaker.call_async(async { panic!("boom") as Result<(), ()> }));
        panic_message(|| poll_once(call.as_mut()));
    }
    let totals = breaker.status().totals;
    assert_eq!((totals.panicked, totals.failures, totals.cancelled), (1, 1, 0));
}

#[test]
fn the_message_of_a_panic_is_the_reason() {
    for (message, expected) in [("plain", "plain"), ("with {braces}", "with {braces}")] {
        let (breaker, _) = breaker(Policy::new());
        panic_in(&breaker, message);
        assert_eq!(breaker.status().last_failure.unwrap().reason.unwrap(), expected);
    }
}

#[test]
fn a_formatted_message_is_the_reason() {
    let (breaker, _) = breaker(Policy::new());
    panic_message(|| breaker.call(|| -> Result<(), ()> { panic!("code {}", 7) }));
    assert_eq!(breaker.status().last_failure.unwrap().reason.unwrap(), "code 7");
}

#[test]
fn a_long_message_is_cut_at_256_bytes() {
    let (breaker, _) = breaker(Policy::new());
    let message = panic_message(|| breaker.call(|| -> Result<(), ()> { panic!("{}", "x".repeat(1_000)) }));
    assert_eq!(message.len(), 1_000, "the payload is untouched");
    assert_eq!(breaker.status().last_failure.unwrap().reason.unwrap().len(), 256);
}

#[test]
fn a_payload_of_any_type_goes_on_untouched() {
    #[derive(Debug, PartialEq)]
    struct Custom(u32);
    let (breaker, _) = breaker(Policy::new());
    let payload = payload(|| breaker.call(|| -> Result<(), ()> { panic_any(Custom(7)) }));
    assert_eq!(payload.downcast_ref::<Custom>(), Some(&Custom(7)));
    assert_eq!(breaker.status().totals.panicked, 1);
}

#[test]
fn a_panicking_probe_opens_again_and_frees_its_slot() {
    let (breaker, clock) = half_open(ONE);
    panic_in(&breaker, "boom");
    assert_eq!((breaker.state(), breaker.status().openings), (State::Open, 2));
    clock.advance(crate::support::seconds(30));
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn a_panicking_classifier_counts_nothing() {
    let (breaker, _) = breaker(ONE);
    let before = breaker.status();
    assert_eq!(panic_message(|| breaker.call_with(|| 1, |_| -> Outcome { panic!("classifier") })), "classifier");
    assert_eq!(breaker.status(), before);
}

#[test]
fn a_panicking_async_classifier_counts_nothing() {
    let (breaker, _) = breaker(ONE);
    let before = breaker.status();
    let call = breaker.call_async_with(async { 1 }, |_| -> Outcome { panic!("classifier") });
    assert_eq!(panic_message(|| ready(call)), "classifier");
    assert_eq!(breaker.status(), before);
}

#[test]
fn a_panicking_classifier_frees_the_slot_of_a_probe() {
    let (breaker, _) = half_open(ONE);
    panic_message(|| breaker.call_with(|| 1, |_| -> Outcome { panic!("classifier") }));
    assert_eq!(breaker.state(), State::HalfOpen);
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn a_panicking_async_classifier_frees_the_slot_of_a_probe() {
    let (breaker, _) = half_open(ONE);
    panic_message(|| ready(breaker.call_async_with(async { 1 }, |_| -> Outcome { panic!("classifier") })));
    assert_eq!(breaker.state(), State::HalfOpen);
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn a_panicking_conversion_into_an_outcome_counts_nothing() {
    struct Rude;
    impl From<Rude> for Outcome {
        fn from(_: Rude) -> Self {
            panic!("conversion")
        }
    }
    let (breaker, _) = half_open(ONE);
    panic_message(|| breaker.call_with(|| 1, |_| Rude));
    assert_eq!((breaker.state(), breaker.status().totals.panicked), (State::HalfOpen, 0));
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn a_breaker_works_on_after_panics() {
    let (breaker, _) = breaker(Policy::consecutive_failures(3));
    panic_in(&breaker, "one");
    panic_message(|| breaker.call_with(|| 1, |_| -> Outcome { panic!("two") }));
    assert_eq!(breaker.call(|| Ok::<_, ()>(3)).unwrap(), 3);
    assert_eq!(breaker.status().failure_count, 0);
}
