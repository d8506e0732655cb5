//! Futures that are dropped before they are done.

use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use breaker_box::{CallError, Cancellation, CircuitBreaker, Outcome, Policy, Registry, State};

use crate::support::{breaker, fail, half_open, poll_once, ready, seconds};

const ONE: Policy = Policy::consecutive_failures(1);
const FAILING: Policy = ONE.on_cancel(Cancellation::Failure);

/// A call that waits for ever.
fn waits(breaker: &CircuitBreaker) -> impl Future<Output = Result<(), CallError<()>>> {
    breaker.call_async(pending())
}

/// Polls a call once and drops it.
fn cancel(breaker: &CircuitBreaker) {
    let mut call = Box::pin(waits(breaker));
    assert!(poll_once(call.as_mut()).is_pending());
}

#[test]
fn a_dropped_future_is_cancelled_and_counts_nothing_else() {
    let (breaker, _) = breaker(ONE);
    cancel(&breaker);
    let status = breaker.status();
    assert_eq!((status.state, status.totals.cancelled, status.totals.failures), (State::Closed, 1, 0));
}

#[test]
fn a_dropped_future_clears_no_failures() {
    let (breaker, _) = breaker(Policy::new());
    fail(&breaker);
    cancel(&breaker);
    assert_eq!(breaker.status().failure_count, 1);
}

#[test]
fn a_dropped_future_is_a_failure_where_the_policy_says_so() {
    let (breaker, _) = breaker(FAILING);
    cancel(&breaker);
    let status = breaker.status();
    assert_eq!((status.state, status.totals.cancelled, status.totals.failures), (State::Open, 1, 1));
}

#[test]
fn a_dropped_call_with_a_classifier_is_cancelled_too() {
    let (breaker, _) = breaker(FAILING);
    let mut call = Box::pin(breaker.call_async_with(pending::<()>(), |()| Outcome::Success));
    assert!(poll_once(call.as_mut()).is_pending());
    drop(call);
    assert_eq!((breaker.state(), breaker.status().totals.cancelled), (State::Open, 1));
}

#[test]
fn a_future_that_is_never_polled_counts_nothing() {
    let (breaker, _) = breaker(FAILING);
    let before = breaker.status();
    drop(waits(&breaker));
    assert_eq!(breaker.status(), before);
}

#[test]
fn a_future_that_is_never_polled_takes_no_slot() {
    let (breaker, _) = half_open(ONE);
    let waiting = waits(&breaker);
    assert!(breaker.try_acquire().is_ok());
    drop(waiting);
}

#[test]
fn a_future_is_admitted_at_its_first_poll() {
    let (breaker, clock) = breaker(ONE);
    let call = breaker.call_async(async { Ok::<_, ()>(1) });
    breaker.open();
    let mut refused = Box::pin(call);
    assert!(matches!(poll_once(refused.as_mut()), Poll::Ready(Err(CallError::Open(_)))));

    let call = breaker.call_async(async { Ok::<_, ()>(1) });
    clock.advance(seconds(30));
    assert_eq!(ready(call).unwrap(), 1);
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_rejected_future_never_runs_its_body() {
    let (breaker, _) = breaker(ONE);
    breaker.open();
    let mut ran = false;
    let answer = ready(breaker.call_async(async {
        ran = true;
        Ok::<_, ()>(())
    }));
    assert!(answer.is_err());
    assert!(!ran);
}

#[test]
fn a_dropped_probe_frees_its_slot() {
    let (breaker, _) = half_open(ONE);
    cancel(&breaker);
    assert_eq!(breaker.state(), State::HalfOpen);
    assert!(breaker.try_acquire().is_ok());
}

#[test]
fn a_dropped_probe_opens_again_where_the_policy_says_so() {
    let (breaker, _) = half_open(FAILING);
    cancel(&breaker);
    assert_eq!((breaker.state(), breaker.status().openings), (State::Open, 2));
}

#[test]
fn a_future_dropped_in_a_later_generation_is_only_late() {
    let (breaker, _) = breaker(FAILING);
    let mut call = Box::pin(waits(&breaker));
    assert!(poll_once(call.as_mut()).is_pending());
    breaker.reset();
    drop(call);
    let status = breaker.status();
    assert_eq!((status.state, status.totals.late, status.totals.cancelled), (State::Closed, 1, 0));
}

#[test]
fn a_finished_future_is_not_cancelled_when_it_is_dropped() {
    let (breaker, _) = breaker(FAILING);
    {
        let mut call = pin!(breaker.call_async(async { Ok::<_, ()>(()) }));
        assert!(poll_once(call.as_mut()).is_ready());
    }
    let totals = breaker.status().totals;
    assert_eq!((totals.successes, totals.cancelled), (1, 0));
}

#[test]
fn the_body_is_gone_when_its_slot_is_freed() {
    struct Witness(CircuitBreaker, std::sync::mpsc::Sender<bool>);
    impl Drop for Witness {
        fn drop(&mut self) {
            self.1.send(self.0.is_available()).unwrap();
        }
    }
    let (breaker, _) = half_open(ONE);
    let (sender, receiver) = std::sync::mpsc::channel();
    let witness = Witness(breaker.clone(), sender);
    let mut call = Box::pin(breaker.call_async(async move {
        let _witness = witness;
        pending::<Result<(), ()>>().await
    }));
    assert!(poll_once(call.as_mut()).is_pending());
    drop(call);
    assert!(!receiver.recv().unwrap(), "the slot was still taken while the body was dropped");
    assert!(breaker.is_available());
}

#[test]
fn a_lost_permit_counts_as_the_policy_says() {
    let (breaker, _) = breaker(FAILING);
    drop(breaker.try_acquire().unwrap());
    let status = breaker.status();
    assert_eq!((status.state, status.totals.cancelled, status.totals.failures), (State::Open, 1, 1));
}

#[test]
fn a_future_can_be_sent_where_its_body_can() {
    fn send<T: Send>(_: &T) {}
    let (breaker, _) = breaker(ONE);
    send(&breaker.call_async(async { Ok::<_, ()>(()) }));
    send(&breaker.call_async_with(async { 1 }, |_| true));
}

#[test]
fn a_call_moves_between_threads_and_survives_its_registry() {
    let registry = Registry::new();
    let breaker = registry.register("a", ONE).unwrap();
    let (finish, body) = tokio::sync::oneshot::channel::<Result<u32, String>>();
    let mut call = Box::pin(registry.call_async("a", async { body.await.unwrap() }));
    assert!(poll_once(call.as_mut()).is_pending());
    drop(registry);
    std::thread::spawn(move || {
        finish.send(Err("broken".to_owned())).unwrap();
        assert_eq!(poll_once(call.as_mut()), Poll::Ready(Err(CallError::Failed("broken".to_owned()))));
        // It has ended: it panics and counts nothing.
        assert!(catch_unwind(AssertUnwindSafe(|| poll_once(call.as_mut()))).is_err());
    })
    .join()
    .unwrap();
    assert_eq!((breaker.status().totals.failures, breaker.status().totals.panicked), (1, 0));
    assert_eq!(breaker.state(), State::Open);
}
