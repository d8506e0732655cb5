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
    }

    fn remove(&mut self, key: &Key, delta: &mut Delta) {
        if let Some(record) = self.records.remove(key) {
            delta.removed.push(record.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use breaker_core::{EventType, Filter, Policy};

    use super::*;
    use crate::documents;
    use crate::history::PERIODS;

    fn store(registry: &Registry) -> Store {
        let settings = Settings {
            title: String::new(),
            hide_reasons: false,
            max_circuits: 10_000,
            interval: Duration::from_secs(1),
            controls: "read_only",
        };
        Store::new(registry.clone(), settings)
    }

    fn only(store: &Store) -> &Record {
        store.records().next().unwrap()
    }

    #[test]
    fn an_open_period_that_is_over_without_a_call_is_still_the_same_outage() {
        let clock = breaker_core::ManualClock::new();
        let registry = Registry::builder().clock(clock.clone()).build().unwrap();
        let events = registry.events(Filter::all().events([EventType::StateChanged]));
        let policy = Policy::consecutive_failures(1).expiry(Duration::from_secs(30));
        let circuit = registry.register("a", policy).unwrap();
        let mut store = store(&registry);
        store.sample_all();
        circuit.record_failure("timed out");
        store.add_event(&events.try_recv().unwrap());
        store.sample_changed();
        let outage = only(&store).outage.clone().unwrap();
        assert_eq!(outage.cause.as_ref().unwrap().name, Cause::ConsecutiveFailures.as_str());

        clock.advance(Duration::from_secs(30));
        store.sample_all();
        assert_eq!(only(&store).status.state, State::HalfOpen);
        assert_eq!(only(&store).outage.as_ref(), Some(&outage), "no call has come yet");

        circuit.record_failure("timed out");
        while let Ok(event) = events.try_recv() {
            store.add_event(&event);
        }
        store.sample_changed();
        assert_eq!(only(&store).onset.cause.as_ref().unwrap().name, Cause::ProbeFailed.as_str());
        assert_eq!(only(&store).outage.as_ref(), Some(&outage), "the first cause stays");
        circuit.reset();
        store.add_event(&events.try_recv().unwrap());
        store.sample_changed();
        assert_eq!(only(&store).outage, None);
    }

    #[test]
    fn a_circuit_that_ramps_up_has_no_outage_and_says_how_far_it_is() {
        let clock = breaker_core::ManualClock::new();
        let registry = Registry::builder().clock(clock.clone()).build().unwrap();
        let policy = Policy::new().ramp_up(Duration::from_secs(100)).ramp_up_from(0.2).close_on_expiry();
        let circuit = registry.register("a", policy).unwrap();
        circuit.open();
        let mut store = store(&registry);
        store.sample_all();
        assert!(only(&store).outage.is_some());
        assert_eq!(only(&store).ramp(), None);
        clock.advance(Duration::from_secs(30 + 25));
        store.sample_all();
        let record = only(&store);
        assert_eq!((record.status.state, record.outage.as_ref()), (State::RampingUp, None));
        let (share, until) = record.ramp().unwrap();
        assert!((share - 0.4).abs() < 0.011, "{share}");
        assert!(until.is_some());
        clock.advance(Duration::from_secs(75));
        store.sample_all();
        assert_eq!((only(&store).status.state, only(&store).ramp()), (State::Closed, None));
    }

    #[test]
    fn a_half_open_circuit_is_probing_only_while_its_probes_are_out() {
        let clock = breaker_core::ManualClock::new();
        let registry = Registry::builder().clock(clock.clone()).build().unwrap();
        let policy = Policy::new().expiry(Duration::from_secs(30)).half_open_max_calls(2).success_threshold(2);
        let circuit = registry.register("a", policy).unwrap();
        circuit.open();
        clock.advance(Duration::from_secs(30));
        let mut store = store(&registry);
        let mut probing = || {
            store.sample_all();
            assert_eq!(only(&store).status.state, State::HalfOpen);
            only(&store).probing
        };
        assert!(!probing(), "no call has come since");
        let first = circuit.try_acquire().unwrap();
        assert!(!probing(), "one more probe would be admitted");
        let second = circuit.try_acquire().unwrap();
        assert!(probing());
        first.ignore();
        assert!(!probing(), "it returned without a verdict");
        drop(second);
        assert!(!probing());
    }

    #[test]
    fn the_history_has_the_first_calls_of_a_new_circuit_but_none_from_before_the_panel() {
        let registry = Registry::new();
        registry.register("old", Policy::new()).unwrap().record_failure("long ago");
        let mut store = store(&registry);
        store.sample_all();
        registry.register("new", Policy::new()).unwrap().record_failure("just now");
        store.sample_all();
        let failures = |name: &str| {
            let points = store.records[&Key::new(name)].history.fine.until(0);
            points.map(|(_, point)| point.failures).sum::<u32>()
        };
        assert_eq!((failures("old"), failures("new")), (0, 1));
    }

    #[test]
    fn a_circuit_that_replaces_another_with_the_same_key_starts_afresh() {
        let registry = Registry::new();
        registry.register("a", Policy::new()).unwrap().record_success();
        let mut store = store(&registry);
        store.sample_all();
        let first = only(&store).id;
        registry.unregister("a").unwrap();
        registry.register("a", Policy::new()).unwrap();
        let delta = store.sample_all();
        assert_eq!(delta.removed, [first]);
        assert_ne!(only(&store).id, first);
    }

    #[test]
    fn the_cause_of_a_circuit_that_opened_before_its_first_sample_is_known() {
        let registry = Registry::new();
        let events = registry.events(Filter::all().events([EventType::StateChanged]));
        let mut store = store(&registry);
        registry.register("a", Policy::new()).unwrap().open_because("a reason");
        store.add_event(&events.try_recv().unwrap());
        store.sample_changed();
        let cause = only(&store).outage.as_ref().unwrap().cause.clone().unwrap();
        assert_eq!((cause.name, cause.reason.as_deref()), ("manual", Some("a reason")));
        assert_eq!(only(&store).entries.len(), 1);
    }

    /// The figure in the documentation: 5,000 circuits, each with calls in every period of its
    /// history.
    #[test]
    fn five_thousand_busy_circuits_take_at_most_the_documented_memory() {
        const CIRCUITS: u32 = 5_000;
        let registry = Registry::new();
        let policy = Policy::consecutive_failures(9);
        for shop in 0..CIRCUITS {
            let circuit = registry.register(format!("shop:{shop}"), policy).unwrap();
            circuit.record_failure("x".repeat(256));
        }
        let busy = |store: &mut Store| {
            // Every coarse period of the last hour, and every fine one of its last minutes.
            let hour = u64::from(PERIODS) * 60;
            for seconds in (0..hour).step_by(60).chain((hour..hour + u64::from(PERIODS) * 5).step_by(5)) {
                for record in store.records.values_mut() {
                    let mut counts = breaker_core::Totals::default();
                    (counts.successes, counts.rejected) = (7, 1);
                    record.history.add(Duration::from_secs(seconds), &counts, State::Open);
                }
            }
        };
        let mut kept = None;
        let memory = allocation_counter::measure(|| {
            let mut store = store(&registry);
            store.sample_all();
            busy(&mut store);
            kept = Some(store);
        });
        let each = u64::try_from(memory.bytes_current).unwrap() / u64::from(CIRCUITS);
        println!("{each} bytes for each circuit, {} in all", memory.bytes_current);
        assert!(each < 10_000, "{each} bytes for each circuit");
        let message = documents::snapshot(kept.as_ref().unwrap(), 0);
        println!("{} bytes of snapshot", message.len());
    }
}
