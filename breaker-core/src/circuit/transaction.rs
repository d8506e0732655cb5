//! Work under the lock: steps of the state machine, which are written back and pushed as events.

use std::sync::Arc;

use super::aftermath::{Aftermath, Changed, Entry};
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
use crate::machine::ramp::Credit;
use crate::machine::trigger::Trigger;
use crate::machine::{Allowance, Input, Moment, Reply, Slot, Snapshot, Step, Transition, changes};
use crate::primitive::MutexGuard;
use crate::reason::Reason;
use crate::sharing::Note;
use crate::state::State;

/// The lock is held, and the clock was read once.
pub(super) struct Transaction<'a> {
    pub(super) circuit: &'a Circuit,
    pub(super) locked: MutexGuard<'a, Locked>,
    pub(super) moment: Moment<'a>,
    /// What is left to do once the lock is released.
    aftermath: &'a mut Aftermath,
    /// What a fleet hears, if anything.
    notes: Option<Vec<Note>>,
    /// Whether orders are meant for this instance only.
    pub(super) only_here: bool,
}

impl Circuit {
    /// Runs `work` under the lock, then logs and delivers what it caused.
    #[inline]
    pub(super) fn transact<R>(&self, work: impl FnOnce(&mut Transaction<'_>) -> R) -> R {
        self.transact_with(self.locked.lock(), work)
    }

    /// The same as [`transact`](Self::transact), for callers that already hold the lock.
    #[inline]
    pub(super) fn transact_with<R>(
        &self,
        locked: MutexGuard<'_, Locked>,
        work: impl FnOnce(&mut Transaction<'_>) -> R,
    ) -> R {
        // Read under the lock, so that what it guards never sees time run backwards.
        self.transact_at(self.environment.clock.now(), locked, work)
    }

    /// The same as [`transact_with`](Self::transact_with), but without running any user code. The
    /// caller [finishes](Circuit::finish) once it holds no lock.
    pub(super) fn transact_quietly<R>(
        &self,
        locked: MutexGuard<'_, Locked>,
        work: impl FnOnce(&mut Transaction<'_>) -> R,
    ) -> (R, Aftermath) {
        let mut aftermath = Aftermath::default();
        // Read under the lock, as above.
        let result = self.work(self.environment.clock.now(), locked, &mut aftermath, work);
        (result, aftermath)
    }

    /// The same as [`transact_with`](Self::transact_with), at a time that is not before any that
    /// was read under the lock.
    #[inline]
    pub(super) fn transact_at<R>(
        &self,
        now: Tick,
        locked: MutexGuard<'_, Locked>,
        work: impl FnOnce(&mut Transaction<'_>) -> R,
    ) -> R {
        let mut aftermath = Aftermath::default();
        let result = self.work(now, locked, &mut aftermath, work);
        if aftermath.is_nothing() {
            self.environment.events.deliver();
        } else {
            self.finish(&aftermath);
        }
        result
    }

    #[inline]
    fn work<R>(
        &self,
        now: Tick,
        locked: MutexGuard<'_, Locked>,
        aftermath: &mut Aftermath,
        work: impl FnOnce(&mut Transaction<'_>) -> R,
    ) -> R {
        let jitter_sample = self.jitter_sample(locked.snapshot().generation);
        let moment = Moment { now, jitter_sample: &jitter_sample };
        let mut transaction = Transaction { circuit: self, locked, moment, aftermath, notes: None, only_here: false };
        let result = work(&mut transaction);
        if let Some(notes) = transaction.notes {
            // Queued under the lock, in the order of this circuit.
            transaction.aftermath.told = self.tell_fleet(notes);
        }
        drop(transaction.locked);
        result
    }

    #[cold]
    fn tell_fleet(&self, notes: Vec<Note>) -> Option<Arc<dyn Listener>> {
        let listener = self.environment.listener.get()?;
        listener.queue(&self.key, std::ptr::from_ref(self).addr(), notes);
        Some(listener)
    }
}

impl Transaction<'_> {
    /// Lets the machine decide about `input`, and writes its step back.
    pub(super) fn step(&mut self, input: &Input, reason: Option<&Reason>) -> Reply {
        let atomics = &self.circuit.atomics;
        let mut word = atomics.word();
        // Read before the word is published: a success of the new generation must not be taken for
        // one from before the windows were cleared.
        let mut successes = 0;
        let mut credit = self.circuit.credit();
        let mut step = self.locked.begin_step(word, credit);
        loop {
            step.take(&self.locked.policy, self.locked.in_flight(), input, &self.moment);
            if step.next.state == State::Open {
                self.circuit.cold().begin_open_period(step.next.opened_at, step.next.deadline);
            }
            self.publish_ramp(&step.next);
            let can_hang = step.slot == Slot::Taken && self.locked.policy.hung_calls.is_some();
            if can_hang || step.next.allowance != self.locked.snapshot().allowance {
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
                Ok(()) if self.keep_credit(credit, &step.next) => break,
                Ok(()) => word = next,
                Err(found) => word = found,
            }
            credit = self.circuit.credit();
            step = self.locked.begin_step(word, credit);
        }
        self.apply(&step, input, successes, reason);
        if step.next.state == State::HalfOpen {
            self.publish_probe_limit(&step.next);
        }
        step.reply
    }

    /// Publishes what calls need to know while the circuit ramps up, before the word says so.
    #[inline]
    fn publish_ramp(&self, next: &Snapshot) {
        let Some(ramp) = next.ramp(&self.locked.policy) else { return };
        let atomics = self.circuit.cold().make_ramp();
        if next.generation == self.locked.snapshot().generation {
            atomics.change(&ramp);
        } else {
            atomics.begin(CreditOf::new(next.generation, next.credit), &ramp);
        }
    }

    /// Keeps the credit after a call that asked in a ramp-up that had begun before. False if
    /// another call has changed it in the meantime.
    #[inline]
    fn keep_credit(&self, before: Credit, next: &Snapshot) -> bool {
        if next.credit == before || next.generation != self.locked.snapshot().generation {
            return true;
        }
        let [known, left] = [before, next.credit].map(|credit| CreditOf::new(next.generation, credit));
        self.circuit.cold().make_ramp().swap_credit(known, left).is_ok()
    }

    /// Publishes until when a half-open circuit rejects without the lock, if it has no free slot.
    #[inline]
    fn publish_probe_limit(&self, next: &Snapshot) {
        let oldest = self.locked.oldest_probe().map(|oldest| next.holds_until(&self.locked.policy, oldest));
        let limit = match next.allowance {
            None => oldest,
            // The next rejection takes the lock, because it asks for a slot.
            Some(Allowance { is_wanted: false, .. }) => None,
            Some(Allowance { until, .. }) => Some(oldest.map_or(until, |oldest| oldest.min(until))),
        };
        let limit = limit.map(|limit| self.locked.hung_at().map_or(limit, |hung_at| hung_at.min(limit)));
        if let Some(limit) = limit {
            self.circuit.cold().set_probe_limit(limit);
        }
    }

    /// The content of the windows after a step: that on which the input was decided, unless the
    /// step clears them.
    fn tally_after(&mut self, step: &Step, input: &Input) -> Tally {
        match input {
            _ if step.clears_counts => Tally::default(),
            Input::CallSettled { tally, .. } | Input::CallReported { tally, .. } => *tally,
            _ => self.tally(),
        }
    }

    #[inline]
    fn flags_after(&mut self, word: Word, step: &Step, input: &Input) -> Flags {
        // Only then the content of the windows matters.
        let watched = step.next.counts_calls() && {
            let tally = self.tally_after(step, input);
            step.next.watches_successes(&self.locked.policy, &tally)
        };
        word.flags().without(Flags::WATCHED).with(Flags::WATCHED.when(watched))
    }

    #[inline]
    fn apply(&mut self, step: &Step, input: &Input, successes: u64, reason: Option<&Reason>) {
        let now = self.moment.now;
        if self.circuit.environment.listener.is_taken() {
            self.note_for_fleet(step, reason);
        }
        if step.begins_generation() {
            self.announce(step, input, reason);
        }
        self.locked.keep(step, now);
        if step.reply == Reply::Admitted && step.next.state != State::Disabled {
            self.locked.list(now);
        }
        if step.clears_counts {
            if let Some(windows) = self.locked.windows() {
                windows.clear(successes, now);
            }
        }
        if let Some(trigger) = step.would_open {
            let cause = Cause::new(trigger, reason);
            self.push_with(EventType::WouldOpen, || EventKind::WouldOpen { cause: cause.clone() });
            self.aftermath.log(Entry::WouldOpen(cause));
        }
    }

    /// Notes what a fleet hears. The step has not been kept yet.
    #[cold]
    fn note_for_fleet(&mut self, step: &Step, reason: Option<&Reason>) {
        let context = notes::Context {
            before: self.locked.snapshot(),
            policy: &self.locked.policy,
            key: &self.circuit.key,
            clock: &self.circuit.environment.clock,
            now: self.moment.now,
            reason,
            only_here: self.only_here,
        };
        let notes = notes::of(step, &context);
        if !notes.is_empty() {
            self.notes.get_or_insert_default().extend(notes);
        }
    }

    /// Counts, announces and logs the new generations of a step that has not been kept yet, and
    /// notes why the circuit entered the last of them, for a fleet that is joined later.
    #[inline(never)]
    fn announce(&mut self, step: &Step, input: &Input, reason: Option<&Reason>) {
        if let Some(last) = step.entered.iter().map_while(Option::as_ref).last() {
            self.locked.note_entered_by(last.trigger, self.only_here && last.trigger == Trigger::Manual);
        }
        if changes(&step.entered).next().is_none() {
            return;
        }
        let opened = step.times_opened();
        if opened > 0 {
            self.locked.counts().opened += opened;
        }
        if self.circuit.wants(EventType::StateChanged) {
            for Transition { from, to, trigger, .. } in changes(&step.entered) {
                self.push(EventKind::StateChanged { from, to, cause: Cause::new(trigger, reason) });
            }
        }
        let counts = self.counts(step, input);
        self.aftermath.log(Entry::Changed(Changed { entered: step.entered, reason: reason.cloned(), counts }));
    }

    /// What led to a change of state, for the log: the failures, and the hung calls where they open
    /// the circuit. The step has not been kept yet.
    fn counts(&mut self, step: &Step, input: &Input) -> log::Counts {
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
            self.step(&Input::TimePassed, None);
        }
    }

    /// The same, as far as it matters for whether and where a result counts: what else is due, the
    /// step that decides about the result applies.
    pub(super) fn pass_time_before_result(&mut self) {
        if self.locked.is_due(self.moment.now) {
            self.step(&Input::TimePassed, None);
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
        self.aftermath.log(Entry::Failed(reason));
    }

    /// Queues an event, in the order of this circuit's changes.
    #[inline]
    pub(super) fn push(&self, kind: EventKind) {
        self.push_with(kind.event_type(), || kind);
    }

    /// Queues an event that is costly to create, such as one with a copy of a reason, if any
    /// watcher wants it.
    #[inline]
    pub(super) fn push_with(&self, kind: EventType, event: impl FnOnce() -> EventKind) {
        if self.circuit.wants(kind) {
            self.circuit.environment.push(&self.circuit.key, event());
        }
    }
}
