//! What the panel knows about one circuit.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use breaker_core::{State, Status, Totals};

use crate::fleet::{FleetView, Origin};
use crate::history::History;
use crate::timeline::{Entry, EntryKind, RecordedCause};

/// The most entries of the timeline that are kept for one circuit, however many others have.
const MAX_ENTRIES: usize = 16;

/// One circuit.
#[derive(Debug)]
pub(crate) struct Record {
    /// Stands for its key in the feed.
    pub(crate) id: u32,
    pub(crate) status: Status,
    /// When it entered its state, and why.
    pub(crate) onset: Onset,
    /// When it last left the closed state, and why, unless it is closed again.
    pub(crate) outage: Option<Onset>,
    /// When it admits the next probe.
    pub(crate) retry_at: Option<SystemTime>,
    /// When its ramp-up ends, if it is in one.
    pub(crate) ramped_up_at: Option<SystemTime>,
    /// Whether it is half-open and all its probes are in flight. Half-open alone says only that the
    /// next call is a probe, and that call may be a long time coming.
    pub(crate) probing: bool,
    /// Whether the fleet shares it.
    pub(crate) shared: bool,
    /// The round of the fleet in which that was found out; 0 for none.
    pub(crate) fleet_round: u32,
    pub(crate) history: History,
    /// Its newest entries of the timeline, oldest first.
    pub(crate) entries: VecDeque<Arc<Entry>>,
    /// What the feed said about it last.
    pub(crate) last_sent: LastSent,
}

/// When and why something began, as far as the panel saw it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Onset {
    pub(crate) at: Option<SystemTime>,
    pub(crate) cause: Option<RecordedCause>,
}

/// The fields of a record as they were sent last, to find those that changed since.
#[derive(Debug, Default)]
pub(crate) struct LastSent {
    pub(crate) status: Option<Status>,
    pub(crate) onset: Onset,
    pub(crate) outage: Option<Onset>,
    pub(crate) retry_at: Option<SystemTime>,
    pub(crate) ramp: Option<(f64, Option<SystemTime>)>,
    pub(crate) probing: bool,
    pub(crate) shared: bool,
}

impl Record {
    /// The share of the calls that is admitted, to whole percents, and until when, while it ramps
    /// up.
    pub(crate) fn ramp(&self) -> Option<(f64, Option<SystemTime>)> {
        let share = self.status.admitted_share?;
        Some(((share * 100.0).floor() / 100.0, self.ramped_up_at))
    }

    pub(crate) fn new(id: u32, status: Status, now: SystemTime) -> Self {
        let onset = Onset { at: status.opened_at, cause: None };
        Self {
            id,
            outage: is_outage(status.state).then(|| onset.clone()),
            onset,
            retry_at: instant_in(status.retry_after, now),
            ramped_up_at: instant_in(status.ramp_up_left, now),
            probing: false,
            shared: false,
            fleet_round: 0,
            history: History::default(),
            entries: VecDeque::new(),
            last_sent: LastSent::default(),
            status,
        }
    }

    /// Takes in a state change from its event, so that the history also has a state that is over
    /// before the next sample.
    pub(crate) fn state_changed(&mut self, from: State, to: State, onset: Onset, elapsed: Duration) {
        self.history.add(elapsed, &Totals::default(), to);
        self.enter(from, to, onset);
    }

    fn enter(&mut self, from: State, to: State, onset: Onset) {
        if !is_outage(to) {
            self.outage = None;
        } else if self.outage.is_none() || !is_outage(from) {
            self.outage = Some(onset.clone());
        }
        self.onset = onset;
    }

    /// Adds an entry of the timeline, or replaces the one with its number.
    pub(crate) fn add_entry(&mut self, entry: Arc<Entry>) {
        self.entries.retain(|other| other.number != entry.number);
        if self.entries.len() == MAX_ENTRIES {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// Takes in an entry from before the panel first sampled this circuit.
    pub(crate) fn add_earlier_entry(&mut self, entry: Arc<Entry>) {
        if let EntryKind::StateChanged { from, to, cause, .. } = &entry.kind {
            self.enter(*from, *to, Onset { at: Some(entry.at), cause: Some(cause.clone()) });
        }
        self.add_entry(entry);
    }

    /// Whether a status is of another circuit with the same key: totals of one circuit never go
    /// back.
    pub(crate) fn was_replaced(&self, status: &Status) -> bool {
        let (now, before) = (totals_list(&status.totals), totals_list(&self.status.totals));
        now.iter().zip(before).any(|(now, before)| *now < before)
    }

    /// Takes in a new sample. Returns by how much each total grew since the last one.
    pub(crate) fn update(&mut self, status: Status, now: SystemTime, elapsed: Duration) -> Totals {
        let increments = difference(&status.totals, &self.status.totals);
        self.history.add(elapsed, &increments, status.state);
        if self.status.state != status.state {
            self.state_sampled(&status, now);
        }
        self.retry_at = same_or_new(self.retry_at, instant_in(status.retry_after, now));
        self.ramped_up_at = same_or_new(self.ramped_up_at, instant_in(status.ramp_up_left, now));
        self.status = status;
        self.end_outage_of_events();
        increments
    }

    /// Ends an outage that only events tell of: it was over before the sample, and no call has come
    /// since.
    pub(crate) fn end_outage_of_events(&mut self) {
        if self.outage.is_some() && !is_outage(self.status.state) {
            self.outage = None;
            self.onset = Onset::default();
        }
    }

    /// Finds out whether the circuit is shared, once for each fleet; and if it has entered its
    /// state since the last sample and no event says why, who published that state.
    pub(crate) fn ask(&mut self, fleet: &FleetView, is_new: bool) {
        if self.fleet_round != fleet.round {
            self.fleet_round = fleet.round;
            self.shared = fleet.shares(&self.status.key);
        }
        // A half-open state has no event if nobody has called since the open period was over.
        let may_be_remote = self.onset.cause.is_none() && !matches!(self.status.state, State::Closed | State::HalfOpen);
        if is_new && self.shared && may_be_remote {
            if let Some(origin) = fleet.origin(&self.status.key) {
                self.came_from(origin);
            }
        }
    }

    fn came_from(&mut self, origin: Origin) {
        let cause = Some(RecordedCause::remote(origin));
        if let Some(outage) = self.outage.as_mut().filter(|outage| outage.cause.is_none()) {
            outage.cause.clone_from(&cause);
        }
        self.onset.cause = cause;
    }

    /// Takes in a state that a sample found. It may have no event: an open period is over, and no
    /// call has come since.
    fn state_sampled(&mut self, status: &Status, now: SystemTime) {
        let last = self.entries.iter().rev().find_map(|entry| match &entry.kind {
            EntryKind::StateChanged { to, .. } => Some(*to),
            _ => None,
        });
        if last == Some(status.state) {
            return;
        }
        let at = match status.state {
            State::Open | State::ForcedOpen => status.opened_at,
            State::HalfOpen => Some(self.retry_at.map_or(now, |at| at.min(now))),
            _ => Some(now),
        };
        self.enter(self.status.state, status.state, Onset { at, cause: None });
    }
}

fn instant_in(wait: Option<Duration>, now: SystemTime) -> Option<SystemTime> {
    wait.and_then(|wait| now.checked_add(wait))
}

/// The new instant if it is another one. Computed from a wait, it differs by a few microseconds
/// from sample to sample. That is no change.
fn same_or_new(old: Option<SystemTime>, new: Option<SystemTime>) -> Option<SystemTime> {
    match (old, new) {
        (Some(old), Some(new)) if is_close(old, new) => Some(old),
        _ => new,
    }
}

/// Whether calls are rejected, or are let through only as probes.
const fn is_outage(state: State) -> bool {
    state.is_open() || matches!(state, State::HalfOpen)
}

/// Whether two instants that were computed from durations mean the same moment.
pub(crate) fn is_close(a: SystemTime, b: SystemTime) -> bool {
    let apart = a.duration_since(b).or_else(|_| b.duration_since(a));
    apart.is_ok_and(|apart| apart < Duration::from_millis(100))
}

/// All totals, in the order of the fields of [`Totals`].
pub(crate) const fn totals_list(totals: &Totals) -> [u64; 9] {
    let Totals { successes, failures, ignored, rejected, slow, cancelled, panicked, late, opened, .. } = *totals;
    [successes, failures, ignored, rejected, slow, cancelled, panicked, late, opened]
}

fn difference(now: &Totals, before: &Totals) -> Totals {
    let mut grown = *now;
    grown.successes -= before.successes;
    grown.failures -= before.failures;
    grown.ignored -= before.ignored;
    grown.rejected -= before.rejected;
    grown.slow -= before.slow;
    grown.cancelled -= before.cancelled;
    grown.panicked -= before.panicked;
    grown.late -= before.late;
    grown.opened -= before.opened;
    grown
}
