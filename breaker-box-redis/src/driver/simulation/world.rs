//! A store, a network and some instances, in simulated time.

mod agreement;
mod faults;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use breaker_core::{Key, State};

use super::instance::{AHEAD, Instance, Setup};
use super::random::Random;
use crate::link::{Failure, Input, RequestId};
use crate::protocol::{Answer, AnswerBody, Body, Lease, Message, Name, Record, Request, StoreTime, Version};
use crate::store::model::Model;

/// How far off an instance may be in what it takes the store's clock to show.
const BLUR: u64 = 1_300_000;
/// How long a request waits for its answer.
const TIME_OUT: u64 = 500_000;

#[derive(Debug)]
enum Event {
    Request { to: u32, connection: u32, id: RequestId, request: Request },
    Answer { to: u32, connection: u32, id: RequestId, answer: Result<Answer, Failure> },
    Message { to: u32, connection: u32, message: Message },
    Missed { to: u32, connection: u32 },
    Connect { to: u32 },
    Resume { to: u32 },
}

/// A promise of the store.
#[derive(Clone, Copy, Debug)]
struct Leased {
    slots: u32,
    until: u64,
    version: Version,
}

pub(super) struct World {
    pub(super) setup: Setup,
    pub(super) random: Random,
    /// True time in microseconds.
    pub(super) now: u64,
    pub(super) instances: BTreeMap<u32, Instance>,
    pub(super) born: u32,
    model: Model,
    /// Older states of the store, for a failover that loses writes.
    snapshot: Model,
    events: BTreeMap<(u64, u64), Event>,
    sequence: u64,
    /// Whether things go wrong.
    pub(super) faulty: bool,
    /// The store answers nothing before this time.
    stalled: u64,
    /// Whether the store has lost anything.
    pub(super) lossy: bool,
    /// The manual orders of each circuit: when, and by which instance.
    pub(super) orders: BTreeMap<Key, Vec<(u64, u32)>>,
    leases: BTreeMap<(Name, Arc<str>), Leased>,
    grants: BTreeMap<(Name, Arc<str>), Leased>,
    pub(super) trace: VecDeque<String>,
    tracing: bool,
}

impl World {
    pub(super) fn new(setup: Setup, seed: u64, tracing: bool) -> Self {
        let mut world = Self {
            random: Random::new(seed),
            now: 1_000_000,
            instances: BTreeMap::new(),
            born: 0,
            model: Model::new(),
            snapshot: Model::new(),
            events: BTreeMap::new(),
            sequence: 0,
            faulty: true,
            stalled: 0,
            lossy: false,
            orders: BTreeMap::new(),
            leases: BTreeMap::new(),
            grants: BTreeMap::new(),
            trace: VecDeque::new(),
            tracing,
            setup,
        };
        for _ in 0..world.setup.instances {
            world.start();
        }
        world
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds, for people")]
    pub(super) fn note(&mut self, text: impl FnOnce() -> String) {
        if self.tracing {
            self.trace.push_back(format!("{:>10.3} ms  {}", (self.now - 1_000_000) as f64 / 1e3, text()));
        }
    }

    pub(super) fn start(&mut self) {
        self.born += 1;
        let instance = Instance::new(&self.setup, self.born, self.now, self.random.draw());
        self.instances.insert(self.born, instance);
        let wait = self.random.below(3_000);
        self.later(wait, Event::Connect { to: self.born });
    }

    fn later(&mut self, wait: u64, event: Event) {
        self.sequence += 1;
        self.events.insert((self.now + wait, self.sequence), event);
    }

    fn store_time(&self) -> StoreTime {
        StoreTime(self.now + AHEAD)
    }

    fn delay(&mut self) -> u64 {
        match self.random.below(if self.faulty { 10 } else { 1 }) {
            8 => self.random.below(50_000),
            9 => self.random.below(600_000),
            _ => 50 + self.random.below(500),
        }
    }

    /// Lets time pass, with all that happens meanwhile.
    pub(super) fn advance(&mut self, micros: u64) -> Result<(), String> {
        let end = self.now + micros;
        loop {
            let event = self.events.keys().next().map(|(time, _)| *time);
            let awake = self.instances.values().filter(|instance| !instance.paused);
            let wake = awake.filter_map(|instance| instance.wake_at).min();
            let next = event.into_iter().chain(wake).min().filter(|time| *time <= end);
            let Some(next) = next else { break };
            self.now = self.now.max(next);
            if event == Some(next) {
                let (_, event) = self.events.pop_first().expect("there is one");
                self.happens(event)?;
            } else {
                let due = |instance: &Instance| !instance.paused && instance.wake_at.is_some_and(|at| at <= next);
                let number = self.instances.iter().find(|(_, instance)| due(instance)).map(|(number, _)| *number);
                self.with(number.expect("one is due"), Instance::tick)?;
            }
        }
        self.now = end;
        Ok(())
    }

    /// Does something with an instance, and sends what it wants to send.
    pub(super) fn with<R>(
        &mut self,
        number: u32,
        work: impl FnOnce(&mut Instance, u64) -> Result<R, String>,
    ) -> Result<Option<R>, String> {
        let now = self.now;
        let Some(instance) = self.instances.get_mut(&number) else { return Ok(None) };
        instance.advance_to(now);
        let result = work(instance, now)?;
        instance.pump(now)?;
        let sends = std::mem::take(&mut instance.sends);
        let grants = std::mem::take(&mut instance.watched.grants);
        let (id, connection) = (instance.id.clone(), instance.connection);
        let reconnects = std::mem::take(&mut instance.reconnects);
        for (name, slots, within) in grants {
            self.granted(&name, &id, slots, within)?;
        }
        for (id, request) in sends {
            self.send(number, connection, id, request);
        }
        if reconnects {
            self.note(|| format!("{number} reconnects"));
            self.disconnect(number)?;
        }
        self.bounded(number)?;
        Ok(Some(result))
    }

    fn send(&mut self, from: u32, connection: Option<u32>, id: RequestId, request: Request) {
        let Some(connection) = connection else { return };
        self.note(|| format!("{from} sends {id:?} {:?}", request.body));
        let wait = self.delay();
        if self.faulty && self.random.below(40) == 0 {
            let answer = Err(Failure::Lost);
            self.later(TIME_OUT, Event::Answer { to: from, connection, id, answer });
        } else {
            self.later(wait, Event::Request { to: from, connection, id, request });
        }
    }

    fn happens(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Request { to, connection, id, request } => {
                if self.stalled > self.now {
                    // It may be carried out long after its sender has given up.
                    let wait = self.stalled - self.now;
                    self.later(wait, Event::Request { to, connection, id, request });
                    self.later(TIME_OUT, Event::Answer { to, connection, id, answer: Err(Failure::Lost) });
                    return Ok(());
                }
                self.serve(to, connection, id, &request);
            }
            Event::Answer { to, connection, id, answer } => {
                if self.is_connected(to, connection) {
                    self.note(|| format!("{to} gets {id:?} {answer:?}"));
                    self.with(to, |instance, now| instance.feed(Input::Answered { id, answer }, now))?;
                }
            }
            Event::Message { to, connection, message } => {
                if self.is_connected(to, connection) {
                    self.note(|| format!("{to} hears {message:?}"));
                    let (written, records) = (message.now, message.records.clone());
                    self.with(to, |instance, now| {
                        instance.unversioned(&records, now)?;
                        instance.feed(Input::Received(message), now)
                    })?;
                    self.on_time(to, written, &records)?;
                }
            }
            Event::Missed { to, connection } => {
                if self.is_connected(to, connection) {
                    self.with(to, |instance, now| instance.feed(Input::Missed, now))?;
                }
            }
            Event::Connect { to } => self.connect(to)?,
            Event::Resume { to } => self.resume(to)?,
        }
        Ok(())
    }

    /// A message that was on its way for long does not keep a circuit open for longer.
    fn on_time(&self, number: u32, written: StoreTime, records: &[(Name, Record)]) -> Result<(), String> {
        let instance = &self.instances[&number];
        for (name, record) in records.iter().filter(|(_, record)| record.state == State::Open) {
            let over = written.0 - AHEAD + u64::try_from(record.left.as_micros()).unwrap();
            let deadline = instance.deadline(name, record.version);
            let late = |deadline: u64| deadline > self.now && deadline > over + 51_000;
            if instance.link.knows_time() && deadline.is_some_and(late) {
                return Err(format!("{number} takes {name:?} to be open until {deadline:?}, not until {over}"));
            }
        }
        Ok(())
    }

    fn is_connected(&self, number: u32, connection: u32) -> bool {
        self.instances.get(&number).is_some_and(|instance| instance.connection == Some(connection))
    }

    fn serve(&mut self, from: u32, connection: u32, id: RequestId, request: &Request) {
        let Some(instance) = self.instances.get(&from).map(|instance| instance.id.clone()) else { return };
        let now = self.store_time();
        let (answer, messages) = self.model.apply(&instance, request, now);
        self.keep_lease(&instance, request, &answer);
        for message in messages {
            self.publish(&message);
        }
        let wait = self.delay();
        if (self.faulty && self.random.below(40) == 0) || wait > TIME_OUT {
            self.later(TIME_OUT, Event::Answer { to: from, connection, id, answer: Err(Failure::Lost) });
        } else {
            self.later(wait, Event::Answer { to: from, connection, id, answer: Ok(answer) });
        }
    }

    fn publish(&mut self, message: &Message) {
        let connected = self.instances.iter().filter_map(|(number, instance)| Some((*number, instance.connection?)));
        for (to, connection) in connected.collect::<Vec<_>>() {
            let message = message.clone();
            let wait = self.delay();
            match self.random.below(if self.faulty { 20 } else { 1 }) {
                17 => {}
                18 => self.later(wait, Event::Missed { to, connection }),
                19 => {
                    let again = self.delay();
                    self.later(again, Event::Message { to, connection, message: message.clone() });
                    self.later(wait, Event::Message { to, connection, message });
                }
                _ => self.later(wait, Event::Message { to, connection, message }),
            }
        }
    }

    fn keep_lease(&mut self, instance: &Arc<str>, request: &Request, answer: &Answer) {
        match (&request.body, &answer.body) {
            (Body::Lease { name, version, ttl, .. }, AnswerBody::Lease(Lease::Granted(slots))) => {
                let until = self.now + u64::try_from(ttl.as_micros()).unwrap();
                let leased = Leased { slots: *slots, until, version: *version };
                self.leases.insert((name.clone(), instance.clone()), leased);
            }
            (Body::Release { names }, _) => {
                for name in names {
                    self.leases.remove(&(name.clone(), instance.clone()));
                }
            }
            _ => {}
        }
    }

    /// Slots are granted to calls only as far as the store has promised them (I1).
    fn granted(&mut self, name: &Name, instance: &Arc<str>, slots: u32, within: Duration) -> Result<(), String> {
        let place = (name.clone(), instance.clone());
        self.note(|| format!("{instance} grants {slots} of {name:?} for {within:?}"));
        if slots == 0 {
            self.grants.remove(&place);
            return Ok(());
        }
        let until = self.now + u64::try_from(within.as_micros()).unwrap();
        let Some(lease) = self.leases.get(&place) else { return Err(format!("{instance} grants without a lease")) };
        if lease.slots < slots || lease.until < until {
            return Err(format!("{instance} grants {slots} for {within:?} on {lease:?}, at {}", self.now));
        }
        let version = lease.version;
        self.grants.insert(place, Leased { slots, until, version });
        let valid = self.grants.iter().filter(|((other, _), grant)| other == name && grant.until > self.now);
        let sum: u32 = valid.filter(|(_, grant)| grant.version == version).map(|(_, grant)| grant.slots).sum();
        let key = crate::names::key(&name.0).expect("a readable name");
        let most = self.setup.policies[&key].values().half_open_max_calls;
        if sum > most && !self.lossy {
            return Err(format!("{sum} slots of {name:?} are granted, and {most} are allowed"));
        }
        Ok(())
    }

    /// Whether an instance may let a probe through.
    pub(super) fn may_probe(&self, name: &Name, instance: &Arc<str>) -> bool {
        self.grants.get(&(name.clone(), instance.clone())).is_some_and(|grant| grant.until > self.now)
    }

    /// No queue grows without bound (I6).
    fn bounded(&self, number: u32) -> Result<(), String> {
        let Some(instance) = self.instances.get(&number) else { return Ok(()) };
        let (circuits, requests) = instance.link.sizes();
        if circuits > self.setup.policies.len() || requests > 40 {
            return Err(format!("{number} keeps {circuits} circuits and {requests} requests"));
        }
        Ok(())
    }

    /// Nothing goes wrong any more.
    pub(super) fn heal(&mut self) -> Result<(), String> {
        self.note(|| "nothing goes wrong any more".into());
        self.faulty = false;
        let now = self.now;
        self.stalled = self.stalled.min(now);
        let paused = self.instances.iter().filter(|(_, instance)| instance.paused).map(|(number, _)| *number);
        for number in paused.collect::<BTreeSet<_>>() {
            self.resume(number)?;
        }
        Ok(())
    }
}
