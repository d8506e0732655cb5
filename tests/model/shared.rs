//! What other instances do to it: states that are adopted, and slots of probes that are held,
//! granted and released.

use std::time::Duration;

use breaker_box::{Reason, State};

use super::super::happened::Cause;
use super::super::plan::{NEVER, Nanos, later};
use super::super::terms::{Adopted, Agreed, Change, Slots};
use super::{Fate, Model};

/// The slots of a circuit that holds its probes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) slots: u32,
    /// When the slots lapse.
    pub(super) until: Nanos,
    /// Whether somebody has been rejected since the last order.
    pub(super) wanted: bool,
}

/// Deadlines that differ by no more are the same.
const ROUNDED: Nanos = 1_000_000;

const NO_SLOTS: Held = Held { slots: 0, until: NEVER, wanted: false };

#[allow(dead_code, reason = "not every test binary has all of it")]
impl Model {
    pub(crate) fn generation(&mut self) -> u64 {
        self.pass_time();
        self.generation
    }

    /// Without letting time pass.
    pub(crate) const fn generation_now(&self) -> u64 {
        self.generation
    }

    pub(crate) fn adopt(&mut self, expected: Option<u64>, to: Agreed, because: Option<&'static str>) -> Adopted {
        self.pass_time();
        if expected.is_some_and(|expected| expected != self.generation) {
            return Adopted::Moved;
        }
        let whole = self.plan.ramp_up.unwrap_or(Duration::ZERO);
        let ramp_left = to.left.unwrap_or(whole).min(whole);
        let to = match to.state {
            // It is over, or this circuit has none.
            State::RampingUp if ramp_left.is_zero() => Agreed { state: State::Closed, left: None, openings: 0 },
            _ => to,
        };
        let left = if to.state == State::HalfOpen { Some(Duration::ZERO) } else { to.left };
        let deadline = later(self.now, left.unwrap_or_else(|| self.plan.period(to.openings)));
        let is_until = match self.state {
            State::Open => self.deadline.abs_diff(deadline) <= ROUNDED,
            State::RampingUp => self.ramp_ends().abs_diff(later(self.now, ramp_left)) <= ROUNDED,
            _ => true,
        };
        if self.state == to.state && self.openings == to.openings && is_until {
            return Adopted::Unchanged;
        }
        self.openings = to.openings;
        let cause = Cause::Remote { reason: because.map(Reason::from) };
        match to.state {
            State::Closed => {
                self.enter(State::Closed, cause);
                if to.openings == 0 {
                    self.outcomes.clear();
                }
            }
            State::Open | State::HalfOpen => {
                self.opened_at = self.now;
                self.deadline = deadline;
                self.enter(State::Open, cause);
            }
            State::RampingUp => self.adopt_ramp(ramp_left, cause),
            State::ForcedOpen => {
                self.enter(State::ForcedOpen, cause);
                self.opened_at = self.now;
            }
            other => self.enter(other, cause),
        }
        Adopted::Applied
    }

    /// Whether it was the right generation.
    pub(crate) fn order_slots(&mut self, generation: u64, order: Slots) -> bool {
        self.pass_time();
        if generation != self.generation || !matches!(self.state, State::Open | State::HalfOpen) {
            return false;
        }
        match (order, self.held) {
            (Slots::Hold, None) => self.held = Some(NO_SLOTS),
            (Slots::Hold, Some(held)) => self.held = Some(Held { wanted: false, ..held }),
            (Slots::Grant { slots, within }, Some(_)) => {
                self.held = Some(Held { slots, until: later(self.now, within), wanted: false });
            }
            (Slots::Grant { .. }, None) => return false,
            (Slots::Release, _) => self.held = None,
        }
        self.pass_time();
        true
    }

    /// How many probes may be out at a time.
    pub(super) fn slots(&self) -> usize {
        self.held.map_or(u32::MAX, |held| held.slots).min(self.plan.half_open_max_calls) as usize
    }

    /// The slots of a grant whose time is over are gone, and so are the results of its probes.
    pub(super) fn lapse(&mut self) {
        let Some(held) = self.held.filter(|held| self.now >= held.until && held.until < NEVER) else { return };
        self.held = Some(Held { wanted: held.wanted, ..NO_SLOTS });
        for probe in &mut self.probes.admitted {
            if matches!(probe.fate, Fate::Out | Fate::GaveUp) {
                probe.fate = Fate::TimedOut;
            }
        }
    }

    /// Somebody was rejected in half-open.
    pub(super) fn want(&mut self) {
        if let Some(held) = &mut self.held {
            self.times_wanted += u32::from(!held.wanted);
            held.wanted = true;
        }
    }

    pub(super) fn note_change(&mut self, cause: Cause) {
        let until = match self.state {
            State::Open => self.deadline,
            State::RampingUp => self.ramp_ends(),
            _ => NEVER,
        };
        let left = (until < NEVER).then(|| Duration::from_nanos(until.saturating_sub(self.now)));
        self.changes.push(Change { state: self.state, left, openings: self.openings, cause });
    }

    /// The changes since they were last taken, and how often a probe was wanted.
    pub(crate) fn take_changes(&mut self) -> (Vec<Change>, u32) {
        (std::mem::take(&mut self.changes), std::mem::take(&mut self.times_wanted))
    }

    /// How many probes hold slots, succeeded and failed, while they are held.
    pub(crate) fn held_probes(&self) -> Option<(u32, u32, u32)> {
        let out = u32::try_from(self.probes.out()).unwrap_or(u32::MAX);
        let is_held = self.state == State::HalfOpen && self.held.is_some();
        is_held.then_some((out, self.probes.successes, self.probes.failures))
    }

    /// When the slots that were granted lapse.
    pub(super) fn lapses_at(&self) -> Nanos {
        self.held.map_or(NEVER, |held| held.until)
    }

    /// Whether the grant lapses at that instant or before it.
    pub(super) fn lapses_by(&self, limit: Nanos) -> bool {
        self.held.is_some_and(|held| held.until <= limit && held.until < NEVER)
    }
}
