//! Every kind and every cause, each at its moment.

use std::panic::{AssertUnwindSafe, catch_unwind};

use breaker_box::{Cancellation, EventType, Filter, Key, ManualClock, Outcome, Policy, Registry, State, Window};

use crate::happened::{Cause, EventKind};
use crate::{Scene, changed, last, seconds};

#[test]
fn registrations_removals_and_new_policies_are_events() {
    let scene = Scene::new();
    scene.registry.register("a", Policy::new()).unwrap();
    scene.registry.configure("a", Policy::consecutive_failures(2)).unwrap();
    scene.registry.unregister("a").unwrap();
    assert_eq!(scene.kinds(), [EventKind::Registered, EventKind::Configured, EventKind::Unregistered]);
}

#[test]
fn the_eviction_of_an_idle_circuit_is_an_event() {
    let clock = ManualClock::new();
    let registry = Registry::builder().clock(&clock).idle_after(seconds(60)).build().unwrap();
    let events = registry.events(Filter::all().events([EventType::Evicted]));
    registry.call("a", || Ok::<_, ()>(())).unwrap();
    clock.advance(seconds(60));
    registry.sweep();
    let event = events.try_recv().unwrap();
    assert_eq!((event.kind.event_type(), event.key), (EventType::Evicted, Key::new("a")));
}

#[test]
fn an_eviction_that_makes_room_is_reported_before_the_registration() {
    let registry = Registry::builder().clock(ManualClock::new()).max_circuits(1).build().unwrap();
    let events = registry.events(Filter::all().events([EventType::Evicted]));
    registry.call("a", || Ok::<_, ()>(())).unwrap();
    registry.call("b", || Ok::<_, ()>(())).unwrap();
    assert_eq!(events.try_recv().unwrap().key, Key::new("a"));
}

#[test]
fn results_are_events_with_their_reasons() {
    let scene = Scene::new();
    let breaker = scene.register(Policy::new());
    breaker.try_acquire().unwrap().success();
    breaker.try_acquire().unwrap().failure("no route");
    breaker.try_acquire().unwrap().settle(Outcome::failure());
    breaker.try_acquire().unwrap().ignore();
    drop(breaker.try_acquire().unwrap());
    let reason = Some("no route".into());
    assert_eq!(
        scene.kinds(),
        [
            EventKind::Success,
            EventKind::Failure { reason },
            EventKind::Failure { reason: None },
            EventKind::Ignored,
            EventKind::Cancelled,
        ]
    );
}

#[test]
fn a_panic_is_a_panic_and_a_failure() {
    let scene = Scene::new();
    let breaker = scene.register(Policy::new());
    let call = AssertUnwindSafe(|| breaker.call(|| -> Result<(), ()> { panic!("broken") }));
    assert!(catch_unwind(call).is_err());
    let reason = Some("broken".into());
    assert_eq!(scene.kinds(), [EventKind::Panicked { message: "broken".into() }, EventKind::Failure { reason }]);
}

#[test]
fn a_slow_call_is_slow_and_its_outcome() {
    let scene = Scene::new();
    let breaker = scene.register(Policy::slow_call_rate(1.0, seconds(1), Window::calls(10)));
    let clock = &scene.clock;
    last(&breaker, clock, seconds(1));
    assert_eq!(scene.kinds(), [EventKind::Success], "exactly as long as the limit is not slow");
    last(&breaker, clock, seconds(2));
    assert_eq!(scene.kinds(), [EventKind::SlowCall { elapsed: seconds(2) }, EventKind::Success]);
}

#[test]
fn a_cancelled_call_that_counts_is_both() {
    let scene = Scene::new();
    let breaker = scene.register(Policy::new().on_cancel(Cancellation::Failure));
    drop(breaker.try_acquire().unwrap());
    let kinds = scene.kinds();
    assert!(matches!(kinds[..], [EventKind::Cancelled, EventKind::Failure { .. }]), "{kinds:?}");
}

#[test]
fn a_debounced_failure_is_reported_as_debounced() {
    let scene = Scene::new();
    let breaker = scene.register(Policy::new().debounce(seconds(1)));
    breaker.record_failure("one");
    scene.kinds();
    breaker.record_failure("two");
    assert_eq!(scene.kinds(), [EventKind::Failure { reason: Some("two".into()) }, EventKind::Debounced]);
}

#[test]
fn a_late_result_is_only_late() {
    let scene = Scene::new();
    let breaker = scene.register(Policy::new());
    let permit = breaker.try_acquire().unwrap();
    breaker.reset();
    scene.kinds();
    permit.failure("too late");
    assert_eq!(scene.kinds(), [EventKind::Late]);
}

#[test]
fn a_rejection_says_how_long_to_wait() {
    let scene = Scene::new();
    let breaker = scene.register(Policy::new());
    breaker.open_for(seconds(9));
    scene.clock.advance(seconds(2));
    scene.kinds();
    breaker.try_acquire().unwrap_err();
    assert_eq!(scene.kinds(), [EventKind::Rejected { retry_after: Some(seconds(7)) }]);
}

#[test]
fn a_call_without_a_circuit_is_an_event() {
    let registry = Registry::new();
    let events = registry.events(Filter::all());
    registry.call("", || Ok::<_, ()>(())).unwrap();
    assert_eq!(events.try_recv().unwrap().kind, EventKind::Unguarded);
}

#[test]
fn each_condition_that_opens_is_its_own_cause() {
    let window = Window::calls(1);
    let conditions = [
        (Policy::consecutive_failures(1), Cause::ConsecutiveFailures),
        (Policy::failures_within(1, seconds(1)), Cause::FailuresWithin),
        (Policy::failure_rate(1.0, window), Cause::FailureRate),
    ];
    for (policy, cause) in conditions {
        let scene = Scene::new();
        scene.register(policy).record_failure("x");
        assert_eq!(scene.causes(), [cause]);
    }
    let scene = Scene::new();
    let breaker = scene.register(Policy::slow_call_rate(1.0, seconds(1), window));
    last(&breaker, &scene.clock, seconds(2));
    assert_eq!(scene.causes(), [Cause::SlowCallRate]);
}

#[test]
fn a_full_cycle_reports_each_change_with_its_cause() {
    let scene = Scene::new();
    let breaker = scene.register(Policy::consecutive_failures(1).expiry(seconds(1)).half_open_timeout(seconds(1)));
    breaker.try_acquire().unwrap().settle(Outcome::Trip { open_for: None, reason: Some("429".into()) });
    scene.clock.advance(seconds(1));
    breaker.try_acquire().unwrap().failure("still down");
    scene.clock.advance(seconds(1));
    let stuck = breaker.try_acquire().unwrap();
    scene.clock.advance(seconds(1));
    breaker.try_acquire().unwrap_err();
    scene.clock.advance(seconds(1));
    breaker.try_acquire().unwrap().success();
    drop(stuck);
    assert_eq!(
        scene.causes(),
        [
            Cause::Tripped { reason: Some("429".into()) },
            Cause::Expired,
            Cause::ProbeFailed,
            Cause::Expired,
            Cause::HalfOpenTimeout,
            Cause::Expired,
            Cause::ProbesSucceeded,
        ]
    );
}

#[test]
fn manual_commands_carry_their_reasons_and_repeated_ones_cause_no_events() {
    let scene = Scene::new();
    let breaker = scene.register(Policy::new());
    breaker.open_because("drill");
    breaker.open_because("again");
    breaker.close();
    breaker.close();
    let manual = |reason: Option<&str>| Cause::Manual { reason: reason.map(Into::into) };
    assert_eq!(
        scene.kinds(),
        [changed(State::Closed, State::Open, manual(Some("drill"))), changed(State::Open, State::Closed, manual(None))]
    );
}

#[test]
fn a_dry_run_reports_once_per_stay_that_it_would_have_opened() {
    let scene = Scene::new();
    let breaker = scene.register(Policy::consecutive_failures(1));
    for _ in 0..2 {
        breaker.metrics_only();
        breaker.record_failure("x");
        breaker.record_failure("x");
        breaker.reset();
    }
    let would_open = EventKind::WouldOpen { cause: Cause::ConsecutiveFailures };
    assert_eq!(scene.kinds().into_iter().filter(|kind| *kind == would_open).count(), 2);
}

#[test]
fn a_sweep_makes_a_late_expiry_an_event() {
    let scene = Scene::new();
    scene.register(Policy::new()).open();
    scene.clock.advance(seconds(30));
    scene.kinds();
    scene.registry.sweep();
    assert_eq!(scene.kinds(), [changed(State::Open, State::HalfOpen, Cause::Expired)]);
    scene.registry.sweep();
    assert_eq!(scene.kinds(), []);
}

#[test]
fn the_time_of_an_event_follows_the_clock() {
    let scene = Scene::new();
    scene.registry.register("a", Policy::new()).unwrap();
    let first = scene.events.try_recv().unwrap().at;
    scene.clock.advance(seconds(86_400));
    scene.registry.unregister("a").unwrap();
    assert_eq!(scene.events.try_recv().unwrap().at.duration_since(first).unwrap(), seconds(86_400));
}
