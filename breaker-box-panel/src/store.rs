//! What the panel knows about all circuits: their last sample, their history, the timeline, and
//! what changed since the last delta.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use breaker_core::{Cause, Event, EventKind, Key, Registry, State, Status};

use crate::control::command::AppliedCommand;
use crate::delta::Delta;
use crate::fleet::FleetView;
use crate::history::severity;
use crate::json;
use crate::record::{Onset, Record};
use crate::timeline::{Entry, RecordedCause, Timeline};

/// The most circuits that are sampled one by one; beyond that, sampling all of them costs less.
const ONE_BY_ONE: usize = 256;

/// The panel's copy of a registry.
#[derive(Debug)]
pub(crate) struct Store {
    registry: Registry,
    pub(crate) settings: Settings,
    began: Instant,
    records: HashMap<Key, Record>,
    pub(crate) timeline: Timeline,
    pub(crate) fleet: FleetView,
    /// Circuits with an event or a command since they were last sampled.
    changed: HashSet<Key>,
    next_id: u32,
    /// Whether all circuits have been sampled once.
    has_sampled: bool,
    /// How many circuits the registry has, including those beyond the limit.
    pub(crate) total: usize,
    /// When all circuits were last sampled.
    pub(crate) at: SystemTime,
}

/// What the panel was set up with and documents depend on.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) title: String,
    pub(crate) hide_reasons: bool,
    pub(crate) max_circuits: usize,
    pub(crate) interval: Duration,
    /// How the page sends commands.
    pub(crate) controls: &'static str,
}

impl Store {
    pub(crate) fn new(registry: Registry, settings: Settings) -> Self {
        Self {
            registry,
            settings,
            began: Instant::now(),
            records: HashMap::new(),
            timeline: Timeline::default(),
            fleet: FleetView::default(),
            changed: HashSet::new(),
            next_id: 0,
            has_sampled: false,
            total: 0,
            at: SystemTime::now(),
        }
    }

    /// The time since the panel began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn record(&self, key: &Key) -> Option<&Record> {
        self.records.get(key)
    }

    /// All circuits, in no particular order.
    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.values()
    }

    /// Takes in an event, and marks its circuit for the next sample.
    pub(crate) fn add_event(&mut self, event: &Event) {
        let hide_reasons = self.settings.hide_reasons;
        let is_remote = matches!(&event.kind, EventKind::StateChanged { cause: Cause::Remote { .. }, .. });
        if is_remote && self.fleet.fleet.is_none() {
            // It has just joined, and adopts what the fleet knows.
            self.fleet.look(&self.registry, event.at);
        }
        let origin = if is_remote { self.fleet.origin(&event.key) } else { None };
        if let EventKind::StateChanged { from, to, cause, .. } = &event.kind {
            if let Some(record) = self.records.get_mut(&event.key) {
                let cause = RecordedCause::new(cause, origin.clone(), hide_reasons);
                let onset = Onset { at: Some(event.at), cause: Some(cause) };
                record.state_changed(*from, *to, onset, self.began.elapsed());
            }
        }
        if let Some(entry) = self.timeline.add_event(event, origin, hide_reasons) {
            self.add_entry(entry);
        }
        self.mark_changed(&event.key);
    }

    /// Takes in a command that was carried out, and marks its circuit for the next sample.
    pub(crate) fn add_command(&mut self, command: &AppliedCommand) {
        let entry = self.timeline.add_command(command);
        self.add_entry(entry);
        self.mark_changed(&command.key);
    }

    fn add_entry(&mut self, entry: Arc<Entry>) {
        if let Some(record) = self.records.get_mut(&entry.key) {
            record.add_entry(entry);
        }
    }

    /// One key more than are sampled one by one is enough to know that all have to be sampled.
    fn mark_changed(&mut self, key: &Key) {
        if self.changed.len() <= ONE_BY_ONE {
            self.changed.insert(key.clone());
        }
    }

    /// Samples the circuits that had an event or a command.
    pub(crate) fn sample_changed(&mut self) -> Delta {
        if self.changed.len() > ONE_BY_ONE {
            return self.sample_all();
        }
        let mut delta = self.new_delta();
        for key in std::mem::take(&mut self.changed) {
            match self.registry.status(&key) {
                Ok(status) => self.update(status, &mut delta),
                Err(_) => self.remove(&key, &mut delta),
            }
        }
        self.total = self.registry.len();
        self.finish(delta)
    }

    pub(crate) fn sample_all(&mut self) -> Delta {
        self.changed.clear();
        let mut delta = self.new_delta();
        let mut list = self.registry.list();
        self.total = list.len();
        self.at = delta.at;
        if list.len() > self.settings.max_circuits {
            // The most severe first. The sort is stable, so the rest stays the same from sample to
            // sample.
            list.sort_by_key(|status| std::cmp::Reverse(severity(status.state)));
            list.truncate(self.settings.max_circuits);
        }
        if list.len() < self.records.len() || list.iter().any(|status| !self.records.contains_key(&status.key)) {
            let present: HashSet<_> = list.iter().map(|status| &status.key).collect();
            let removed: Vec<_> = self.records.keys().filter(|key| !present.contains(key)).cloned().collect();
            for key in removed {
                self.remove(&key, &mut delta);
            }
        }
        for status in list {
            self.update(status, &mut delta);
        }
        self.has_sampled = true;
        self.finish(delta)
    }

    /// A delta without a sample, which shows pages that the panel is alive.
    pub(crate) fn heartbeat(&mut self) -> Delta {
        let delta = self.new_delta();
        self.finish(delta)
    }

    fn new_delta(&mut self) -> Delta {
        let mut delta = Delta::new(SystemTime::now(), self.elapsed());
        self.fleet.look(&self.registry, delta.at);
        if self.fleet.take_news() {
            delta.fleet = Some(json::fleet(self.fleet.fleet.as_ref()));
        }
        delta
    }

    fn finish(&mut self, mut delta: Delta) -> Delta {
        delta.total = self.total;
        delta.entries = self.timeline.take_unsent();
        delta
    }

    fn update(&mut self, mut status: Status, delta: &mut Delta) {
        if self.settings.hide_reasons {
            if let Some(failure) = &mut status.last_failure {
                failure.reason = None;
            }
        }
        if self.records.get(&status.key).is_some_and(|record| record.was_replaced(&status)) {
            self.remove(&status.key, delta);
        }
        let probing = status.state == State::HalfOpen && !self.registry.is_available(&status.key);
        if let Some(record) = self.records.get_mut(&status.key) {
            record.probing = probing;
            let was = record.status.state;
            let increments = record.update(status, delta.at, self.began.elapsed());
            record.ask(&self.fleet, was != record.status.state);
            delta.add(record, &increments);
        } else if self.records.len() < self.settings.max_circuits {
            let mut record = Record::new(self.next_id, status, delta.at);
            record.probing = probing;
            self.next_id = self.next_id.wrapping_add(1);
            if record.status.state != State::Closed {
                self.add_earlier_entries(&mut record);
            }
            // A circuit that the last sample did not find has had all its calls since. Those that
            // the first sample finds had theirs at unknown times.
            record.ask(&self.fleet, true);
            if self.has_sampled {
                record.history.add(self.began.elapsed(), &record.status.totals, record.status.state);
            }
            delta.add_new(&mut record);
            self.records.insert(record.status.key.clone(), record);
        }
    }

    /// Adds what the timeline already has about a circuit that is sampled for the first time.
    fn add_earlier_entries(&self, record: &mut Record) {
        let mut known: Vec<_> = self.timeline.newest_first().filter(|entry| entry.key == record.status.key).collect();
        known.reverse();
        for entry in known {
            record.add_earlier_entry(Arc::clone(entry));
        }
        record.end_outage_of_events();
    }

    fn remove(&mut self, key: &Key, delta: &mut Delta) {
        if let Some(record) = self.records.remove(key) {
            delta.removed.push(record.id);
        }
    }
}

#[cfg(test)]
mod tests;
