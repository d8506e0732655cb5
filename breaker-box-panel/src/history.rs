//! The calls of a circuit over time: five minutes in short periods, an hour in long ones.

use std::collections::VecDeque;
use std::time::Duration;

use breaker_core::{State, Totals};

/// How many periods of each length are kept.
pub(crate) const PERIODS: u32 = 60;

/// The length of a fine period: 60 of them are five minutes.
pub(crate) const FINE: Duration = Duration::from_secs(5);

/// The length of a coarse period: 60 of them are an hour.
pub(crate) const COARSE: Duration = Duration::from_secs(60);

/// The last 60 periods of two lengths. Periods in which nothing happened take no memory.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) fine: Ring,
    pub(crate) coarse: Ring,
}

/// What happened in one period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) successes: u32,
    pub(crate) failures: u32,
    pub(crate) rejected: u32,
    pub(crate) slow: u32,
    /// The most severe state of the period.
    pub(crate) state: State,
}

/// The periods in which something happened, oldest first, with their numbers.
#[derive(Debug, Default)]
pub(crate) struct Ring(VecDeque<(u32, Point)>);

impl History {
    /// Adds calls and a state to the current periods. `elapsed` is the time since the panel began.
    pub(crate) fn add(&mut self, elapsed: Duration, calls: &Totals, state: State) {
        self.fine.add(period(elapsed, FINE), calls, state);
        self.coarse.add(period(elapsed, COARSE), calls, state);
    }
}

/// The number of the period that is current `elapsed` after the panel began.
pub(crate) fn period(elapsed: Duration, length: Duration) -> u32 {
    u32::try_from(elapsed.as_secs() / length.as_secs()).unwrap_or(u32::MAX)
}

impl Ring {
    fn add(&mut self, period: u32, calls: &Totals, state: State) {
        let is_quiet = *calls == Totals::default() && state == State::Closed;
        if self.0.back().is_none_or(|(newest, _)| *newest != period) {
            self.remove_expired(period);
            if is_quiet {
                return;
            }
            self.0.push_back((period, Point { successes: 0, failures: 0, rejected: 0, slow: 0, state: State::Closed }));
        }
        if let Some((_, point)) = self.0.back_mut() {
            let add = |to: &mut u32, more: u64| *to = to.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
            add(&mut point.successes, calls.successes);
            add(&mut point.failures, calls.failures);
            add(&mut point.rejected, calls.rejected);
            add(&mut point.slow, calls.slow);
            if severity(state) > severity(point.state) {
                point.state = state;
            }
        }
    }

    fn remove_expired(&mut self, newest: u32) {
        while self.0.front().is_some_and(|(period, _)| newest.saturating_sub(*period) >= PERIODS) {
            self.0.pop_front();
        }
    }

    /// The points of the 60 periods up to `newest`, oldest first, with the numbers of their
    /// periods.
    pub(crate) fn until(&self, newest: u32) -> impl Iterator<Item = (u32, &Point)> {
        let oldest = (newest + 1).saturating_sub(PERIODS);
        self.0.iter().filter(move |(period, _)| *period >= oldest).map(|(period, point)| (*period, point))
    }
}

/// How urgently a state needs attention; higher is more urgent.
pub(crate) const fn severity(state: State) -> u8 {
    match state {
        State::Open => 6,
        State::ForcedOpen => 5,
        State::RampingUp => 3,
        State::MetricsOnly => 2,
        State::Disabled => 1,
        State::Closed => 0,
        // Half-open, and states that later versions add.
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(successes: u64, failures: u64) -> Totals {
        let mut counts = Totals::default();
        (counts.successes, counts.failures) = (successes, failures);
        counts
    }

    fn successes(ring: &Ring, newest: u32) -> Vec<(u32, u32)> {
        ring.until(newest).map(|(period, point)| (period, point.successes)).collect()
    }

    #[test]
    fn samples_of_one_period_add_up_and_the_most_severe_state_stays() {
        let mut history = History::default();
        history.add(Duration::from_secs(5), &counts(3, 1), State::Closed);
        history.add(Duration::from_secs(6), &counts(0, 0), State::Open);
        history.add(Duration::from_secs(9), &counts(2, 0), State::HalfOpen);
        let points: Vec<_> = history.fine.until(1).map(|(period, point)| (period, *point)).collect();
        assert_eq!(points, [(1, Point { successes: 5, failures: 1, rejected: 0, slow: 0, state: State::Open })]);
        assert_eq!(successes(&history.coarse, 0), [(0, 5)]);
    }

    #[test]
    fn sixty_periods_are_kept_and_quiet_ones_take_no_memory() {
        let mut ring = Ring::default();
        for period in 0..1_000 {
            ring.add(period, &counts(u64::from(period % 2), 0), State::Closed);
        }
        assert_eq!(ring.0.len(), 30);
        assert_eq!(successes(&ring, 999).first(), Some(&(941, 1)));
        ring.add(5_000, &counts(0, 0), State::Closed);
        assert!(ring.0.is_empty(), "an idle circuit keeps nothing");
    }

    #[test]
    fn an_old_period_is_not_shown_as_a_new_one() {
        let mut ring = Ring::default();
        ring.add(10, &counts(7, 0), State::Closed);
        assert_eq!(successes(&ring, 69), [(10, 7)]);
        assert_eq!(successes(&ring, 70), []);
    }
}
