//! A queue for each watcher: none of them can affect another watcher or a call.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread;

use breaker_box::{CircuitBreaker, EventKind, EventReceiver, EventType, Filter, Policy, Registry, State, Subscription};

use crate::support::{fail, registry, succeed, succeed_times, watch};

pub(super) const LANE: u64 = 1_024;

pub(super) fn kinds(kind: EventType) -> Filter {
    Filter::all().events([kind])
}

pub(super) fn drain(events: &EventReceiver) -> Vec<EventKind> {
    std::iter::from_fn(|| events.try_recv().ok()).map(|event| event.kind).collect()
}

/// A handler that blocks at its first event until the gate is opened, in a call of its own on
/// another thread.
pub(super) struct Blocked {
    subscription: Option<Subscription>,
    seen: Arc<Mutex<Vec<u64>>>,
    gate: Option<mpsc::Sender<()>>,
    caller: Option<thread::JoinHandle<()>>,
}

impl Blocked {
    pub(super) fn new(registry: &Registry, filter: Filter, call: impl FnOnce() + Send + 'static) -> Self {
        let seen = Arc::<Mutex<Vec<u64>>>::default();
        let (entered, is_entered) = mpsc::channel();
        let (gate, closed) = mpsc::channel::<()>();
        let (sink, closed) = (Arc::clone(&seen), Mutex::new(closed));
        let subscription = registry.subscribe(filter, move |event| {
            let is_first = {
                let mut seen = sink.lock().unwrap();
                seen.push(event.sequence);
                seen.len() == 1
            };
            if is_first {
                entered.send(()).unwrap();
                // Until the gate is dropped.
                let _ = closed.lock().unwrap().recv();
            }
        });
        let caller = thread::spawn(call);
        is_entered.recv().unwrap();
        Self { subscription: Some(subscription), seen, gate: Some(gate), caller: Some(caller) }
    }

    pub(super) fn dropped(&self) -> u64 {
        self.subscription.as_ref().unwrap().dropped()
    }

    pub(super) fn sequences(&self) -> Vec<u64> {
        self.seen.lock().unwrap().clone()
    }

    /// Opens the gate and waits for the call to end.
    pub(super) fn release(&mut self) {
        self.gate = None;
        self.caller.take().unwrap().join().unwrap();
    }
}

pub(super) fn succeeding(breaker: &CircuitBreaker) -> impl FnOnce() + Send + 'static {
    let breaker = breaker.clone();
    move || succeed(&breaker)
}

#[test]
fn a_receiver_has_each_event_while_a_handler_blocks() {
    let (registry, _) = registry();
    let busy = registry.register("busy", Policy::new()).unwrap();
    let other = registry.register("other", Policy::consecutive_failures(1)).unwrap();
    let events = registry.events(Filter::all());
    let mut blocked = Blocked::new(&registry, kinds(EventType::Success), succeeding(&busy));
    assert_eq!(drain(&events), [EventKind::Success]);
    succeed(&busy);
    fail(&other);
    let told: Vec<_> = drain(&events).iter().map(EventKind::event_type).collect();
    assert_eq!(told, [EventType::Success, EventType::Failure, EventType::StateChanged]);
    blocked.release();
}

#[test]
fn a_receiver_has_the_event_before_any_handler_is_called() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", Policy::new()).unwrap();
    let events: Arc<OnceLock<EventReceiver>> = Arc::default();
    let (inner, (told, seen)) = (Arc::clone(&events), mpsc::channel());
    let _subscription =
        registry.subscribe(Filter::all(), move |_| told.send(inner.get().unwrap().try_recv().is_ok()).unwrap());
    // Subscribed after the handler.
    assert!(events.set(registry.events(Filter::all())).is_ok());
    succeed(&breaker);
    assert_eq!(seen.try_recv(), Ok(true));
}

#[test]
fn a_blocked_handler_delays_and_loses_only_its_own_events() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", Policy::new()).unwrap();
    let mut blocked = Blocked::new(&registry, Filter::all(), succeeding(&breaker));
    let (seen, other) = watch(&registry, Filter::all());
    succeed_times(&breaker, 3_000);
    assert_eq!((seen.events().len(), other.dropped()), (3_000, 0));
    assert_eq!((blocked.sequences().len(), blocked.dropped()), (1, 3_000 - LANE));
    blocked.release();
    // What waited are the oldest, and all of them are delivered.
    let sequences = blocked.sequences();
    let first = sequences[0];
    assert!(sequences.into_iter().eq(first..=first + LANE));
    // It goes on.
    succeed(&breaker);
    assert_eq!((blocked.sequences().last(), blocked.dropped()), (Some(&(first + 3_001)), 3_000 - LANE));
}

#[test]
fn a_state_change_is_delivered_although_successes_flood_other_subscribers() {
    let (registry, _) = registry();
    let busy = registry.register("busy", Policy::new()).unwrap();
    let breaker = registry.register("payment_api", Policy::consecutive_failures(1)).unwrap();
    let mut blocked = Blocked::new(&registry, kinds(EventType::Success), succeeding(&busy));
    let (seen, _changes) = watch(&registry, kinds(EventType::StateChanged));
    let events = registry.events(kinds(EventType::StateChanged));
    succeed_times(&busy, 70_000);
    fail(&breaker);
    assert_eq!(seen.changes(), [(State::Closed, State::Open)]);
    assert_eq!((drain(&events).len(), events.dropped()), (1, 0));
    blocked.release();
}

#[test]
fn a_receiver_that_is_not_read_harms_no_other_subscriber() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", Policy::new()).unwrap();
    let idle = registry.events(Filter::all());
    let (seen, subscription) = watch(&registry, Filter::all());
    let events = registry.events(Filter::all());
    for _ in 0..4 {
        succeed_times(&breaker, 500);
        assert_eq!(drain(&events).len(), 500);
    }
    assert_eq!((idle.dropped(), events.dropped(), subscription.dropped()), (2_000 - LANE, 0, 0));
    assert_eq!(seen.events().len(), 2_000);
}

#[test]
fn a_call_during_a_blocked_handler_delivers_to_the_others() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", Policy::new()).unwrap();
    // Its call has not come to the second handler yet.
    let mut blocked = Blocked::new(&registry, Filter::all(), succeeding(&breaker));
    let (seen, _second) = watch(&registry, Filter::all());
    succeed(&breaker);
    assert_eq!(seen.types(), [EventType::Success]);
    blocked.release();
    assert_eq!((seen.kinds().len(), blocked.sequences().len()), (1, 2));
}

/// Counts its events, and does something at each.
pub(super) fn counting(
    registry: &Registry,
    filter: Filter,
    work: impl Fn() + Send + Sync + 'static,
) -> (Arc<AtomicU32>, Subscription) {
    let count = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&count);
    let subscription = registry.subscribe(filter, move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        work();
    });
    (count, subscription)
}

pub(super) fn number(count: &AtomicU32) -> u64 {
    count.load(Ordering::Relaxed).into()
}

#[test]
fn a_handler_that_causes_its_own_event_does_not_hold_its_caller() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", Policy::new()).unwrap();
    let inner = breaker.clone();
    let (count, subscription) = counting(&registry, kinds(EventType::Success), move || inner.record_success());
    succeed(&breaker);
    assert_eq!(number(&count), 1 + LANE);
    // It goes on with the next event, and that call is let go too.
    succeed(&breaker);
    assert_eq!(number(&count), 3 + 2 * LANE);
    assert_eq!(subscription.dropped(), 0);
}

#[test]
fn handlers_that_cause_each_others_events_do_not_hold_their_caller() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", Policy::consecutive_failures(1_000_000)).unwrap();
    let (to_fail, to_succeed) = (breaker.clone(), breaker.clone());
    let (successes, _first) = counting(&registry, kinds(EventType::Success), move || to_fail.record_failure("ping"));
    let (failures, _second) = counting(&registry, kinds(EventType::Failure), move || to_succeed.record_success());
    succeed(&breaker);
    assert_eq!(number(&successes) + number(&failures), 1 + LANE);
}

#[test]
fn many_handlers_that_cause_events_for_all_do_not_hold_their_caller() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", Policy::new()).unwrap();
    let handlers: Vec<_> = (0..50)
        .map(|_| {
            let inner = breaker.clone();
            counting(&registry, Filter::all(), move || inner.record_success())
        })
        .collect();
    succeed(&breaker);
    let calls: u64 = handlers.iter().map(|(count, _)| number(count)).sum();
    // What waited, and as many events more as one call delivers.
    assert_eq!(calls, 50 + LANE);
}

#[test]
fn a_handler_that_opens_the_next_circuit_opens_all_of_them_in_one_call() {
    let (registry, _) = registry();
    let circuits: Vec<_> =
        (0..200).map(|n| registry.register(format!("circuit {n:03}"), Policy::new()).unwrap()).collect();
    let (seen, _watching) = watch(&registry, kinds(EventType::StateChanged));
    let dominoes = circuits.clone();
    let fallen = AtomicU32::new(1);
    let _subscription = registry.subscribe(kinds(EventType::StateChanged), move |_| {
        if let Some(next) = dominoes.get(fallen.fetch_add(1, Ordering::Relaxed) as usize) {
            next.open();
        }
    });
    circuits[0].open();
    assert!(circuits.iter().all(|circuit| circuit.state() == State::Open));
    assert_eq!(seen.changes().len(), 200);
}

#[test]
fn a_call_does_not_deliver_what_others_add_meanwhile() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", Policy::new()).unwrap();
    // Another thread, that causes one more event whenever the handler runs.
    let (ask, asked) = mpsc::channel::<()>();
    let (done, is_done) = mpsc::channel::<()>();
    let (other, is_done) = (breaker.clone(), Mutex::new(is_done));
    let adding = thread::spawn(move || {
        for () in asked {
            succeed(&other);
            if done.send(()).is_err() {
                return;
            }
        }
    });
    let (count, subscription) = counting(&registry, kinds(EventType::Success), move || {
        ask.send(()).unwrap();
        is_done.lock().unwrap().recv().unwrap();
    });
    succeed(&breaker);
    assert_eq!(number(&count), 1 + LANE);
    subscription.unsubscribe();
    adding.join().unwrap();
}

#[test]
fn a_sweep_delivers_the_remaining_events() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", Policy::new()).unwrap();
    let (inner, left) = (breaker.clone(), AtomicU32::new(1_500));
    let (count, _subscription) = counting(&registry, kinds(EventType::Success), move || {
        if left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
            inner.record_success();
        }
    });
    succeed(&breaker);
    assert_eq!(number(&count), 1 + LANE);
    registry.sweep();
    assert_eq!(number(&count), 1_501);
}

#[test]
fn ending_a_subscription_drops_its_queued_events() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", Policy::new()).unwrap();
    let mut blocked = Blocked::new(&registry, Filter::all(), succeeding(&breaker));
    succeed_times(&breaker, 10);
    // Does not block.
    blocked.subscription.take().unwrap().unsubscribe();
    blocked.release();
    succeed(&breaker);
    assert_eq!(blocked.sequences().len(), 1);
}

#[test]
fn a_handler_may_end_a_blocked_one() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", Policy::new()).unwrap();
    let mut blocked = Blocked::new(&registry, kinds(EventType::Success), succeeding(&breaker));
    let other = Mutex::new(blocked.subscription.take());
    let _ending = registry.subscribe(kinds(EventType::Failure), move |_| drop(other.lock().unwrap().take()));
    succeed(&breaker);
    fail(&breaker);
    blocked.release();
    assert_eq!(blocked.sequences().len(), 1);
}

#[test]
fn handlers_of_two_registries_may_call_each_other() {
    let (one, _) = registry();
    let (other, _) = registry();
    let ours = one.register("payment_api", Policy::consecutive_failures(1)).unwrap();
    let theirs = other.register("payment_api", Policy::consecutive_failures(1)).unwrap();
    let (opens, closes) = (theirs.clone(), ours.clone());
    let _first = one.subscribe(kinds(EventType::StateChanged), move |_| opens.open());
    let _second = other.subscribe(kinds(EventType::StateChanged), move |_| closes.close());
    let (seen, _subscription) = watch(&one, kinds(EventType::StateChanged));
    fail(&ours);
    assert_eq!(seen.changes(), [(State::Closed, State::Open), (State::Open, State::Closed)]);
    assert_eq!(theirs.state(), State::Open);
}

#[test]
fn the_dropped_events_are_known_after_the_registry_is_gone() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", Policy::new()).unwrap();
    let mut blocked = Blocked::new(&registry, Filter::all(), succeeding(&breaker));
    succeed_times(&breaker, 1_100);
    blocked.release();
    drop((registry, breaker));
    assert_eq!(blocked.dropped(), 1_100 - LANE);
}

#[test]
fn a_thousand_subscribers_get_their_events() {
    let (registry, _) = registry();
    let breaker = registry.register("payment_api", Policy::new()).unwrap();
    let watchers: Vec<_> = (0..1_000)
        .map(|n| {
            let filter = Filter::all().identifier(if n % 2 == 0 { "payment_api" } else { "another" });
            (registry.events(filter.clone()), counting(&registry, filter, || {}))
        })
        .collect();
    succeed(&breaker);
    for (n, (events, (count, _))) in watchers.iter().enumerate() {
        let expected = u64::from(n % 2 == 0);
        assert_eq!((drain(events).len() as u64, number(count)), (expected, expected));
    }
    drop(watchers);
    succeed(&breaker);
}
