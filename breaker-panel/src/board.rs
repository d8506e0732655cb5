//! What the panel knows of all circuits: their last sample, their history, and what changed since the viewers were told.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use breaker_core::{Event, EventKind, Key, Registry, State, Status};

use crate::card::Card;
use crate::feed::Tick;
use crate::history::severity;
use crate::order::Placed;
use crate::timeline::{Entry, Timeline, Why};

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

    /// All circuits, by name.
    pub(crate) fn cards(&self) -> Vec<&Card> {
        let mut cards: Vec<_> = self.cards.values().collect();
        cards.sort_by(|a, b| a.status.key.cmp(&b.status.key));
        cards
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
        self.touched.insert(event.key.clone());
    }

    pub(crate) fn ordered(&mut self, placed: &Placed) {
        let entry = self.timeline.ordered(placed);
        self.remember(entry);
        self.touched.insert(placed.key.clone());
    }

    /// Keeps an entry with its circuit, in place of its former self if it was there already.
    fn remember(&mut self, entry: Arc<Entry>) {
        if let Some(card) = self.cards.get_mut(&entry.key) {
            card.remember(entry);
        }
    }

    /// Looks at the circuits that something happened to.
    pub(crate) fn look_at_touched(&mut self) -> Tick {
        // Beyond so many, looking at all of them costs less.
        if self.touched.len() > 256 {
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
            // The troubled ones first; the sort is stable, so that the rest stays the same from sample to sample.
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
        if let Some(card) = self.cards.get_mut(&status.key) {
            let counts = card.replace(status, tick.at, self.began.elapsed());
            tick.add(card, &counts);
        } else if self.cards.len() < self.settings.max_circuits {
            let mut card = Card::new(self.next_id, status, tick.at);
            self.next_id = self.next_id.wrapping_add(1);
            if card.status.state != State::Closed {
                self.recall(&mut card);
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
