//! Neutral wires: what is diverted, what comes back, and that nothing is lost or twice.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use breaker_box::{
    CircuitBreaker, EventReceiver, EventType, Filter, ManualClock, Policy, Registry, Routing, State, Submitted, Wire,
    WireError,
};
use happened::EventKind;

#[path = "support/happened.rs"]
#[allow(dead_code, reason = "wires have few events")]
mod happened;

type Outcome = Result<Submitted<u32, &'static str>, WireError<u32, &'static str>>;

fn breaker(failures: u32) -> CircuitBreaker {
    CircuitBreaker::with_clock("wire", Policy::consecutive_failures(failures), ManualClock::new()).unwrap()
}

/// Fails on odd items.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "a wire lends its items")]
fn even_only(item: &u32) -> Result<u32, &'static str> {
    if item % 2 == 0 { Ok(item / 2) } else { Err("odd") }
}

/// Takes nothing.
fn refuse(item: u32) -> Result<(), u32> {
    Err(item)
}

#[test]
fn a_closed_circuit_processes_and_hands_a_failed_item_back() {
    let wire = Wire::new(breaker(5), even_only);
    assert!(matches!(wire.submit(4), Ok(Submitted::Processed(2))));
    let failed: Outcome = wire.submit(5);
    assert!(matches!(failed, Err(WireError::Failed { item: 5, error: "odd" })));
}

#[test]
fn without_a_neutral_wire_an_open_circuit_hands_the_item_back() {
    let wire = Wire::new(breaker(1), even_only);
    wire.breaker().force_open();
    let Err(WireError::NoWire { item, open }) = wire.submit(42) else { panic!("nobody could take it") };
    assert_eq!((item, open.state(), open.identifier()), (42, State::ForcedOpen, "wire"));
}

#[test]
fn the_item_that_opens_the_circuit_is_diverted_unchanged_with_its_error() {
    let (sender, queue) = mpsc::channel();
    let wire = Wire::new(breaker(1), even_only).neutral(sender);
    assert!(matches!(wire.submit(7), Ok(Submitted::Diverted { wire: 0, error: Some("odd") })));
    assert!(matches!(wire.submit(42), Ok(Submitted::Diverted { wire: 0, error: None })));
    assert_eq!(queue.try_iter().collect::<Vec<_>>(), [7, 42]);
}

#[test]
fn the_item_that_opens_the_circuit_comes_back_as_failed_where_no_wire_takes_it() {
    let wire = Wire::new(breaker(1), even_only).neutral(refuse);
    assert!(matches!(wire.submit(7), Err(WireError::Failed { item: 7, error: "odd" })));
    assert_eq!(wire.breaker().state(), State::Open);
}

#[test]
fn the_first_wire_that_accepts_takes_the_item() {
    let (full, _kept) = mpsc::sync_channel(0);
    let (gone, receiver) = mpsc::channel();
    drop(receiver);
    let (free, queue) = mpsc::sync_channel(1);
    let wire = Wire::new(breaker(1), even_only).neutral(refuse).neutral(full).neutral(gone).neutral(free);
    wire.breaker().force_open();
    assert!(matches!(wire.submit(1), Ok(Submitted::Diverted { wire: 3, error: None })));
    assert_eq!(queue.try_recv(), Ok(1));
    drop(queue);
    assert!(matches!(wire.submit(2), Err(WireError::NoWire { item: 2, .. })));
}

#[test]
fn a_broadcast_goes_to_every_wire_that_accepts() {
    let (first, first_queue) = mpsc::channel();
    let (second, second_queue) = mpsc::channel();
    let wire =
        Wire::new(breaker(1), even_only).routing(Routing::Broadcast).neutral(refuse).neutral(first).neutral(second);
    wire.breaker().force_open();
    assert!(matches!(wire.submit(9), Ok(Submitted::Diverted { wire: 1, error: None })));
    assert_eq!((first_queue.try_recv(), second_queue.try_recv()), (Ok(9), Ok(9)));
}

#[test]
fn a_broadcast_that_nobody_takes_hands_the_item_back() {
    let wire = Wire::new(breaker(1), even_only).routing(Routing::Broadcast).neutral(refuse);
    wire.breaker().force_open();
    assert!(matches!(wire.submit(9), Err(WireError::NoWire { item: 9, .. })));
}

#[test]
fn diversions_and_drops_are_events() {
    let registry = Registry::builder().clock(ManualClock::new()).build().unwrap();
    let events = registry.events(Filter::all().events([EventType::Diverted, EventType::Dropped]));
    let breaker = registry.register("wire", Policy::new()).unwrap();
    breaker.force_open();
    let (sender, _queue) = mpsc::sync_channel(1);
    let wire = Wire::new(breaker, even_only).neutral(refuse).neutral(sender);
    wire.submit(1).unwrap();
    wire.submit(2).unwrap_err();
    assert_eq!(events.try_recv().unwrap().kind, EventKind::Diverted { wire: 1 });
    assert_eq!(events.try_recv().unwrap().kind, EventKind::Dropped);
    assert!(events.try_recv().is_err());
}

/// An open circuit, and what it tells of items.
fn watched_and_open() -> (CircuitBreaker, EventReceiver) {
    let (breaker, events) = watched();
    breaker.force_open();
    (breaker, events)
}

fn watched() -> (CircuitBreaker, EventReceiver) {
    let registry = Registry::builder().clock(ManualClock::new()).build().unwrap();
    let events = registry.events(Filter::all().events([EventType::Diverted, EventType::Dropped]));
    (registry.register("wire", Policy::consecutive_failures(2)).unwrap(), events)
}

fn event_kinds(events: &EventReceiver) -> Vec<EventKind> {
    std::iter::from_fn(|| events.try_recv().ok()).map(|event| event.kind.into()).collect()
}

fn panics(work: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(work)).is_err());
}

#[test]
fn an_item_that_is_processed_or_comes_back_with_its_error_is_no_drop() {
    let (breaker, events) = watched();
    let wire = Wire::new(breaker, even_only).neutral(refuse);
    wire.submit(2).unwrap();
    wire.submit(3).unwrap_err();
    assert_eq!(event_kinds(&events), []);
    // This one opens the circuit, and nobody takes it.
    wire.submit(5).unwrap_err();
    assert_eq!(event_kinds(&events), [EventKind::Dropped]);
}

#[test]
fn an_item_whose_processor_panics_is_a_drop() {
    let (breaker, events) = watched();
    let wire = Wire::new(breaker, |_: &u32| -> Result<(), ()> { panic!("the processor") });
    panics(|| drop(wire.submit(1)));
    assert_eq!(event_kinds(&events), [EventKind::Dropped]);
}

#[test]
fn an_item_whose_wire_panics_is_a_drop() {
    let (breaker, events) = watched_and_open();
    let wire = Wire::new(breaker, even_only).neutral(refuse).neutral(|_| panic!("a wire"));
    panics(|| drop(wire.submit(1)));
    assert_eq!(event_kinds(&events), [EventKind::Dropped]);
}

#[test]
fn a_broadcast_item_that_one_wire_has_is_no_drop_where_another_panics() {
    let (breaker, events) = watched_and_open();
    let (sender, queue) = mpsc::channel();
    let wire = Wire::new(breaker, even_only).routing(Routing::Broadcast).neutral(sender).neutral(|_| panic!("a wire"));
    panics(|| drop(wire.submit(1)));
    assert_eq!((event_kinds(&events), queue.try_recv()), (vec![EventKind::Diverted { wire: 0 }], Ok(1)));
}

#[test]
fn a_broadcast_item_that_cannot_be_cloned_is_a_drop() {
    struct Unique;
    #[allow(clippy::non_canonical_clone_impl, reason = "it shall fail")]
    impl Clone for Unique {
        fn clone(&self) -> Self {
            panic!("the only one")
        }
    }

    let (breaker, events) = watched_and_open();
    let (sender, _queue) = mpsc::channel();
    let wire = Wire::new(breaker, |_: &Unique| Ok::<_, ()>(())).routing(Routing::Broadcast).neutral(sender);
    panics(|| drop(wire.submit(Unique)));
    assert_eq!(event_kinds(&events), [EventKind::Dropped]);
}

#[test]
fn a_wire_recovers_with_its_circuit() {
    let clock = ManualClock::new();
    let policy = Policy::consecutive_failures(1).expiry(Duration::from_secs(1));
    let breaker = CircuitBreaker::with_clock("wire", policy, &clock).unwrap();
    let (sender, _queue) = mpsc::channel();
    let wire = Wire::new(breaker, even_only).neutral(sender);
    wire.submit(1).unwrap();
    clock.advance(Duration::from_secs(1));
    assert!(matches!(wire.submit(2), Ok(Submitted::Processed(1))));
    assert_eq!(wire.breaker().state(), State::Closed);
}

/// Every item ends in exactly one place: processed, in one of the queues, or back with its sender.
#[test]
fn under_load_no_item_is_lost_and_none_is_twice() {
    const THREADS: u32 = 8;
    const ITEMS: u32 = 5_000;
    let policy = Policy::consecutive_failures(1).expiry(Duration::from_micros(20));
    let breaker = CircuitBreaker::new("wire", policy).unwrap();
    let (narrow, narrow_queue) = mpsc::sync_channel(64);
    let picky_took = Arc::new(Mutex::new(Vec::new()));
    let took = Arc::clone(&picky_took);
    let picky = move |item: u32| {
        if item % 5 == 0 {
            took.lock().unwrap().push(item);
            Ok(())
        } else {
            Err(item)
        }
    };
    let wire = Wire::new(breaker, |item: &u32| if item % 3 == 0 { Err("third") } else { Ok(*item) });
    let wire = Arc::new(wire.neutral(picky).neutral(narrow));

    let processed = Mutex::new(Vec::new());
    let handed_back = Mutex::new(Vec::new());
    let diverted = AtomicU64::new(0);
    let drained = thread::scope(|scope| {
        // Reads slowly at first, so that the narrow queue is full most of the time.
        let drain = scope.spawn(move || {
            let mut items = Vec::new();
            while let Ok(item) = narrow_queue.recv() {
                items.push(item);
                thread::yield_now();
            }
            items
        });
        let senders: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (processed, handed_back, diverted) = (&processed, &handed_back, &diverted);
                let wire = Arc::clone(&wire);
                scope.spawn(move || {
                    for item in (0..ITEMS).map(|n| thread * ITEMS + n) {
                        match wire.submit(item) {
                            Ok(Submitted::Processed(result)) => processed.lock().unwrap().push(result),
                            Ok(Submitted::Diverted { .. }) => {
                                diverted.fetch_add(1, Ordering::Relaxed);
                            }
                            Err(error) => handed_back.lock().unwrap().push(error.into_item()),
                        }
                    }
                })
            })
            .collect();
        for sender in senders {
            sender.join().unwrap();
        }
        drop(wire);
        drain.join().unwrap()
    });

    let places = [
        processed.into_inner().unwrap(),
        handed_back.into_inner().unwrap(),
        picky_took.lock().unwrap().clone(),
        drained,
    ];
    assert_eq!(diverted.into_inner(), (places[2].len() + places[3].len()) as u64);
    assert!(places.iter().all(|place| !place.is_empty()), "the load reached every place");
    let all: Vec<u32> = places.into_iter().flatten().collect();
    assert_eq!(all.len(), (THREADS * ITEMS) as usize);
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), (THREADS * ITEMS) as usize);
}

mod asynchronous {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use breaker_box::{NeutralWire, Room};
    use tokio::sync::mpsc;

    use super::*;

    fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    fn assert_send<T: Send>(value: T) -> T {
        value
    }

    #[tokio::test]
    async fn an_asynchronous_processor_is_awaited_and_guarded() {
        let (sender, mut queue) = mpsc::channel(4);
        let wire = Wire::new_async(breaker(1), async |item: &u32| {
            tokio::task::yield_now().await;
            even_only(item)
        })
        .neutral(sender);
        assert!(matches!(assert_send(wire.submit_async(4)).await, Ok(Submitted::Processed(2))));
        let diverted = wire.submit_async(5).await;
        assert!(matches!(diverted, Ok(Submitted::Diverted { wire: 0, error: Some("odd") })));
        assert_eq!(queue.try_recv(), Ok(5));
    }

    #[test]
    fn a_submission_waits_for_room_in_a_full_queue() {
        let (sender, mut queue) = mpsc::channel(1);
        let wire = Wire::new(breaker(1), even_only).neutral(sender);
        wire.breaker().force_open();
        assert!(matches!(wire.submit(1), Ok(Submitted::Diverted { .. })));
        assert!(matches!(wire.submit(2), Err(WireError::NoWire { item: 2, .. })));

        let mut waiting = pin!(wire.submit_async(2));
        assert!(poll_once(waiting.as_mut()).is_pending());
        assert_eq!(queue.try_recv(), Ok(1));
        assert!(matches!(poll_once(waiting.as_mut()), Poll::Ready(Ok(Submitted::Diverted { wire: 0, error: None }))));
        assert_eq!(queue.try_recv(), Ok(2));
    }

    #[test]
    fn a_submission_that_is_given_up_while_it_waits_for_room_is_a_drop() {
        for processes in [true, false] {
            let (breaker, events) = watched_and_open();
            let (sender, _queue) = mpsc::channel(1);
            sender.try_send(0).unwrap();
            if processes {
                let wire = Wire::new(breaker, even_only).neutral(sender);
                assert!(poll_once(pin!(wire.submit_async(1))).is_pending());
            } else {
                let wire = Wire::new_async(breaker, async |item: &u32| even_only(item)).neutral(sender);
                assert!(poll_once(pin!(wire.submit_async(1))).is_pending());
            }
            assert_eq!(event_kinds(&events), [EventKind::Dropped]);
        }
    }

    #[test]
    fn a_submission_that_is_never_polled_is_a_drop() {
        let (breaker, events) = watched();
        drop(Wire::new(breaker.clone(), even_only).submit_async(2));
        drop(Wire::new_async(breaker.clone(), async |item: &u32| even_only(item)).submit_async(2));
        assert_eq!(event_kinds(&events), [EventKind::Dropped, EventKind::Dropped]);
        assert_eq!(breaker.status().totals.cancelled, 0, "nobody asked the circuit");
    }

    #[test]
    fn a_submission_that_is_given_up_while_it_is_processed_is_a_drop() {
        let (breaker, events) = watched();
        let wire = Wire::new_async(breaker.clone(), async |_: &u32| {
            std::future::pending::<()>().await;
            Ok::<_, ()>(())
        });
        assert!(poll_once(pin!(wire.submit_async(1))).is_pending());
        assert_eq!(event_kinds(&events), [EventKind::Dropped]);
        assert_eq!(breaker.status().totals.cancelled, 1);
    }

    #[test]
    fn an_item_whose_asynchronous_processor_panics_is_a_drop() {
        let (breaker, events) = watched();
        let wire = Wire::new_async(breaker, async |_: &u32| -> Result<(), ()> {
            tokio::task::yield_now().await;
            panic!("the processor")
        });
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        panics(|| drop(runtime.block_on(wire.submit_async(1))));
        assert_eq!(event_kinds(&events), [EventKind::Dropped]);
    }

    /// Full, and panics when somebody waits for room.
    struct Broken;

    impl NeutralWire<u32> for Broken {
        fn offer(&self, item: u32) -> Result<(), u32> {
            Err(item)
        }

        fn room(&self) -> Room<'_> {
            Box::pin(async { panic!("the room") })
        }
    }

    #[test]
    fn an_item_that_waits_for_a_wire_that_panics_is_a_drop() {
        let (breaker, events) = watched_and_open();
        let wire = Wire::new(breaker, even_only).neutral(Broken);
        panics(|| drop(poll_once(pin!(wire.submit_async(1)))));
        assert_eq!(event_kinds(&events), [EventKind::Dropped]);
    }

    #[test]
    fn an_item_that_waited_and_found_its_place_is_no_drop() {
        let (breaker, events) = watched_and_open();
        let (sender, mut queue) = mpsc::channel(1);
        sender.try_send(0).unwrap();
        let wire = Wire::new(breaker, even_only).neutral(sender);
        let mut waiting = pin!(wire.submit_async(1));
        assert!(poll_once(waiting.as_mut()).is_pending());
        queue.try_recv().unwrap();
        assert!(poll_once(waiting.as_mut()).is_ready());
        assert_eq!(event_kinds(&events), [EventKind::Diverted { wire: 0 }]);
    }

    #[test]
    fn a_wire_without_waiting_is_taken_before_a_full_one_is_waited_for() {
        let (full, _kept) = mpsc::channel(1);
        full.try_send(0).unwrap();
        let (free, mut queue) = mpsc::unbounded_channel();
        let wire = Wire::new(breaker(1), even_only).neutral(full).neutral(free);
        wire.breaker().force_open();
        let mut submission = pin!(wire.submit_async(3));
        assert!(matches!(poll_once(submission.as_mut()), Poll::Ready(Ok(Submitted::Diverted { wire: 1, .. }))));
        assert_eq!(queue.try_recv(), Ok(3));
    }

    #[test]
    fn a_queue_that_closes_while_it_is_waited_for_hands_the_item_back() {
        let (sender, queue) = mpsc::channel(1);
        sender.try_send(0).unwrap();
        let wire = Wire::new(breaker(1), even_only).neutral(sender);
        wire.breaker().force_open();
        let mut submission = pin!(wire.submit_async(3));
        assert!(poll_once(submission.as_mut()).is_pending());
        drop(queue);
        assert!(matches!(poll_once(submission.as_mut()), Poll::Ready(Err(WireError::NoWire { item: 3, .. }))));
    }

    /// Has room once, but refuses the item: somebody else was faster.
    struct Late(AtomicU64);

    impl NeutralWire<u32> for Late {
        fn offer(&self, item: u32) -> Result<(), u32> {
            Err(item)
        }

        fn room(&self) -> Room<'_> {
            Box::pin(std::future::ready(self.0.fetch_add(1, Ordering::Relaxed) == 0))
        }
    }

    #[test]
    fn a_place_that_somebody_else_took_is_asked_for_again() {
        let wire = Wire::new(breaker(1), even_only).neutral(Late(AtomicU64::new(0)));
        wire.breaker().force_open();
        let mut submission = pin!(wire.submit_async(3));
        assert!(matches!(poll_once(submission.as_mut()), Poll::Ready(Err(WireError::NoWire { item: 3, .. }))));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn under_load_every_item_is_in_one_place() {
        const ITEMS: u32 = 4_000;
        let policy = Policy::consecutive_failures(2).expiry(Duration::from_nanos(1));
        let breaker = CircuitBreaker::new("wire", policy).unwrap();
        let (sender, mut queue) = mpsc::channel(8);
        let wire = Arc::new(
            Wire::new_async(breaker, async |item: &u32| {
                tokio::task::yield_now().await;
                if item % 2 == 0 { Ok(*item) } else { Err("odd") }
            })
            .neutral(sender),
        );
        let drain = tokio::spawn(async move {
            let mut items = Vec::new();
            while let Some(item) = queue.recv().await {
                items.push(item);
            }
            items
        });
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..4 {
            let wire = Arc::clone(&wire);
            tasks.spawn(async move {
                let mut kept = Vec::new();
                for item in (0..ITEMS).filter(move |item| item % 4 == task) {
                    match wire.submit_async(item).await {
                        Ok(Submitted::Processed(result)) => kept.push(result),
                        Ok(Submitted::Diverted { .. }) => {}
                        Err(error) => kept.push(error.into_item()),
                    }
                }
                kept
            });
        }
        let mut all: Vec<u32> = tasks.join_all().await.into_iter().flatten().collect();
        drop(wire);
        all.extend(drain.await.unwrap());
        assert_eq!(all.len(), ITEMS as usize);
        assert_eq!(all.into_iter().collect::<BTreeSet<_>>().len(), ITEMS as usize);
    }
}
