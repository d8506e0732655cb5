//! What the events say about each name.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use breaker_box::{Event, EventKind};

/// Counts of one name's events.
#[derive(Debug, Default)]
struct Counts {
    successes: AtomicU64,
    failures: AtomicU64,
    ignored: AtomicU64,
    cancelled: AtomicU64,
    panicked: AtomicU64,
    rejected: AtomicU64,
    late: AtomicU64,
    unguarded: AtomicU64,
    /// 1 while the circuit is in the registry.
    present: AtomicI64,
    /// Calls that were told while it was not.
    strays: AtomicU64,
}

/// The events of a registry, added up.
#[derive(Debug)]
pub(super) struct Seen {
    names: Vec<Counts>,
    /// Events that say how a call ended, of which each call has one.
    calls: AtomicU64,
    registered: AtomicU64,
    evicted: AtomicU64,
    unregistered: AtomicU64,
    unguarded: AtomicU64,
    last_sequence: AtomicU64,
    out_of_order: AtomicU64,
}

const PREFIX: &str = "passing:";

impl Seen {
    pub(super) fn new(names: usize) -> Self {
        Self {
            names: (0..names).map(|_| Counts::default()).collect(),
            calls: AtomicU64::new(0),
            registered: AtomicU64::new(0),
            evicted: AtomicU64::new(0),
            unregistered: AtomicU64::new(0),
            unguarded: AtomicU64::new(0),
            last_sequence: AtomicU64::new(0),
            out_of_order: AtomicU64::new(0),
        }
    }

    pub(super) fn name(number: usize) -> String {
        format!("{PREFIX}{number}")
    }

    /// Some circuits are only ever evicted, which they are not while calls are in flight.
    pub(super) const fn may_be_taken_out(number: usize) -> bool {
        number % 4 != 3
    }

    pub(super) fn calls(&self) -> u64 {
        // Relaxed, as all here: counts, compared after the threads were joined.
        self.calls.load(Ordering::Relaxed)
    }

    /// Handlers run one at a time, so that plain loads and stores would do for the order.
    pub(super) fn note(&self, event: &Event) {
        // Relaxed: as `calls`.
        if self.last_sequence.swap(event.sequence, Ordering::Relaxed) + 1 != event.sequence {
            self.out_of_order.fetch_add(1, Ordering::Relaxed);
        }
        let number = event.key.identifier().strip_prefix(PREFIX).and_then(|number| number.parse::<usize>().ok());
        let Some(name) = number.and_then(|number| self.names.get(number)) else { return };
        let count = |count: &AtomicU64| {
            // Relaxed: as `calls`.
            count.fetch_add(1, Ordering::Relaxed);
        };
        match event.kind {
            EventKind::Success => count(&name.successes),
            EventKind::Failure { .. } => count(&name.failures),
            EventKind::Ignored => count(&name.ignored),
            EventKind::Cancelled => count(&name.cancelled),
            EventKind::Rejected { .. } => count(&name.rejected),
            EventKind::Late => count(&name.late),
            EventKind::Panicked { .. } => return count(&name.panicked),
            EventKind::Unguarded => {
                count(&name.unguarded);
                count(&self.unguarded);
            }
            EventKind::Registered => return self.comes(name),
            EventKind::Evicted => return self.goes(name, &self.evicted),
            EventKind::Unregistered => return self.goes(name, &self.unregistered),
            _ => return,
        }
        count(&self.calls);
        // Relaxed: as `calls`.
        if event.kind != EventKind::Unguarded && name.present.load(Ordering::Relaxed) == 0 {
            count(&name.strays);
        }
    }

    fn comes(&self, name: &Counts) {
        // Relaxed: as `calls`.
        self.registered.fetch_add(1, Ordering::Relaxed);
        if name.present.fetch_add(1, Ordering::Relaxed) != 0 {
            self.out_of_order.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn goes(&self, name: &Counts, how: &AtomicU64) {
        // Relaxed: as `calls`.
        how.fetch_add(1, Ordering::Relaxed);
        if name.present.fetch_sub(1, Ordering::Relaxed) != 1 {
            self.out_of_order.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether the events of a name are what its calls add up to; `given` are its successes,
    /// failures, ignored, cancelled, panicked and rejected calls.
    ///
    /// A call that was given an end has the event of that end, or was late, or ran unguarded.
    pub(super) fn compare(&self, number: usize, given: [u64; 6], is_there: bool) -> Result<(), String> {
        let name = &self.names[number];
        // Relaxed: as `calls`.
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let [.., rejected] = given;
        // More panics than failures would make it more than any calls.
        let own_failures = of(&name.failures).checked_sub(of(&name.panicked)).unwrap_or(u64::MAX);
        let told = [of(&name.successes), own_failures, of(&name.ignored), of(&name.cancelled), of(&name.panicked)];
        let missing =
            given.into_iter().zip(told).try_fold(0, |sum, (given, told)| Some(sum + given.checked_sub(told)?));
        let elsewhere = of(&name.late) + of(&name.unguarded);
        if missing != Some(elsewhere) || rejected != of(&name.rejected) {
            return Err(format!("{given:?} were made, {told:?} told, {elsewhere} late or unguarded: {name:?}"));
        }
        if of(&name.strays) > 0 && !Self::may_be_taken_out(number) {
            return Err(format!("calls were in flight when it was evicted: {name:?}"));
        }
        // Relaxed: as `calls`.
        if of(&self.registered) == 0 || name.present.load(Ordering::Relaxed) != i64::from(is_there) {
            return Err(format!("is it there? {is_there}: {name:?}"));
        }
        Ok(())
    }

    pub(super) fn out_of_order(&self) -> Option<String> {
        // Relaxed: as `calls`.
        let faults = self.out_of_order.load(Ordering::Relaxed);
        (faults > 0).then(|| format!("passing: {faults} events were out of order"))
    }

    pub(super) fn summary(&self) -> String {
        // Relaxed: as `calls`.
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        format!(
            "{} made, {} evicted, {} taken out, {} calls unguarded, {} events",
            of(&self.registered),
            of(&self.evicted),
            of(&self.unregistered),
            of(&self.unguarded),
            of(&self.last_sequence),
        )
    }
}
