//! Wires under load: every item is processed, diverted or handed back, exactly once.

use std::collections::BTreeSet;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use breaker_box::{Routing, Submitted, Wire, WireError};

use crate::calls::intent;
use crate::circuit_set::Circuit;
use crate::random::Random;
use crate::shared::{Shared, add};
use crate::tracked_call::{Failed, Intent, TrackedCall};
use crate::watchdog::Heartbeat;

/// Something to be processed.
#[derive(Clone, Debug)]
struct Item {
    number: u32,
    intent: Intent,
    tracked: Arc<TrackedCall>,
}

/// Where the items of one wire went, by their numbers.
#[derive(Debug, Default)]
struct Deliveries {
    processed: u32,
    handed_back: u32,
    panicked: u32,
    diverted: BTreeSet<u32>,
}

/// Items on each wire.
const ITEMS: u32 = 200;

/// Sends items through wires until the run is over.
pub(crate) fn submit(shared: &Shared, mut random: Random, heartbeat: &Heartbeat) {
    while !shared.is_over() {
        heartbeat.beat("submitting");
        let (circuit_set, _) = shared.any_circuit_set(&mut random);
        submit_through(shared, circuit_set.any(&mut random), &mut random);
        thread::sleep(Duration::from_millis(random.below(10)));
    }
}

fn submit_through(shared: &Shared, circuit: &Circuit, random: &mut Random) {
    let routing = random.pick(&[Routing::First, Routing::Broadcast]);
    let (short, short_queue) = mpsc::sync_channel(8);
    let (long, long_queue) = mpsc::channel();
    // Accepts only every other item.
    let picky =
        move |item: Item| if item.number % 2 == 0 { long.send(item).map_err(|error| error.0) } else { Err(item) };
    let wire = Wire::new(circuit.breaker.clone(), |item: &Item| item.tracked.run(item.intent));
    let wire = wire.neutral(short).neutral(picky).routing(routing);
    let (mut deliveries, mut drained) = (Deliveries::default(), Vec::new());
    for number in 0..ITEMS {
        let item = Item::new(number, circuit, shared, random);
        let tracked = Arc::clone(&item.tracked);
        let mut outcome = None;
        shared.problems.catch_panics(|| outcome = Some(wire.submit(item)));
        tracked.answered();
        deliveries.note(number, outcome);
        if random.one_in(10) {
            drained.extend(short_queue.try_iter().map(|item: Item| item.number));
        }
    }
    drop(wire);
    drained.extend(short_queue.try_iter().chain(long_queue.try_iter()).map(|item| item.number));
    deliveries.check(&drained, routing, shared);
}

/// The same in a task, with an asynchronous processor and a bounded queue that it waits for.
pub(crate) async fn submit_in_task(shared: Arc<Shared>, mut random: Random, heartbeat: Arc<Heartbeat>) {
    while !shared.is_over() {
        heartbeat.beat("submitting in a task");
        let (circuit_set, _) = shared.any_circuit_set(&mut random);
        let circuit = Arc::clone(circuit_set.any(&mut random));
        let (sender, mut queue) = tokio::sync::mpsc::channel(4);
        let drain = tokio::spawn(async move {
            let mut drained = Vec::new();
            while let Some(item) = queue.recv().await {
                let Item { number, .. } = item;
                drained.push(number);
            }
            drained
        });
        let wire =
            Wire::new_async(circuit.breaker.clone(), async |item: &Item| item.tracked.run_async(item.intent, 1).await);
        let wire = wire.neutral(sender);
        let mut deliveries = Deliveries::default();
        for number in 0..ITEMS {
            let mut item = Item::new(number, &circuit, &shared, &mut random);
            // A panic would end this task.
            item.intent = if item.intent == Intent::Panic { Intent::Fail } else { item.intent };
            let tracked = Arc::clone(&item.tracked);
            heartbeat.beat("submitting in a task");
            let outcome = wire.submit_async(item).await;
            tracked.answered();
            deliveries.note(number, Some(outcome));
        }
        drop(wire);
        heartbeat.beat("waiting for a queue to be drained");
        tokio::time::sleep(Duration::from_millis(random.below(10))).await;
        deliveries.check(&drain.await.unwrap_or_default(), Routing::First, &shared);
    }
}

impl Item {
    fn new(number: u32, circuit: &Circuit, shared: &Shared, random: &mut Random) -> Self {
        add(&shared.counters.items);
        add(&shared.counters.calls);
        let intent = match intent(circuit.number, shared.phase(), random).plain() {
            Intent::Drop | Intent::Forget => Intent::Succeed,
            intent => intent,
        };
        Self { number, intent, tracked: Arc::new(circuit.track()) }
    }
}

impl Deliveries {
    /// `None`: the processor panicked.
    fn note(&mut self, number: u32, outcome: Option<Result<Submitted<u32, Failed>, WireError<Item, Failed>>>) {
        match outcome {
            None => self.panicked += 1,
            Some(Ok(Submitted::Processed(_))) => self.processed += 1,
            Some(Ok(Submitted::Diverted { .. })) => drop(self.diverted.insert(number)),
            Some(Err(error)) => {
                self.handed_back += 1;
                debug_assert_eq!(error.into_item().number, number);
            }
        }
    }

    fn check(&self, drained: &[u32], routing: Routing, shared: &Shared) {
        let Self { processed, handed_back, panicked, diverted } = self;
        let arrived: BTreeSet<u32> = drained.iter().copied().collect();
        let once = routing == Routing::Broadcast || arrived.len() == drained.len();
        let all = *processed + handed_back + panicked == ITEMS - u32::try_from(diverted.len()).unwrap_or(u32::MAX);
        if !once || !all || arrived != *diverted {
            shared.problems.add(format!("a wire lost or doubled items: {self:?}, but these arrived: {drained:?}"));
        }
    }
}
