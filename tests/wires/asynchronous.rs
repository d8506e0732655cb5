//! Asynchronous processors, and neutral wires to wait for.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use breaker_box::{CircuitBreaker, NeutralWire, Policy, Room, Submitted, Wire, WireError};
use tokio::sync::mpsc;

use crate::dropped::{event_kinds, panics, watched, watched_and_open};
use crate::happened::EventKind;
use crate::{breaker, even_only};

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
    assert_eq!(breaker.status().totals.cancelled, 0, "the circuit was not asked");
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

/// Full, and panics when a caller waits for room.
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

/// Has room once, but refuses the item: another sender was faster.
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
