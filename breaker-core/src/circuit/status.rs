//! Looking at a circuit without moving it.

use std::collections::BTreeMap;

use super::Circuit;
use super::locked::Locked;
use super::settle::{has_reason, stamped};
use crate::clock::tick::Tick;
use crate::counters::Count;
use crate::limits::TooMuch;
use crate::machine::conditions::{Limits, Tally};
use crate::machine::{self, Input, Snapshot};
use crate::policy::Policy;
use crate::primitive::Ordering;
use crate::state::State;
use crate::status::{LastFailure, Status, Totals, WindowStatus};

impl Circuit {
    /// The state as a call would find it now.
    pub(crate) fn state(&self) -> State {
        let word = self.word();
        match word.state() {
            // The two states that time can end.
            State::Open | State::HalfOpen => {
                let locked = self.locked.lock();
                self.peek(&locked, self.environment.clock.now()).next.state
            }
            state => state,
        }
    }

    /// Whether a call would be admitted now.
    pub(crate) fn is_available(&self) -> bool {
        if matches!(self.word().state(), State::Closed | State::Disabled | State::MetricsOnly) {
            return true;
        }
        let locked = self.locked.lock();
        let word = self.word();
        let moment = self.moment(&locked, self.environment.clock.now());
        let asked = machine::step(&locked.policy, &self.snapshot(&locked), locked.out(), Input::CallRequested, moment);
        let is_entered = || asked.next.generation == word.generation() && self.runs_probe_here(word);
        asked.reply == machine::Reply::Admitted || (word.state() == State::HalfOpen && is_entered())
    }

    pub(crate) fn policy(&self) -> Policy {
        *self.locked.lock().policy
    }

    pub(crate) fn metadata(&self) -> BTreeMap<String, String> {
        self.locked.lock().metadata()
    }

    pub(crate) fn set_metadata(&self, name: String, value: String) -> Result<(), TooMuch> {
        let mut locked = self.locked.lock();
        let news = [(&name, &value)];
        self.environment.text_limits.check_metadata(locked.metadata_with(news))?;
        locked.set_metadata(name, value);
        Ok(())
    }

    /// Whether so much could be added to the metadata.
    #[cfg(feature = "settings")]
    pub(crate) fn check_metadata(&self, news: &BTreeMap<String, String>) -> Result<(), TooMuch> {
        self.environment.text_limits.check_metadata(self.locked.lock().metadata_with(news))
    }

    /// Adds to the metadata what was checked; whether anything was new.
    #[cfg(feature = "settings")]
    pub(crate) fn add_metadata(&self, news: &BTreeMap<String, String>) -> bool {
        let mut locked = self.locked.lock();
        let before = locked.metadata();
        let mut is_new = false;
        for (name, value) in news.iter().filter(|(name, value)| before.get(*name) != Some(value)) {
            locked.set_metadata(name.clone(), value.clone());
            is_new = true;
        }
        is_new
    }

    /// Everything, as of now.
    pub(crate) fn status(&self) -> Status {
        let mut locked = self.locked.lock();
        let now = self.environment.clock.now();
        let peek = self.peek(&locked, now);
        let Snapshot { state, openings, opened_at, deadline, failures_in_row, .. } = peek.next;
        let tally = match &mut locked.windows {
            Some(windows) if !peek.clears_counts => windows.tally(self.successes(), now),
            _ => Tally::default(),
        };
        let policy = *locked.policy;
        let opened = matches!(state, State::Open | State::HalfOpen | State::ForcedOpen);
        // Relaxed: a time to show.
        let last_failure = self.cold.get().map_or(0, |cold| cold.last_failure.load(Ordering::Relaxed));
        let last_reason = locked.last_reason().filter(|_| has_reason(last_failure));
        Status {
            key: self.key.clone(),
            state,
            failure_count: failure_count(&policy, failures_in_row, &tally),
            window: window(&policy, &tally),
            totals: self.total_counts(&locked, peek.times_opened()),
            openings,
            opened_at: opened.then(|| self.environment.clock.calendar(opened_at)),
            retry_after: if state == State::Open { deadline.left_at(now) } else { None },
            last_failure: stamped(last_failure)
                .map(|at| LastFailure { at: self.environment.clock.calendar(at), reason: last_reason.cloned() }),
            metadata: locked.metadata(),
            policy,
        }
    }

    /// What is counted call by call, and what under the lock; `opened_since` is what time alone has
    /// done.
    fn total_counts(&self, locked: &Locked, opened_since: u64) -> Totals {
        let of = |count| self.counters.get(count);
        let counted = locked.counted();
        Totals {
            successes: of(Count::Successes),
            failures: of(Count::Failures),
            ignored: of(Count::Ignored),
            rejected: of(Count::Rejected),
            opened: counted.opened + opened_since,
            ..counted
        }
    }

    /// What time alone would do now.
    pub(super) fn peek(&self, locked: &Locked, now: Tick) -> machine::Step {
        let moment = self.moment(locked, now);
        machine::step(&locked.policy, &self.snapshot(locked), locked.out(), Input::TimePassed, moment)
    }

    fn snapshot(&self, locked: &Locked) -> Snapshot {
        Snapshot { failures_in_row: self.word().failures_in_row(), ..*locked.snapshot() }
    }
}

/// The failures that count towards opening.
pub(super) fn failure_count(policy: &Policy, failures_in_row: u32, tally: &Tally) -> u32 {
    if policy.consecutive_failures.is_some() {
        failures_in_row
    } else if policy.failures_within.is_some() {
        tally.failures_within
    } else {
        u32::try_from(tally.failures).unwrap_or(u32::MAX)
    }
}

fn window(policy: &Policy, tally: &Tally) -> WindowStatus {
    let limits = &Limits::of(policy);
    WindowStatus {
        calls: tally.calls,
        failures: tally.failures,
        slow: tally.slow,
        failure_rate: policy.failure_rate.and_then(|_| tally.failure_rate(limits)),
        slow_call_rate: policy.slow_call_rate.and_then(|_| tally.slow_call_rate(limits)),
    }
}
