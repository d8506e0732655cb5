//! The data behind the lock of a circuit.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use super::admissions::Admissions;
use super::chosen::Chosen;
use super::failure_stamp::FailureStamp;
use super::in_flight::CallsInFlight;
use super::metadata::Metadata;
use super::word::Word;
use crate::clock::tick::Tick;
use crate::limits::MetadataSize;
use crate::machine::conditions::Limits;
use crate::machine::ramp::Credit;
use crate::machine::trigger::Trigger;
use crate::machine::{InFlight, Input, Moment, Outstanding, Slot, Snapshot, Step};
use crate::policy::Policy;
use crate::reason::Reason;
use crate::state::State;
use crate::status;
use crate::window::{Shape, Windows};

/// The policy, its conditions over windows, and data that only circuits with failures need.
#[derive(Debug)]
pub(super) struct Locked {
    pub(super) policy: Arc<Chosen>,
    pub(super) windowed: Option<Box<WindowedConditions>>,
    /// Allocated when first needed: of a million circuits most are closed and idle.
    extra: Option<Box<Extra>>,
}

#[derive(Debug, Default)]
struct Extra {
    snapshot: Snapshot,
    /// The probes that hold slots.
    slots: Admissions,
    /// Only if hung calls open the circuit, and only calls that were admitted under such a policy.
    in_flight: Option<Box<CallsInFlight>>,
    last_reason: Option<Reason>,
    metadata: Metadata,
    counts: LockedCounts,
    /// Why the circuit entered its state, and whether that was ordered for this instance only.
    entered_by: Option<(Trigger, bool)>,
    /// The generation that began with a mode.
    mode_entered: Option<u32>,
}

/// The totals of what is determined under the lock. They are never reset. The others are in the
/// [counters](crate::counters).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LockedCounts {
    pub(super) slow: u64,
    pub(super) cancelled: u64,
    pub(super) panicked: u64,
    pub(super) late: u64,
    pub(super) opened: u64,
}

/// The windows of a policy, with the limits that they are compared with.
///
/// Every failure of a circuit that has windows takes the lock. So it is counted here, and its time
/// is noted here: next to what it changes anyway, and not on the lines that successes read.
#[derive(Debug)]
pub(super) struct WindowedConditions {
    /// The failures under this policy; those before are in the [counters](crate::counters).
    pub(super) failures: u64,
    /// The last of them.
    pub(super) last_failure: FailureStamp,
    pub(super) windows: Windows,
    pub(super) limits: Limits,
}

impl WindowedConditions {
    /// Creates those of the policy, if it has any, with empty windows as of `successes`.
    fn new(policy: &Policy, successes: u64, now: Tick) -> Option<Box<Self>> {
        Self::of(policy, Windows::new(&shape(policy), successes, now))
    }

    fn of(policy: &Policy, windows: Option<Windows>) -> Option<Box<Self>> {
        let (failures, last_failure) = (0, FailureStamp::NEVER);
        windows.map(|windows| Box::new(Self { failures, last_failure, windows, limits: Limits::of(policy) }))
    }
}

/// The windows that a policy needs.
fn shape(policy: &Policy) -> Shape {
    Shape {
        rate: policy.window(),
        slow_after: policy.slow_call_rate.map(|(_, longer_than, _)| longer_than),
        within: policy.failures_within,
    }
}

/// # Evaluation
impl Locked {
    /// Creates the data of a new circuit.
    pub(super) fn new(policy: Arc<Chosen>, now: Tick) -> Self {
        let windowed = WindowedConditions::new(&policy, 0, now);
        let new = Self { policy, windowed, extra: None };
        #[cfg(feature = "settings")]
        let new = new.with_metadata_of_settings();
        new
    }

    /// Replaces the policy. The windows keep everything that still makes sense. Returns the
    /// failures that were counted here, and the last of them, for whoever counts those of the past.
    pub(super) fn set_policy(&mut self, policy: Arc<Chosen>, successes: u64, now: Tick) -> (u64, FailureStamp) {
        let failures = (self.failures(), self.last_failure());
        self.windowed = match self.windowed.take() {
            Some(known) => {
                let windows = known.windows.reshaped(&shape(&self.policy), &shape(&policy), successes, now);
                WindowedConditions::of(&policy, windows)
            }
            None => WindowedConditions::new(&policy, successes, now),
        };
        let in_flight = self.extra.as_mut().and_then(|extra| extra.in_flight.as_mut());
        // Without that condition they stay, so that each of them still leaves once and only once.
        if let (Some((n, _)), Some(in_flight)) = (policy.hung_calls, in_flight) {
            in_flight.configure(n, now);
        }
        self.policy = policy;
        failures
    }

    #[inline]
    pub(super) fn windows(&mut self) -> Option<&mut Windows> {
        self.windowed.as_mut().map(|windowed| &mut windowed.windows)
    }

    /// When the current bucket of a time window ends; `None` if no success belongs to a bucket.
    #[inline]
    pub(super) fn bucket_end(&self) -> Option<Tick> {
        self.windowed.as_ref().and_then(|windowed| windowed.windows.bucket_end())
    }

    /// Whether the next result must take the lock, whatever it is.
    #[inline]
    pub(super) fn awaits_next(&self) -> bool {
        self.extra.as_deref().is_some_and(|extra| extra.snapshot.awaits_next())
    }
}

/// # The state
impl Locked {
    /// The machine's state, except for the count of failures, which is in the hot word, and the
    /// credit of a ramp-up, which is an atomic too.
    #[inline]
    pub(super) fn snapshot(&self) -> &Snapshot {
        self.extra.as_deref().map_or(&Snapshot::NEW, |extra| &extra.snapshot)
    }

    /// A step that begins with the machine's state, the count of failures and the credit.
    ///
    /// Inlined, so that it is made where the caller keeps it: it is large.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a call would move the step")]
    pub(super) fn begin_step(&self, word: Word, credit: Credit) -> Step {
        let mut step = Step::from(self.snapshot());
        step.next.failures_in_row = word.failures_in_row();
        step.next.credit = credit;
        step
    }

    /// Returns what the machine would do, without doing it.
    pub(super) fn peek(&self, word: Word, credit: Credit, input: &Input, moment: &Moment<'_>) -> Step {
        let mut step = self.begin_step(word, credit);
        step.take(&self.policy, self.in_flight(), input, moment);
        step
    }

    /// The calls in flight, as far as they can change the state before they return.
    pub(super) fn in_flight(&self) -> InFlight<'_> {
        InFlight { probes: self.outstanding(), hung_at: self.hung_at() }
    }

    /// The probes that hold slots, the oldest first.
    fn outstanding(&self) -> &[Outstanding] {
        self.extra.as_deref().map_or(&[], |extra| extra.slots.outstanding())
    }

    /// When the oldest probe that holds a slot was admitted.
    pub(super) fn oldest_probe(&self) -> Option<Tick> {
        self.extra.as_deref().and_then(|extra| extra.slots.oldest())
    }

    /// Whether time alone may have ended the generation by now, or made a probe late. What else it
    /// does, a step does in any case.
    pub(super) fn is_due(&self, now: Tick) -> bool {
        let snapshot = self.snapshot();
        let is_over = match snapshot.state {
            State::Open => snapshot.deadline.has_come(now),
            // Without a time limit, a probe can only lose its slot.
            State::HalfOpen => self.policy.half_open_timeout.is_some() || snapshot.allowance.is_some(),
            State::RampingUp => true,
            // These states do not wait for time themselves.
            State::Closed | State::ForcedOpen | State::Disabled | State::MetricsOnly => false,
        };
        is_over || self.is_hung(now)
    }

    /// Why the circuit entered its state, and whether that was ordered for this instance only.
    pub(super) fn entered_by(&self) -> Option<(Trigger, bool)> {
        self.extra.as_deref().and_then(|extra| extra.entered_by)
    }

    /// Notes why the circuit entered its state.
    pub(super) fn note_entered_by(&mut self, trigger: Trigger, only_here: bool) {
        self.extra().entered_by = Some((trigger, only_here));
    }

    /// Whether the circuit is in a state that it entered because of a mode.
    pub(super) fn is_in_mode(&self) -> bool {
        let generation = |extra: &Extra| extra.mode_entered == Some(extra.snapshot.generation);
        self.extra.as_deref().is_some_and(generation)
    }

    /// Notes that the circuit entered its state because of a mode.
    pub(super) fn note_mode_entered(&mut self) {
        let extra = self.extra();
        extra.mode_entered = Some(extra.snapshot.generation);
    }

    fn is_as_new(next: &Snapshot) -> bool {
        Snapshot { failures_in_row: 0, credit: Credit::FIRST, ..*next } == Snapshot::NEW
    }

    /// Stores the snapshot and the slots that result from a step taken at this instant.
    pub(super) fn keep(&mut self, step: &Step, now: Tick) {
        let extra = match &mut self.extra {
            Some(extra) => extra,
            // A circuit that was never used needs no memory.
            None if Self::is_as_new(&step.next) => return,
            None => self.extra.get_or_insert_default(),
        };
        let Snapshot { generation, probes, .. } = extra.snapshot;
        // The count and the credit that it is kept with are never read.
        extra.snapshot = step.next;
        if generation != step.next.generation {
            extra.slots.clear();
            extra.in_flight = None;
        } else if step.next.state != State::HalfOpen {
            return;
        } else if step.next.probes.given_up_before != probes.given_up_before {
            extra.slots.remove_before(step.next.probes.given_up_before);
        }
        match step.slot {
            Slot::Untouched => {}
            Slot::Taken => extra.slots.add(now),
            Slot::Freed(admitted) => {
                extra.slots.remove(admitted);
            }
        }
    }
}

/// # Calls in flight, where hung calls open the circuit
impl Locked {
    /// Lists a call that is admitted now, if the policy wants that.
    #[inline]
    pub(super) fn list(&mut self, now: Tick) {
        if let Some((n, _)) = self.policy.hung_calls {
            self.list_one_of(n, now);
        }
    }

    #[inline(never)]
    fn list_one_of(&mut self, n: u32, now: Tick) {
        self.extra().in_flight.get_or_insert_with(|| Box::new(CallsInFlight::new(n))).admit(now);
    }

    /// Removes a call that was admitted at this instant from the list, if it is in it.
    pub(super) fn unlist(&mut self, admitted: Tick) {
        if let Some(in_flight) = self.extra.as_deref_mut().and_then(|extra| extra.in_flight.as_mut()) {
            in_flight.settle(admitted);
        }
    }

    /// When so many calls are hung that the circuit opens, unless some of them return before.
    #[inline]
    pub(super) fn hung_at(&self) -> Option<Tick> {
        let (_, longer_than) = self.policy.hung_calls?;
        self.listed()?.hung_at(longer_than)
    }

    /// Whether so many calls are hung.
    #[inline]
    pub(super) fn is_hung(&self, now: Tick) -> bool {
        self.hung_at().is_some_and(|at| at.has_come(now))
    }

    /// The number of calls in flight, and of hung ones among them, if the policy has that
    /// condition.
    pub(super) fn counted_in_flight(&self, now: Tick) -> Option<status::InFlight> {
        let (_, longer_than) = self.policy.hung_calls?;
        let listed = self.listed();
        Some(status::InFlight {
            calls: listed.map_or(0, CallsInFlight::count),
            hung: listed.map_or(0, |listed| listed.count_hung(longer_than, now)),
        })
    }

    fn listed(&self) -> Option<&CallsInFlight> {
        self.extra.as_deref().and_then(|extra| extra.in_flight.as_deref())
    }
}

/// # Display
impl Locked {
    /// The failures that are counted here.
    pub(super) fn failures(&self) -> u64 {
        self.windowed.as_ref().map_or(0, |windowed| windowed.failures)
    }

    /// The last of them.
    pub(super) fn last_failure(&self) -> FailureStamp {
        self.windowed.as_ref().map_or(FailureStamp::NEVER, |windowed| windowed.last_failure)
    }

    pub(super) fn last_reason(&self) -> Option<&Reason> {
        self.extra.as_deref().and_then(|extra| extra.last_reason.as_ref())
    }

    /// Returns the one before.
    #[inline]
    pub(super) fn set_last_reason(&mut self, reason: Option<Reason>) -> Option<Reason> {
        if reason.is_some() || self.last_reason().is_some() {
            return mem::replace(&mut self.extra().last_reason, reason);
        }
        None
    }

    pub(super) fn metadata(&self) -> BTreeMap<String, String> {
        self.extra.as_deref().map(|extra| extra.metadata.entries().clone()).unwrap_or_default()
    }

    /// The size of the metadata with these entries added.
    pub(super) fn metadata_with<'a>(
        &'a self,
        news: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> MetadataSize {
        match self.extra.as_deref() {
            Some(extra) => extra.metadata.size_with(news),
            None => news.into_iter().collect(),
        }
    }

    /// The size of the metadata with these entries of settings.
    #[cfg(feature = "settings")]
    pub(super) fn metadata_by(&self, settings: &BTreeMap<String, String>) -> MetadataSize {
        self.extra.as_deref().map_or_else(|| settings.iter().collect(), |extra| extra.metadata.size_by(settings))
    }

    /// Whether the circuit has metadata that is not from settings.
    pub(super) fn has_own_metadata(&self) -> bool {
        self.extra.as_deref().is_some_and(|extra| extra.metadata.has_own())
    }

    pub(super) fn set_metadata(&mut self, name: String, value: String) -> Option<String> {
        self.extra().metadata.set(name, value)
    }

    #[cfg(feature = "settings")]
    fn with_metadata_of_settings(mut self) -> Self {
        self.override_metadata();
        self
    }

    /// Sets the metadata of the settings that are in force, if any. Returns whether anything has
    /// changed.
    #[cfg(feature = "settings")]
    pub(super) fn override_metadata(&mut self) -> bool {
        let by = self.policy.overridden().map(|overridden| Arc::clone(&overridden.by));
        let none = BTreeMap::new();
        let settings = by.as_ref().map_or(&none, |by| &by.metadata);
        if settings.is_empty() && self.extra.is_none() {
            return false;
        }
        self.extra().metadata.override_by(settings)
    }

    /// The totals that are counted here.
    pub(super) fn counted(&self) -> LockedCounts {
        self.extra.as_deref().map(|extra| extra.counts).unwrap_or_default()
    }

    /// The same, to add to.
    pub(super) fn counts(&mut self) -> &mut LockedCounts {
        &mut self.extra().counts
    }

    fn extra(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }
}
