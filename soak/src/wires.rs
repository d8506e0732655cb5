//! Work that is diverted while circuits are open: every item is in one place at the end.

use std::collections::BTreeSet;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use breaker_box::{Routing, Submitted, Wire, WireError};

use crate::chance::Chance;
use crate::doors::intent;
use crate::fleet::Subject;
use crate::pulse::Pulse;
use crate::visit::{Failed, Intent, Visit};
use crate::world::{World, add};

/// Something to be processed.
#[derive(Clone, Debug)]
struct Item {
    number: u32,
    intent: Intent,
    visit: Arc<Visit>,
}

/// Where the items of one wire have gone, by their numbers.
#[derive(Debug, Default)]
struct Places {
    processed: u32,
    handed_back: u32,
    panicked: u32,
    diverted: BTreeSet<u32>,
}

/// Items on each wire.
const ITEMS: u32 = 200;

/// A thread that sends items through wires, until it is over.
pub(crate) fn submit(world: &World, mut chance: Chance, pulse: &Pulse) {
    while !world.is_over() {
        pulse.beat("submitting");
        let (fleet, _) = world.any_fleet(&mut chance);
        submit_through(world, fleet.any(&mut chance), &mut chance);
        thread::sleep(Duration::from_millis(chance.below(10)));
    }
}

fn submit_through(world: &World, subject: &Subject, chance: &mut Chance) {
    let routing = chance.pick(&[Routing::First, Routing::Broadcast]);
    let (short, short_queue) = mpsc::sync_channel(8);
    let (long, long_queue) = mpsc::channel();
    // One that takes every other item only.
    let picky =
        move |item: Item| if item.number % 2 == 0 { long.send(item).map_err(|error| error.0) } else { Err(item) };
    let wire = Wire::new(subject.breaker.clone(), |item: &Item| item.visit.run(item.intent));
    let wire = wire.neutral(short).neutral(picky).routing(routing);
    let (mut places, mut drained) = (Places::default(), Vec::new());
    for number in 0..ITEMS {
        let item = Item::new(number, subject, world, chance);
        let visit = Arc::clone(&item.visit);
        let mut outcome = None;
        world.findings.watch_for_panics(|| outcome = Some(wire.submit(item)));
        visit.answered();
        places.note(number, outcome);
        if chance.one_in(10) {
            drained.extend(short_queue.try_iter().map(|item: Item| item.number));
        }
    }
    drop(wire);
    drained.extend(short_queue.try_iter().chain(long_queue.try_iter()).map(|item| item.number));
    places.check(&drained, routing, world);
}

/// A task that does so with an asynchronous processor and a queue that it waits for.
pub(crate) async fn submit_in_task(world: Arc<World>, mut chance: Chance, pulse: Arc<Pulse>) {
    while !world.is_over() {
        pulse.beat("submitting in a task");
        let (fleet, _) = world.any_fleet(&mut chance);
        let subject = Arc::clone(fleet.any(&mut chance));
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
            Wire::new_async(subject.breaker.clone(), async |item: &Item| item.visit.run_slowly(item.intent, 1).await);
        let wire = wire.neutral(sender);
        let mut places = Places::default();
        for number in 0..ITEMS {
            let mut item = Item::new(number, &subject, &world, &mut chance);
            // A panic would end this task.
            item.intent = if item.intent == Intent::Panic { Intent::Fail } else { item.intent };
            let visit = Arc::clone(&item.visit);
            pulse.beat("submitting in a task");
            let outcome = wire.submit_async(item).await;
            visit.answered();
            places.note(number, Some(outcome));
        }
        drop(wire);
        pulse.beat("waiting for a queue to be drained");
        tokio::time::sleep(Duration::from_millis(chance.below(10))).await;
        places.check(&drain.await.unwrap_or_default(), Routing::First, &world);
    }
}

impl Item {
    fn new(number: u32, subject: &Subject, world: &World, chance: &mut Chance) -> Self {
        add(&world.tally.items);
        add(&world.tally.calls);
        let intent = match intent(subject.number, world.moment(), chance).plain() {
            Intent::Drop | Intent::Forget => Intent::Succeed,
            intent => intent,
        };
        Self { number, intent, visit: Arc::new(subject.visit()) }
    }
}

impl Places {
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

    fn check(&self, drained: &[u32], routing: Routing, world: &World) {
        let Self { processed, handed_back, panicked, diverted } = self;
        let arrived: BTreeSet<u32> = drained.iter().copied().collect();
        let once = routing == Routing::Broadcast || arrived.len() == drained.len();
        let all = *processed + handed_back + panicked == ITEMS - u32::try_from(diverted.len()).unwrap_or(u32::MAX);
        if !once || !all || arrived != *diverted {
            world.findings.add(format!("a wire lost or doubled items: {self:?}, but these arrived: {drained:?}"));
        }
    }
}
