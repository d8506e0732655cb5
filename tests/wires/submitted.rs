//! What is processed, what is diverted, and what comes back.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use breaker_box::{CircuitBreaker, ManualClock, Policy, Routing, State, Submitted, Wire, WireError};

use crate::{breaker, even_only, refuse};

type Outcome = Result<Submitted<u32, &'static str>, WireError<u32, &'static str>>;

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
    let Err(WireError::NoWire { item, open }) = wire.submit(42) else { panic!("nothing could take it") };
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

#[test]
fn items_that_a_ramp_up_rejects_are_diverted() {
    let clock = ManualClock::new();
    let policy = Policy::new().ramp_up(Duration::from_secs(60)).ramp_up_from(0.5);
    let breaker = CircuitBreaker::with_clock("wire", policy, &clock).unwrap();
    breaker.open();
    clock.advance(Duration::from_secs(30));
    let (sender, queue) = mpsc::channel();
    let wire = Wire::new(breaker, even_only).neutral(sender);
    for item in [0, 2, 4, 6, 8] {
        wire.submit(item).unwrap();
    }
    assert_eq!(wire.breaker().state(), State::RampingUp);
    assert_eq!(queue.try_iter().collect::<Vec<_>>(), [4, 8]);
}
