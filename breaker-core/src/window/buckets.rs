//! A window of time, in ten buckets including the current one.
//!
//! A bucket records how many successes there had been when it began. The successes in the window
//! are the current number minus the one that the oldest bucket recorded, so a success writes
//! nothing here.

use std::time::Duration;

use super::record::Record;
use crate::clock::tick::{Tick, nanos};

const BUCKETS: usize = 10;

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    /// The successes before it began.
    successes_before: u64,
    failures: u64,
    slow: u64,
}

/// Ten buckets; the current one is at `current % 10`.
#[derive(Clone, Debug)]
pub(super) struct Buckets {
    width: u64,
    /// The number of the current bucket, counted from the clock's origin.
    current: u64,
    /// When the current bucket ends.
    end: Tick,
    /// The sums over all buckets.
    failures: u64,
    slow: u64,
    ring: [Bucket; BUCKETS],
}

impl Buckets {
    pub(super) fn new(window: Duration, successes: u64, now: Tick) -> Self {
        let width = (nanos(window) / BUCKETS as u64).max(1);
        let ring = [Bucket::default(); BUCKETS];
        let mut buckets = Self { width, current: 0, end: now, failures: 0, slow: 0, ring };
        buckets.clear(successes, now);
        buckets
    }

    pub(super) fn clear(&mut self, successes: u64, now: Tick) {
        self.ring = [Bucket { successes_before: successes, ..Bucket::default() }; BUCKETS];
        (self.failures, self.slow) = (0, 0);
        self.begin(self.number(now));
    }

    pub(super) fn record(&mut self, record: Record) {
        self.advance_to(record.now, record.successes - u64::from(!record.failure && record.successes > 0));
        let current = &mut self.ring[index(self.current)];
        current.failures += u64::from(record.failure);
        current.slow += u64::from(record.slow);
        self.failures += u64::from(record.failure);
        self.slow += u64::from(record.slow);
    }

    pub(super) fn skip_success(&mut self) {
        for bucket in &mut self.ring {
            bucket.successes_before = bucket.successes_before.wrapping_add(1);
        }
    }

    /// Takes over calls and failures, but not which calls were slow. Both must have the same width.
    pub(super) fn take_over_failures(&mut self, old: &mut Self, successes: u64, now: Tick) {
        old.advance_to(now, successes);
        self.begin(old.current);
        self.failures = old.failures;
        self.ring = old.ring.map(|bucket| Bucket { slow: 0, ..bucket });
    }

    /// Calls, failures and slow calls in the window.
    pub(super) fn counts(&mut self, successes: u64, now: Tick) -> (u64, u64, u64) {
        self.advance_to(now, successes);
        let oldest = &self.ring[index(self.current + 1)];
        let succeeded = successes.saturating_sub(oldest.successes_before);
        (succeeded + self.failures, self.failures, self.slow)
    }

    /// When the current bucket ends.
    #[inline]
    pub(super) const fn end(&self) -> Tick {
        self.end
    }

    /// Makes the bucket of this number the current one.
    fn begin(&mut self, number: u64) {
        self.current = number;
        self.end = Tick::from_nanos((number + 1).saturating_mul(self.width));
    }

    /// The number of the bucket that `now` belongs to. The last one before the end of time stays
    /// current, so that every bucket has a next one.
    fn number(&self, now: Tick) -> u64 {
        (now.as_nanos() / self.width).min(u64::MAX - BUCKETS as u64)
    }

    /// Opens the buckets up to `now`. A time before the current bucket changes nothing: another
    /// thread read the clock later.
    #[inline]
    fn advance_to(&mut self, now: Tick, successes: u64) {
        if now >= self.end {
            self.open_until(now, successes);
        }
    }

    #[cold]
    fn open_until(&mut self, now: Tick, successes: u64) {
        let target = self.number(now);
        if target <= self.current {
            return;
        }
        let fresh = Bucket { successes_before: successes, ..Bucket::default() };
        if target - self.current >= BUCKETS as u64 {
            self.ring = [fresh; BUCKETS];
            (self.failures, self.slow) = (0, 0);
        } else {
            for number in self.current + 1..=target {
                let oldest = std::mem::replace(&mut self.ring[index(number)], fresh);
                self.failures -= oldest.failures;
                self.slow -= oldest.slow;
            }
        }
        self.begin(target);
    }
}

/// The index of a bucket number.
const fn index(number: u64) -> usize {
    // Below ten.
    #[allow(clippy::cast_possible_truncation)]
    {
        (number % BUCKETS as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Tick {
        Tick::from_nanos(seconds * 1_000_000_000)
    }

    fn failure(now: Tick, successes: u64) -> Record {
        Record { failure: true, slow: false, successes, now }
    }

    #[test]
    fn a_call_lives_between_nine_tenths_of_the_window_and_all_of_it() {
        let mut buckets = Buckets::new(Duration::from_secs(10), 0, at(0));
        buckets.record(failure(at(0), 0));
        buckets.record(Record { failure: false, slow: true, successes: 1, now: at(3) });
        assert_eq!(buckets.counts(1, at(9)), (2, 1, 1));
        assert_eq!(buckets.counts(1, at(10)), (1, 0, 1));
        assert_eq!(buckets.counts(1, at(13)), (0, 0, 0));
    }

    #[test]
    fn years_of_silence_leave_an_empty_window() {
        let mut buckets = Buckets::new(Duration::from_nanos(1), 0, at(0));
        buckets.record(failure(at(0), 5));
        assert_eq!(buckets.counts(5, Tick::MAX), (0, 0, 0));
    }

    #[test]
    fn an_endless_window_forgets_nothing() {
        let mut buckets = Buckets::new(Duration::MAX, 0, at(0));
        buckets.record(failure(at(1), 5));
        assert_eq!(buckets.counts(5, at(1_000_000)), (6, 1, 0));
    }

    #[test]
    fn a_reading_from_before_the_turn_goes_to_the_current_bucket() {
        let mut buckets = Buckets::new(Duration::from_secs(10), 0, at(5));
        buckets.record(failure(at(4), 0));
        assert_eq!(buckets.counts(0, at(14)), (1, 1, 0));
        assert_eq!(buckets.counts(0, at(15)), (0, 0, 0));
    }
}
