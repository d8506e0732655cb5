//! Counts the events of each name.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use breaker_box::{Event, EventKind};

/// The events of one name.
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
    /// Calls whose events came while it was not.
    outside_registry: AtomicU64,
}

/// The events of a registry.
#[derive(Debug)]
pub(super) struct EventCounts {
    names: Vec<Counts>,
    /// The events that say how a call ended; each call has one.
    calls: AtomicU64,
    registered: AtomicU64,
    evicted: AtomicU64,
    unregistered: AtomicU64,
    unguarded: AtomicU64,
    last_sequence: AtomicU64,
    out_of_order: AtomicU64,
}

const PREFIX: &str = "evictable:";

impl EventCounts {
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

    /// Returns whether the circuit may be unregistered. The others are only evicted, which never
    /// happens while calls are in flight.
    pub(super) const fn may_be_unregistered(number: usize) -> bool {
        number % 4 != 3
    }

    pub(super) fn calls(&self) -> u64 {
        // Relaxed, as all here: counts, compared after the threads were joined.
        self.calls.load(Ordering::Relaxed)
    }

    /// Counts an event. Handlers run one at a time, so the order can be checked.
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
            EventKind::Registered => return self.registered(name),
            EventKind::Evicted => return self.removed(name, &self.evicted),
            EventKind::Unregistered => return self.removed(name, &self.unregistered),
            _ => return,
        }
        count(&self.calls);
        // Relaxed: as `calls`.
        if event.kind != EventKind::Unguarded && name.present.load(Ordering::Relaxed) == 0 {
            count(&name.outside_registry);
        }
    }

    fn registered(&self, name: &Counts) {
        // Relaxed: as `calls`.
        self.registered.fetch_add(1, Ordering::Relaxed);
        if name.present.fetch_add(1, Ordering::Relaxed) != 0 {
            self.out_of_order.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn removed(&self, name: &Counts, how: &AtomicU64) {
        // Relaxed: as `calls`.
        how.fetch_add(1, Ordering::Relaxed);
        if name.present.fetch_sub(1, Ordering::Relaxed) != 1 {
            self.out_of_order.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Checks that the events of a name match its calls; `given` are its successes,
    /// failures, ignored, cancelled, panicked and rejected calls.
    ///
    /// A call has the event of its completion, or was late, or ran unguarded.
    pub(super) fn compare(&self, number: usize, given: [u64; 6], is_there: bool) -> Result<(), String> {
        let name = &self.names[number];
        // Relaxed: as `calls`.
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let [.., rejected] = given;
        // More panics than failures would be an error, which the maximum makes visible.
        let own_failures = of(&name.failures).checked_sub(of(&name.panicked)).unwrap_or(u64::MAX);
        let reported = [of(&name.successes), own_failures, of(&name.ignored), of(&name.cancelled), of(&name.panicked)];
        let missing = given
            .into_iter()
            .zip(reported)
            .try_fold(0, |sum, (given, reported)| Some(sum + given.checked_sub(reported)?));
        let elsewhere = of(&name.late) + of(&name.unguarded);
        if missing != Some(elsewhere) || rejected != of(&name.rejected) {
            return Err(format!(
                "{given:?} calls were made, {reported:?} reported, {elsewhere} late or unguarded: {name:?}"
            ));
        }
        if of(&name.outside_registry) > 0 && !Self::may_be_unregistered(number) {
            return Err(format!("calls were in flight when it was evicted: {name:?}"));
        }
        // Relaxed: as `calls`.
        if of(&self.registered) == 0 || name.present.load(Ordering::Relaxed) != i64::from(is_there) {
            return Err(format!("registered: {is_there}: {name:?}"));
        }
        Ok(())
    }

    pub(super) fn out_of_order(&self) -> Option<String> {
        // Relaxed: as `calls`.
        let faults = self.out_of_order.load(Ordering::Relaxed);
        (faults > 0).then(|| format!("small registry: {faults} events were out of order"))
    }

    pub(super) fn summary(&self) -> String {
        // Relaxed: as `calls`.
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        format!(
            "{} registered, {} evicted, {} unregistered, {} calls unguarded, {} events",
            of(&self.registered),
            of(&self.evicted),
            of(&self.unregistered),
            of(&self.unguarded),
            of(&self.last_sequence),
        )
    }
}
