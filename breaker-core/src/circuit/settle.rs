//! Answering: how did the call end?

mod windowed;

use std::time::Duration;

use super::transaction::Transaction;
use super::{Circuit, Ticket};
use crate::circuit::word::{Flags, Word};
use crate::clock::tick::Tick;
use crate::counters::Count;
use crate::event::{EventKind, EventType};
use crate::log;
use crate::machine::conditions::Tally;
use crate::machine::{Input, Observation};
use crate::outcome::Outcome;
use crate::policy::Cancellation;
use crate::primitive::Ordering;
use crate::reason::Reason;
use crate::state::State;
use crate::window::Record;

/// How a call ended.
#[derive(Debug)]
pub(crate) enum Completion {
    /// It came back, and was classified.
    Returned(Outcome),
    /// Its future or permit was dropped.
    Cancelled,
    /// It panicked.
    Panicked(Reason),
    /// Nobody can say, because the classifier itself panicked: only its slot is freed.
    Unknown,
}

impl Circuit {
    /// Settles a success.
    #[inline]
    pub(crate) fn succeed(&self, ticket: Ticket) {
        let word = self.word();
        if word == ticket.word && word.ignores_success() {
            // A state change between the load above and this addition finds the success in the next
            // generation's window: one call per thread at the most. The total is exact in any case.
            self.counters.add(Count::Successes);
            if self.environment.events.wants(EventType::Success) {
                self.announce_success();
            }
        } else {
            self.succeed_in_bucket(ticket, word);
        }
    }

    /// Apart and cold, so that delivering costs the caller's code no registers.
    #[cold]
    #[inline(never)]
    fn announce_success(&self) {
        self.emit(EventType::Success, || EventKind::Success);
    }

    /// `word` is what was seen; a success that belongs to the current bucket of time is the one
    /// that comes here all day.
    #[inline(never)]
    fn succeed_in_bucket(&self, ticket: Ticket, word: Word) {
        if word == ticket.word && word.ignores_success_in_bucket() && self.bucket_lasts() {
            self.counters.add(Count::Successes);
            if self.environment.events.wants(EventType::Success) {
                self.announce_success();
            }
        } else {
            self.succeed_slow(ticket);
        }
    }

    #[inline(never)]
    fn succeed_slow(&self, ticket: Ticket) {
        let elapsed = self.elapsed(ticket);
        if !self.succeed_without_lock(ticket, elapsed) {
            self.settle_locked(ticket, Completion::Returned(Outcome::Success), elapsed);
        }
        self.leave(ticket);
    }

    /// A success that is surely not slow, not watched and not the first in a new bucket only clears
    /// the count. False if it is more.
    fn succeed_without_lock(&self, ticket: Ticket, elapsed: Option<Duration>) -> bool {
        let mut word = self.word();
        loop {
            let closed = word.state() == State::Closed && word.same_generation(ticket.word);
            if !closed || word.has(Flags::WATCHED) || (word.has(Flags::TIMED) && self.may_be_slow(elapsed)) {
                return false;
            }
            if word.has(Flags::BUCKETED) && !self.bucket_lasts() {
                return false;
            }
            if word.failures_in_row() == 0 {
                break;
            }
            match self.swap_word(word, word.with_failures_in_row(0)) {
                Ok(()) => break,
                Err(found) => word = found,
            }
        }
        self.counters.add(Count::Successes);
        self.keep_duration(elapsed);
        self.emit(EventType::Success, || EventKind::Success);
        true
    }

    /// Whether the current bucket of the time window is not over. The first success after its end
    /// goes through the lock, which opens the next one and judges what is left.
    #[inline]
    fn bucket_lasts(&self) -> bool {
        // Relaxed: at worst the new end is not seen yet, and the lock is taken once more.
        let bucket_end = self.cold.get().map_or(u64::MAX, |cold| cold.bucket_end.load(Ordering::Relaxed));
        self.environment.clock.coarse().as_nanos() < bucket_end
    }

    /// Settles a call that ended in any way.
    pub(crate) fn settle(&self, ticket: Ticket, completion: Completion) {
        match completion {
            Completion::Returned(Outcome::Success) => return self.succeed(ticket),
            Completion::Returned(Outcome::Failure(None)) => return self.fail(ticket),
            Completion::Returned(Outcome::Ignore) if self.ignore_without_lock(ticket) => {}
            completion => self.settle_locked(ticket, completion, self.elapsed(ticket)),
        }
        self.leave(ticket);
    }

    /// Settles a failure without a reason.
    #[inline(never)]
    pub(crate) fn fail(&self, ticket: Ticket) {
        let word = self.word();
        if !word.only_counts_failures() {
            self.fail_windowed(ticket);
        } else if !self.fail_in_count(ticket, word) {
            self.fail_slow(ticket);
        }
    }

    #[inline(never)]
    fn fail_windowed(&self, ticket: Ticket) {
        // Takes no tracked call.
        if !self.fail_in_windows(ticket) {
            self.fail_slow(ticket);
        }
    }

    #[inline(never)]
    fn fail_slow(&self, ticket: Ticket) {
        self.settle_locked(ticket, Completion::Returned(Outcome::failure()), self.elapsed(ticket));
        self.leave(ticket);
    }

    /// A failure that only adds to the count, and leaves it below the threshold. False if it is
    /// more.
    #[inline]
    fn fail_in_count(&self, ticket: Ticket, mut word: Word) -> bool {
        loop {
            // Relaxed: see `configure`, which changes the word too, so that a number that does not
            // belong to it fails the swap below.
            let threshold = self.threshold.load(Ordering::Relaxed);
            let count = word.failures_in_row() + 1;
            if !word.same_generation(ticket.word) || count >= threshold {
                return false;
            }
            match self.swap_word(word, word.with_failures_in_row(count)) {
                Ok(()) => break,
                Err(found) if found.only_counts_failures() => word = found,
                Err(_) => return false,
            }
        }
        self.note_failure(self.environment.clock.coarse());
        self.counters.add(Count::Failures);
        if self.environment.events.wants(EventType::Failure) {
            self.announce_failure();
        }
        true
    }

    #[cold]
    #[inline(never)]
    fn announce_failure(&self) {
        self.emit(EventType::Failure, || EventKind::Failure { reason: None });
    }

    /// Notes when a failure without a reason was. The reason of an earlier one stays under the lock,
    /// but is no longer shown.
    pub(super) fn note_failure(&self, at: Tick) {
        // Relaxed: a time to show; whichever of two failures at the same moment comes last is the
        // last.
        self.cold().last_failure.store(stamp(at, false), Ordering::Relaxed);
    }

    /// An ignored call of a closed circuit only adds to its total. False if it is more.
    fn ignore_without_lock(&self, ticket: Ticket) -> bool {
        let word = self.word();
        let plain = word.state() == State::Closed && word.same_generation(ticket.word) && !word.has(Flags::TIMED);
        if plain {
            self.counters.add(Count::Ignored);
            self.emit(EventType::Ignored, || EventKind::Ignored);
        }
        plain
    }

    #[cold]
    fn settle_locked(&self, ticket: Ticket, completion: Completion, elapsed: Option<Duration>) {
        // First, and not only because a log subscriber may call this very circuit: no panic of one
        // shall leave it behind.
        let ticket = self.leave_body(ticket);
        self.log(&completion);
        self.transact(|transaction| {
            transaction.pass_time();
            if !transaction.is_late(ticket) {
                transaction.count(completion, elapsed, Some(ticket));
            } else if !matches!(completion, Completion::Unknown) {
                transaction.locked.count(|totals| totals.late += 1);
                transaction.push(EventKind::Late);
            }
        });
    }

    /// Before the lock is taken: a log subscriber may call this very circuit.
    fn log(&self, completion: &Completion) {
        match completion {
            Completion::Panicked(message) => log::panicked(&self.key, message),
            Completion::Returned(Outcome::Failure(Some(reason)) | Outcome::Trip { reason: Some(reason), .. }) => {
                log::failed(&self.key, reason);
            }
            _ => {}
        }
    }

    /// Reports a call made elsewhere.
    pub(crate) fn report(&self, outcome: Outcome) {
        let completion = Completion::Returned(outcome);
        self.log(&completion);
        if self.word().has(Flags::TRACKED) {
            self.touch();
        }
        self.transact(|transaction| {
            transaction.pass_time();
            transaction.count(completion, None, None);
        });
    }

    /// How long the call took, where that is measured.
    fn elapsed(&self, ticket: Ticket) -> Option<Duration> {
        ticket.started().map(|started| self.environment.clock.now().since(started))
    }

    /// Whether a success that took this long could be slow, or a failure for that; the policy
    /// knows, under the lock.
    fn may_be_slow(&self, elapsed: Option<Duration>) -> bool {
        // Relaxed: a limit that is swapped at this moment may apply or not.
        let fast_until = self.cold.get().map_or(u64::MAX, |cold| cold.fast_until.load(Ordering::Relaxed));
        elapsed.is_some_and(|elapsed| elapsed > Duration::from_nanos(fast_until))
    }

    fn leave(&self, ticket: Ticket) {
        if ticket.word.has(Flags::TRACKED) {
            self.leave_tracked();
        }
    }
}

impl Transaction<'_> {
    /// Whether a call comes back too late to count, once time has passed.
    fn is_late(&self, ticket: Ticket) -> bool {
        self.locked.snapshot().is_late(ticket.word.generation(), ticket.admitted())
    }

    /// Counts a call that is not late, or a reported one (`ticket` is `None`).
    fn count(&mut self, completion: Completion, elapsed: Option<Duration>, ticket: Option<Ticket>) {
        if self.locked.snapshot().state == State::Disabled {
            return;
        }
        if self.locked.snapshot().reported.is_some() {
            let tally = self.tally();
            self.step(Input::Reviewed { tally }, None);
        }
        let longer_than =
            |limit: Option<Duration>| elapsed.filter(|elapsed| limit.is_some_and(|limit| *elapsed > limit));
        let slow = longer_than(self.locked.policy.slow_after());
        let completion = match completion {
            Completion::Returned(Outcome::Success) if longer_than(self.locked.policy.fail_slower_than).is_some() => {
                let reason = Reason::from_static("slow");
                self.log_failure(reason.clone());
                Completion::Returned(Outcome::Failure(Some(reason)))
            }
            other => other,
        };
        let (result, reason) = self.add_totals(completion, elapsed, slow);
        let tally = self.remember(result, slow.is_some());
        self.judge(result, tally, ticket, reason);
    }

    /// Lets the machine judge a call that is in the totals and the windows.
    pub(super) fn judge(&mut self, result: Observation, tally: Tally, ticket: Option<Ticket>, reason: Option<Reason>) {
        let event = match ticket {
            Some(ticket) => {
                let (generation, admitted) = (ticket.word.generation(), ticket.admitted());
                Input::CallSettled { generation, admitted, result, tally }
            }
            None => Input::CallReported { result, tally },
        };
        self.step(event, reason.as_ref());
        if let Some(reason) = reason {
            self.locked.set_last_reason(Some(reason));
        }
    }

    /// Adds to the totals, announces, and says what the call means to the machine.
    fn add_totals(
        &mut self,
        completion: Completion,
        elapsed: Option<Duration>,
        slow: Option<Duration>,
    ) -> (Observation, Option<Reason>) {
        let counters = &self.circuit.counters;
        let is_slow = slow.is_some();
        let failed = |reason: Option<Reason>| (Observation::Failure, reason);
        let (result, reason) = match completion {
            Completion::Returned(Outcome::Success) => {
                counters.add(Count::Successes);
                self.circuit.keep_duration(elapsed);
                self.push_slow(slow);
                self.push(EventKind::Success);
                return (Observation::Success { slow: is_slow }, None);
            }
            Completion::Returned(Outcome::Ignore) => {
                counters.add(Count::Ignored);
                self.circuit.keep_duration(elapsed);
                self.push(EventKind::Ignored);
                return (Observation::Nothing, None);
            }
            Completion::Unknown => return (Observation::Nothing, None),
            Completion::Cancelled => {
                self.locked.count(|totals| totals.cancelled += 1);
                self.push(EventKind::Cancelled);
                if self.locked.policy.on_cancel == Cancellation::Ignore {
                    return (Observation::Nothing, None);
                }
                failed(Some(Reason::from_static("cancelled")))
            }
            Completion::Panicked(message) => {
                self.locked.count(|totals| totals.panicked += 1);
                self.push_with(EventType::Panicked, || EventKind::Panicked { message: message.clone() });
                failed(Some(message))
            }
            Completion::Returned(Outcome::Failure(reason)) => failed(reason),
            Completion::Returned(Outcome::Trip { open_for, reason }) => (Observation::Trip { open_for }, reason),
        };
        counters.add(Count::Failures);
        self.circuit.keep_duration(elapsed);
        self.push_slow(slow);
        self.push_with(EventType::Failure, || EventKind::Failure { reason: reason.clone() });
        // Relaxed: see `note_failure`.
        self.circuit.cold().last_failure.store(stamp(self.moment.now, reason.is_some()), Ordering::Relaxed);
        self.locked.set_last_reason(None);
        let too_close = self.locked.snapshot().debounces(&self.locked.policy, self.moment.now);
        if too_close && result == Observation::Failure {
            self.push(EventKind::Debounced);
            return (Observation::Debounced, reason);
        }
        (result, reason)
    }

    fn push_slow(&mut self, slow: Option<Duration>) {
        if let Some(elapsed) = slow {
            self.locked.count(|totals| totals.slow += 1);
            self.push(EventKind::SlowCall { elapsed });
        }
    }

    /// Writes the call into the windows, if it is for them; what lies in them then.
    fn remember(&mut self, result: Observation, slow: bool) -> Tally {
        let counted = matches!(self.locked.snapshot().state, State::Closed | State::MetricsOnly);
        let now = self.moment.now;
        // Only where the policy has a rate of slow calls: a limit alone is judged by `add_totals`.
        let slow = slow && self.locked.policy.slow_call_rate.is_some();
        let Some(windows) = &mut self.locked.windows else { return Tally::default() };
        // Read once: a success that comes from now on must not push the call out of its window
        // before it is judged.
        let successes = self.circuit.successes();
        match result {
            Observation::Nothing => {}
            Observation::Success { .. } if !counted => windows.skip_success(),
            Observation::Success { .. } => windows.record(Record { failure: false, slow, successes, now }),
            Observation::Failure | Observation::Debounced | Observation::Trip { .. } if !counted => {}
            Observation::Failure | Observation::Trip { .. } => {
                windows.record(Record { failure: true, slow, successes, now });
            }
            Observation::Debounced => windows.record_rate(Record { failure: true, slow, successes, now }),
        }
        let tally = windows.tally(successes, now);
        self.circuit.publish_bucket_end(windows);
        tally
    }
}

/// The time of a failure, with one bit for whether the reason under the lock is its own. Zero is
/// left for "never".
fn stamp(at: Tick, with_reason: bool) -> u64 {
    (at.as_nanos().min((u64::MAX >> 1) - 1) + 1) << 1 | u64::from(with_reason)
}

/// The instant in a stamp, if there was a failure.
pub(super) fn stamped(stamp: u64) -> Option<Tick> {
    (stamp != 0).then(|| Tick::from_nanos((stamp >> 1) - 1))
}

pub(super) fn has_reason(stamp: u64) -> bool {
    stamp & 1 == 1
}
