//! The store in memory: what the scripts do, request by request, for tests of the link. A
//! differential test holds it to the scripts on a real server.

mod circuits;
mod counts;
mod keyspace;
mod probes;
mod propose;

use std::collections::{BTreeMap, HashMap};

use self::keyspace::{Id, Keys, Kind};
use super::bounds;
use crate::protocol::{Answer, AnswerBody, Body, Epoch, Head, Message, Name, Record, Request, StoreTime, Version};

const SECOND: u64 = 1_000_000;
const MINUTE: u64 = 60 * SECOND;
const DAY: u64 = 24 * 60 * MINUTE;

/// A store in memory. Its clone is a snapshot: to put an old one back is what a failover does that
/// loses writes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    shards: HashMap<u16, Shard>,
}

/// The keys of one shard.
#[derive(Clone, Debug, Default)]
struct Shard {
    head: ShardHead,
    /// When head and index expire. Nobody has written for a month then.
    kept_until: u64,
    index: BTreeMap<u64, Name>,
    versions: HashMap<Name, u64>,
    keys: Keys,
}

#[derive(Clone, Debug, Default)]
struct ShardHead {
    /// Zero before it is drawn.
    epoch: u64,
    version: u64,
    /// How many records were written in which second, and when readers were last told to read
    /// instead of being sent the records.
    second: u64,
    written: u64,
    poked: u64,
}

/// One call of a script.
struct Call<'a> {
    shard: &'a mut Shard,
    number: u16,
    me: &'a str,
    now: u64,
    /// What it has written, to be published.
    changed: Vec<(Name, Record)>,
}

impl Model {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Does what a script does, in one step: returns the answer to `instance`, and what is
    /// published on the channel of the request's shard, to all that are subscribed.
    ///
    /// Two calls may have the same `now`. A new epoch is drawn from it, so it must have advanced
    /// after [`flush`](Self::flush).
    pub(crate) fn apply(&mut self, instance: &str, request: &Request, now: StoreTime) -> (Answer, Vec<Message>) {
        let now = now.0;
        for shard in self.shards.values_mut() {
            shard.expire(now);
        }
        let shard = self.shards.entry(request.shard).or_default();
        if shard.head.epoch == 0 {
            shard.head.epoch = now;
            shard.keep(now);
        }
        let before = shard.head.version;
        let mut call = Call { shard, number: request.shard, me: bounds::word(instance), now, changed: Vec::new() };
        let body = call.body(&request.body);
        let messages = call.publish(before);
        let head = &call.shard.head;
        let head = Head { now: StoreTime(now), epoch: Epoch(head.epoch), version: Version(head.version) };
        (Answer { head, body }, messages)
    }

    /// Loses everything.
    pub(crate) fn flush(&mut self) {
        self.shards.clear();
    }
}

impl Shard {
    fn expire(&mut self, now: u64) {
        self.keys.expire(now);
        if self.head.epoch > 0 && self.kept_until <= now {
            self.head = ShardHead::default();
            self.index.clear();
            self.versions.clear();
        }
    }

    fn keep(&mut self, now: u64) {
        self.kept_until = now + 31 * DAY;
    }
}

impl Call<'_> {
    fn body(&mut self, body: &Body) -> AnswerBody {
        match body {
            Body::Read { after } => self.read(bounds::version(*after)),
            Body::Beat { within, held } => self.beat(bounds::some_micros(*within), held),
            Body::Propose(proposals) => {
                AnswerBody::Proposed(proposals.iter().map(|proposal| self.propose(proposal)).collect())
            }
            Body::Lease { name, version, slots, max, ttl } => {
                AnswerBody::Lease(self.lease(name, *version, (*slots).max(1), (*max).max(1), bounds::some_micros(*ttl)))
            }
            Body::Report(report) => AnswerBody::Reported(self.report(report)),
            Body::Release { names } => self.withdraw(names, &[Kind::Leases]),
            Body::Withdraw { names } => self.withdraw(names, &[Kind::Votes]),
            Body::Active { names } => self.active(names),
            Body::Count(tallied) => AnswerBody::Counted(tallied.iter().map(|one| self.count(one)).collect()),
            Body::Leave { names } => {
                let me = self.me;
                self.shard.keys.scores(Id::of_shard(Kind::Instances)).remove(me);
                self.withdraw(names, &[Kind::Leases, Kind::Votes, Kind::Active])
            }
        }
    }

    fn beat(&mut self, within: u64, held: &[Name]) -> AnswerBody {
        let (me, now) = (self.me, self.now);
        self.shard.keep(now);
        let id = Id::of_shard(Kind::Instances);
        let alive = self.shard.keys.scores(id.clone());
        alive.retain(|_, until| *until > now);
        alive.insert(me.into(), now + within);
        let instances = u32::try_from(alive.len()).expect("few instances");
        self.shard.keys.expire_in(&id, within, now);
        let missing = held.iter().filter(|name| !self.refresh(name)).cloned().collect();
        AnswerBody::Alive { instances, missing }
    }

    /// Keeps a manual record alive. Returns whether there is a record.
    fn refresh(&mut self, name: &Name) -> bool {
        let Some(record) = self.shard.keys.record(name) else { return false };
        if record.is_manual() {
            self.shard.keys.expire_in(&Id::of(Kind::Record, name), 30 * DAY, self.now);
        }
        true
    }

    fn active(&mut self, names: &[Name]) -> AnswerBody {
        for name in names {
            self.mark_active(name);
        }
        AnswerBody::Done
    }

    /// Notes that this instance calls the circuit. Returns how many do.
    fn mark_active(&mut self, name: &Name) -> u32 {
        let (me, now) = (self.me, self.now);
        let id = Id::of(Kind::Active, name);
        let active = self.shard.keys.scores(id.clone());
        active.insert(me.into(), now + 15 * SECOND);
        active.retain(|_, until| *until > now);
        let count = u32::try_from(active.len()).expect("few instances");
        self.shard.keys.expire_in(&id, 15 * SECOND, now);
        count
    }

    fn withdraw(&mut self, names: &[Name], what: &[Kind]) -> AnswerBody {
        let me = self.me;
        for name in names {
            for kind in what {
                self.shard.keys.take_out(&Id::of(*kind, name), me);
            }
        }
        AnswerBody::Done
    }
}
