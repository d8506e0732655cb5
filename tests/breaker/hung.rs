//! Calls that never come back: enough of them open the circuit, at the instant at which they have
//! been in flight for too long.

use std::future::pending;
use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use breaker_box::{
    CallError, CircuitBreaker, EventType, Filter, InFlight, ManualClock, Outcome, Permit, Policy, State, Window,
};

use crate::support::happened::{Cause, EventKind};
use crate::support::{breaker, fail, millis, poll_once, registry, registry_with, runs, seconds, succeed, watch};

pub(super) const TWO: Policy = Policy::hung_calls(2, seconds(10));
pub(super) const ONE: Policy = Policy::hung_calls(1, seconds(10));

pub(super) fn admit(breaker: &CircuitBreaker) -> Permit {
    breaker.try_acquire().expect("an admitted call")
}

/// The calls in flight and the hung ones.
pub(super) fn in_flight(breaker: &CircuitBreaker) -> (u64, u64) {
    let InFlight { calls, hung, .. } = breaker.status().in_flight.expect("they are known");
    (calls, hung)
}

#[test]
fn it_opens_at_the_instant_at_which_the_nth_call_becomes_hung() {
    let (breaker, clock) = breaker(TWO);
    let first = admit(&breaker);
    clock.advance(seconds(3));
    let second = admit(&breaker);
    clock.advance(millis(9_999));
    assert_eq!(breaker.state(), State::Closed);
    clock.advance(millis(1));
    assert_eq!(breaker.state(), State::Open);
    drop((first, second));
}

#[test]
fn seen_late_it_opened_at_that_instant() {
    let (breaker, clock) = breaker(TWO.expiry(seconds(30)));
    let calls = [admit(&breaker), admit(&breaker)];
    clock.advance(seconds(10) + seconds(12));
    let status = breaker.status();
    assert_eq!((status.state, status.retry_after, status.openings), (State::Open, Some(seconds(18)), 1));
    clock.advance(seconds(18));
    assert_eq!(breaker.state(), State::HalfOpen);
    drop(calls);
}

/// Everything that looks at a circuit, or changes it.
#[test]
fn whoever_looks_first_opens_it() {
    type Look = fn(&CircuitBreaker);
    let looks: [(&str, Look); 9] = [
        ("state", |breaker| assert_eq!(breaker.state(), State::Open)),
        ("status", |breaker| assert_eq!(breaker.status().state, State::Open)),
        ("is_available", |breaker| assert!(!breaker.is_available())),
        ("a call", |breaker| assert!(!runs(breaker))),
        ("a permit", |breaker| assert_eq!(breaker.try_acquire().unwrap_err().retry_after(), Some(seconds(25)))),
        ("record_success", CircuitBreaker::record_success),
        ("record_failure", |breaker| breaker.record_failure("unreachable")),
        ("configure", |breaker| assert_eq!(breaker.configure(TWO).unwrap(), TWO)),
        ("a future", |breaker| {
            let mut call = Box::pin(breaker.call_async(pending::<Result<(), ()>>()));
            assert!(poll_once(call.as_mut()).is_ready());
        }),
    ];
    for (name, look) in looks {
        let (breaker, clock) = breaker(TWO);
        let calls = [admit(&breaker), admit(&breaker)];
        clock.advance(seconds(15));
        look(&breaker);
        let status = breaker.status();
        assert_eq!((status.state, status.retry_after), (State::Open, Some(seconds(25))), "{name}");
        drop(calls);
    }
}

#[test]
fn a_command_finds_it_open() {
    let (registry, clock) = registry_with(TWO);
    let (seen, _subscription) = watch(&registry, Filter::all().events([EventType::StateChanged]));
    let calls = [registry.try_acquire("search").unwrap(), registry.try_acquire("search").unwrap()];
    clock.advance(seconds(15));
    registry.close("search").unwrap();
    assert_eq!(seen.changes(), [(State::Closed, State::Open), (State::Open, State::Closed)]);
    drop(calls);
}

#[test]
fn a_sweep_reports_it() {
    let (registry, clock) = registry_with(TWO);
    let (seen, _subscription) = watch(&registry, Filter::all().events([EventType::StateChanged]));
    let calls = [registry.try_acquire("search").unwrap(), registry.try_acquire("search").unwrap()];
    clock.advance(seconds(10));
    assert_eq!(registry.list()[0].state, State::Open);
    assert_eq!(seen.kinds(), [], "looking reports nothing");
    registry.sweep();
    let opened = EventKind::StateChanged { from: State::Closed, to: State::Open, cause: Cause::HungCalls };
    assert_eq!(seen.kinds(), [opened]);
    drop(calls);
}

#[test]
fn a_result_that_comes_before_the_instant_ends_the_hang() {
    let (breaker, clock) = breaker(TWO);
    let hangs = admit(&breaker);
    let returns = admit(&breaker);
    clock.advance(millis(9_999));
    returns.success();
    clock.advance(seconds(100));
    assert_eq!((breaker.state(), in_flight(&breaker)), (State::Closed, (1, 1)));
    drop(hangs);
}

#[test]
fn a_result_that_comes_at_the_instant_or_after_it_is_late() {
    for waited in [10, 11] {
        let (breaker, clock) = breaker(ONE);
        let call = admit(&breaker);
        clock.advance(seconds(waited));
        call.success();
        let status = breaker.status();
        assert_eq!((status.state, status.totals.late, status.totals.successes), (State::Open, 1, 0), "{waited} s");
    }
}

#[test]
fn it_does_not_matter_how_a_call_ends() {
    type End = fn(Permit);
    let ends: [(&str, End); 7] = [
        ("success", Permit::success),
        ("failure", |permit| permit.failure("unreachable")),
        ("failure without a reason", |permit| permit.settle(Outcome::failure())),
        ("ignored", Permit::ignore),
        ("cancelled", Permit::cancel),
        ("dropped", drop),
        ("a classifier that panics", |permit| {
            let settle = || permit.settle_by(&(), |()| -> Outcome { panic!("no verdict") });
            assert!(catch_unwind(AssertUnwindSafe(settle)).is_err());
        }),
    ];
    // Failures in a row, and none: a success that clears failures takes another path.
    for failures in [0, 1] {
        for (name, end) in ends {
            let (breaker, clock) = breaker(TWO.or_consecutive_failures(9));
            (0..failures).for_each(|_| fail(&breaker));
            let hangs = admit(&breaker);
            end(admit(&breaker));
            assert_eq!(in_flight(&breaker), (1, 0), "{name}");
            clock.advance(seconds(100));
            assert_eq!(breaker.state(), State::Closed, "{name}");
            drop(hangs);
        }
    }
}

#[test]
fn calls_that_come_and_go_open_nothing() {
    let policy = ONE.or_failure_rate(1.0, Window::calls(10)).or_slow_call_rate(1.0, seconds(5), Window::calls(10));
    let (breaker, clock) = breaker(policy);
    for _ in 0..100 {
        succeed(&breaker);
        clock.advance(seconds(1));
        drop(breaker.call_with(|| 7, |_| Outcome::Ignore));
        fail(&breaker);
    }
    assert_eq!((breaker.state(), in_flight(&breaker)), (State::Closed, (0, 0)));
}

#[test]
fn a_guarded_future_is_in_flight_from_its_first_poll_until_it_is_dropped() {
    let (breaker, clock) = breaker(TWO);
    let mut call = Box::pin(breaker.call_async(pending::<Result<(), ()>>()));
    clock.advance(seconds(100));
    assert_eq!(in_flight(&breaker), (0, 0));
    assert!(poll_once(call.as_mut()).is_pending());
    assert_eq!(in_flight(&breaker), (1, 0));
    clock.advance(seconds(10));
    assert_eq!(in_flight(&breaker), (1, 1));
    drop(call);
    assert_eq!(in_flight(&breaker), (0, 0));
}

#[test]
fn a_forgotten_permit_hangs_for_ever() {
    let (breaker, clock) = breaker(ONE);
    forget(admit(&breaker));
    clock.advance(seconds(10));
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn calls_of_an_earlier_stay_are_not_counted() {
    let (breaker, clock) = breaker(ONE);
    let call = admit(&breaker);
    breaker.reset();
    assert_eq!(in_flight(&breaker), (0, 0));
    let other = admit(&breaker);
    // Admitted at the same instant: it must not remove the other.
    call.success();
    assert_eq!(in_flight(&breaker), (1, 0));
    clock.advance(seconds(10));
    assert_eq!(breaker.state(), State::Open);
    drop(other);
}

#[test]
fn after_an_opening_no_call_of_the_new_stay_is_in_flight() {
    let (breaker, clock) = breaker(ONE);
    let call = admit(&breaker);
    clock.advance(seconds(10));
    assert_eq!(in_flight(&breaker), (0, 0));
    drop(call);
    assert_eq!((in_flight(&breaker), breaker.status().totals.late), ((0, 0), 1));
}

#[test]
fn openings_by_hung_calls_lengthen_the_open_period() {
    let policy = ONE.progressive_expiry(seconds(30), 2.0, seconds(300)).close_on_expiry();
    let (breaker, clock) = breaker(policy);
    for (openings, period) in [(1, 30), (2, 60), (3, 120)] {
        forget(admit(&breaker));
        clock.advance(seconds(10));
        let status = breaker.status();
        assert_eq!((status.openings, status.retry_after), (openings, Some(seconds(period))));
        clock.advance(seconds(period));
        assert_eq!(breaker.state(), State::Closed);
    }
}

#[test]
fn the_windows_stay_as_they_are() {
    let (breaker, clock) = breaker(ONE.or_failure_rate(1.0, Window::calls(10)));
    fail(&breaker);
    forget(admit(&breaker));
    clock.advance(seconds(10));
    let status = breaker.status();
    assert_eq!((status.state, status.window.calls, status.window.failures), (State::Open, 1, 1));
}

#[test]
fn another_condition_opens_too() {
    let (breaker, _) = breaker(ONE.or_consecutive_failures(2));
    let hangs = admit(&breaker);
    fail(&breaker);
    fail(&breaker);
    assert_eq!(breaker.state(), State::Open);
    drop(hangs);
}

#[test]
fn without_that_condition_nothing_is_known() {
    let (breaker, clock) = breaker(Policy::new());
    let call = admit(&breaker);
    clock.advance(seconds(1_000));
    assert_eq!((breaker.state(), breaker.status().in_flight), (State::Closed, None));
    drop(call);
}

#[test]
fn a_disabled_circuit_counts_no_call() {
    let (breaker, clock) = breaker(ONE);
    breaker.disable();
    let call = admit(&breaker);
    clock.advance(seconds(100));
    assert_eq!((breaker.state(), breaker.status().in_flight), (State::Disabled, None));
    drop(call);
    breaker.reset();
    assert_eq!(in_flight(&breaker), (0, 0));
}

#[test]
fn a_status_says_how_many_hang() {
    let (breaker, clock) = breaker(Policy::hung_calls(9, seconds(10)));
    let earlier = [admit(&breaker), admit(&breaker)];
    clock.advance(seconds(10));
    let later = admit(&breaker);
    let status = breaker.status();
    assert!(status.to_string().contains(", 2 of 3 calls in flight are hung;"), "{status}");
    drop((earlier, later));
    assert!(!breaker.status().to_string().contains("in flight"));
}

#[test]
fn a_rejection_does_not_count_as_a_call() {
    let (breaker, clock) = breaker(ONE);
    breaker.open();
    assert!(!runs(&breaker));
    clock.advance(seconds(30));
    assert_eq!((breaker.state(), in_flight(&breaker)), (State::HalfOpen, (0, 0)));
}

#[test]
fn reported_calls_were_never_in_flight() {
    let (breaker, clock) = breaker(ONE);
    breaker.record_success();
    breaker.record_failure("unreachable");
    clock.advance(seconds(100));
    assert_eq!((breaker.state(), in_flight(&breaker)), (State::Closed, (0, 0)));
}

#[test]
fn a_circuit_of_a_registry_that_evicts_keeps_its_calls_in_flight() {
    let clock = ManualClock::new();
    let registry =
        breaker_box::Registry::builder().default_policy(ONE).clock(clock.clone()).max_circuits(1).build().unwrap();
    let call = registry.try_acquire("search").unwrap();
    assert!(matches!(registry.call("other", || Ok::<_, ()>(())), Ok(())), "it runs unguarded");
    clock.advance(seconds(10));
    assert_eq!(registry.state("search"), State::Open);
    drop(call);
}

#[test]
fn metrics_only_says_once_per_incident_that_hung_calls_would_have_opened() {
    let (registry, clock) = registry();
    let breaker = registry.register("search", TWO).unwrap();
    let (seen, _subscription) = watch(&registry, Filter::all().events([EventType::WouldOpen]));
    breaker.metrics_only();
    let would_open = EventKind::WouldOpen { cause: Cause::HungCalls };
    let calls = [admit(&breaker), admit(&breaker)];
    clock.advance(seconds(10));
    registry.sweep();
    assert_eq!(seen.kinds(), std::slice::from_ref(&would_open));
    // The calls still hang, whatever else happens.
    succeed(&breaker);
    fail(&breaker);
    registry.sweep();
    assert_eq!((breaker.state(), seen.kinds().len()), (State::MetricsOnly, 1));
    assert_eq!(in_flight(&breaker), (2, 2));
    // One of them returns, and another call hangs.
    let [first, _second] = calls;
    first.success();
    let _third = admit(&breaker);
    clock.advance(seconds(10));
    succeed(&breaker);
    assert_eq!(seen.kinds(), [would_open.clone(), would_open]);
}

#[test]
fn concurrent_calls_all_hang_and_all_leave() {
    let (breaker, clock) = breaker(Policy::hung_calls(1_000, seconds(10)));
    let calls: Vec<Permit> = thread::scope(|scope| {
        let threads: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let admitted = (0..500).map(|_| admit(&breaker));
                    let calls: Vec<_> = admitted.collect();
                    (0..500).for_each(|_| succeed(&breaker));
                    calls
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(in_flight(&breaker), (1_000, 0));
    clock.advance(seconds(10));
    assert_eq!(breaker.state(), State::Open);
    let (left, right) = calls.split_at(500);
    assert_eq!(left.len(), right.len());
    drop(calls);
    assert_eq!(breaker.status().totals.late, 1_000);
}

#[test]
fn two_threads_settle_what_the_other_admitted() {
    let (breaker, clock) = breaker(Policy::hung_calls(1, seconds(10)));
    for _ in 0..50 {
        let calls: Vec<_> = (0..20).map(|_| admit(&breaker)).collect();
        clock.advance(millis(1));
        thread::scope(|scope| {
            scope.spawn(|| calls.into_iter().for_each(Permit::success));
            scope.spawn(|| (0..20).for_each(|_| succeed(&breaker)));
        });
    }
    clock.advance(seconds(100));
    assert_eq!((breaker.state(), in_flight(&breaker)), (State::Closed, (0, 0)));
}

#[test]
fn a_call_that_is_rejected_says_that_it_is_open() {
    let (breaker, clock) = breaker(ONE);
    let call = admit(&breaker);
    clock.advance(seconds(10));
    let rejected = breaker.call(|| Ok::<_, ()>(()));
    assert!(matches!(rejected, Err(CallError::Open(open)) if open.state() == State::Open));
    drop(call);
}
