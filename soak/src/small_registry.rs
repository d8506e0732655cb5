//! Circuits that calls create by name, and that are evicted, unregistered and created again, in a
//! registry with too little room for all of them.
//!
//! Their totals are lost with them, so the events are compared with the expected totals: each call
//! has one event that says how it ended.

mod calls;
mod event_counts;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use breaker_box::{Filter, ManualClock, Policy, Registry, Subscription};

use crate::expected_totals::{Completion, ExpectedTotals};
use crate::problems::Problems;
use crate::random::Random;
use crate::tracked_call::{Intent, TrackedCall};
use calls::CallKind;
use event_counts::EventCounts;

/// The registry and the names that are called in it.
#[derive(Debug)]
pub(crate) struct SmallRegistry {
    pub(crate) registry: Registry,
    pub(crate) clock: ManualClock,
    pub(crate) names: Vec<Name>,
    /// The number of calls, each of which causes one event that says how it ended.
    sent: AtomicU64,
    event_counts: Arc<EventCounts>,
    _subscription: Subscription,
}

/// A name and the expected totals of its calls.
#[derive(Debug)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) expected: Arc<ExpectedTotals>,
}

/// More names than the registry has room for.
const NAMES: usize = 20_000;
const MAX_CIRCUITS: usize = 1_000;
/// At most this many calls may wait for their events. So all the events fit into the handler's
/// queue, even if each call evicts a sixteenth of the circuits.
const MAX_BACKLOG: u64 = 8;

impl SmallRegistry {
    pub(crate) fn new() -> Self {
        let clock = ManualClock::new();
        let registry = Registry::builder()
            .clock(clock.clone())
            .default_policy(Policy::consecutive_failures(3).expiry(Duration::from_millis(200)))
            .max_circuits(MAX_CIRCUITS)
            .idle_after(Duration::from_millis(1))
            .build()
            .expect("a valid policy and limits above zero");
        let event_counts = Arc::new(EventCounts::new(NAMES));
        let reported = Arc::clone(&event_counts);
        let subscription = registry.subscribe(Filter::all(), move |event| reported.note(event));
        let name = |number| Name { text: EventCounts::name(number), expected: Arc::default() };
        let names = (0..NAMES).map(name).collect();
        Self { registry, clock, names, sent: AtomicU64::new(0), event_counts, _subscription: subscription }
    }

    /// Returns whether callers have to wait until events have been delivered.
    pub(crate) fn has_backlog(&self) -> bool {
        // Relaxed, as all of `sent`: how far ahead is known roughly, and for sure once the threads
        // were joined.
        self.sent.load(Ordering::Relaxed).saturating_sub(self.event_counts.calls()) > MAX_BACKLOG
    }

    /// A random name; half of the time one of the few popular ones.
    pub(crate) fn any(&self, random: &mut Random) -> (usize, &Name) {
        let among = random.pick(&[32, NAMES]);
        let number = random.index(among);
        (number, &self.names[number])
    }

    /// Unregisters a circuit, if it may be unregistered.
    pub(crate) fn unregister(&self, number: usize) {
        if EventCounts::may_be_unregistered(number) {
            // It may not be registered at the moment.
            let _ = self.registry.unregister(&self.names[number].text);
        }
    }

    /// Makes one call by a name.
    pub(crate) fn call(&self, number: usize, intent: Intent, problems: &Problems, random: &mut Random) {
        // An unguarded call has no event for these.
        let intent =
            if matches!(intent, Intent::PanicInClassifier | Intent::Forget) { Intent::Succeed } else { intent };
        let kind = CallKind::draw(intent, random);
        let name = &self.names[number];
        let tracked = TrackedCall::new(&name.expected);
        problems.catch_panics(|| kind.enter(&self.registry, &name.text, number, &tracked, intent));
        self.note_sent(&tracked);
    }

    /// Counts a call that one event reports.
    pub(crate) fn note_sent(&self, tracked: &TrackedCall) {
        if tracked.is_counted() {
            // Relaxed: as in `has_backlog`.
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The names whose events differ from the expected totals.
    pub(crate) fn discrepancies(&self) -> Vec<String> {
        let mut found: Vec<_> =
            self.names.iter().enumerate().filter_map(|(number, name)| self.compare(number, name)).collect();
        // Relaxed: as in `has_backlog`.
        let (sent, reported) = (self.sent.load(Ordering::Relaxed), self.event_counts.calls());
        if sent != reported {
            found.push(format!("small registry: {sent} calls were made, and {reported} reported by events"));
        }
        found.extend(self.event_counts.out_of_order());
        found
    }

    fn compare(&self, number: usize, name: &Name) -> Option<String> {
        let ends = [
            Completion::Success,
            Completion::Failure,
            Completion::Ignored,
            Completion::Cancelled,
            Completion::Panicked,
            Completion::Rejected,
        ];
        let given = ends.map(|end| name.expected.of(end));
        let is_there = self.registry.get(&name.text).is_some();
        let difference = self.event_counts.compare(number, given, is_there).err()?;
        Some(format!("small registry, {}: {difference}", name.text))
    }

    pub(crate) fn calls(&self) -> u64 {
        // Relaxed: as in `has_backlog`.
        self.sent.load(Ordering::Relaxed)
    }

    pub(crate) fn summary(&self) -> String {
        self.event_counts.summary()
    }
}
