//! What follows from what happens: the rows of the table.

use std::time::Duration;

use breaker_box::{Cancellation, Reason, State};

use super::super::happened::{Cause, EventKind};
use super::super::plan::{Nanos, later, nanos};
use super::super::terms::Ending;
use super::{Fate, Incident, Meaning, Model, Probe, Probes};

/// # What follows from it
impl Model {
    /// How long a probe holds its slot.
    pub(super) fn probe_time(&self) -> Duration {
        match (self.plan.half_open_timeout, self.plan.period(self.openings)) {
            (Some(limit), _) => limit,
            // It was opened for an explicit time, in place of one without end.
            (None, Duration::MAX) => Duration::from_nanos((self.deadline - self.opened_at).max(1)),
            (None, period) => period,
        }
    }

    /// Those that have been out too long by that instant, the oldest first.
    pub(super) fn pass_time_of_probes(&mut self, by: Nanos) {
        for number in 0..self.probes.admitted.len() {
            let Probe { at, fate } = self.probes.admitted[number];
            let limit = later(at, self.probe_time());
            if fate != Fate::Out || by < limit || self.lapses_by(limit) {
                continue;
            }
            if self.plan.half_open_timeout.is_none() {
                self.probes.admitted[number].fate = Fate::GaveUp;
                continue;
            }
            // Under a policy with a limit, if one probe is out of time, so is every probe that was
            // admitted before it.
            let earlier = self.probes.admitted.iter_mut().filter(|probe| probe.at <= at && probe.fate == Fate::GaveUp);
            earlier.for_each(|probe| probe.fate = Fate::TimedOut);
            self.probes.admitted[number].fate = Fate::TimedOut;
            self.probes.failures += 1;
            if self.probes.failures >= self.plan.half_open_failure_threshold {
                return self.open(limit, None, Cause::HalfOpenTimeout);
            }
        }
    }

    pub(super) fn enter(&mut self, state: State, cause: Cause) {
        if self.state != state {
            self.events.push(EventKind::StateChanged { from: self.state, to: state, cause: cause.clone() });
        }
        if state.is_open() && !self.state.is_open() {
            self.totals.opened += 1;
        }
        self.state = state;
        self.generation += 1;
        self.probes = Probes::default();
        self.held = None;
        self.said = None;
        self.note_change(cause);
    }

    pub(super) fn open(&mut self, at: Nanos, open_for: Option<Duration>, cause: Cause) {
        self.openings += 1;
        self.opened_at = at;
        self.deadline = later(at, open_for.unwrap_or_else(|| self.plan.period(self.openings)));
        self.enter(State::Open, cause);
    }

    /// The period of an open circuit is over.
    pub(super) fn expire(&mut self) {
        if self.plan.close_on_expiry {
            self.recover(self.deadline, Cause::Expired);
            self.last_counted = None;
        } else {
            let held = self.held;
            self.enter(State::HalfOpen, Cause::Expired);
            self.held = held;
        }
    }

    pub(super) fn count(&mut self, ending: Ending, slow: Option<Duration>) {
        if self.state == State::Disabled {
            return;
        }
        if self.said == Some(Incident::Condition) && self.condition().is_none() {
            // Time has emptied the windows, or hung calls have come back.
            self.said = None;
        }
        let meaning = self.add_to_totals(ending, slow);
        match self.state {
            State::Closed | State::RampingUp | State::MetricsOnly => self.count_closed(meaning, slow.is_some()),
            State::HalfOpen => self.count_probe(meaning, slow.is_some()),
            State::Open | State::ForcedOpen | State::Disabled => {}
            other => unreachable!("the model has no state {other}"),
        }
    }

    /// The condition that holds, if one does.
    fn condition(&self) -> Option<Cause> {
        let hung = || self.are_enough_hung().then_some(Cause::HungCalls);
        self.outcomes.opens(&self.plan, self.now).or_else(hung)
    }

    pub(super) fn add_to_totals(&mut self, ending: Ending, slow: Option<Duration>) -> Meaning {
        let (meaning, reason) = match ending {
            Ending::Unclassified => return Meaning::Nothing,
            Ending::Ignore => {
                self.totals.ignored += 1;
                self.events.push(EventKind::Ignored);
                return Meaning::Nothing;
            }
            Ending::Success => {
                self.totals.successes += 1;
                self.events.push(EventKind::Success);
                self.note_slow(slow);
                return Meaning::Success;
            }
            Ending::Dropped => {
                self.totals.cancelled += 1;
                self.events.push(EventKind::Cancelled);
                let counts = match self.plan.on_cancel {
                    Cancellation::Failure => true,
                    // It says something only if it ran for longer than a call may.
                    Cancellation::Slow => slow.is_some(),
                    _ => false,
                };
                if !counts {
                    return Meaning::Nothing;
                }
                // The text is the library's own.
                (Meaning::Failure, Some(Reason::from("cancelled")))
            }
            Ending::Panicked(message) => {
                self.totals.panicked += 1;
                self.events.push(EventKind::Panicked { message: message.into() });
                (Meaning::Failure, Some(message.into()))
            }
            Ending::Failure { because } => (Meaning::Failure, because.map(Reason::from)),
            Ending::Trip { open_for, because } => {
                let reason = because.map(Reason::from);
                (Meaning::Trip { open_for, reason: reason.clone() }, reason)
            }
        };
        self.totals.failures += 1;
        self.events.push(EventKind::Failure { reason: reason.clone() });
        self.last_failure = Some((self.now, reason));
        self.note_slow(slow);
        meaning
    }

    pub(super) fn note_slow(&mut self, slow: Option<Duration>) {
        if let Some(elapsed) = slow {
            self.totals.slow += 1;
            self.events.push(EventKind::SlowCall { elapsed });
        }
    }

    pub(super) fn count_closed(&mut self, meaning: Meaning, slow: bool) {
        let slow = slow && self.plan.slow_call_rate.is_some();
        let too_close = self.last_counted.is_some_and(|last| self.now - last < nanos(self.plan.debounce));
        match meaning {
            Meaning::Nothing => return,
            Meaning::Failure if too_close => {
                self.events.push(EventKind::Debounced);
                self.outcomes.add_to_rates(self.now, slow);
            }
            Meaning::Failure | Meaning::Trip { .. } => {
                self.outcomes.add(self.now, true, slow);
                self.last_counted = Some(self.now);
            }
            Meaning::Success => {
                self.outcomes.add(self.now, false, slow);
                if self.state == State::Closed {
                    // Not while it ramps up. Where no probe has shown a recovery, the first success does.
                    self.openings = 0;
                }
            }
        }
        let (incident, cause, open_for) = match meaning {
            Meaning::Trip { open_for, reason } => {
                (Incident::Trip, Some(Cause::Tripped { reason }), self.plan.trip_period(open_for))
            }
            _ => (Incident::Condition, self.condition(), None),
        };
        let said = self.said.take();
        let Some(cause) = cause else { return };
        if self.state != State::MetricsOnly {
            self.open(self.now, open_for, cause);
            return;
        }
        self.said = Some(incident);
        if said.is_none() {
            self.events.push(EventKind::WouldOpen { cause });
        }
    }

    pub(super) fn count_probe(&mut self, meaning: Meaning, slow: bool) {
        match meaning {
            Meaning::Nothing => {}
            Meaning::Trip { open_for, reason } => {
                self.open(self.now, self.plan.trip_period(open_for), Cause::Tripped { reason });
            }
            Meaning::Success if !slow => {
                self.probes.successes += 1;
                if self.probes.successes >= self.plan.success_threshold {
                    if self.plan.ramp_up.is_none() {
                        self.openings = 0;
                    }
                    self.recover(self.now, Cause::ProbesSucceeded);
                }
            }
            Meaning::Success | Meaning::Failure => {
                self.probes.failures += 1;
                if self.probes.failures >= self.plan.half_open_failure_threshold {
                    self.open(self.now, None, Cause::ProbeFailed);
                }
            }
        }
    }
}
