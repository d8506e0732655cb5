//! Circuits whose names come from outside: made by calls, evicted, taken out, and made again, in a
//! registry that is too small.
//!
//! Their totals go with them, so that here the events are held against the ledger: each call has
//! one event that says how it ended.

mod doors;
mod seen;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use breaker_box::{Filter, ManualClock, Policy, Registry, Subscription};

use crate::chance::Chance;
use crate::findings::Findings;
use crate::ledger::{End, Ledger};
use crate::visit::{Intent, Visit};
use doors::Door;
use seen::Seen;

/// The registry of the names that come and go.
#[derive(Debug)]
pub(crate) struct Passing {
    pub(crate) registry: Registry,
    pub(crate) clock: ManualClock,
    pub(crate) names: Vec<Name>,
    /// Calls that were made, each of which will be told by one event.
    sent: AtomicU64,
    seen: Arc<Seen>,
    _subscription: Subscription,
}

/// A name and the calls that were made by it.
#[derive(Debug)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) ledger: Arc<Ledger>,
}

/// More names than there is room for.
const NAMES: usize = 20_000;
const ROOM: usize = 1_000;
/// So many calls may wait to be told by an event: so few that all that they cause fits into the
/// handler's lane, also where each of them makes room by a sixteenth of the circuits leaving.
const AHEAD: u64 = 8;

impl Passing {
    pub(crate) fn new() -> Self {
        let clock = ManualClock::new();
        let registry = Registry::builder()
            .clock(clock.clone())
            .default_policy(Policy::consecutive_failures(3).expiry(Duration::from_millis(200)))
            .max_circuits(ROOM)
            .idle_after(Duration::from_millis(1))
            .build()
            .expect("a valid policy and limits above zero");
        let seen = Arc::new(Seen::new(NAMES));
        let told = Arc::clone(&seen);
        let subscription = registry.subscribe(Filter::all(), move |event| told.note(event));
        let name = |number| Name { text: Seen::name(number), ledger: Arc::default() };
        let names = (0..NAMES).map(name).collect();
        Self { registry, clock, names, sent: AtomicU64::new(0), seen, _subscription: subscription }
    }

    /// Whether one must wait until events have been delivered.
    pub(crate) fn is_ahead(&self) -> bool {
        // Relaxed, as all of `sent`: how far ahead is known roughly, and for sure once the threads
        // were joined.
        self.sent.load(Ordering::Relaxed).saturating_sub(self.seen.calls()) > AHEAD
    }

    /// A name; a few of them half of the time, the others rarely.
    pub(crate) fn any(&self, chance: &mut Chance) -> (usize, &Name) {
        let among = chance.pick(&[32, NAMES]);
        let number = chance.index(among);
        (number, &self.names[number])
    }

    /// Takes a circuit out of the registry, if it is one that may be.
    pub(crate) fn take_out(&self, number: usize) {
        if Seen::may_be_taken_out(number) {
            // Whether it is there is chance.
            let _ = self.registry.unregister(&self.names[number].text);
        }
    }

    /// Makes one call by a name.
    pub(crate) fn call(&self, number: usize, intent: Intent, findings: &Findings, chance: &mut Chance) {
        // Neither is told by an event where the call runs unguarded.
        let intent = if matches!(intent, Intent::Confuse | Intent::Forget) { Intent::Succeed } else { intent };
        let door = Door::draw(intent, chance);
        let name = &self.names[number];
        let visit = Visit::new(&name.ledger);
        findings.watch_for_panics(|| door.enter(&self.registry, &name.text, number, &visit, intent));
        self.note_sent(&visit);
    }

    /// A call was made that one event tells about.
    pub(crate) fn note_sent(&self, visit: &Visit) {
        if visit.is_told() {
            // Relaxed: as in `is_ahead`.
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Each name whose events are not what its ledger says.
    pub(crate) fn discrepancies(&self) -> Vec<String> {
        let mut found: Vec<_> =
            self.names.iter().enumerate().filter_map(|(number, name)| self.compare(number, name)).collect();
        // Relaxed: as in `is_ahead`.
        let (sent, told) = (self.sent.load(Ordering::Relaxed), self.seen.calls());
        if sent != told {
            found.push(format!("passing: {sent} calls were made, and {told} told by events"));
        }
        found.extend(self.seen.out_of_order());
        found
    }

    fn compare(&self, number: usize, name: &Name) -> Option<String> {
        let ends = [End::Success, End::Failure, End::Ignored, End::Cancelled, End::Panicked, End::Rejected];
        let given = ends.map(|end| name.ledger.of(end));
        let is_there = self.registry.get(&name.text).is_some();
        let difference = self.seen.compare(number, given, is_there).err()?;
        Some(format!("passing, {}: {difference}", name.text))
    }

    pub(crate) fn calls(&self) -> u64 {
        // Relaxed: as in `is_ahead`.
        self.sent.load(Ordering::Relaxed)
    }

    pub(crate) fn summary(&self) -> String {
        self.seen.summary()
    }
}
