//! The full path, under the lock: a call is added to the totals and the windows, and the machine
//! decides what follows.

use std::time::Duration;

use crate::circuit::Circuit;
use crate::circuit::completion::Completion;
use crate::circuit::failure_stamp::FailureStamp;
use crate::circuit::transaction::Transaction;
use crate::circuit::word::{Flags, Ticket};
use crate::counters::Count;
use crate::event::{EventKind, EventType};
use crate::log;
use crate::machine::conditions::Tally;
use crate::machine::{Input, Observation};
use crate::outcome::Outcome;
use crate::policy::Cancellation;
use crate::reason::Reason;
use crate::state::State;
use crate::window::Record;

impl Circuit {
    #[cold]
    pub(in crate::circuit) fn settle_locked(&self, ticket: Ticket, completion: Completion, elapsed: Option<Duration>) {
        // First, not only because a log subscriber may call this very circuit: if one panics, the
        // call must not stay recorded as running.
        let ticket = self.leave_body(ticket);
        self.log(&completion);
        self.settle_logged(ticket, completion, elapsed);
    }

    /// The same, for a call that has left its body and is logged.
    pub(in crate::circuit) fn settle_logged(&self, ticket: Ticket, completion: Completion, elapsed: Option<Duration>) {
        self.transact(move |transaction| {
            transaction.pass_time_before_result();
            transaction.unlist(ticket);
            if !transaction.is_late(ticket) {
                transaction.count(completion, elapsed, Some(ticket));
            } else if !matches!(completion, Completion::Unknown) {
                transaction.locked.counts().late += 1;
                transaction.push(EventKind::Late);
            }
        });
    }

    pub(super) fn report_locked(&self, completion: Completion) {
        self.log(&completion);
        self.transact(|transaction| {
            transaction.pass_time_before_result();
            transaction.count(completion, None, None);
        });
    }

    /// Before the lock is taken, because a log subscriber may call this very circuit.
    fn log(&self, completion: &Completion) {
        match completion {
            Completion::Panicked(message) => log::panicked(&self.key, message),
            Completion::Returned(Outcome::Failure(Some(reason)) | Outcome::Trip { reason: Some(reason), .. }) => {
                log::failed(&self.key, reason);
            }
            _ => {}
        }
    }

    /// Records how long a counted call took, if it was timed.
    #[cfg_attr(
        not(feature = "metrics"),
        expect(unused_variables, clippy::unused_self, reason = "only metrics show it")
    )]
    pub(in crate::circuit) fn keep_duration(&self, elapsed: Option<Duration>) {
        #[cfg(feature = "metrics")]
        if let Some(elapsed) = elapsed {
            self.cold().durations.add(elapsed);
        }
    }
}

impl Transaction<'_> {
    /// Removes a call from the list of those in flight, if that is still the list of its
    /// generation.
    fn unlist(&mut self, ticket: Ticket) {
        let is_listed = ticket.word.has(Flags::LISTED);
        if is_listed && ticket.word.generation() == self.locked.snapshot().generation {
            self.locked.unlist(ticket.admitted());
        }
    }

    /// Whether a call finished too late to count, once the passed time is applied.
    fn is_late(&self, ticket: Ticket) -> bool {
        self.locked.snapshot().is_late(ticket.word.generation(), ticket.admitted())
    }

    /// Counts a call that is not late, or a reported one (`ticket` is `None`).
    fn count(&mut self, completion: Completion, elapsed: Option<Duration>, ticket: Option<Ticket>) {
        if self.locked.snapshot().state == State::Disabled {
            return;
        }
        if self.locked.snapshot().incident.is_some() {
            let tally = self.tally();
            self.step(&Input::Review { tally }, None);
        }
        let longer_than =
            |limit: Option<Duration>| elapsed.filter(|elapsed| limit.is_some_and(|limit| *elapsed > limit));
        let slow = longer_than(self.locked.policy.slow_after());
        match completion {
            Completion::Returned(Outcome::Success) if longer_than(self.locked.policy.fail_slower_than).is_none() => {
                let result = self.add_success(elapsed, slow);
                let tally = self.add_to_windows(result, slow.is_some());
                self.evaluate(result, tally, ticket, None);
            }
            other => self.count_another(other, elapsed, slow, ticket),
        }
    }

    /// Counts a call that was not just a success. Outlined, because it carries more with it.
    #[inline(never)]
    fn count_another(
        &mut self,
        completion: Completion,
        elapsed: Option<Duration>,
        slow: Option<Duration>,
        ticket: Option<Ticket>,
    ) {
        let (result, reason) = self.add_to_totals(completion, elapsed, slow);
        let tally = self.add_to_windows(result, slow.is_some());
        self.evaluate(result, tally, ticket, reason);
    }

    /// Lets the machine decide what follows from a call that is in the totals and the windows.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "in three places only, and what it gets is large")]
    pub(super) fn evaluate(
        &mut self,
        result: Observation,
        tally: Tally,
        ticket: Option<Ticket>,
        reason: Option<Reason>,
    ) {
        let input = match ticket {
            Some(ticket) => {
                let (generation, admitted) = (ticket.word.generation(), ticket.admitted());
                Input::CallSettled { generation, admitted, result, tally }
            }
            None => Input::CallReported { result, tally },
        };
        self.step(&input, reason.as_ref());
        if let Some(reason) = reason {
            self.locked.set_last_reason(Some(reason));
        }
    }

    #[inline]
    fn add_success(&mut self, elapsed: Option<Duration>, slow: Option<Duration>) -> Observation {
        self.circuit.counters.add(Count::Successes);
        self.circuit.keep_duration(elapsed);
        self.push_slow(slow);
        self.push_with(EventType::Success, || EventKind::Success);
        Observation::Success { slow: slow.is_some() }
    }

    /// Adds a call that was not just a success to the totals, pushes the events, and translates the
    /// call for the machine.
    fn add_to_totals(
        &mut self,
        completion: Completion,
        elapsed: Option<Duration>,
        slow: Option<Duration>,
    ) -> (Observation, Option<Reason>) {
        let counters = &self.circuit.counters;
        let failed = |reason: Option<Reason>| (Observation::Failure, reason);
        let (result, reason) = match completion {
            Completion::Returned(Outcome::Success) => {
                let reason = Reason::from_static("slow");
                self.log_failure(reason.clone());
                failed(Some(reason))
            }
            Completion::Returned(Outcome::Ignore) => {
                counters.add(Count::Ignored);
                self.circuit.keep_duration(elapsed);
                self.push(EventKind::Ignored);
                return (Observation::Nothing, None);
            }
            Completion::Unknown => return (Observation::Nothing, None),
            Completion::Cancelled => {
                self.locked.counts().cancelled += 1;
                self.push(EventKind::Cancelled);
                let is_failure = match self.locked.policy.on_cancel {
                    Cancellation::Ignore => false,
                    Cancellation::Failure => true,
                    Cancellation::Slow => slow.is_some(),
                };
                if !is_failure {
                    return (Observation::Nothing, None);
                }
                failed(Some(Reason::from_static("cancelled")))
            }
            Completion::Panicked(message) => {
                self.locked.counts().panicked += 1;
                self.push_with(EventType::Panicked, || EventKind::Panicked { message: message.clone() });
                failed(Some(message))
            }
            Completion::Returned(Outcome::Failure(reason)) => failed(reason),
            Completion::Returned(Outcome::Trip { open_for, reason }) => (Observation::Trip { open_for }, reason),
        };
        self.note_failure(reason.is_some());
        self.circuit.keep_duration(elapsed);
        self.push_slow(slow);
        self.push_with(EventType::Failure, || EventKind::Failure { reason: reason.clone() });
        self.locked.set_last_reason(None);
        let too_close = self.locked.snapshot().debounces(&self.locked.policy, self.moment.now);
        if too_close && result == Observation::Failure {
            self.push(EventKind::Debounced);
            return (Observation::Debounced, reason);
        }
        (result, reason)
    }

    /// Adds a failure to the total, and notes its time.
    fn note_failure(&mut self, has_reason: bool) {
        let stamp = FailureStamp::new(self.moment.now, has_reason);
        if let Some(windowed) = self.locked.windowed.as_deref_mut() {
            windowed.failures += 1;
            windowed.last_failure = stamp;
        } else {
            self.circuit.counters.add(Count::Failures);
            self.circuit.cold().note_failure(stamp);
        }
    }

    #[inline]
    fn push_slow(&mut self, slow: Option<Duration>) {
        if let Some(elapsed) = slow {
            self.locked.counts().slow += 1;
            self.push(EventKind::SlowCall { elapsed });
        }
    }

    /// Records the call in the windows if it belongs there. Returns the content of the windows
    /// after it.
    #[inline]
    fn add_to_windows(&mut self, result: Observation, slow: bool) -> Tally {
        if self.locked.windowed.is_some() { self.add_to_present_windows(result, slow) } else { Tally::default() }
    }

    #[inline(never)]
    fn add_to_present_windows(&mut self, result: Observation, slow: bool) -> Tally {
        let counted = self.locked.snapshot().counts_calls();
        let now = self.moment.now;
        // Only if the policy has a slow-call rate: the limit alone has already made it a failure.
        let slow = slow && self.locked.policy.slow_call_rate.is_some();
        let Some(windows) = self.locked.windows() else { return Tally::default() };
        // Read once: a success from now on must not push the call out of its window before the
        // conditions are evaluated.
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
        self.publish_bucket_end();
        tally
    }
}
