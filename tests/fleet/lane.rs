//! The lane: in order, apart from events, and bounded.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;

use breaker_box::fleet::{Change, Membership, Peer};
use breaker_box::{CircuitBreaker, EventType, Filter, Policy, State};

use crate::support::{joined, lock, registry, seconds};

/// Does something with each change.
struct Does<F>(F);

impl<F: Fn(&CircuitBreaker, &Change) + Send + Sync + 'static> Peer for Does<F> {
    fn changed(&self, circuit: &CircuitBreaker, change: &Change) {
        (self.0)(circuit, change);
    }
}

#[test]
fn a_handler_that_blocks_delays_no_change() {
    let all = joined(Policy::new());
    let (enter, entered) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let (enter, released) = (Mutex::new(enter), Mutex::new(released));
    let _subscription = all.registry.subscribe(Filter::all().events([EventType::StateChanged]), move |_| {
        lock(&enter).send(()).unwrap();
        let _ = lock(&released).recv();
    });
    let breaker = all.breaker.clone();
    let blocked = thread::spawn(move || breaker.force_open());
    entered.recv().unwrap();
    assert_eq!(all.peer.take().len(), 1);
    all.breaker.reset();
    all.breaker.open();
    assert_eq!(all.peer.take().len(), 2);
    drop(release);
    blocked.join().unwrap();
}

#[test]
fn subscribers_that_lose_events_lose_no_change() {
    let all = joined(Policy::new());
    let full = all.registry.events(Filter::all());
    for _ in 0..2_000 {
        all.breaker.reset();
    }
    all.breaker.force_open();
    assert_eq!(all.peer.take_changes().len(), 2_001);
    drop(full);
}

#[test]
fn a_peer_may_call_anything_and_hears_of_it_afterwards() {
    let (registry, _) = registry();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&heard);
    let inner = registry.clone();
    let peer = Does(move |circuit: &CircuitBreaker, change: &Change| {
        if change.state == State::Open {
            circuit.force_open();
            inner.get_or_register("search", Policy::new()).unwrap().disable();
        }
        // After the orders that it gave, so a nested call would be noted first.
        lock(&sink).push(change.state);
    });
    let _membership = registry.join(Arc::new(peer)).unwrap();
    registry.register("payment_api", Policy::new()).unwrap().open();
    assert_eq!(*lock(&heard), [State::Open, State::ForcedOpen, State::Disabled]);
}

#[test]
fn a_peer_that_panics_is_called_again_and_harms_no_call() {
    let (registry, _) = registry();
    let calls = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&calls);
    let peer = Does(move |_: &CircuitBreaker, _: &Change| {
        *lock(&counted) += 1;
        panic!("not again");
    });
    let _membership = registry.join(Arc::new(peer)).unwrap();
    let breaker = registry.register("payment_api", Policy::new()).unwrap();
    breaker.open();
    breaker.reset();
    assert_eq!(*lock(&calls), 2);
    assert!(breaker.call(|| Ok::<_, ()>(())).is_ok());
}

/// A peer that stays in its first call until it is let go, on a thread of its own, and what it has
/// heard.
struct Stuck {
    membership: Option<Membership>,
    breaker: CircuitBreaker,
    heard: Arc<Mutex<Vec<Change>>>,
    let_go: Arc<Barrier>,
    thread: thread::JoinHandle<()>,
}

fn stuck() -> Stuck {
    let (registry, _) = registry();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (arrive, let_go) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let is_first = AtomicBool::new(true);
    let peer = Does({
        let (heard, arrive, let_go) = (Arc::clone(&heard), Arc::clone(&arrive), Arc::clone(&let_go));
        move |_: &CircuitBreaker, change: &Change| {
            lock(&heard).push(change.clone());
            if is_first.swap(false, Ordering::SeqCst) {
                arrive.wait();
                let_go.wait();
            }
        }
    });
    let membership = Some(registry.join(Arc::new(peer)).unwrap());
    let breaker = registry.register("payment_api", Policy::new()).unwrap();
    let opening = breaker.clone();
    // It keeps the registry, too.
    let thread = thread::spawn(move || {
        let _registry = registry;
        opening.open_for(seconds(1));
    });
    arrive.wait();
    Stuck { membership, breaker, heard, let_go, thread }
}

impl Stuck {
    fn end(self) -> Vec<Change> {
        self.let_go.wait();
        self.thread.join().unwrap();
        std::mem::take(&mut *lock(&self.heard))
    }
}

#[test]
fn changes_that_come_meanwhile_follow_in_order() {
    let stuck = stuck();
    for n in 2..=10 {
        stuck.breaker.open_for(seconds(n));
    }
    assert_eq!(lock(&stuck.heard).len(), 1);
    let openings: Vec<_> = stuck.end().iter().map(|change| change.openings).collect();
    assert_eq!(openings, (1..=10).collect::<Vec<_>>());
}

#[test]
fn of_many_changes_that_come_meanwhile_the_last_are_kept() {
    let stuck = stuck();
    for n in 2..=100 {
        stuck.breaker.open_for(seconds(n));
    }
    let openings: Vec<_> = stuck.end().iter().map(|change| change.openings).collect();
    let expected: Vec<u32> = std::iter::once(1).chain(85..=100).collect();
    assert_eq!(openings, expected);
}

#[test]
fn who_leaves_meanwhile_hears_nothing_more() {
    let mut stuck = stuck();
    stuck.breaker.open_for(seconds(2));
    stuck.membership = None;
    stuck.breaker.open_for(seconds(3));
    assert_eq!(stuck.end().len(), 1);
}

#[test]
fn every_change_of_many_threads_is_heard_in_the_order_of_its_circuit() {
    let (registry, _) = registry();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&heard);
    let peer = Does(move |circuit: &CircuitBreaker, change: &Change| {
        lock(&sink).push((circuit.key().clone(), change.openings));
    });
    let _membership = registry.join(Arc::new(peer)).unwrap();
    let breakers: Vec<_> = (0..3).map(|n| registry.register(format!("circuit {n}"), Policy::new()).unwrap()).collect();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..250 {
                    breakers.iter().for_each(CircuitBreaker::open);
                }
            });
        }
    });
    let heard = lock(&heard);
    for breaker in &breakers {
        let own: Vec<_> = heard.iter().filter(|(key, _)| key == breaker.key()).map(|(_, openings)| *openings).collect();
        assert!(own.windows(2).all(|two| two[0] < two[1]));
        assert_eq!(own.last(), Some(&1_000));
    }
}
