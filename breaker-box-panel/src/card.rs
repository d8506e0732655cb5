//! What the panel knows of one circuit.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use breaker_core::{State, Status, Totals};

use crate::history::History;
use crate::timeline::{Entry, OF_ONE, What, Why};

/// One circuit.
#[derive(Debug)]
pub(crate) struct Card {
    /// Its short name in the feed.
    pub(crate) id: u32,
    pub(crate) status: Status,
    /// The stay in the state that it is in.
    pub(crate) stay: Stay,
    /// From when it last left the closed state until it is closed again.
    pub(crate) trouble: Option<Stay>,
    /// When it lets the next probe through.
    pub(crate) retry_at: Option<SystemTime>,
    /// Whether all its probes are out now. Half-open, but not that: the next call is a probe, and
    /// there may be none for long.
    pub(crate) probing: bool,
    pub(crate) history: History,
    /// Its own last entries of the timeline, oldest first.
    pub(crate) entries: VecDeque<Arc<Entry>>,
    /// What viewers were told last, where it differs in type or time from the fields above.
    pub(crate) told: Told,
}

/// Since when, and why; as far as the panel has seen it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stay {
    pub(crate) since: Option<SystemTime>,
    pub(crate) why: Option<Why>,
}

/// What a change is a change of.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) status: Option<Status>,
    pub(crate) stay: Stay,
    pub(crate) trouble: Option<Stay>,
    pub(crate) retry_at: Option<SystemTime>,
    pub(crate) probing: bool,
}

impl Card {
    pub(crate) fn new(id: u32, status: Status, now: SystemTime) -> Self {
        let stay = Stay { since: status.opened_at, why: None };
        Self {
            id,
            trouble: is_trouble(status.state).then(|| stay.clone()),
            stay,
            retry_at: status.retry_after.and_then(|wait| now.checked_add(wait)),
            probing: false,
            history: History::default(),
            entries: VecDeque::new(),
            told: Told::default(),
            status,
        }
    }

    /// Notes a change of state as it is told, so that also one that is over before the next sample
    /// is in the history.
    pub(crate) fn changed(&mut self, from: State, to: State, at: SystemTime, why: Why, elapsed: Duration) {
        self.history.add(elapsed, &Totals::default(), to);
        self.enter(from, to, Stay { since: Some(at), why: Some(why) });
    }

    fn enter(&mut self, from: State, to: State, stay: Stay) {
        if !is_trouble(to) {
            self.trouble = None;
        } else if self.trouble.is_none() || !is_trouble(from) {
            self.trouble = Some(stay.clone());
        }
        self.stay = stay;
    }

    /// Keeps an entry of the timeline, in place of its former self if it was there already.
    pub(crate) fn remember(&mut self, entry: Arc<Entry>) {
        self.entries.retain(|other| other.number != entry.number);
        if self.entries.len() == OF_ONE {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// Keeps an entry from before the panel knew this circuit.
    pub(crate) fn recall(&mut self, entry: Arc<Entry>) {
        if let What::StateChanged { from, to, why, .. } = &entry.what {
            self.enter(*from, *to, Stay { since: Some(entry.at), why: Some(why.clone()) });
        }
        self.remember(entry);
    }

    pub(crate) fn is_other_than(&self, status: &Status) -> bool {
        let (now, before) = (counts(&status.totals), counts(&self.status.totals));
        now.iter().zip(before).any(|(now, before)| *now < before)
    }

    /// Takes a new sample in; what went through the circuit since the last one.
    pub(crate) fn replace(&mut self, status: Status, now: SystemTime, elapsed: Duration) -> Totals {
        let passed = difference(&status.totals, &self.status.totals);
        self.history.add(elapsed, &passed, status.state);
        let retry_at = status.retry_after.and_then(|wait| now.checked_add(wait));
        if self.status.state != status.state {
            self.notice(&status, now);
        }
        // Computed from a wait, an instant moves by a few microseconds from sample to sample; that
        // is no news.
        self.retry_at = match (self.retry_at, retry_at) {
            (Some(old), Some(new)) if is_close(old, new) => Some(old),
            _ => retry_at,
        };
        self.status = status;
        passed
    }

    /// A state may change without an event: an open period is over, and nobody has called yet.
    fn notice(&mut self, status: &Status, now: SystemTime) {
        let told = self.entries.iter().rev().find_map(|entry| match &entry.what {
            What::StateChanged { to, .. } => Some(*to == status.state),
            _ => None,
        });
        if told == Some(true) {
            return;
        }
        let since = match status.state {
            State::Open | State::ForcedOpen => status.opened_at,
            State::HalfOpen => Some(self.retry_at.map_or(now, |at| at.min(now))),
            _ => Some(now),
        };
        self.enter(self.status.state, status.state, Stay { since, why: None });
    }
}

/// Whether calls are rejected, or were until a moment ago.
pub(crate) const fn is_trouble(state: State) -> bool {
    state.is_open() || matches!(state, State::HalfOpen)
}

/// Whether two instants that were computed from spans of time mean the same moment.
pub(crate) fn is_close(a: SystemTime, b: SystemTime) -> bool {
    let apart = a.duration_since(b).or_else(|_| b.duration_since(a));
    apart.is_ok_and(|apart| apart < Duration::from_millis(100))
}

/// Totals as a list, in the order of their fields.
pub(crate) const fn counts(totals: &Totals) -> [u64; 8] {
    let Totals { successes, failures, ignored, rejected, slow, cancelled, panicked, late, .. } = *totals;
    [successes, failures, ignored, rejected, slow, cancelled, panicked, late]
}

fn difference(now: &Totals, before: &Totals) -> Totals {
    let mut passed = *now;
    passed.successes -= before.successes;
    passed.failures -= before.failures;
    passed.ignored -= before.ignored;
    passed.rejected -= before.rejected;
    passed.slow -= before.slow;
    passed.cancelled -= before.cancelled;
    passed.panicked -= before.panicked;
    passed.late -= before.late;
    passed
}
