//! The link between the circuits of this process and those of the fleet, as a pure function: what
//! happened comes in, what to do comes out. It uses no clock, no network, no locks and no log.
//!
//! | file | what it does |
//! |---|---|
//! | `local` | a circuit here changed: what is published |
//! | `remote` | a record of the store: what the circuit here does |
//! | `publish`, `verdict` | what is decided here is written, and what came of it |
//! | `connection`, `reading`, `beat` | connections; records are read; heartbeats, and what the store has lost |
//! | `probing`, `leasing` | probes: demand and results; leases from the store |
//! | `tally`, `doubt` | sums over the fleet; whether most of the circuits that are called are open |
//!
//! Every circuit that is not plainly closed has an [`Entry`](entry::Entry): the last record of the
//! store, the state here, and what is to be written. A record is adopted if its version is above
//! the last one that was taken into account here; a state that was decided here is written with the
//! version that it was decided at. So each side sees when the other was faster, and what is in the
//! store then holds.

mod activity;
mod beat;
mod bucket;
mod connection;
mod convert;
mod counting;
mod decision;
mod doubt;
mod entries;
mod entry;
mod input;
mod lease;
mod leasing;
mod local;
mod output;
mod probing;
mod publish;
mod random;
mod reading;
mod remote;
mod request;
mod settings;
mod shard;
mod store_clock;
mod tally;
mod time;
mod verdict;

use std::collections::BTreeMap;

#[cfg(test)]
pub(crate) use self::input::Why;
pub(crate) use self::input::{Adoption, Called, Change, Circuit, Failure, Generation, Input, RequestId, Survey};
pub(crate) use self::output::{Adopted, Note, Output};
pub(crate) use self::remote::SHORTEST;
pub(crate) use self::settings::Settings;
pub(crate) use self::time::Time;

use self::activity::Activity;
use self::bucket::Bucket;
use self::counting::Counting;
use self::entries::Entries;
use self::random::Random;
use self::request::Sent;
use self::shard::Shard;
use crate::names;
use crate::protocol::{Body, Name, Request};

/// The state of the link; see the [module](self).
#[derive(Debug)]
pub(crate) struct Link {
    settings: Settings,
    random: Random,
    /// The time of this step.
    now: Time,
    connected: bool,
    /// When the connection was lost; the beginning, before there was one.
    cut_off: Time,
    shards: Vec<Shard>,
    entries: Entries,
    requests: BTreeMap<RequestId, Sent>,
    next_request: u64,
    bucket: Bucket,
    /// When to write what has been decided.
    write_at: Option<Time>,
    activity: Activity,
    counting: Counting,
    ready: bool,
    left: bool,
    wakes_at: Option<Time>,
    outputs: Vec<Output>,
    adopted: u64,
    published: u64,
}

/// The numbers of [`FleetStatus`](breaker_core::fleet::FleetStatus) that the link knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LinkStatus {
    pub(crate) connected: bool,
    pub(crate) instances: usize,
    /// Circuits that are not plainly closed in the fleet or here.
    pub(crate) shared_circuits: usize,
    /// Decisions that are not in the store yet.
    pub(crate) pending: usize,
    pub(crate) adopted: u64,
    pub(crate) published: u64,
}

impl Link {
    pub(crate) fn new(settings: Settings, now: Time) -> Self {
        let shards = settings.shards.max(1);
        Self {
            random: Random::new(settings.seed),
            now,
            connected: false,
            cut_off: now,
            shards: (0..shards).map(|_| Shard::default()).collect(),
            entries: Entries::new(shards),
            requests: BTreeMap::new(),
            next_request: 0,
            bucket: Bucket::default(),
            write_at: None,
            activity: Activity::default(),
            counting: Counting::default(),
            ready: false,
            left: false,
            wakes_at: None,
            outputs: Vec::new(),
            adopted: 0,
            published: 0,
            settings,
        }
    }

    /// Takes what happened, and returns what is to be done, in this order.
    pub(crate) fn step(&mut self, input: Input, now: Time) -> Vec<Output> {
        self.now = self.now.max(now);
        if !self.left {
            if matches!(input, Input::Tick) {
                self.wakes_at = None;
            }
            self.take(input);
            self.file();
            self.pass_time();
            self.schedule();
        }
        std::mem::take(&mut self.outputs)
    }

    pub(crate) fn status(&self) -> LinkStatus {
        let instances = self.shards.iter().map(|shard| shard.instances).max().unwrap_or(0);
        LinkStatus {
            connected: self.connected,
            instances: if self.connected { usize::try_from(instances).unwrap_or(usize::MAX).max(1) } else { 0 },
            shared_circuits: self.entries.len(),
            pending: self.entries.unsettled(),
            adopted: self.adopted,
            published: self.published,
        }
    }

    /// Whether all that was decided here is in the store.
    pub(crate) fn is_settled(&self) -> bool {
        self.connected && self.entries.unsettled() == 0 && self.shards.iter().all(|shard| shard.current)
    }

    /// How many entries and requests there are.
    #[cfg(test)]
    pub(crate) fn sizes(&self) -> (usize, usize) {
        (self.entries.len(), self.requests.len())
    }

    /// The last version that a circuit here was moved to, or decided at; zero if the link keeps
    /// nothing of it.
    #[cfg(test)]
    pub(crate) fn seen(&self, name: &Name) -> crate::protocol::Version {
        self.entries.get(name).map_or(crate::protocol::Version(0), entry::Entry::seen)
    }

    /// Whether it knows what the store's clock shows.
    #[cfg(test)]
    pub(crate) fn knows_time(&self) -> bool {
        self.shards.iter().all(|shard| shard.clock.store(self.now).is_some())
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Joined { circuit, change } => self.joined(circuit, change),
            Input::Changed { circuit, change } => self.changed(circuit, &change),
            Input::ProbeWanted { circuit, generation, max_calls } => {
                self.probe_wanted(&circuit.name, generation, max_calls);
            }
            Input::ProbeSettled { circuit, report } => self.probe_settled(&circuit.name, report),
            Input::Forgotten { name } => self.forgotten(&name),
            Input::Connected => self.connect(),
            Input::Disconnected => self.disconnect(),
            Input::Answered { id, answer } => self.answered(id, answer),
            Input::Received(message) => self.received(message),
            Input::Missed => self.missed(),
            Input::Adopted { circuit, name, version, adoption } => self.adopted(circuit, &name, version, adoption),
            Input::Surveyed(survey) => self.surveyed(survey),
            Input::Counted(called) => self.counted(&called),
            Input::Tick => {}
            Input::Leave => self.leave(),
        }
    }

    /// Does what is due.
    fn pass_time(&mut self) {
        while let Some(name) = self.entries.due(self.now) {
            self.entry_due(&name);
            self.file();
        }
        for number in 0..self.settings.shards.max(1) {
            self.shard_due(number);
        }
        if self.write_at.is_some_and(|time| time <= self.now) {
            self.write();
        }
        self.activity_due();
        self.counting_due();
        self.file();
    }

    fn entry_due(&mut self, name: &Name) {
        self.forget_due(name);
        self.probes_due(name);
    }

    /// Brings the indices up to date.
    fn file(&mut self) {
        let seed = self.settings.seed;
        // Each instance restores in an order of its own, so that they share the work.
        let place = |rank: u8, name: &Name| if rank == 3 { names::hash(name, seed) } else { 0 };
        for name in self.entries.file(self.now, place) {
            self.outputs.push(Output::Forget { name });
        }
    }

    fn schedule(&mut self) {
        let shards = self.shards.iter().flat_map(|shard| [shard.read_at, shard.beat_at]);
        let others = [self.entries.next_wake(), self.write_at, self.activity.due, self.counting.due];
        let next = shards.chain(others).flatten().min().map(|time| time.max(self.now));
        if next != self.wakes_at {
            self.wakes_at = next;
            self.outputs.extend(next.map(Output::WakeAt));
        }
    }

    fn send(&mut self, shard: u16, purpose: request::Purpose, body: Body) -> RequestId {
        let id = RequestId(self.next_request);
        self.next_request += 1;
        let known = &self.shards[usize::from(shard)];
        let sent = Sent { shard, at: self.now, seen: known.seen, epoch: known.epoch, purpose };
        self.requests.insert(id, sent);
        self.outputs.push(Output::Send { id, request: Request { shard, body } });
        id
    }
}

#[cfg(test)]
mod tests;
