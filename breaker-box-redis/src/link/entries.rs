//! All entries, and the indices by which they are found without a walk over all of them.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::{Entry, Filed};
use super::time::Time;
use crate::protocol::Name;

/// The most entries that are kept for circuits that this process does not have.
const MOST: usize = 250_000;

#[derive(Debug, Default)]
pub(crate) struct Entries {
    map: BTreeMap<Name, Entry>,
    /// Those that may have changed since they were last filed.
    touched: Vec<Name>,
    wakes: BTreeSet<(Time, Name)>,
    shards: Vec<Index>,
    voted: BTreeSet<Name>,
    probes: BTreeSet<Name>,
    open: usize,
    unsettled: usize,
}

/// The indices of one shard.
#[derive(Debug, Default)]
struct Index {
    queue: BTreeSet<(u8, u64, Name)>,
    held: BTreeSet<Name>,
}

impl Entries {
    pub(crate) fn new(shards: u16) -> Self {
        Self { shards: (0..shards).map(|_| Index::default()).collect(), ..Self::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.map.len()
    }

    pub(crate) fn get(&self, name: &Name) -> Option<&Entry> {
        self.map.get(name)
    }

    /// For a change.
    pub(crate) fn get_mut(&mut self, name: &Name) -> Option<&mut Entry> {
        let entry = self.map.get_mut(name)?;
        self.touched.push(name.clone());
        Some(entry)
    }

    /// For a change; made if it is missing.
    pub(crate) fn get_or_new(&mut self, name: &Name, shard: u16) -> &mut Entry {
        self.touched.push(name.clone());
        self.map.entry(name.clone()).or_insert_with(|| Entry::new(shard))
    }

    /// Whether there is room for a record of a circuit that this process does not have.
    pub(crate) fn has_room(&self) -> bool {
        self.map.len() < MOST
    }

    /// The entries of a shard. It visits all entries, so it is for rare events.
    pub(crate) fn of_shard(&self, shard: u16) -> impl Iterator<Item = (&Name, &Entry)> {
        self.map.iter().filter(move |(_, entry)| entry.shard == shard)
    }

    pub(crate) fn next_wake(&self) -> Option<Time> {
        self.wakes.first().map(|(time, _)| *time)
    }

    /// One whose time has come.
    pub(crate) fn due(&self, now: Time) -> Option<Name> {
        self.wakes.first().filter(|(time, _)| *time <= now).map(|(_, name)| name.clone())
    }

    pub(crate) fn queue(&self, shard: u16) -> impl Iterator<Item = &Name> {
        self.shards[usize::from(shard)].queue.iter().map(|(_, _, name)| name)
    }

    /// The next `most` held ones after `cursor`, from the beginning again after the last.
    pub(crate) fn held_after(&self, shard: u16, cursor: Option<&Name>, most: usize) -> Vec<Name> {
        let held = &self.shards[usize::from(shard)].held;
        let Some(cursor) = cursor else { return held.iter().take(most).cloned().collect() };
        let after = held.range((std::ops::Bound::Excluded(cursor), std::ops::Bound::Unbounded));
        after.chain(held.range(..=cursor)).take(most).cloned().collect()
    }

    pub(crate) fn held(&self, shard: u16) -> usize {
        self.shards[usize::from(shard)].held.len()
    }

    pub(crate) fn voted(&self) -> impl Iterator<Item = &Name> {
        self.voted.iter()
    }

    pub(crate) fn with_probes(&self) -> impl Iterator<Item = &Name> {
        self.probes.iter()
    }

    /// How many circuits are open or half-open here.
    pub(crate) fn open(&self) -> usize {
        self.open
    }

    /// How many wait to be written, or for the verdict.
    pub(crate) fn unsettled(&self) -> usize {
        self.unsettled
    }

    /// Files again what was touched, and removes what is vacant. `place` puts those of equal rank
    /// into an order. Returns the names that were removed.
    pub(crate) fn file(&mut self, now: Time, place: impl Fn(u8, &Name) -> u64) -> Vec<Name> {
        let mut removed = Vec::new();
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        for name in touched {
            let Some(entry) = self.map.get_mut(&name) else { continue };
            let old = std::mem::take(&mut entry.filed);
            let vacant = entry.is_vacant();
            let new = if vacant { Filed::default() } else { filed(entry, &name, now, &place) };
            entry.filed = new.clone();
            let shard = entry.shard;
            if vacant {
                self.map.remove(&name);
            }
            self.move_from(&name, shard, &old, &new);
            if vacant {
                removed.push(name);
            }
        }
        removed
    }

    fn move_from(&mut self, name: &Name, shard: u16, old: &Filed, new: &Filed) {
        if old.wake != new.wake {
            old.wake.map(|time| self.wakes.remove(&(time, name.clone())));
            new.wake.map(|time| self.wakes.insert((time, name.clone())));
        }
        let index = &mut self.shards[usize::from(shard)];
        if old.queued != new.queued {
            old.queued.map(|(rank, place)| index.queue.remove(&(rank, place, name.clone())));
            new.queued.map(|(rank, place)| index.queue.insert((rank, place, name.clone())));
        }
        list(&mut index.held, name, old.held, new.held);
        list(&mut self.voted, name, old.voted, new.voted);
        list(&mut self.probes, name, old.probes, new.probes);
        self.open = self.open + usize::from(new.open) - usize::from(old.open);
        self.unsettled = self.unsettled + usize::from(new.unsettled) - usize::from(old.unsettled);
    }
}

fn filed(entry: &Entry, name: &Name, now: Time, place: impl Fn(u8, &Name) -> u64) -> Filed {
    Filed {
        // What was due has been done; it never comes twice at the same time.
        wake: entry.wake().map(|time| time.max(Time(now.0 + 1))),
        queued: entry.place().map(|rank| (rank, place(rank, name))),
        held: entry.holds(now),
        voted: entry.voted,
        probes: entry.probes.is_some(),
        open: entry.is_open_here(),
        unsettled: entry.is_unsettled(),
    }
}

fn list(names: &mut BTreeSet<Name>, name: &Name, old: bool, new: bool) {
    match (old, new) {
        (false, true) => _ = names.insert(name.clone()),
        (true, false) => _ = names.remove(name),
        _ => {}
    }
}
