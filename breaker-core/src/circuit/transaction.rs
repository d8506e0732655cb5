//! Work under the lock: steps of the state machine, which are written back, pushed as events and
//! logged.

use std::sync::Arc;

use super::atomics::CreditOf;
use super::locked::Locked;
use super::word::{Flags, Word};
use super::{Circuit, notes};
use crate::cause::Cause;
use crate::clock::tick::Tick;
use crate::environment::Listener;
use crate::event::{EventKind, EventType};
use crate::log;
use crate::machine::conditions::{Tally, failure_count};
use crate::machine::trigger::Trigger;
use crate::machine::{self, Allowance, Input, Moment, Reply, Slot, Snapshot, Step, Transition};
use crate::primitive::MutexGuard;
use crate::reason::Reason;
use crate::sharing::Note;
use crate::state::State;

/// The lock is held, and the clock was read once.
pub(super) struct Transaction<'a> {
    pub(super) circuit: &'a Circuit,
    pub(super) locked: MutexGuard<'a, Locked>,
    pub(super) moment: Moment,
    /// What is logged once the lock is released, because a log subscriber may call this very
    /// circuit.
    log: Entries,
    /// What a fleet hears.
    notes: Vec<Note>,
    /// Whether orders are meant for this instance only.
    pub(super) only_here: bool,
}

/// What is left to do once no lock is held.
#[must_use]
pub(crate) struct Aftermath {
    log: Entries,
    /// The fleet that has something to deliver.
    told: Option<Arc<dyn Listener>>,
}

impl Aftermath {
    /// The same, with nothing to log.
    pub(super) fn without_log(self) -> Self {
        Self { log: Entries::default(), ..self }
    }
}

/// Usually one at most, which needs no allocation.
#[derive(Default)]
struct Entries {
    first: Option<Entry>,
    more: Vec<Entry>,
}

impl Entries {
    fn push(&mut self, entry: Entry) {
        match self.first {
            None => self.first = Some(entry),
            Some(_) => self.more.push(entry),
        }
    }
}

enum Entry {
    Changed(Transition, Cause, log::Counts),
    WouldOpen(Cause),
    Failed(Reason),
}

impl Circuit {
    /// Runs `work` under the lock, then logs and delivers what it caused.
    pub(super) fn transact<'a, R>(&'a self, work: impl FnOnce(&mut Transaction<'a>) -> R) -> R {
        self.transact_with(self.locked.lock(), work)
    }

    /// The same as [`transact`](Self::transact), for callers that already hold the lock.
    pub(super) fn transact_with<'a, R>(
        &'a self,
        locked: MutexGuard<'a, Locked>,
        work: impl FnOnce(&mut Transaction<'a>) -> R,
    ) -> R {
        let (result, aftermath) = self.transact_quietly(locked, work);
        self.finish(aftermath);
        result
    }

    /// The same as [`transact_with`](Self::transact_with), but without running any user code. The
    /// caller [finishes](Self::finish) once it holds no lock.
    pub(super) fn transact_quietly<'a, R>(
        &'a self,
        locked: MutexGuard<'a, Locked>,
        work: impl FnOnce(&mut Transaction<'a>) -> R,
    ) -> (R, Aftermath) {
        // Read under the lock, so that what it guards never sees time run backwards.
        let now = self.environment.clock.now();
        self.transact_at(now, locked, work)
    }

    /// The same, at a time that is not before any that was read under the lock.
    pub(super) fn transact_at<'a, R>(
        &'a self,
        now: Tick,
        locked: MutexGuard<'a, Locked>,
        work: impl FnOnce(&mut Transaction<'a>) -> R,
    ) -> (R, Aftermath) {
        let moment = locked.moment(&self.key, &self.environment.clock, now);
        let mut transaction =
            Transaction { circuit: self, locked, moment, log: Entries::default(), notes: Vec::new(), only_here: false };
        let result = work(&mut transaction);
        let Transaction { locked, log, notes, .. } = transaction;
        // Queued under the lock, in the order of this circuit.
        let told = if notes.is_empty() { None } else { self.tell_fleet(notes) };
        drop(locked);
        (result, Aftermath { log, told })
    }

    #[cold]
    fn tell_fleet(&self, notes: Vec<Note>) -> Option<Arc<dyn Listener>> {
        let listener = self.environment.listener.get()?;
        listener.queue(&self.key, std::ptr::from_ref(self).addr(), notes);
        Some(listener)
    }

    /// Delivers and logs what a transaction has caused.
    pub(crate) fn finish(&self, aftermath: Aftermath) {
        // First, so that neither the log nor a handler of events delays a fleet.
        if let Some(listener) = aftermath.told {
            listener.deliver();
        }
        let Entries { first, more } = aftermath.log;
        for entry in first.into_iter().chain(more) {
            self.write(entry);
        }
        self.environment.events.deliver();
    }

    #[cold]
    fn write(&self, entry: Entry) {
        match entry {
            Entry::Changed(Transition { from, to, .. }, cause, counts) => {
                log::state_changed(&self.key, from, to, &cause, counts);
            }
            Entry::WouldOpen(cause) => log::would_open(&self.key, &cause),
            Entry::Failed(reason) => log::failed(&self.key, &reason),
        }
    }
}

impl Transaction<'_> {
    /// Lets the machine decide about `input`, and writes its step back.
    pub(super) fn step(&mut self, input: Input, reason: Option<&Reason>) -> Reply {
        let atomics = &self.circuit.atomics;
        let mut word = atomics.word();
        // Read before the word is published: a success of the new generation must not be taken for
        // one from before the windows were cleared.
        let mut successes = 0;
        // Assigned in place, because it is large.
        let mut step;
        loop {
            let snapshot = self.locked.snapshot_with(word, self.circuit.credit());
            step = machine::step(&self.locked.policy, &snapshot, self.locked.in_flight(), input, self.moment);
            if step.next.state == State::Open {
                self.circuit.cold().begin_open_period(step.next.opened_at, step.next.deadline);
            }
            self.publish_ramp(&snapshot, &step.next);
            let can_hang = step.slot == Slot::Taken && self.locked.policy.hung_calls.is_some();
            if step.next.allowance != snapshot.allowance || can_hang {
                // Calls take the lock until the new limit is stored.
                self.circuit.cold().withdraw_probe_limit();
            }
            let all_probes_out = step.next.has_all_probes_out(&self.locked.policy);
            if step.clears_counts {
                successes = self.circuit.successes();
            }
            let next = Word::pack(&step.next, self.flags_after(word, &step, input), all_probes_out);
            // If another thread has changed the count in the meantime, or the credit of the
            // ramp-up, decide again on the new one.
            match if next == word { Ok(()) } else { atomics.swap_word(word, next) } {
                Ok(()) if self.keep_credit(&snapshot, &step.next) => break,
                Ok(()) => word = next,
                Err(found) => word = found,
            }
        }
        self.apply(&step, input, successes, reason);
        self.publish_probe_limit(&step.next);
        step.reply
    }

    /// Publishes what calls need to know while the circuit ramps up, before the word says so.
    fn publish_ramp(&self, before: &Snapshot, next: &Snapshot) {
        let Some(ramp) = next.ramp(&self.locked.policy) else { return };
        let atomics = self.circuit.cold().make_ramp();
        if next.generation == before.generation {
            atomics.change(&ramp);
        } else {
            atomics.begin(CreditOf::new(next.generation, next.credit), &ramp);
        }
    }

    /// Keeps the credit after a call that asked in a ramp-up that had begun before. False if
    /// another call has changed it in the meantime.
    fn keep_credit(&self, before: &Snapshot, next: &Snapshot) -> bool {
        if next.generation != before.generation || next.credit == before.credit {
            return true;
        }
        let [known, left] = [before.credit, next.credit].map(|credit| CreditOf::new(next.generation, credit));
        self.circuit.cold().make_ramp().swap_credit(known, left).is_ok()
    }

    /// Publishes until when a half-open circuit rejects without the lock, if it has no free slot.
    fn publish_probe_limit(&self, next: &Snapshot) {
        let oldest = self.locked.oldest_probe().map(|oldest| next.holds_until(&self.locked.policy, oldest));
        let limit = match next.allowance {
            None => oldest,
            // The next rejection takes the lock, because it asks for a slot.
            Some(Allowance { is_wanted: false, .. }) => None,
            Some(Allowance { until, .. }) => Some(oldest.map_or(until, |oldest| oldest.min(until))),
        };
        let limit = limit.map(|limit| self.locked.hung_at().map_or(limit, |hung_at| hung_at.min(limit)));
        if let Some(limit) = limit.filter(|_| next.state == State::HalfOpen) {
            self.circuit.cold().set_probe_limit(limit);
        }
    }

    /// The content of the windows after a step: that on which the input was decided, unless the
    /// step clears them.
    fn tally_after(&mut self, step: &Step, input: Input) -> Tally {
        match input {
            _ if step.clears_counts => Tally::default(),
            Input::CallSettled { tally, .. } | Input::CallReported { tally, .. } => tally,
            _ => self.tally(),
        }
    }

    fn flags_after(&mut self, word: Word, step: &Step, input: Input) -> Flags {
        let tally = self.tally_after(step, input);
        let watched = step.next.watches_successes(&self.locked.policy, &tally);
        word.flags().without(Flags::WATCHED).with(Flags::WATCHED.when(watched))
    }

    fn apply(&mut self, step: &Step, input: Input, successes: u64, reason: Option<&Reason>) {
        let now = self.moment.now;
        // Before the step is kept.
        let counts = step.transitions().next().map(|_| self.counts(step, input));
        self.note_for_fleet(step, reason);
        self.locked.keep(step, now);
        if step.reply == Reply::Admitted && step.next.state != State::Disabled {
            self.locked.list(now);
        }
        let opened = step.times_opened();
        if opened > 0 {
            self.locked.counts().opened += opened;
        }
        if step.clears_counts {
            if let Some(windows) = self.locked.windows() {
                windows.clear(successes, now);
            }
        }
        for (transition, counts) in step.transitions().zip(counts.into_iter().cycle()) {
            let Transition { from, to, trigger, .. } = transition;
            let hung = counts.hung.filter(|_| trigger == Trigger::HungCalls);
            let cause = Cause::new(trigger, reason.cloned());
            self.push_with(EventType::StateChanged, || EventKind::StateChanged { from, to, cause: cause.clone() });
            self.log.push(Entry::Changed(transition, cause, log::Counts { hung, ..counts }));
        }
        if let Some(trigger) = step.would_open {
            let cause = Cause::new(trigger, reason.cloned());
            self.push_with(EventType::WouldOpen, || EventKind::WouldOpen { cause: cause.clone() });
            self.log.push(Entry::WouldOpen(cause));
        }
    }

    /// Notes why the circuit entered its state, for a fleet that is joined later, and what a fleet
    /// hears now. The step has not been kept yet.
    fn note_for_fleet(&mut self, step: &Step, reason: Option<&Reason>) {
        if self.circuit.environment.listener.is_taken() {
            let context = notes::Context {
                before: self.locked.snapshot(),
                policy: &self.locked.policy,
                key: &self.circuit.key,
                clock: &self.circuit.environment.clock,
                now: self.moment.now,
                reason,
                only_here: self.only_here,
            };
            self.notes.extend(notes::of(step, &context));
        }
        if let Some(last) = step.entered.iter().flatten().last() {
            self.locked.note_entered_by(last.trigger, self.only_here && last.trigger == Trigger::Manual);
        }
    }

    /// What led to a change of state, for the log: the failures, and the hung calls where they open
    /// the circuit. The step has not been kept yet.
    fn counts(&mut self, step: &Step, input: Input) -> log::Counts {
        let tally = self.tally_after(step, input);
        let hung_at = self.locked.hung_at().filter(|at| at.has_come(self.moment.now));
        log::Counts {
            failures: failure_count(&self.locked.policy, step.next.failures_in_row, &tally),
            openings: step.next.openings,
            hung: hung_at.and_then(|at| self.locked.counted_in_flight(at)).map(|counted| counted.hung),
        }
    }

    /// Applies time limits and expiries that have passed, and hung calls.
    pub(super) fn pass_time(&mut self) {
        // Only these states wait for time themselves.
        let waits = matches!(self.locked.snapshot().state, State::Open | State::HalfOpen | State::RampingUp);
        if waits || self.locked.is_hung(self.moment.now) {
            self.step(Input::TimePassed, None);
        }
    }

    /// The same, as far as it matters for whether and where a result counts: what else is due, the
    /// step that decides about the result applies.
    pub(super) fn pass_time_before_result(&mut self) {
        if self.locked.is_due(self.moment.now) {
            self.step(Input::TimePassed, None);
        }
    }

    /// The current content of the windows.
    pub(super) fn tally(&mut self) -> Tally {
        let now = self.moment.now;
        let Some(windows) = self.locked.windows() else { return Tally::default() };
        let tally = windows.tally(self.circuit.successes(), now);
        self.publish_bucket_end();
        tally
    }

    /// Publishes the end of the current bucket to successes, if they belong to buckets.
    pub(super) fn publish_bucket_end(&self) {
        if let Some(end) = self.locked.bucket_end() {
            self.circuit.cold().set_bucket_end(end);
        }
    }

    /// Writes the reason of a failure to the log once the lock is released.
    pub(super) fn log_failure(&mut self, reason: Reason) {
        self.log.push(Entry::Failed(reason));
    }

    /// Queues an event, in the order of this circuit's changes.
    pub(super) fn push(&self, kind: EventKind) {
        if self.circuit.wants(kind.event_type()) {
            self.circuit.environment.push(&self.circuit.key, kind);
        }
    }

    /// Queues an event that is costly to create, such as one with a copy of a reason, if any
    /// watcher wants it.
    pub(super) fn push_with(&self, kind: EventType, event: impl FnOnce() -> EventKind) {
        if self.circuit.wants(kind) {
            self.circuit.environment.push(&self.circuit.key, event());
        }
    }
}
