//! How many records this instance may write: 100 a second, 500 at once.

use std::time::Duration;

use super::time::Time;

/// Time per record, in microseconds.
const PER_RECORD: u64 = 10_000;
const BURST: u64 = 500;

/// A token bucket, kept as the time up to which its tokens are spent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bucket {
    spent: Time,
}

impl Bucket {
    /// How many records may be written now.
    pub(crate) fn left(self, now: Time) -> usize {
        let credit = (now.0 + BURST * PER_RECORD).saturating_sub(self.spent.0.max(now.0));
        usize::try_from(credit / PER_RECORD).unwrap_or(usize::MAX)
    }

    pub(crate) fn take(&mut self, records: usize, now: Time) {
        let spent = u64::try_from(records).unwrap_or(u64::MAX).saturating_mul(PER_RECORD);
        self.spent = self.spent.max(now) + Duration::from_micros(spent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_hundred_at_once_and_then_a_hundred_a_second() {
        let now = Time(7_000_000);
        let mut bucket = Bucket::default();
        assert_eq!(bucket.left(now), 500);
        bucket.take(500, now);
        assert_eq!(bucket.left(now), 0);
        assert_eq!(bucket.left(now + Duration::from_millis(100)), 10);
        assert_eq!(bucket.left(now + Duration::from_secs(60)), 500);
    }
}
