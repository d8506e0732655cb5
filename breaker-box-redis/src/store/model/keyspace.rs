//! Keys with values that expire.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::bounds;
use crate::protocol::{Name, Record, StoreTime, Version};
use breaker_core::State;
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Instances,
    Record,
    Votes,
    Leases,
    Active,
    /// By the width of a bucket.
    Window(u64),
    Contributors(u64),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Id(Kind, Name);

impl Id {
    pub(super) fn of(kind: Kind, name: &Name) -> Self {
        Self(kind, name.clone())
    }

    pub(super) fn of_shard(kind: Kind) -> Self {
        Self(kind, Name("".into()))
    }
}

/// Instances, each until when it counts.
pub(super) type Scores = BTreeMap<Arc<str>, u64>;

#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) version: u64,
    pub(super) state: State,
    pub(super) until: u64,
    pub(super) period: u64,
    pub(super) openings: u32,
    pub(super) instance: Arc<str>,
    pub(super) cause: Arc<str>,
    pub(super) ordered: u64,
    pub(super) reason: Option<Arc<str>>,
    pub(super) full_name: Option<Arc<str>>,
    pub(super) successes: u64,
    pub(super) failures: u64,
}

impl Stored {
    pub(super) fn is_manual(&self) -> bool {
        !matches!(self.state, State::Open | State::Closed)
    }

    pub(super) fn left(&self, now: u64) -> u64 {
        if self.state == State::Open { self.until.saturating_sub(now) } else { 0 }
    }

    /// As it is read at `now`.
    pub(super) fn record(&self, now: u64) -> Record {
        let period = if self.state == State::Open { self.period } else { 0 };
        Record {
            version: Version(self.version),
            state: self.state,
            left: Duration::from_micros(self.left(now)),
            period: Duration::from_micros(period),
            openings: bounds::openings(self.openings),
            instance: Arc::clone(&self.instance),
            cause: Arc::clone(&self.cause),
            ordered: StoreTime(self.ordered),
            reason: self.reason.clone(),
            full_name: self.full_name.clone(),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Lease {
    pub(super) until: u64,
    pub(super) ttl: u64,
    pub(super) slots: u32,
}

/// What was counted in a bucket.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket {
    pub(super) number: u64,
    pub(super) counts: [u64; 3],
}

#[derive(Clone, Debug)]
enum Value {
    Record(Stored),
    Scores(Scores),
    Leases(HashMap<Arc<str>, Lease>),
    Window([Bucket; 10]),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    values: HashMap<Id, (Value, Option<u64>)>,
    deadlines: BTreeSet<(u64, Id)>,
}

impl Keys {
    /// Removes what has expired.
    pub(super) fn expire(&mut self, now: u64) {
        while let Some((deadline, id)) = self.deadlines.first() {
            if *deadline > now {
                break;
            }
            self.values.remove(id);
            self.deadlines.pop_first();
        }
    }

    /// Lets a key expire after a time, which the server rounds up to milliseconds.
    pub(super) fn expire_in(&mut self, id: &Id, after: u64, now: u64) {
        let Some((_, deadline)) = self.values.get_mut(id) else { return };
        let new = now + after.div_ceil(1_000) * 1_000;
        if let Some(old) = deadline.replace(new) {
            self.deadlines.remove(&(old, id.clone()));
        }
        self.deadlines.insert((new, id.clone()));
    }

    pub(super) fn remove(&mut self, id: &Id) {
        if let Some((_, Some(deadline))) = self.values.remove(id) {
            self.deadlines.remove(&(deadline, id.clone()));
        }
    }

    pub(super) fn record(&mut self, name: &Name) -> Option<&mut Stored> {
        match self.values.get_mut(&Id::of(Kind::Record, name)) {
            Some((Value::Record(record), _)) => Some(record),
            _ => None,
        }
    }

    pub(super) fn set_record(&mut self, name: &Name, record: Stored) {
        let id = Id::of(Kind::Record, name);
        self.remove(&id);
        self.values.insert(id, (Value::Record(record), None));
    }

    pub(super) fn scores(&mut self, id: Id) -> &mut Scores {
        match &mut self.values.entry(id).or_insert((Value::Scores(Scores::new()), None)).0 {
            Value::Scores(scores) => scores,
            other => unreachable!("{other:?}"),
        }
    }

    pub(super) fn leases(&mut self, name: &Name) -> &mut HashMap<Arc<str>, Lease> {
        let id = Id::of(Kind::Leases, name);
        match &mut self.values.entry(id).or_insert((Value::Leases(HashMap::new()), None)).0 {
            Value::Leases(leases) => leases,
            other => unreachable!("{other:?}"),
        }
    }

    pub(super) fn window(&mut self, id: Id) -> &mut [Bucket; 10] {
        match &mut self.values.entry(id).or_insert((Value::Window([Bucket::default(); 10]), None)).0 {
            Value::Window(window) => window,
            other => unreachable!("{other:?}"),
        }
    }

    /// Removes what an instance has under a key.
    pub(super) fn take_out(&mut self, id: &Id, instance: &str) {
        match self.values.get_mut(id) {
            Some((Value::Scores(scores), _)) => {
                scores.remove(instance);
            }
            Some((Value::Leases(leases), _)) => {
                leases.remove(instance);
            }
            _ => {}
        }
    }
}
