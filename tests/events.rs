//! Events: every kind and cause at its moment, receivers, order, and handlers that misbehave.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc::{RecvTimeoutError, TryRecvError};
use std::sync::{Arc, Barrier, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use breaker_box::{
    Cancellation, CircuitBreaker, EventReceiver, EventType, Filter, Key, ManualClock, Outcome, Policy, Registry, State,
    Subscription, Window,
};
use happened::{Cause, EventKind};

#[path = "support/happened.rs"]
mod happened;

struct Scene {
    clock: ManualClock,
    registry: Registry,
    events: EventReceiver,
}

impl Scene {
    fn new() -> Self {
        let clock = ManualClock::new();
        let registry = Registry::builder().clock(clock.clone()).build().unwrap();
        let events = registry.events(Filter::all());
        Self { clock, registry, events }
    }

    fn register(&self, policy: Policy) -> CircuitBreaker {
        let breaker = self.registry.register("a", policy).unwrap();
        self.kinds();
        breaker
    }

    fn kinds(&self) -> Vec<EventKind> {
        std::iter::from_fn(|| self.events.try_recv().ok()).map(|event| event.kind.into()).collect()
    }

    fn causes(&self) -> Vec<Cause> {
        let changes = self.kinds().into_iter();
        changes
            .filter_map(|kind| match kind {
                EventKind::StateChanged { cause, .. } => Some(cause),
                _ => None,
            })
            .collect()
    }
}

fn changed(from: State, to: State, cause: Cause) -> EventKind {
    EventKind::StateChanged { from, to, cause }
}

/// A call that takes its time and succeeds.
fn last(breaker: &CircuitBreaker, clock: &ManualClock, duration: Duration) {
    let body = || {
        clock.advance(duration);
        Ok::<_, ()>(())
    };
    breaker.call(body).unwrap();
}

const fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

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

#[test]
fn a_full_receiver_drops_the_newest_and_counts_them() {
    let scene = Scene::new();
    let breaker = scene.register(Policy::new());
    breaker.record_failure("first");
    for _ in 0..2_000 {
        breaker.record_success();
    }
    assert_eq!(scene.events.dropped(), 2_001 - 1_024);
    let kinds = scene.kinds();
    assert_eq!(kinds.len(), 1_024);
    assert_eq!(kinds[0], EventKind::Failure { reason: Some("first".into()) });
    breaker.record_success();
    assert_eq!(scene.kinds(), [EventKind::Success], "room again");
}

#[test]
fn a_receiver_ends_with_its_registry() {
    let registry = Registry::new();
    let events = registry.events(Filter::all());
    let breaker = registry.register("a", Policy::new()).unwrap();
    drop(registry);
    breaker.record_success();
    drop(breaker);
    assert_eq!(events.recv().unwrap().kind, EventKind::Registered);
    assert_eq!(events.recv_timeout(Duration::MAX).unwrap().kind, EventKind::Success);
    assert!(events.recv().is_err());
    assert_eq!(events.try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!(events.into_iter().count(), 0);
}

#[test]
fn a_receiver_that_waits_is_woken_by_an_event_and_by_the_end() {
    let registry = Registry::new();
    let events = registry.events(Filter::all());
    let reader = thread::spawn(move || events.into_iter().map(|event| event.key).collect::<Vec<_>>());
    registry.register("a", Policy::new()).unwrap();
    drop(registry);
    assert_eq!(reader.join().unwrap(), [Key::new("a")]);
}

#[test]
fn recv_timeout_gives_up_after_its_time() {
    let registry = Registry::new();
    let events = registry.events(Filter::all());
    assert_eq!(events.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::Timeout));
}

#[test]
fn a_receiver_is_a_stream() {
    use futures_core::Stream;

    let registry = Registry::new();
    let mut events = Box::pin(registry.events(Filter::all()));
    let mut cx = Context::from_waker(Waker::noop());
    let mut poll = |events: &mut Pin<Box<EventReceiver>>| events.as_mut().poll_next(&mut cx);
    assert!(poll(&mut events).is_pending());
    registry.register("a", Policy::new()).unwrap();
    assert!(matches!(poll(&mut events), Poll::Ready(Some(_))));
    drop(registry);
    assert!(matches!(poll(&mut events), Poll::Ready(None)));
}

#[test]
fn a_dropped_receiver_gets_no_more_events() {
    let registry = Registry::new();
    drop(registry.events(Filter::all()));
    registry.register("a", Policy::new()).unwrap();
    let events = registry.events(Filter::all());
    assert!(events.try_recv().is_err(), "events from before the subscription are not delivered");
}

#[test]
fn sequences_grow_by_one_and_state_changes_of_a_circuit_chain_under_load() {
    let registry = Registry::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let _subscription = registry.subscribe(Filter::all(), move |event| sink.lock().unwrap().push(event.clone()));
    let policy = Policy::consecutive_failures(1).expiry(Duration::from_nanos(1));
    let barrier = Barrier::new(4);
    thread::scope(|scope| {
        for thread in 0..4 {
            let (registry, barrier) = (&registry, &barrier);
            scope.spawn(move || {
                barrier.wait();
                let breaker = registry.get_or_register(["a", "b"][thread % 2], policy).unwrap();
                // So few that all events fit into a lane, whatever holds the handler up.
                for call in 0..60 {
                    let _ = breaker.call(|| if call % 2 == 0 { Err(()) } else { Ok(()) });
                }
            });
        }
    });
    let seen = seen.lock().unwrap();
    assert!(seen.windows(2).all(|pair| pair[1].sequence == pair[0].sequence + 1));
    for name in ["a", "b"] {
        let mut state = State::Closed;
        for event in seen.iter().filter(|event| event.key.identifier() == name) {
            if let breaker_box::EventKind::StateChanged { from, to, .. } = &event.kind {
                assert_eq!(*from, state);
                state = *to;
            }
        }
    }
    assert_eq!(seen.iter().filter(|event| event.kind == EventKind::Registered).count(), 2);
}

#[test]
fn a_handler_may_call_the_circuit_that_the_event_is_about() {
    let registry = Registry::new();
    let changes = Arc::new(Mutex::new(Vec::new()));
    let (inside, sink) = (registry.clone(), Arc::clone(&changes));
    let _subscription = registry.subscribe(Filter::all().events([EventType::StateChanged]), move |event| {
        let breaker_box::EventKind::StateChanged { to, .. } = event.kind else { panic!("filtered") };
        sink.lock().unwrap().push(to);
        if to == State::Open {
            inside.force_open(&event.key).unwrap();
            assert_eq!(inside.list().len(), 1);
            inside.register("made inside", Policy::new()).unwrap();
        }
    });
    registry.register("a", Policy::new()).unwrap().open();
    assert_eq!(*changes.lock().unwrap(), [State::Open, State::ForcedOpen]);
    assert_eq!(registry.len(), 2);
}

#[test]
fn a_handler_may_end_its_own_subscription() {
    let registry = Registry::new();
    let slot: Arc<OnceLock<Mutex<Option<Subscription>>>> = Arc::default();
    let count = Arc::new(Mutex::new(0));
    let (own, counter) = (Arc::clone(&slot), Arc::clone(&count));
    let subscription = registry.subscribe(Filter::all(), move |_| {
        *counter.lock().unwrap() += 1;
        if let Some(own) = own.get() {
            drop(own.lock().unwrap().take());
        }
    });
    slot.set(Mutex::new(Some(subscription))).unwrap();
    registry.register("a", Policy::new()).unwrap();
    registry.register("b", Policy::new()).unwrap();
    assert_eq!(*count.lock().unwrap(), 1);
}

#[test]
fn a_handler_that_panics_harms_neither_the_call_nor_other_handlers() {
    let registry = Registry::new();
    let _broken = registry.subscribe(Filter::all(), |_| panic!("handler"));
    let events = registry.events(Filter::all());
    let breaker = registry.register("a", Policy::new()).unwrap();
    breaker.call(|| Ok::<_, ()>(())).unwrap();
    assert_eq!(events.try_recv().unwrap().kind, EventKind::Registered);
    assert_eq!(events.try_recv().unwrap().kind, EventKind::Success);
}

#[test]
fn ending_one_subscription_leaves_the_others() {
    let registry = Registry::new();
    let first = registry.subscribe(Filter::all(), |_| panic!("ended before any event"));
    let events = registry.events(Filter::all());
    first.unsubscribe();
    registry.register("a", Policy::new()).unwrap();
    assert!(events.try_recv().is_ok());
}

#[test]
fn a_handler_that_blocks_does_not_stop_other_threads_from_calling() {
    let registry = Registry::new();
    let breaker = registry.register("a", Policy::new()).unwrap();
    let (entered, release) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (inside, leave) = (Arc::clone(&entered), Arc::clone(&release));
    let blocks_once = OnceLock::new();
    let _subscription = registry.subscribe(Filter::all(), move |_| {
        if blocks_once.set(()).is_ok() {
            inside.wait();
            leave.wait();
        }
    });
    let caller = breaker.clone();
    let blocked = thread::spawn(move || caller.record_failure("delivers, and is stuck in the handler"));
    entered.wait();
    breaker.record_success();
    breaker.open();
    assert_eq!(breaker.state(), State::Open);
    release.wait();
    blocked.join().unwrap();
}
