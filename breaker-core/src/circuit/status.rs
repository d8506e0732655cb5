//! Reading a circuit without changing it.

use std::collections::BTreeMap;

use super::Circuit;
use super::atomics::Cold;
use super::failure_stamp::FailureStamp;
use super::locked::Locked;
use super::word::Flags;
use crate::clock::tick::Tick;
use crate::counters::Count;
#[cfg(feature = "metrics")]
use crate::counters::durations::DurationCounts;
use crate::limits::ExceededLimit;
use crate::machine::conditions::{Limits, Tally, failure_count};
use crate::machine::{Input, Moment, Reply, Snapshot, Step};
use crate::policy::Policy;
use crate::state::State;
use crate::status::{InFlight, LastFailure, Status, Totals, WindowStatus};

impl Circuit {
    /// The state as a call would find it now.
    pub(crate) fn state(&self) -> State {
        let word = self.atomics.word();
        match word.state() {
            // Time can end these three states, and others where calls can hang.
            State::Open | State::HalfOpen | State::RampingUp => self.state_now(),
            State::Closed if word.has(Flags::LISTED) => self.state_now(),
            state => state,
        }
    }

    #[cold]
    fn state_now(&self) -> State {
        let locked = self.locked.lock();
        self.peek(&locked, &Input::TimePassed, self.environment.clock.now()).next.state
    }

    /// Whether a call would be admitted now.
    pub(crate) fn is_available(&self) -> bool {
        let word = self.atomics.word();
        match word.state() {
            State::Closed if word.has(Flags::LISTED) => {}
            State::Closed | State::Disabled | State::MetricsOnly => return true,
            _ => {}
        }
        let locked = self.locked.lock();
        let word = self.atomics.word();
        let step = self.peek(&locked, &Input::CallRequested, self.environment.clock.now());
        let is_nested = || step.next.generation == word.generation() && self.runs_probe_here(word);
        step.reply == Reply::Admitted || (word.state() == State::HalfOpen && is_nested())
    }

    /// Returns what the machine would do now, without doing it.
    pub(super) fn peek(&self, locked: &Locked, input: &Input, now: Tick) -> Step {
        let moment = Moment { now, jitter_sample: &self.jitter_sample(locked.snapshot().generation) };
        locked.peek(self.atomics.word(), self.credit(), input, &moment)
    }

    pub(crate) fn policy(&self) -> Policy {
        *self.locked.lock().policy.policy()
    }

    /// Returns a full snapshot as of now.
    pub(crate) fn status(&self) -> Status {
        let mut locked = self.locked.lock();
        let now = self.environment.clock.now();
        let peek = self.peek(&locked, &Input::TimePassed, now);
        let Snapshot { state, openings, opened_at, deadline, failures_in_row, .. } = peek.next;
        let tally = match locked.windows() {
            Some(windows) if !peek.clears_counts => windows.tally(self.successes(), now),
            _ => Tally::default(),
        };
        let policy = *locked.policy.policy();
        let ramp = peek.next.ramp(&policy);
        let opened = matches!(state, State::Open | State::HalfOpen | State::ForcedOpen);
        let last_failure = self.last_failure(&locked);
        let last_reason = locked.last_reason().filter(|_| last_failure.has_reason());
        Status {
            key: self.key.clone(),
            state,
            failure_count: failure_count(&policy, failures_in_row, &tally),
            window: window(&policy, &tally),
            totals: self.totals(&locked, peek.times_opened()),
            in_flight: in_flight(&locked, &peek, now),
            openings,
            opened_at: opened.then(|| self.environment.clock.calendar(opened_at)),
            retry_after: if state == State::Open { deadline.left_at(now) } else { None },
            admitted_share: ramp.map(|ramp| ramp.share(now).as_f64()),
            ramp_up_left: ramp.and_then(|ramp| ramp.end.left_at(now)),
            last_failure: last_failure
                .at()
                .map(|at| LastFailure { at: self.environment.clock.calendar(at), reason: last_reason.cloned() }),
            metadata: locked.metadata(),
            policy,
        }
    }

    fn last_failure(&self, locked: &Locked) -> FailureStamp {
        match locked.last_failure() {
            FailureStamp::NEVER => self.atomics.cold().map_or(FailureStamp::NEVER, Cold::last_failure),
            under_this_policy => under_this_policy,
        }
    }

    /// All totals. Time alone has opened the circuit `opened_since` times more than was counted.
    pub(super) fn totals(&self, locked: &Locked, opened_since: u64) -> Totals {
        let of = |count| self.counters.get(count);
        let counted = locked.counted();
        Totals {
            successes: of(Count::Successes),
            failures: of(Count::Failures).wrapping_add(locked.failures()),
            ignored: of(Count::Ignored),
            rejected: of(Count::Rejected),
            slow: counted.slow,
            cancelled: counted.cancelled,
            panicked: counted.panicked,
            late: counted.late,
            opened: counted.opened + opened_since,
        }
    }

    /// How long calls took.
    #[cfg(feature = "metrics")]
    pub(crate) fn durations(&self) -> DurationCounts {
        self.atomics.cold().map(|cold| cold.durations.counts()).unwrap_or_default()
    }
}

/// # Metadata
impl Circuit {
    pub(crate) fn metadata(&self) -> BTreeMap<String, String> {
        self.locked.lock().metadata()
    }

    pub(crate) fn set_metadata(&self, name: String, value: String) -> Result<Option<String>, ExceededLimit> {
        let mut locked = self.locked.lock();
        let news = [(&name, &value)];
        self.environment.text_limits.check_metadata(locked.metadata_with(news))?;
        Ok(locked.set_metadata(name, value))
    }

    /// Whether settings could have these entries.
    #[cfg(feature = "settings")]
    pub(crate) fn check_metadata(&self, settings: &BTreeMap<String, String>) -> Result<(), ExceededLimit> {
        self.environment.text_limits.check_metadata(self.locked.lock().metadata_by(settings))
    }
}

/// The calls in flight, if they are known.
fn in_flight(locked: &Locked, peek: &Step, now: Tick) -> Option<InFlight> {
    let stays = peek.next.generation == locked.snapshot().generation;
    let counted = locked.counted_in_flight(now).filter(|_| peek.next.state != State::Disabled)?;
    // Time alone has begun a new generation, in which no call has been admitted yet.
    Some(if stays { counted } else { InFlight::default() })
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
