//! What happened to circuits and has not been handed to the link yet.

use std::collections::HashMap;
use std::sync::Arc;

use breaker_core::fleet::{Change, Generation, ProbeReport};
use breaker_core::{Cause, Key};

/// How many circuits may wait. If more do, all circuits are looked at again.
const MOST: usize = 100_000;

/// Of each circuit, only what still matters is kept: the last order, the last change that was
/// decided here, the last change, the last probe that was wanted, and the last report of probes, in
/// their order. So memory is bounded whatever circuits do while the fleet's thread is busy.
#[derive(Default)]
pub(crate) struct Changes {
    /// By circuit, where in `waiting` it is.
    places: HashMap<Arc<Key>, usize>,
    waiting: Vec<(Arc<Key>, Vec<Happened>)>,
    /// Some were dropped.
    overflowed: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Happened {
    Changed(Change),
    ProbeWanted(Generation),
    ProbeSettled(ProbeReport),
    /// It left the registry.
    Forgotten,
}

impl Changes {
    pub(crate) fn add(&mut self, key: &Key, happened: Happened) {
        let place = match self.places.get(key) {
            Some(place) => *place,
            None if self.waiting.len() < MOST => self.insert(key),
            None => {
                self.overflowed = true;
                return;
            }
        };
        let (_, earlier) = &mut self.waiting[place];
        earlier.retain(|earlier| !replaces(&happened, earlier));
        earlier.push(happened);
    }

    fn insert(&mut self, key: &Key) -> usize {
        let key = Arc::new(key.clone());
        self.places.insert(Arc::clone(&key), self.waiting.len());
        self.waiting.push((key, Vec::new()));
        self.waiting.len() - 1
    }

    /// Whether some were dropped since the last time.
    pub(crate) fn take_overflowed(&mut self) -> bool {
        std::mem::take(&mut self.overflowed)
    }

    /// Takes all, in the order in which the circuits came.
    pub(crate) fn take(&mut self) -> Vec<(Arc<Key>, Vec<Happened>)> {
        self.places.clear();
        std::mem::take(&mut self.waiting)
    }
}

/// Whether the earlier one no longer matters.
fn replaces(later: &Happened, earlier: &Happened) -> bool {
    match (later, earlier) {
        (Happened::Changed(later), Happened::Changed(earlier)) => Weight::of(later) >= Weight::of(earlier),
        (Happened::Forgotten, Happened::Changed(earlier)) => Weight::of(earlier) < Weight::Order,
        (Happened::Forgotten, _)
        | (Happened::ProbeWanted(_), Happened::ProbeWanted(_))
        | (Happened::ProbeSettled(_), Happened::ProbeSettled(_)) => true,
        _ => false,
    }
}

/// What a change means for the fleet.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// It only follows from what the fleet knows.
    Nothing,
    /// It was decided here.
    Decision,
    /// It holds for the whole fleet, whatever the circuit does here afterwards.
    Order,
}

impl Weight {
    const fn of(change: &Change) -> Self {
        match change.cause {
            Cause::Remote { .. } | Cause::Expired => Self::Nothing,
            Cause::Manual { .. } if !change.only_here => Self::Order,
            _ => Self::Decision,
        }
    }
}

#[cfg(test)]
mod tests;
