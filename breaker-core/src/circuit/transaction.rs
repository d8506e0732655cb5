//! Work under the lock: the machine's steps, written back and made known.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher, RandomState};
use std::sync::LazyLock;

use super::Circuit;
use super::locked::Locked;
use super::status::failure_count;
use crate::cause::Cause;
use crate::circuit::word::{Flags, Word};
use crate::clock::tick::Tick;
use crate::event::{EventKind, EventType};
use crate::log;
use crate::machine::conditions::Tally;
use crate::machine::{self, Input, Moment, Reply, Step, Transition};
use crate::primitive::{MutexGuard, Ordering};
use crate::reason::Reason;
use crate::state::State;

/// The lock is held, the clock was read once.
pub(super) struct Transaction<'a> {
    pub(super) circuit: &'a Circuit,
    pub(super) locked: MutexGuard<'a, Locked>,
    pub(super) moment: Moment,
    /// What goes to the log once the lock is gone: a log subscriber may call this very circuit.
    log: Vec<Entry>,
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

    /// The same by who holds the lock already.
    pub(super) fn transact_with<'a, R>(
        &'a self,
        locked: MutexGuard<'a, Locked>,
        work: impl FnOnce(&mut Transaction<'a>) -> R,
    ) -> R {
        // Read under the lock, so that nothing behind it sees time run backwards.
        let now = self.environment.clock.now();
        let moment = self.moment(&locked, now);
        let mut transaction = Transaction { circuit: self, locked, moment, log: Vec::new() };
        let result = work(&mut transaction);
        let Transaction { locked, log, .. } = transaction;
        drop(locked);
        for entry in log {
            self.write(entry);
        }
        self.environment.events.deliver();
        result
    }

    /// Now, and the jitter_sample of the period that would begin now. That jitter_sample follows from the circuit and
    /// its generation, so that a look at the state and the step that is taken later come to the
    /// same end; each process deals its own. On a clock that is moved by hand all deal the same, so
    /// that tests and simulations repeat.
    pub(super) fn moment(&self, locked: &Locked, now: Tick) -> Moment {
        static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        if locked.policy.jitter == 0.0 {
            return Moment { now, jitter_sample: 0.0 };
        }
        // Part by part: how a key is hashed for look-ups may change, and must not change what
        // repeats.
        let circuit = (self.key.kind(), self.key.scope(), self.key.identifier(), locked.snapshot().generation);
        let bits = if self.environment.clock.is_manual() {
            BuildHasherDefault::<DefaultHasher>::default().hash_one(circuit)
        } else {
            // With the process, for a child that was forked has its parent's deal.
            SEED.hash_one((process(), circuit))
        };
        // 53 bits are what an f64 keeps.
        #[allow(clippy::cast_precision_loss)]
        let unit = (bits >> 11) as f64 / (1_u64 << 53) as f64;
        Moment { now, jitter_sample: unit.mul_add(2.0, -1.0) }
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

/// Tells processes apart that were forked from one parent.
fn process() -> u32 {
    // There are none on bare WebAssembly, where asking panics.
    if cfg!(target_family = "wasm") { 0 } else { std::process::id() }
}

impl Transaction<'_> {
    /// Lets the machine decide about `event` and writes its step back.
    pub(super) fn step(&mut self, event: Input, reason: Option<&Reason>) -> Reply {
        let mut word = self.circuit.word();
        // Before the word is published: a success of the new generation must not be taken for one
        // from before the windows were emptied.
        let mut successes = 0;
        let step = loop {
            let mut snapshot = *self.locked.snapshot();
            snapshot.failures_in_row = word.failures_in_row();
            let step = machine::step(&self.locked.policy, &snapshot, self.locked.out(), event, self.moment);
            if step.next.state == State::Open {
                // Release, both: stored before the word is published, read by whoever has seen an
                // open word. Other words do not lead there, and all that opens holds this lock, so
                // that it can only run ahead of the word by the step that is being published.
                let cold = self.circuit.cold();
                cold.opened_at.store(step.next.opened_at.as_nanos(), Ordering::Release);
                cold.deadline.store(step.next.deadline.as_nanos(), Ordering::Release);
            }
            let all_probes_out = step.next.has_all_probes_out(&self.locked.policy);
            if step.clears_counts {
                successes = self.circuit.successes();
            }
            let next = Word::pack(&step.next, self.flags_after(word, &step, event), all_probes_out);
            // Another thread changed the count meanwhile: decide again on the new one.
            match if next == word { Ok(()) } else { self.circuit.swap_word(word, next) } {
                Ok(()) => break step,
                Err(found) => word = found,
            }
        };
        self.apply(&step, event, successes, reason);
        if let Some(oldest) = self.locked.oldest_probe() {
            let limit = step.next.holds_until(&self.locked.policy, oldest);
            // Release, after the word: who still sees an earlier half-open one must not take this
            // for its limit. Who sees that all probes are out, but the old limit, finds it reached
            // and comes here; within a stay only a new policy makes it earlier.
            self.circuit.cold().probe_limit.store(limit.as_nanos(), Ordering::Release);
        }
        step.reply
    }

    /// What lies in the windows after a step: what the event was judged on, unless the step empties
    /// them.
    fn tally_after(&mut self, step: &Step, event: Input) -> Tally {
        match event {
            _ if step.clears_counts => Tally::default(),
            Input::CallSettled { tally, .. } | Input::CallReported { tally, .. } => tally,
            _ => self.tally(),
        }
    }

    fn flags_after(&mut self, word: Word, step: &Step, event: Input) -> Flags {
        let tally = self.tally_after(step, event);
        let watched = step.next.watches_successes(&self.locked.policy, &tally);
        word.flags().without(Flags::WATCHED).with(Flags::WATCHED.when(watched))
    }

    fn apply(&mut self, step: &Step, event: Input, successes: u64, reason: Option<&Reason>) {
        let counts = log::Counts { failures: self.counted_failures(step, event), openings: step.next.openings };
        let now = self.moment.now;
        self.locked.keep(step, now);
        if step.times_opened() > 0 {
            self.locked.count(|totals| totals.opened += step.times_opened());
        }
        if step.clears_counts {
            if let Some(windows) = &mut self.locked.windows {
                windows.clear(successes, now);
            }
        }
        for transition in step.transitions.into_iter().flatten() {
            let Transition { from, to, trigger } = transition;
            let cause = Cause::new(trigger, reason.cloned());
            self.push(EventKind::StateChanged { from, to, cause: cause.clone() });
            self.log.push(Entry::Changed(transition, cause, counts));
        }
        if let Some(trigger) = step.would_open {
            let cause = Cause::new(trigger, reason.cloned());
            self.push(EventKind::WouldOpen { cause: cause.clone() });
            self.log.push(Entry::WouldOpen(cause));
        }
    }

    /// The failures that led to a change of state, for the log.
    fn counted_failures(&mut self, step: &Step, event: Input) -> u32 {
        // Nothing is logged without a change.
        if step.transitions[0].is_none() {
            return 0;
        }
        let tally = self.tally_after(step, event);
        failure_count(&self.locked.policy, step.next.failures_in_row, &tally)
    }

    /// Time limits and expiries that have come.
    pub(super) fn pass_time(&mut self) {
        // Only these two states wait for time.
        if matches!(self.locked.snapshot().state, State::Open | State::HalfOpen) {
            self.step(Input::TimePassed, None);
        }
    }

    /// What lies in the windows now.
    pub(super) fn tally(&mut self) -> Tally {
        let now = self.moment.now;
        let Some(windows) = &mut self.locked.windows else {
            return Tally::default();
        };
        let tally = windows.tally(self.circuit.successes(), now);
        self.circuit.publish_bucket_end(windows);
        tally
    }

    /// Writes the reason of a failure to the log once the lock is gone.
    pub(super) fn log_failure(&mut self, reason: Reason) {
        self.log.push(Entry::Failed(reason));
    }

    /// Queues an event, in the order of this circuit's changes.
    pub(super) fn push(&self, kind: EventKind) {
        if self.circuit.wants(kind.event_type()) {
            self.circuit.environment.push(&self.circuit.key, kind);
        }
    }

    /// Queues an event that costs something to make, such as the copy of a reason, if anybody wants
    /// it.
    pub(super) fn push_with(&self, kind: EventType, event: impl FnOnce() -> EventKind) {
        if self.circuit.wants(kind) {
            self.circuit.environment.push(&self.circuit.key, event());
        }
    }
}
