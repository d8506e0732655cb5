//! What the panel knows of all circuits: their last sample, their history, and what changed since
//! the viewers were told.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use breaker_core::{Event, EventKind, Key, Registry, State, Status};

use crate::card::Card;
use crate::feed::Tick;
use crate::history::severity;
use crate::order::Placed;
use crate::timeline::{Entry, Timeline, Why};

/// Circuits that are looked at one by one; beyond so many, looking at all of them costs less.
const ONE_BY_ONE: usize = 256;

/// The panel's view of a registry.
#[derive(Debug)]
pub(crate) struct Board {
    registry: Registry,
    pub(crate) settings: Settings,
    began: Instant,
    cards: HashMap<Key, Card>,
    pub(crate) timeline: Timeline,
    /// Circuits that something happened to since the last look.
    touched: HashSet<Key>,
    next_id: u32,
    /// Whether all circuits have been looked at once.
    has_looked: bool,
    /// All circuits of the registry, also those beyond the limit.
    pub(crate) circuits: usize,
    /// When the circuits were last looked at, each and every one.
    pub(crate) at: SystemTime,
}

/// What of a panel does not change while it runs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) title: String,
    pub(crate) hide_reasons: bool,
    pub(crate) max_circuits: usize,
    pub(crate) interval: Duration,
    /// How the page may give orders.
    pub(crate) controls: &'static str,
}

impl Board {
    pub(crate) fn new(registry: Registry, settings: Settings) -> Self {
        Self {
            registry,
            settings,
            began: Instant::now(),
            cards: HashMap::new(),
            timeline: Timeline::default(),
            touched: HashSet::new(),
            next_id: 0,
            has_looked: false,
            circuits: 0,
            at: SystemTime::now(),
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn card(&self, key: &Key) -> Option<&Card> {
        self.cards.get(key)
    }

    /// All circuits, in no order.
    pub(crate) fn cards(&self) -> impl Iterator<Item = &Card> {
        self.cards.values()
    }

    /// Enters an event, and remembers to look at its circuit soon.
    pub(crate) fn happened(&mut self, event: &Event) {
        if let EventKind::StateChanged { from, to, cause } = &event.kind {
            if let Some(card) = self.cards.get_mut(&event.key) {
                let why = Why::new(cause, self.settings.hide_reasons);
                card.changed(*from, *to, event.at, why, self.began.elapsed());
            }
        }
        if let Some(entry) = self.timeline.happened(event, self.settings.hide_reasons) {
            self.remember(entry);
        }
        self.touch(&event.key);
    }

    /// Remembers to look at a circuit soon; one more than are looked at one by one says that all
    /// have to be.
    fn touch(&mut self, key: &Key) {
        if self.touched.len() <= ONE_BY_ONE {
            self.touched.insert(key.clone());
        }
    }

    pub(crate) fn ordered(&mut self, placed: &Placed) {
        let entry = self.timeline.ordered(placed);
        self.remember(entry);
        self.touch(&placed.key);
    }

    /// Keeps an entry with its circuit, in place of its former self if it was there already.
    fn remember(&mut self, entry: Arc<Entry>) {
        if let Some(card) = self.cards.get_mut(&entry.key) {
            card.remember(entry);
        }
    }

    /// Looks at the circuits that something happened to.
    pub(crate) fn look_at_touched(&mut self) -> Tick {
        if self.touched.len() > ONE_BY_ONE {
            return self.look_at_all();
        }
        let mut tick = self.tick();
        for key in std::mem::take(&mut self.touched) {
            match self.registry.status(&key) {
                Ok(status) => self.update(status, &mut tick),
                Err(_) => self.forget(&key, &mut tick),
            }
        }
        self.circuits = self.registry.len();
        self.finish(tick)
    }

    /// Looks at all circuits.
    pub(crate) fn look_at_all(&mut self) -> Tick {
        self.touched.clear();
        let mut tick = self.tick();
        let mut list = self.registry.list();
        self.circuits = list.len();
        self.at = tick.at;
        if list.len() > self.settings.max_circuits {
            // The troubled ones first; the sort is stable, so that the rest stays the same from
            // sample to sample.
            list.sort_by_key(|status| std::cmp::Reverse(severity(status.state)));
            list.truncate(self.settings.max_circuits);
        }
        if list.len() < self.cards.len() || list.iter().any(|status| !self.cards.contains_key(&status.key)) {
            let here: HashSet<_> = list.iter().map(|status| &status.key).collect();
            let gone: Vec<_> = self.cards.keys().filter(|key| !here.contains(key)).cloned().collect();
            for key in gone {
                self.forget(&key, &mut tick);
            }
        }
        for status in list {
            self.update(status, &mut tick);
        }
        self.has_looked = true;
        self.finish(tick)
    }

    /// Looks at none, to tell that the panel is there.
    pub(crate) fn look_at_nothing(&mut self) -> Tick {
        let tick = self.tick();
        self.finish(tick)
    }

    fn tick(&self) -> Tick {
        Tick::new(SystemTime::now(), self.elapsed())
    }

    fn finish(&mut self, mut tick: Tick) -> Tick {
        tick.circuits = self.circuits;
        tick.entries = self.timeline.take_unsent();
        tick
    }

    fn update(&mut self, mut status: Status, tick: &mut Tick) {
        if self.settings.hide_reasons {
            if let Some(failure) = &mut status.last_failure {
                failure.reason = None;
            }
        }
        // Totals never go back: this is another circuit under the same name.
        if self.cards.get(&status.key).is_some_and(|card| card.is_other_than(&status)) {
            self.forget(&status.key, tick);
        }
        let probing = status.state == State::HalfOpen && !self.registry.is_available(&status.key);
        if let Some(card) = self.cards.get_mut(&status.key) {
            card.probing = probing;
            let counts = card.replace(status, tick.at, self.began.elapsed());
            tick.add(card, &counts);
        } else if self.cards.len() < self.settings.max_circuits {
            let mut card = Card::new(self.next_id, status, tick.at);
            card.probing = probing;
            self.next_id = self.next_id.wrapping_add(1);
            if card.status.state != State::Closed {
                self.recall(&mut card);
            }
            // All that went through a circuit that was not there a moment ago is new; of the others
            // nobody knows when it was.
            if self.has_looked {
                card.history.add(self.began.elapsed(), &card.status.totals, card.status.state);
            }
            tick.add_new(&mut card);
            self.cards.insert(card.status.key.clone(), card);
        }
    }

    /// What the timeline knows already of a circuit that is seen for the first time.
    fn recall(&self, card: &mut Card) {
        let mut known: Vec<_> = self.timeline.newest().filter(|entry| entry.key == card.status.key).collect();
        known.reverse();
        for entry in known {
            card.recall(Arc::clone(entry));
        }
    }

    fn forget(&mut self, key: &Key, tick: &mut Tick) {
        if let Some(card) = self.cards.remove(key) {
            tick.gone.push(card.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use breaker_core::{Cause, EventType, Filter, Policy, State};

    use super::*;
    use crate::answers;
    use crate::history::PERIODS;

    fn board(registry: &Registry) -> Board {
        let settings = Settings {
            title: String::new(),
            hide_reasons: false,
            max_circuits: 10_000,
            interval: Duration::from_secs(1),
            controls: "read-only",
        };
        Board::new(registry.clone(), settings)
    }

    fn only(board: &Board) -> &Card {
        board.cards().next().unwrap()
    }

    #[test]
    fn an_open_period_that_is_over_without_a_call_is_still_the_same_trouble() {
        let clock = breaker_core::ManualClock::new();
        let registry = Registry::builder().clock(clock.clone()).build().unwrap();
        let events = registry.events(Filter::all().events([EventType::StateChanged]));
        let policy = Policy::consecutive_failures(1).expiry(Duration::from_secs(30));
        let circuit = registry.register("a", policy).unwrap();
        let mut board = board(&registry);
        board.look_at_all();
        circuit.record_failure("timed out");
        board.happened(&events.try_recv().unwrap());
        board.look_at_touched();
        let trouble = only(&board).trouble.clone().unwrap();
        assert_eq!(trouble.why.as_ref().unwrap().cause, Cause::ConsecutiveFailures.as_str());

        clock.advance(Duration::from_secs(30));
        board.look_at_all();
        assert_eq!(only(&board).status.state, State::HalfOpen);
        assert_eq!(only(&board).trouble.as_ref(), Some(&trouble), "nobody has called yet");

        circuit.record_failure("timed out");
        while let Ok(event) = events.try_recv() {
            board.happened(&event);
        }
        board.look_at_touched();
        assert_eq!(only(&board).stay.why.as_ref().unwrap().cause, Cause::ProbeFailed.as_str());
        assert_eq!(only(&board).trouble.as_ref(), Some(&trouble), "the first cause stays");
        circuit.reset();
        board.happened(&events.try_recv().unwrap());
        board.look_at_touched();
        assert_eq!(only(&board).trouble, None);
    }

    #[test]
    fn a_half_open_circuit_is_probing_only_while_its_probes_are_out() {
        let clock = breaker_core::ManualClock::new();
        let registry = Registry::builder().clock(clock.clone()).build().unwrap();
        let policy = Policy::new().expiry(Duration::from_secs(30)).half_open_max_calls(2).success_threshold(2);
        let circuit = registry.register("a", policy).unwrap();
        circuit.open();
        clock.advance(Duration::from_secs(30));
        let mut board = board(&registry);
        let mut probing = || {
            board.look_at_all();
            assert_eq!(only(&board).status.state, State::HalfOpen);
            only(&board).probing
        };
        assert!(!probing(), "nobody has called since");
        let first = circuit.try_acquire().unwrap();
        assert!(!probing(), "another call would be a probe too");
        let second = circuit.try_acquire().unwrap();
        assert!(probing());
        first.ignore();
        assert!(!probing(), "it came back without a verdict");
        drop(second);
        assert!(!probing());
    }

    #[test]
    fn the_first_calls_of_a_new_circuit_are_in_its_history_and_those_of_before_the_panel_are_not() {
        let registry = Registry::new();
        registry.register("old", Policy::new()).unwrap().record_failure("long ago");
        let mut board = board(&registry);
        board.look_at_all();
        registry.register("new", Policy::new()).unwrap().record_failure("just now");
        board.look_at_all();
        let failures = |name: &str| {
            let points = board.cards[&Key::new(name)].history.fine.until(0);
            points.map(|(_, point)| point.failures).sum::<u32>()
        };
        assert_eq!((failures("old"), failures("new")), (0, 1));
    }

    #[test]
    fn another_circuit_under_an_old_name_begins_anew() {
        let registry = Registry::new();
        registry.register("a", Policy::new()).unwrap().record_success();
        let mut board = board(&registry);
        board.look_at_all();
        let first = only(&board).id;
        registry.unregister("a").unwrap();
        registry.register("a", Policy::new()).unwrap();
        let tick = board.look_at_all();
        assert_eq!(tick.gone, [first]);
        assert_ne!(only(&board).id, first);
    }

    #[test]
    fn a_circuit_that_was_open_before_the_panel_knew_it_is_known_with_its_cause() {
        let registry = Registry::new();
        let events = registry.events(Filter::all().events([EventType::StateChanged]));
        let mut board = board(&registry);
        registry.register("a", Policy::new()).unwrap().open_because("a reason");
        board.happened(&events.try_recv().unwrap());
        board.look_at_touched();
        let why = only(&board).trouble.as_ref().unwrap().why.clone().unwrap();
        assert_eq!((why.cause, why.reason.as_deref()), ("manual", Some("a reason")));
        assert_eq!(only(&board).entries.len(), 1);
    }

    /// The figure in the documentation: 5,000 circuits that are all called all the time, for as
    /// long as the history reaches back.
    #[test]
    fn five_thousand_busy_circuits_take_no_more_memory_than_is_promised() {
        const CIRCUITS: u32 = 5_000;
        let registry = Registry::new();
        let policy = Policy::consecutive_failures(9);
        for shop in 0..CIRCUITS {
            let circuit = registry.register(format!("shop:{shop}"), policy).unwrap();
            circuit.record_failure("x".repeat(256));
        }
        let busy = |board: &mut Board| {
            // Every coarse period of the last hour, and every fine one of its last minutes.
            let hour = u64::from(PERIODS) * 60;
            for seconds in (0..hour).step_by(60).chain((hour..hour + u64::from(PERIODS) * 5).step_by(5)) {
                for card in board.cards.values_mut() {
                    let mut counts = breaker_core::Totals::default();
                    (counts.successes, counts.rejected) = (7, 1);
                    card.history.add(Duration::from_secs(seconds), &counts, State::Open);
                }
            }
        };
        let mut kept = None;
        let memory = allocation_counter::measure(|| {
            let mut board = board(&registry);
            board.look_at_all();
            busy(&mut board);
            kept = Some(board);
        });
        let each = u64::try_from(memory.bytes_current).unwrap() / u64::from(CIRCUITS);
        println!("{each} bytes for each circuit, {} in all", memory.bytes_current);
        assert!(each < 10_000, "{each} bytes for each circuit");
        let message = answers::snapshot(kept.as_ref().unwrap(), 0);
        println!("{} bytes of snapshot", message.len());
    }
}
