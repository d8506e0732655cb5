//! The slots of a half-open circuit never leak, and results that come too late change nothing.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::thread;

use breaker_box::{Cancellation, CircuitOpenError, Policy, State};
use breaker_box_tower::CircuitBreakerLayer;
use tokio::sync::oneshot;
use tower::{Layer, Service, service_fn};

use crate::support::{ONE, Waits, answered, breaker, half_open, poll_once, ready, seconds};

#[test]
fn a_probe_holds_its_slot_from_the_call_on() {
    let (breaker, _) = half_open(ONE);
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(Waits);
    let probe = service.call(answered(Ok("up")));
    assert!(!breaker.is_available());
    assert!(ready(service.call(answered(Ok("unheard")))).unwrap_err().is::<CircuitOpenError>());
    assert_eq!(ready(probe).unwrap(), "up");
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_probe_dropped_before_its_first_poll_frees_its_slot() {
    let (breaker, _) = half_open(ONE);
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(Waits);
    drop(service.call(answered(Ok("unheard"))));
    assert!(breaker.is_available());
    assert_eq!((breaker.status().totals.cancelled, breaker.state()), (1, State::HalfOpen));
}

#[test]
fn a_probe_dropped_in_the_midst_frees_its_slot() {
    let (breaker, _) = half_open(ONE);
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(service_fn(|()| pending::<Result<(), &str>>()));
    {
        let mut probe = pin!(service.call(()));
        assert!(poll_once(probe.as_mut()).is_pending());
        assert!(!breaker.is_available());
    }
    assert!(breaker.is_available());
    assert_eq!((breaker.status().totals.cancelled, breaker.state()), (1, State::HalfOpen));
}

#[test]
fn a_thousand_dropped_probes_leave_the_slot_free_for_one_that_succeeds() {
    let (breaker, _) = half_open(ONE);
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(Waits);
    for round in 0..1_000 {
        let (sender, answer) = oneshot::channel();
        let mut probe = Box::pin(service.call(answer));
        if round % 2 == 0 {
            assert!(poll_once(probe.as_mut()).is_pending());
        }
        drop(probe);
        drop(sender);
    }
    assert_eq!(ready(service.call(answered(Ok("up")))).unwrap(), "up");
    assert_eq!((breaker.state(), breaker.status().totals.cancelled), (State::Closed, 1_000));
}

#[test]
fn a_dropped_call_counts_as_the_policy_says() {
    let (breaker, _) = breaker(ONE.on_cancel(Cancellation::Failure));
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(Waits);
    drop(service.call(answered(Ok("unheard"))));
    assert_eq!((breaker.state(), breaker.status().totals.failures), (State::Open, 1));
}

#[test]
fn a_call_dropped_after_the_slow_call_limit_counts_where_the_policy_says_so() {
    let (breaker, clock) = breaker(ONE.fail_slower_than(seconds(2)).on_cancel(Cancellation::Slow));
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(Waits);
    for (waited, state) in [(2, State::Closed), (3, State::Open)] {
        let call = service.call(answered(Ok("unheard")));
        clock.advance(seconds(waited));
        drop(call);
        assert_eq!(breaker.state(), state, "after {waited} s");
    }
}

#[test]
fn as_many_probes_are_out_at_once_as_the_policy_says() {
    let (breaker, _) = half_open(ONE.half_open_max_calls(3).success_threshold(3));
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(Waits);
    let probes: Vec<_> = (0..3).map(|_| service.call(answered(Ok("up")))).collect();
    assert!(ready(service.call(answered(Ok("unheard")))).unwrap_err().is::<CircuitOpenError>());
    for probe in probes {
        ready(probe).unwrap();
    }
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_rejected_call_counts_once_even_if_it_is_not_awaited() {
    let (breaker, _) = breaker(ONE);
    breaker.open();
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(Waits);
    drop(service.call(answered(Ok("unheard"))));
    let totals = breaker.status().totals;
    assert_eq!((totals.rejected, totals.cancelled), (1, 0));
}

#[test]
fn a_failure_from_before_the_recovery_does_not_open_again() {
    let (breaker, clock) = breaker(ONE.expiry(seconds(30)));
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(Waits);
    let (sender, answer) = oneshot::channel();
    let mut slow = pin!(service.call(answer));
    assert!(poll_once(slow.as_mut()).is_pending());

    ready(service.call(answered(Err("down")))).unwrap_err();
    clock.advance(seconds(30));
    ready(service.call(answered(Ok("up")))).unwrap();
    assert_eq!(breaker.state(), State::Closed);

    sender.send(Err("down a minute ago")).unwrap();
    assert!(matches!(poll_once(slow.as_mut()), Poll::Ready(Err(_))));
    assert_eq!((breaker.state(), breaker.status().totals.late), (State::Closed, 1));
}

#[test]
fn a_success_from_before_the_outage_does_not_close() {
    let (breaker, _) = breaker(ONE);
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(Waits);
    let (sender, answer) = oneshot::channel();
    let mut slow = pin!(service.call(answer));
    assert!(poll_once(slow.as_mut()).is_pending());
    ready(service.call(answered(Err("down")))).unwrap_err();
    sender.send(Ok("up")).unwrap();
    assert!(matches!(poll_once(slow.as_mut()), Poll::Ready(Ok("up"))));
    assert_eq!((breaker.state(), breaker.status().totals.late), (State::Open, 1));
}

#[test]
fn a_slow_answer_is_slow_on_the_breakers_clock() {
    let policy = Policy::slow_call_rate(1.0, seconds(2), breaker_box::Window::calls(1));
    let (breaker, clock) = breaker(policy);
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(Waits);
    let call = service.call(answered(Ok("at last")));
    clock.advance(seconds(3));
    assert_eq!(ready(call).unwrap(), "at last");
    assert_eq!((breaker.state(), breaker.status().totals.slow), (State::Open, 1));
}

/// An answer, or a panic, or none before the test gives up.
fn ending(n: u32) -> impl Future<Output = Result<(), &'static str>> {
    std::future::poll_fn(move |_| match n % 4 {
        0 => Poll::Ready(Ok(())),
        1 => Poll::Ready(Err("down")),
        2 => panic!("a bug"),
        _ => Poll::Pending,
    })
}

#[test]
fn every_slot_comes_back_from_many_threads_however_their_calls_end() {
    // So many verdicts that it stays half-open.
    let policy = ONE.half_open_max_calls(3).success_threshold(900_000).half_open_failure_threshold(900_000);
    let (breaker, _) = half_open(policy);
    let service = CircuitBreakerLayer::new(breaker.clone()).layer(service_fn(async |n| ending(n).await));
    thread::scope(|scope| {
        for thread in 0..4_u32 {
            let mut service = service.clone();
            scope.spawn(move || {
                for round in 0..2_000 {
                    let mut call = Box::pin(service.call(round + thread));
                    // Every fifth is dropped before its first poll.
                    if round % 5 != 0 {
                        let _ = catch_unwind(AssertUnwindSafe(|| poll_once(call.as_mut()).is_ready()));
                    }
                }
            });
        }
    });
    let totals = breaker.status().totals;
    let ended = totals.successes + totals.failures + totals.cancelled + totals.rejected;
    assert_eq!((breaker.state(), ended, totals.late), (State::HalfOpen, 4 * 2_000, 0));
    assert!(totals.successes > 0 && totals.panicked > 0 && totals.cancelled > 0, "{totals:?}");
    let slots: Vec<_> = std::iter::from_fn(|| breaker.try_acquire().ok()).collect();
    assert_eq!(slots.len(), 3);
}
