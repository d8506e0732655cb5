//! Calls that the body of a probe makes of its own circuit: they are part of it.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;

use breaker_box::{
    CallError, CircuitBreaker, EventType, Filter, ManualClock, Outcome, Policy, Registry, State, Totals,
};

use crate::support::{fail, fail_times, half_open, poll_once, ready, seconds};

pub(super) const ONE: Policy = Policy::consecutive_failures(1);

pub(super) fn totals(breaker: &CircuitBreaker) -> Totals {
    breaker.status().totals
}

/// What is counted of the calls since `before`: successes, failures, all others.
pub(super) fn counted(breaker: &CircuitBreaker, before: &Totals) -> (u64, u64, u64) {
    let now = totals(breaker);
    let others = |totals: &Totals| {
        totals.ignored + totals.rejected + totals.slow + totals.cancelled + totals.panicked + totals.late
    };
    (now.successes - before.successes, now.failures - before.failures, others(&now) - others(before))
}

/// Half-open, and what was counted until then.
pub(super) fn expired(policy: Policy) -> (CircuitBreaker, ManualClock, Totals) {
    let (breaker, clock) = half_open(policy);
    let before = totals(&breaker);
    (breaker, clock, before)
}

pub(super) fn succeeds(breaker: &CircuitBreaker) -> bool {
    breaker.call(|| Ok::<_, ()>(())).is_ok()
}

/// A future that is pending once, and does something each time it is polled.
pub(super) fn twice(mut work: impl FnMut() + Send) -> impl Future<Output = ()> + Send {
    let mut polled = false;
    poll_fn(move |_| {
        work();
        if std::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }
    })
}

pub(super) fn on_another_thread<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| scope.spawn(work).join().unwrap())
}

/// All ways of calling, each with a call that succeeds; whether it ran.
pub(super) fn ways(breaker: &CircuitBreaker) -> [bool; 6] {
    [
        succeeds(breaker),
        breaker.call_with(|| (), |()| true).is_ok(),
        ready(breaker.call_async(async { Ok::<_, ()>(()) })).is_ok(),
        ready(breaker.call_async_with(async {}, |()| true)).is_ok(),
        breaker.try_acquire().map(breaker_box::Permit::success).is_ok(),
        breaker.try_acquire().map(|permit| permit.failure("unheard")).is_ok(),
    ]
}

#[test]
fn a_call_inside_a_probe_is_part_of_it() {
    let (breaker, _, before) = expired(ONE);
    let probe = breaker.call(|| {
        assert!(breaker.is_available(), "inside, a call would be let through");
        assert_eq!(ways(&breaker), [true; 6]);
        assert_eq!((breaker.state(), counted(&breaker, &before)), (State::HalfOpen, (0, 0, 0)));
        Ok::<_, ()>(())
    });
    assert!(probe.is_ok());
    assert_eq!((breaker.state(), counted(&breaker, &before)), (State::Closed, (1, 0, 0)));
}

#[test]
fn every_way_of_calling_can_be_the_outer_one() {
    let ways: [fn(&CircuitBreaker); 5] = [
        |breaker| assert!(breaker.call(|| succeeds(breaker).then_some(()).ok_or(())).is_ok()),
        |breaker| assert!(breaker.call_with(|| succeeds(breaker), |ran| *ran).unwrap()),
        |breaker| ready(breaker.call_async(async { succeeds(breaker).then_some(()).ok_or(()) })).unwrap(),
        |breaker| assert!(ready(breaker.call_async_with(async { succeeds(breaker) }, |ran| *ran)).unwrap()),
        |breaker| {
            let permit = breaker.try_acquire().unwrap();
            assert!(permit.scope(|| succeeds(breaker)));
            permit.success();
        },
    ];
    for way in ways {
        let (breaker, _, before) = expired(ONE);
        way(&breaker);
        assert_eq!((breaker.state(), counted(&breaker, &before)), (State::Closed, (1, 0, 0)));
    }
}

#[test]
fn nested_calls_cause_no_events() {
    let registry = Registry::builder().clock(ManualClock::new()).default_policy(ONE).build().unwrap();
    registry.get_or_register("gateway", ONE).unwrap().open_for(seconds(0));
    let events = registry.events(Filter::all());
    registry
        .call("gateway", || {
            registry.call("gateway", || Err::<(), _>("unheard")).unwrap_err();
            let panicked =
                catch_unwind(AssertUnwindSafe(|| registry.call_with("gateway", || panic!("unheard"), |()| true)));
            panicked.unwrap_err();
            drop(registry.try_acquire("gateway").unwrap());
            Ok::<_, ()>(())
        })
        .unwrap();
    let seen: Vec<_> = std::iter::from_fn(|| events.try_recv().ok()).map(|event| event.kind.event_type()).collect();
    let expected = [EventType::StateChanged, EventType::Success, EventType::StateChanged];
    assert_eq!(seen, expected, "half-open, the probe, closed");
}

#[test]
fn a_body_calls_as_deep_as_it_likes() {
    fn nested(breaker: &CircuitBreaker, depth: u32) -> Result<u32, CallError<()>> {
        breaker.call(|| if depth == 0 { Ok(0) } else { nested(breaker, depth - 1).map(|deep| deep + 1).map_err(drop) })
    }
    let (breaker, _, before) = expired(ONE);
    assert_eq!(nested(&breaker, 100).unwrap(), 100);
    assert_eq!((breaker.state(), counted(&breaker, &before)), (State::Closed, (1, 0, 0)));
}

#[test]
fn the_result_of_a_nested_call_is_classified_by_the_outer_one() {
    let (breaker, _, before) = expired(ONE);
    // Failures, trips, panics and cancellations inside; the probe succeeds.
    breaker
        .call(|| {
            breaker.call(|| Err::<(), _>("down")).unwrap_err();
            breaker.call_with(|| (), |()| Outcome::trip_for(seconds(60))).unwrap();
            catch_unwind(AssertUnwindSafe(|| breaker.call(|| -> Result<(), ()> { panic!("unheard") }))).unwrap_err();
            let mut pending = Box::pin(breaker.call_async(std::future::pending::<Result<(), ()>>()));
            assert!(poll_once(pending.as_mut()).is_pending());
            drop(pending);
            Ok::<_, ()>(())
        })
        .unwrap();
    assert_eq!((breaker.state(), counted(&breaker, &before)), (State::Closed, (1, 0, 0)));

    // It handles its own failure, or hands it on.
    let (breaker, _, before) = expired(ONE);
    breaker.call(|| breaker.call(|| Err::<(), _>("down")).map_err(drop)).unwrap_err();
    assert_eq!((breaker.state(), counted(&breaker, &before)), (State::Open, (0, 1, 0)));
}

#[test]
fn a_panic_inside_unwinds_through_the_probe_and_leaves_nothing_behind() {
    let (breaker, clock, before) = expired(ONE);
    let through = || breaker.call(|| breaker.call(|| -> Result<(), ()> { panic!("down") }).map_err(drop));
    catch_unwind(AssertUnwindSafe(through)).unwrap_err();
    assert_eq!((breaker.state(), counted(&breaker, &before)), (State::Open, (0, 1, 1)), "a panic is also a failure");
    // Where it is half-open again, a call is a probe like any other.
    clock.advance(seconds(30));
    let _probe = breaker.try_acquire().unwrap();
    assert!(!succeeds(&breaker), "the thread is inside of no probe any more");
}

#[test]
fn whatever_ends_a_probe_its_thread_is_no_longer_inside() {
    let endings: [fn(&CircuitBreaker); 7] = [
        |breaker| drop(breaker.call(|| Ok::<_, ()>(()))),
        |breaker| drop(breaker.call_with(|| (), |()| Outcome::Ignore)),
        |breaker| {
            let judge = |(): &()| -> Outcome { panic!("cannot say") };
            catch_unwind(AssertUnwindSafe(|| breaker.call_with(|| (), judge))).unwrap_err();
        },
        |breaker| ready(breaker.call_async(async { Ok::<_, ()>(()) })).unwrap(),
        |breaker| {
            let mut pending = Box::pin(breaker.call_async(std::future::pending::<Result<(), ()>>()));
            assert!(poll_once(pending.as_mut()).is_pending());
            drop(pending);
        },
        |breaker| {
            let judge = |(): &()| -> Outcome { panic!("cannot say") };
            catch_unwind(AssertUnwindSafe(|| ready(breaker.call_async_with(async {}, judge)))).unwrap_err();
        },
        |breaker| {
            let permit = breaker.try_acquire().unwrap();
            catch_unwind(AssertUnwindSafe(|| permit.scope(|| panic!("unheard")))).unwrap_err();
            permit.ignore();
        },
    ];
    for (number, end) in endings.into_iter().enumerate() {
        let (breaker, _, _) = expired(ONE.success_threshold(9));
        end(&breaker);
        let _probe = breaker.try_acquire().unwrap();
        assert!(!breaker.is_available() && breaker.try_acquire().is_err(), "{number}");
    }
}

#[test]
fn between_its_polls_a_probe_has_no_nested_calls() {
    let (breaker, _, _) = expired(ONE);
    let mut probe = Box::pin(breaker.call_async_with(twice(|| assert!(succeeds(&breaker))), |()| true));
    assert!(poll_once(probe.as_mut()).is_pending());
    assert!(!succeeds(&breaker), "its slot is taken, but no call is inside");
    assert!(poll_once(probe.as_mut()).is_ready());
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_probe_may_be_polled_by_another_thread_each_time() {
    let (breaker, _, _) = expired(ONE);
    let calls = AtomicU32::new(0);
    let counting = twice(|| {
        calls.fetch_add(u32::from(succeeds(&breaker)), Ordering::Relaxed);
    });
    let mut probe = Box::pin(breaker.call_async_with(counting, |()| true));
    assert!(on_another_thread(|| poll_once(probe.as_mut()).is_pending()));
    assert!(!on_another_thread(|| succeeds(&breaker)), "it is not inside");
    assert!(on_another_thread(|| poll_once(probe.as_mut()).is_ready()));
    assert_eq!((calls.load(Ordering::Relaxed), breaker.state()), (2, State::Closed));
}

#[test]
fn a_thread_that_the_body_waits_for_is_not_inside() {
    let (breaker, _, _) = expired(ONE);
    breaker
        .call(|| {
            assert!(!on_another_thread(|| succeeds(&breaker)), "it takes part in nothing, and the only slot is taken");
            Ok::<_, ()>(())
        })
        .unwrap();
}

#[test]
fn two_circuits_may_call_each_other_in_turn() {
    let (first, _, _) = expired(ONE);
    let (second, _, _) = expired(ONE);
    let (at_first, at_second) = (totals(&first), totals(&second));
    let innermost = || first.call(|| second.call(|| Ok::<_, ()>(())).map_err(drop)).map_err(drop);
    first.call(|| second.call(innermost).map_err(drop)).unwrap();
    assert_eq!((first.state(), counted(&first, &at_first)), (State::Closed, (1, 0, 0)));
    assert_eq!((second.state(), counted(&second, &at_second)), (State::Closed, (1, 0, 0)));
}

#[test]
fn a_probe_of_one_circuit_is_none_of_another_of_the_same_name() {
    let (first, _, _) = expired(ONE);
    let (second, _, _) = expired(ONE);
    assert_eq!(first.key(), second.key());
    let _taken = second.try_acquire().unwrap();
    first.call(|| if succeeds(&second) { Err(()) } else { Ok(()) }).unwrap();
}

#[test]
fn a_future_that_began_inside_stays_part_of_the_probe() {
    let (breaker, _, before) = expired(ONE);
    let mut inner = Box::pin(breaker.call_async_with(twice(|| ()), |()| false));
    breaker
        .call(|| {
            assert!(poll_once(inner.as_mut()).is_pending());
            Ok::<_, ()>(())
        })
        .unwrap();
    assert!(poll_once(inner.as_mut()).is_ready());
    assert_eq!((breaker.state(), counted(&breaker, &before)), (State::Closed, (1, 0, 0)));
}

#[test]
fn a_future_made_inside_and_begun_outside_is_a_call_of_its_own() {
    let (breaker, _, before) = expired(ONE);
    let inner = breaker.call(|| Ok::<_, ()>(breaker.call_async(async { Err::<(), _>("down") }))).unwrap();
    assert_eq!(breaker.state(), State::Closed);
    ready(inner).unwrap_err();
    assert_eq!((breaker.state(), counted(&breaker, &before)), (State::Open, (1, 1, 0)));
}

// # What is not part of it

#[test]
fn a_report_is_no_call() {
    let (breaker, _, before) = expired(ONE);
    breaker
        .call(|| {
            breaker.record_failure("made elsewhere");
            Ok::<_, ()>(())
        })
        .unwrap();
    assert_eq!((breaker.state(), counted(&breaker, &before)), (State::Open, (0, 1, 1)));
}

#[test]
fn a_permit_is_inside_only_within_its_scope() {
    let (breaker, _, _) = expired(ONE);
    let permit = breaker.try_acquire().unwrap();
    assert!(!succeeds(&breaker));
    assert!(permit.scope(|| permit.scope(|| succeeds(&breaker)) && succeeds(&breaker)));
    assert!(!succeeds(&breaker));
    permit.success();
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn calls_inside_calls_of_a_closed_circuit_count_each() {
    let (breaker, _) = crate::support::breaker(Policy::new());
    breaker.call(|| breaker.call(|| Ok::<_, ()>(())).map_err(drop)).unwrap();
    assert_eq!(totals(&breaker).successes, 2);
    breaker.call(|| breaker.call(|| Err::<(), _>(())).map_err(drop)).unwrap_err();
    assert_eq!(breaker.status().failure_count, 2);
}

// # Where a thread ends

/// Calls when its thread's locals are destroyed.
struct AtTheEnd(Arc<AtomicU32>, CircuitBreaker);

impl Drop for AtTheEnd {
    fn drop(&mut self) {
        let Self(ran, breaker) = self;
        let called = breaker.call(|| {
            // Whether this is recognised depends on which locals are left. That it runs or is
            // rejected is what matters.
            let _ = breaker.call(|| Ok::<_, ()>(()));
            Ok::<_, ()>(())
        });
        ran.fetch_add(u32::from(called.is_ok()), Ordering::Relaxed);
    }
}

#[test]
fn probes_run_while_a_thread_takes_its_locals_down() {
    thread_local! {
        static FIRST: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) };
        static LAST: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) };
    }
    let ran = Arc::new(AtomicU32::new(0));
    // Destroyed before and after the library's own, whatever the order is.
    let breakers = [(); 2].map(|()| expired(ONE).0);
    let [first, last] = breakers.clone().map(|breaker| AtTheEnd(Arc::clone(&ran), breaker));
    thread::spawn(move || {
        FIRST.set(Some(first));
        let (warm, _, _) = expired(ONE);
        assert!(warm.call(|| succeeds(&warm).then_some(()).ok_or(())).is_ok());
        LAST.set(Some(last));
    })
    .join()
    .unwrap();
    assert_eq!(ran.load(Ordering::Relaxed), 2);
    assert_eq!(breakers.map(|breaker| breaker.state()), [State::Closed; 2]);
}

#[test]
fn circuits_come_and_go_and_nobody_takes_the_probe_of_one_for_that_of_another() {
    for _ in 0..1_000 {
        let (breaker, clock) = half_open(ONE);
        let mut probe = pin!(breaker.call_async_with(std::future::pending::<()>(), |()| true));
        assert!(probe.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        clock.advance(seconds(1));
        assert!(!succeeds(&breaker));
    }
    let (breaker, _) = crate::support::breaker(Policy::consecutive_failures(2));
    fail(&breaker);
    fail_times(&breaker, 1);
    assert_eq!(breaker.state(), State::Open);
}
