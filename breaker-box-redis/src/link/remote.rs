//! A record of the store: what the circuit here does.

use std::time::Duration;

use breaker_core::{Reason, State};

use super::Link;
use super::decision::{Decision, Kind};
use super::entry::{Entry, Known};
use super::input::{Adoption, Circuit};
use super::output::{Adopted, Note, Output};
use super::time::Time;
use crate::protocol::{LONGEST, MOST_OPENINGS, Name, Record, Version};

/// The shortest time for which a circuit is opened.
pub(crate) const SHORTEST: Duration = Duration::from_millis(20);
/// The cause of a record that probes have closed, as the scripts and [`Cause::as_str`] have it.
///
/// [`Cause::as_str`]: breaker_core::Cause::as_str
const RECOVERED: &str = "probes_succeeded";
/// How long a record is kept after its time while the circuit here is still half-open.
const LONGER: Duration = Duration::from_secs(60);

impl Link {
    /// Takes a record into account that was written at a local time. Returns whether it is news.
    pub(super) fn learn(&mut self, shard: u16, name: &Name, mut record: Record, written: Time) -> bool {
        record.period = record.period.min(LONGEST);
        record.left = record.left.min(record.period);
        record.openings = record.openings.min(MOST_OPENINGS);
        let known = &mut self.shards[usize::from(shard)];
        if !known.may_have_written(record.version, self.now) {
            return false;
        }
        known.highest = known.highest.max(record.version);
        let round = known.round;
        if !self.entries.has_room() && self.entries.get(name).is_none() {
            return false;
        }
        let now = self.now;
        let entry = self.entries.get_or_new(name, shard);
        if record.version <= entry.version() {
            match &mut entry.known {
                Some(known) if known.record.version == record.version => {
                    known.round = round;
                    known.lost = false;
                    let over = written + record.left;
                    if !entry.is_over_sooner(&record, over) {
                        return false;
                    }
                    self.outputs.push(Output::Remember { name: name.clone(), record, deadline: Some(over) });
                    return true;
                }
                Some(known) => known.older = Some(round),
                None => {}
            }
            return false;
        }
        let mut new = Known::new(record, written, now, round);
        let mut seen = None;
        let state = new.record.state;
        if let Some(old) = &entry.known
            && old.is_repeated_by(&new, now)
        {
            new.deadline = old.deadline;
            seen = Some((old.record.version, new.record.version));
        }
        if let (Some((old, new)), Some(local)) = (seen, &mut entry.local) {
            let agrees = match local.state {
                State::HalfOpen => state == State::Open,
                State::RampingUp => state == State::Closed,
                here => here == state,
            };
            if local.seen == old && agrees {
                local.seen = new;
            }
        }
        let again = seen.is_some() && entry.probes.as_ref().is_some_and(|probes| !probes.released);
        entry.voted = false;
        entry.restore = None;
        let deadline = (new.record.state == State::Open).then_some(new.deadline);
        let record = new.record.clone();
        entry.known = Some(new);
        self.outputs.push(Output::Remember { name: name.clone(), record, deadline });
        if again {
            // Leases are for a version: the slots that were granted go back.
            self.hold(name);
        }
        true
    }

    /// Moves the circuit here to what is known, unless something that was decided here goes first.
    pub(super) fn reconcile(&mut self, name: &Name) {
        let instance = self.settings.instance.clone();
        let now = self.now;
        let Some(entry) = self.entries.get_mut(name) else { return };
        let Some(known) = &entry.known else { return };
        if known.record.version <= entry.seen() || entry.differs_from_before() {
            return;
        }
        // The verdict says what the record is that follows.
        let in_flight = entry.sent.as_ref().map(|(_, decision)| decision);
        if in_flight.is_some_and(|sent| sent.is_order() || known.instance() == &instance) {
            return;
        }
        if entry.order.is_some() || entry.decision.as_ref().is_some_and(|decision| goes_first(decision, known, now)) {
            return;
        }
        entry.decision = None;
        let state = Adopted {
            state: known.record.state,
            // Long enough that its probes can be held before it is half-open.
            left: (known.record.state == State::Open).then(|| known.left(now).max(SHORTEST)),
            openings: known.record.openings,
            reason: known.record.reason.as_deref().map(Reason::from),
            recovered: entry.recovers_by(known).then(|| now.since(known.deadline)),
        };
        let (version, expected) = (known.record.version, entry.generation());
        self.outputs.push(Output::Adopt { name: name.clone(), expected, version, state });
    }

    pub(super) fn adopted(&mut self, circuit: Option<Circuit>, name: &Name, version: Version, adoption: Adoption) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        let (generation, applied) = match adoption {
            Adoption::Applied(generation) => (generation, true),
            Adoption::Unchanged(generation) => (generation, false),
            Adoption::Moved(change) => {
                if entry.generation() == Some(change.generation) {
                    // It was expected, and is not: the next record is tried again.
                    entry.local.iter_mut().for_each(|local| local.seen = version);
                } else if let Some(circuit) = circuit.or_else(|| entry.circuit.clone()) {
                    self.changed(circuit, &change);
                }
                return;
            }
            Adoption::Gone => {
                entry.offered = version;
                entry.local = None;
                entry.circuit = None;
                entry.probes = None;
                return;
            }
        };
        if circuit.is_some() {
            entry.circuit = circuit;
        }
        let Some(known) = entry.known.as_ref().filter(|known| known.record.version == version) else { return };
        let (state, deadline) = (known.record.state, known.deadline);
        entry.local = Some(super::entry::Local {
            generation,
            state,
            openings: known.record.openings,
            deadline,
            period: known.record.period,
            seen: version,
            unsupervised: false,
            only_here: false,
            undecided: None,
        });
        let note = Note::Adopted {
            name: name.clone(),
            state,
            instance: known.record.instance.clone(),
            cause: known.record.cause.clone(),
        };
        entry.probes = None;
        if applied {
            self.adopted += 1;
            self.outputs.push(Output::Note(note));
        }
        if state == State::Open {
            self.hold(name);
        }
    }

    /// Forgets what the store has forgotten too.
    pub(super) fn forget_due(&mut self, name: &Name) {
        let now = self.now;
        let Some(entry) = self.entries.get_mut(name) else { return };
        let needed = entry.is_open_here() && entry.is_open_in_fleet();
        let Some(known) = entry.known.as_mut().filter(|known| known.until.is_some_and(|until| until <= now)) else {
            return;
        };
        if needed {
            known.until = Some(now + LONGER);
        } else {
            self.forget(name);
        }
    }

    /// There is no record any more.
    pub(super) fn forget(&mut self, name: &Name) {
        let Some(entry) = self.entries.get_mut(name) else { return };
        entry.offered = entry.version();
        entry.known = None;
        entry.local.iter_mut().for_each(|local| local.seen = Version(0));
        self.outputs.push(Output::Forget { name: name.clone() });
    }
}

/// Whether something that was decided here is written before a newer record is adopted.
fn goes_first(decision: &Decision, known: &Known, now: Time) -> bool {
    decision.kind == Kind::Trip && outlasts(decision, known, now)
}

/// By how much a trip must last longer than what the fleet has. Many instances are told to wait at
/// nearly the same time.
const NOTICEABLE: Duration = Duration::from_millis(50);

/// Whether a trip changes a record: the dependency asks for more time than the fleet gives it. What
/// was set by hand stays.
pub(super) fn outlasts(trip: &Decision, known: &Known, now: Time) -> bool {
    match known.record.state {
        State::Open => trip.deadline > known.deadline + NOTICEABLE,
        State::Closed => &*known.record.cause != "manual" && trip.deadline > now,
        _ => false,
    }
}

impl Entry {
    /// Whether the record says that probes have closed the circuit, and it is open here.
    fn recovers_by(&self, known: &Known) -> bool {
        known.record.state == State::Closed && &*known.record.cause == RECOVERED && self.is_open_here()
    }

    /// Corrects when the open period of the record that is known is over. A message may have been
    /// on its way for long, and was heard before the store's time was known here. Returns whether
    /// that is news.
    fn is_over_sooner(&mut self, record: &Record, over: Time) -> bool {
        let Some(known) = &mut self.known else { return false };
        let is_open = known.record.state == State::Open && record.state == State::Open;
        if !is_open || known.deadline <= over + NOTICEABLE {
            return false;
        }
        known.deadline = over;
        if let Some(local) = self.local.as_mut().filter(|local| local.state == State::Open) {
            // It is adopted again, with the time that is left.
            local.seen = local.seen.min(Version(record.version.0 - 1));
        }
        true
    }

    /// The record is to be adopted even if its version was taken into account: what was decided
    /// here at that version was not applied.
    pub(super) fn distrust(&mut self) {
        self.offered = Version(0);
        self.local.iter_mut().for_each(|local| local.seen = Version(0));
    }
}
