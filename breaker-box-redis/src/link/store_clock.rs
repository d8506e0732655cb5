//! The store's clock, as far as answers tell what it shows.
//!
//! An answer with the store's `now` was written between the sending of the request and the arrival
//! of the answer. So the offset between the clocks is at most `now - sent`, and at least
//! `now - received`. Of the last answers, those with the tightest bounds count.

use std::collections::VecDeque;

use super::time::Time;
use crate::protocol::StoreTime;

/// How many answers count. Older ones are forgotten, because the clocks drift apart.
const KEPT: usize = 16;
/// By how much bounds may contradict each other, in microseconds, before the store's clock is taken
/// to have been set.
const TOLERANCE: i64 = 1_000;

#[derive(Clone, Debug, Default)]
pub(crate) struct StoreClock {
    bounds: VecDeque<Bounds>,
}

#[derive(Clone, Copy, Debug)]
struct Bounds {
    least: i64,
    most: i64,
}

impl StoreClock {
    pub(crate) fn observe(&mut self, now: StoreTime, sent: Time, received: Time) {
        let new = Bounds { least: difference(now, received), most: difference(now, sent) };
        let contradicts = |old: &Bounds| old.least > new.most + TOLERANCE || new.least > old.most + TOLERANCE;
        if self.bounds.iter().any(contradicts) {
            self.bounds.clear();
        }
        if self.bounds.len() == KEPT {
            self.bounds.pop_front();
        }
        self.bounds.push_back(new);
    }

    /// At most this.
    fn offset(&self) -> Option<i64> {
        self.bounds.iter().map(|bounds| bounds.most).min()
    }

    /// The local time at which the store's clock showed `then`: between `earliest` and `latest`,
    /// and `latest` where nothing is known.
    pub(crate) fn own(&self, then: StoreTime, earliest: Time, latest: Time) -> Time {
        let Some(offset) = self.offset() else { return latest };
        let own = signed(then.0).saturating_sub(offset).max(0).unsigned_abs();
        Time(own).min(latest).max(earliest)
    }

    /// What the store's clock shows at a local time, as nearly as can be told.
    pub(crate) fn store(&self, own: Time) -> Option<StoreTime> {
        let least = self.bounds.iter().map(|bounds| bounds.least).max()?;
        let offset = least.midpoint(self.offset()?);
        Some(StoreTime(signed(own.0).saturating_add(offset).max(0).unsigned_abs()))
    }
}

fn signed(micros: u64) -> i64 {
    i64::try_from(micros).unwrap_or(i64::MAX)
}

fn difference(store: StoreTime, own: Time) -> i64 {
    signed(store.0).saturating_sub(signed(own.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_of_the_store_is_placed_by_the_quickest_answer() {
        let mut clock = StoreClock::default();
        clock.observe(StoreTime(1_000_500), Time(0), Time(10_000));
        clock.observe(StoreTime(1_020_100), Time(20_000), Time(20_200));
        assert_eq!(clock.own(StoreTime(1_050_100), Time(0), Time(90_000)), Time(50_000));
        assert_eq!(clock.store(Time(50_000)), Some(StoreTime(1_050_000)));
    }

    #[test]
    fn an_instant_is_never_in_the_future() {
        let mut clock = StoreClock::default();
        assert_eq!(clock.own(StoreTime(5), Time(0), Time(7)), Time(7));
        clock.observe(StoreTime(1_000_000), Time(0), Time(10));
        assert_eq!(clock.own(StoreTime(9_000_000), Time(0), Time(100)), Time(100));
        assert_eq!(clock.own(StoreTime(0), Time(50), Time(100)), Time(50));
    }

    #[test]
    fn a_clock_that_was_set_is_learned_anew() {
        let mut clock = StoreClock::default();
        clock.observe(StoreTime(5_000_000), Time(0), Time(100));
        clock.observe(StoreTime(9_000_000), Time(1_000), Time(1_100));
        assert_eq!(clock.store(Time(1_000)), Some(StoreTime(8_999_950)));
        clock.observe(StoreTime(2_000), Time(2_000), Time(2_100));
        assert_eq!(clock.store(Time(2_000)), Some(StoreTime(1_950)));
    }
}
