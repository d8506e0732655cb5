//! A recovery that ramps up: from when on, and which of the calls it admits.

use std::time::Duration;

use breaker_box::State;

use super::super::happened::Cause;
use super::super::plan::{NEVER, Nanos};
use super::Model;

/// One stay in ramping up.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ramp {
    /// Before the clock's origin if it was adopted near its end.
    began: i128,
    /// The sum of the shares at which calls were asked.
    due: f64,
    /// By how much the breaker may have rounded that sum.
    rounded: f64,
    admitted: u64,
}

/// The breaker calculates with shares of 32 bits.
const LAST_BIT: f64 = 1.0 / 4_294_967_296.0;

/// Whether a call belongs to the share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Belongs {
    Yes,
    No,
    /// So close to a whole number that it depends on how the breaker rounds.
    Either,
}

impl Model {
    /// The circuit has recovered as of that instant: it closes, or ramps up from then on.
    pub(super) fn recover(&mut self, at: Nanos, cause: Cause) {
        if self.plan.ramp_up.is_some() {
            self.ramp = Ramp { began: at.into(), ..Ramp::default() };
            self.enter(State::RampingUp, cause);
        } else {
            self.enter(State::Closed, cause);
        }
        self.outcomes.clear();
    }

    /// When it has ramped up. A policy without a ramp ends one at once.
    pub(super) fn ramp_ends(&self) -> Nanos {
        match self.plan.ramp_up {
            _ if self.state != State::RampingUp => NEVER,
            Some(period) => {
                let ends = self.ramp.began.saturating_add_unsigned(period.as_nanos());
                Nanos::try_from(ends.max(0)).unwrap_or(NEVER)
            }
            None => self.now,
        }
    }

    /// How long until all calls are admitted.
    pub(super) fn ramp_up_left(&self) -> Option<Duration> {
        let ends = self.ramp_ends();
        (ends < NEVER).then(|| Duration::from_nanos(ends - self.now))
    }

    /// Ramps up for so long still, and no longer than its policy says.
    pub(super) fn adopt_ramp(&mut self, left: Duration, cause: Cause) {
        let past = self.plan.ramp_up.map_or(Duration::ZERO, |period| period.saturating_sub(left));
        let began = i128::from(self.now).saturating_sub_unsigned(past.as_nanos());
        self.ramp = Ramp { began, ..Ramp::default() };
        self.enter(State::RampingUp, cause);
        self.outcomes.clear();
    }

    /// The share of the calls that is admitted now: it grows evenly to all of them.
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn share(&self) -> f64 {
        let from = self.plan.ramp_up_from;
        let ends = self.ramp_ends();
        // One without end is over at the end of time, and began at the clock's origin at the earliest.
        let began = if ends == NEVER { self.ramp.began.max(0) } else { self.ramp.began };
        let period = i128::from(ends) - began;
        let past = i128::from(self.now) - began;
        from + (1.0 - from) * (past as f64 / period as f64)
    }

    /// The ramp with one more call asked, and whether that belongs to its share: of n calls at a
    /// share s, ⌈n·s⌉ are admitted, the first one among them.
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn belongs_to_share(&self) -> (Ramp, Belongs) {
        let share = self.share();
        let mut ramp = self.ramp;
        ramp.due += share;
        if (share / LAST_BIT).fract() != 0.0 {
            ramp.rounded += 4.0 * LAST_BIT;
        }
        let (least, most) = (ramp.due - ramp.rounded, ramp.due + ramp.rounded);
        let admitted = ramp.admitted as f64;
        let belongs = match (least > admitted, most > admitted) {
            (true, _) => Belongs::Yes,
            (false, true) => Belongs::Either,
            (false, false) => Belongs::No,
        };
        (ramp, belongs)
    }

    /// Whether a call that is asked now is admitted; `real` is what the breaker did, for where the
    /// rules leave it open.
    pub(super) fn ask_ramp(&mut self, real: bool) -> bool {
        let (ramp, belongs) = self.belongs_to_share();
        self.ramp = ramp;
        let admitted = belongs == Belongs::Yes || belongs == Belongs::Either && real;
        self.ramp.admitted += u64::from(admitted);
        admitted
    }
}
