//! The fast path: what a call does without the lock. [`atomics`](super::atomics) explains why it is
//! correct.

use std::time::Duration;

use super::Circuit;
use super::atomics::Cold;
use super::completion::{Completion, Rejection};
use super::failure_stamp::FailureStamp;
use super::word::{Flags, Ticket, Word};
use crate::clock::tick::Tick;
use crate::counters::Count;
use crate::event::{EventKind, EventType};
use crate::log;
use crate::outcome::Outcome;
use crate::reason::Reason;
use crate::state::State;

/// # Admission
impl Circuit {
    /// Admits a call if the circuit is closed and in its registry, and needs neither the call's
    /// time nor its number. The caller keeps the circuit.
    #[inline]
    pub(crate) fn admit_fast(&self) -> Option<Ticket> {
        let word = self.atomics.word();
        word.admits_fast().then_some(Ticket::untimed(word))
    }

    /// The same if the circuit is never evicted, whoever calls.
    #[inline]
    pub(crate) fn admit_fast_without_pin(&self) -> Option<Ticket> {
        let word = self.atomics.word();
        word.admits_fast_without_pin().then_some(Ticket::untimed(word))
    }

    /// Rejects a call if the circuit is open, in its registry and far from its deadline, and no
    /// watcher wants the event.
    #[inline(always)]
    #[expect(
        clippy::inline_always,
        reason = "in three places only, each of which it spares a third of its instructions"
    )]
    pub(crate) fn reject_fast(&self) -> Option<Rejection> {
        let word = self.atomics.word();
        if !word.rejects_fast() || self.wants(EventType::Rejected) {
            return None;
        }
        let cold = self.atomics.cold()?;
        self.reject_well_before(cold, cold.deadline(), word)
    }

    /// The same for a circuit that is half-open and has no slot for a call that is not part of a
    /// probe.
    #[inline]
    pub(crate) fn reject_probe_fast(&self) -> Option<Rejection> {
        let word = self.atomics.word();
        if !word.rejects_probe_fast() || self.runs_probe_here(word) || self.wants(EventType::Rejected) {
            return None;
        }
        let cold = self.atomics.cold()?;
        self.reject_well_before(cold, cold.probe_limit(), word)
    }

    #[inline(always)]
    #[expect(clippy::inline_always, reason = "as `reject_fast`")]
    fn reject_well_before(&self, cold: &Cold, deadline: Tick, word: Word) -> Option<Rejection> {
        let now = self.environment.clock.well_before(deadline)?;
        let rejection = self.rejection_until(cold, deadline, now, word)?;
        self.counters.add(Count::Rejected);
        Some(rejection)
    }

    /// Whether a call belongs to the share of the calls that is admitted now, while the circuit
    /// ramps up; `None` if that must be decided under the lock. `word` is the word that says so.
    pub(super) fn belongs_to_share(&self, word: Word) -> Option<bool> {
        // A listed call is admitted under the lock, and hung calls may have opened the circuit.
        if word.has(Flags::LISTED) {
            return None;
        }
        let atomics = self.cold().ramp()?;
        let mut credit = atomics.credit();
        loop {
            if !credit.is_of(word) {
                return None;
            }
            let ramp = atomics.ramp()?;
            // The coarse clock may still show a time before the beginning. The share is then the
            // first.
            let now = self.environment.clock.before(ramp.end)?;
            let (admitted, left) = credit.credit().ask(ramp.share(now));
            match atomics.swap_credit(credit, credit.with(left)) {
                Ok(()) => return Some(admitted),
                Err(found) => credit = found,
            }
        }
    }

    /// Returns the rejection by a circuit before its deadline, if the word is still `word`, which
    /// was loaded before the deadline.
    #[inline]
    pub(super) fn rejection_until(&self, cold: &Cold, deadline: Tick, now: Tick, word: Word) -> Option<Rejection> {
        if self.atomics.word() != word {
            return None;
        }
        if word.has_all_probes_out() {
            return Some(Rejection { state: State::HalfOpen, retry_after: Rejection::UNKNOWN });
        }
        // The remaining time never exceeds the period, although the coarse clock lags behind.
        Some(Rejection { state: State::Open, retry_after: left(deadline, now.max(cold.opened_at())) })
    }
}

/// # Success
impl Circuit {
    /// Settles a success.
    #[inline]
    pub(crate) fn succeed(&self, ticket: Ticket) {
        let word = self.atomics.word();
        if word == ticket.word && word.ignores_success() {
            self.counters.add(Count::Successes);
            if self.environment.events.wants(EventType::Success) {
                self.announce_success();
            }
        } else {
            self.succeed_in_bucket(ticket, word);
        }
    }

    /// Outlined and cold, so that delivery costs the callers no registers.
    #[cold]
    #[inline(never)]
    fn announce_success(&self) {
        self.emit(EventType::Success, || EventKind::Success);
    }

    /// Settles a success that usually belongs to the current bucket of a time window. `word` is the
    /// word that was seen.
    #[inline(never)]
    fn succeed_in_bucket(&self, ticket: Ticket, word: Word) {
        if word == ticket.word && word.ignores_success_in_bucket() && self.bucket_lasts() {
            self.counters.add(Count::Successes);
            if self.environment.events.wants(EventType::Success) {
                self.announce_success();
            }
        } else if ticket.is_plain() {
            self.succeed_tracked(ticket);
        } else {
            self.succeed_locked(ticket);
        }
    }

    /// Settles a success of a call that was not admitted by a closed circuit, such as a probe.
    #[inline(never)]
    fn succeed_locked(&self, ticket: Ticket) {
        let elapsed = self.elapsed(ticket);
        // Nothing is logged about it.
        self.settle_logged(self.leave_body(ticket), Completion::Returned(Outcome::Success), elapsed);
        self.untrack(ticket);
    }

    /// Settles a success that usually changes nothing, in a registry that evicts.
    #[inline(never)]
    fn succeed_tracked(&self, ticket: Ticket) {
        // Loaded again, because a word that is handed on costs the others a register.
        let word = self.atomics.word();
        let now = self.environment.clock.coarse();
        let lasts = || !word.has(Flags::BUCKETED) || now < self.bucket_end();
        if !word.ignores_tracked_success(ticket.word) || !lasts() {
            return self.succeed_slow(ticket);
        }
        self.counters.add(Count::Successes);
        if self.environment.events.wants(EventType::Success) {
            self.announce_success();
        }
        self.end_tracked(ticket, now);
    }

    #[inline(never)]
    fn succeed_slow(&self, ticket: Ticket) {
        let now = ticket.started().map(|_| self.environment.clock.now());
        let elapsed = ticket.started().zip(now).map(|(started, now)| now.since(started));
        if !self.succeed_without_lock(ticket, now, elapsed) && !self.succeed_listed(ticket, elapsed) {
            self.settle_locked(ticket, Completion::Returned(Outcome::Success), elapsed);
        }
        self.untrack(ticket);
    }

    /// Settles a success that only clears the count: one that is certainly not slow, not watched,
    /// and not the first in a new bucket. Returns false for any other.
    fn succeed_without_lock(&self, ticket: Ticket, now: Option<Tick>, elapsed: Option<Duration>) -> bool {
        let mut word = self.atomics.word();
        loop {
            let closed = word.state() == State::Closed && word.same_kind(ticket.word);
            if !closed
                || word.has(Flags::WATCHED)
                || (word.has(Flags::TIMED) && (word.has(Flags::LISTED) || self.may_be_slow(elapsed)))
            {
                return false;
            }
            if word.has(Flags::BUCKETED) && now.map_or_else(|| !self.bucket_lasts(), |now| now >= self.bucket_end()) {
                return false;
            }
            if word.failures_in_row() == 0 {
                break;
            }
            match self.atomics.swap_word(word, word.with_failures_in_row(0)) {
                Ok(()) => break,
                Err(found) => word = found,
            }
        }
        self.counters.add(Count::Successes);
        self.keep_duration(elapsed);
        self.emit(EventType::Success, || EventKind::Success);
        true
    }

    /// Whether the current bucket of the time window has not ended. The first success after its end
    /// takes the lock, under which the next bucket begins and the conditions are evaluated on the
    /// remaining calls.
    #[inline]
    fn bucket_lasts(&self) -> bool {
        self.environment.clock.coarse() < self.bucket_end()
    }

    #[inline]
    fn bucket_end(&self) -> Tick {
        self.atomics.cold().map_or(Tick::MAX, Cold::bucket_end)
    }

    /// Whether a success that took this long could be slow, or count as a failure because of that.
    /// The policy decides, under the lock.
    pub(super) fn may_be_slow(&self, elapsed: Option<Duration>) -> bool {
        elapsed.is_some_and(|elapsed| self.atomics.cold().is_some_and(|cold| !cold.is_fast(elapsed)))
    }
}

/// # Failure
impl Circuit {
    /// Settles a failure without a reason.
    #[inline(never)]
    pub(crate) fn fail(&self, ticket: Ticket) {
        let word = self.atomics.word();
        if !word.only_counts_failures() || word.has(Flags::TRACKED) {
            self.fail_otherwise(ticket, word);
        } else if !self.fail_in_count(ticket, word) {
            self.fail_slow(ticket);
        }
    }

    #[inline(never)]
    fn fail_otherwise(&self, ticket: Ticket, word: Word) {
        if word.has(Flags::TRACKED) {
            self.fail_tracked(ticket, word);
        } else if !self.fail_in_windows(ticket, None) {
            self.fail_slow(ticket);
        }
    }

    /// Settles a failure in a registry that evicts.
    #[inline(never)]
    fn fail_tracked(&self, ticket: Ticket, word: Word) {
        if !word.only_counts_failures() || !self.fail_in_count(ticket, word) {
            self.fail_slow(ticket);
        }
        self.untrack(ticket);
    }

    #[inline(never)]
    fn fail_slow(&self, ticket: Ticket) {
        self.settle_locked(ticket, Completion::Returned(Outcome::failure()), self.elapsed(ticket));
    }

    /// Settles a failure that only adds to the count and leaves it below the threshold. Returns
    /// false for any other.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "in two places only: failures that are tracked, and the others")]
    fn fail_in_count(&self, ticket: Ticket, word: Word) -> bool {
        if !self.add_to_count(ticket, word) {
            return false;
        }
        self.cold().note_failure(FailureStamp::new(self.environment.clock.coarse(), false));
        self.counters.add(Count::Failures);
        if self.environment.events.wants(EventType::Failure) {
            self.announce_failure();
        }
        true
    }

    /// Settles a failure with a reason.
    #[inline(never)]
    pub(crate) fn fail_because(&self, ticket: Ticket, reason: Reason) {
        let word = self.atomics.word();
        if !(word.same_kind_and_timing(ticket.word) && word.only_fills_windows()) {
            let completion = Completion::Returned(Outcome::Failure(Some(reason)));
            self.settle_locked(ticket, completion, self.elapsed(ticket));
            return self.untrack(ticket);
        }
        // A call of this word runs no body of a probe, so nothing has to end before.
        log::failed(&self.key, &reason);
        let mut reason = Some(reason);
        let is_settled = if word.has(Flags::LOCKED) {
            self.fail_in_windows(ticket, Some(&mut reason))
        } else {
            self.fail_in_count_because(ticket, &mut reason)
        };
        if !is_settled {
            let completion = Completion::Returned(Outcome::Failure(reason));
            self.settle_logged(ticket, completion, self.elapsed(ticket));
        }
        self.untrack(ticket);
    }

    #[cold]
    #[inline(never)]
    fn announce_failure(&self) {
        self.emit(EventType::Failure, || EventKind::Failure { reason: None });
    }
}

/// # Anything else
impl Circuit {
    /// Settles an ignored call of a closed circuit, which only adds to its total. Returns false for
    /// any other.
    pub(super) fn ignore_without_lock(&self, ticket: Ticket) -> bool {
        let word = self.atomics.word();
        let untimed = word.same_kind_and_timing(ticket.word) && !word.has(Flags::TIMED);
        let plain = word.state() == State::Closed && untimed;
        if plain {
            self.counters.add(Count::Ignored);
            self.emit(EventType::Ignored, || EventKind::Ignored);
        }
        plain
    }

    /// How long the call took, if it is timed.
    #[inline]
    pub(super) fn elapsed(&self, ticket: Ticket) -> Option<Duration> {
        ticket.started().map(|started| self.environment.clock.now().since(started))
    }
}

/// The time left until a deadline, in nanoseconds; unknown if it never comes. The longest known
/// wait is a nanosecond short of 584 years, so that it differs from an unknown one.
const fn left(deadline: Tick, now: Tick) -> u64 {
    if deadline.as_nanos() == Tick::MAX.as_nanos() {
        Rejection::UNKNOWN
    } else {
        deadline.as_nanos().saturating_sub(now.as_nanos())
    }
}
