//! How long a circuit stays open, and how long a probe holds its slot.

use std::time::Duration;

use super::Policy;
use crate::clock::tick::nanos;

impl Policy {
    /// The length of the k-th opening in a row (from 1), before jitter: min(max, initial ×
    /// factor^(k−1)), saturating. `openings` is k.
    pub(crate) fn period(&self, openings: u32) -> Duration {
        match self.progressive {
            None => self.expiry,
            Some((factor, max)) => self.progressive_period(openings, factor, max),
        }
    }

    /// Outlined, because a power takes longer than the rest of a step.
    #[inline(never)]
    fn progressive_period(&self, openings: u32, factor: f64, max: Duration) -> Duration {
        let power = i32::try_from(openings.saturating_sub(1)).unwrap_or(i32::MAX);
        scaled(self.expiry, factor.powi(power)).min(max)
    }

    /// The same with jitter; `jitter_sample` returns a number in [−1, 1].
    pub(crate) fn jittered_period(&self, openings: u32, jitter_sample: impl Fn() -> f64) -> Duration {
        let period = self.period(openings);
        if self.jitter == 0.0 || period == Duration::MAX {
            return period;
        }
        scaled(period, 1.0 + self.jitter * jitter_sample())
    }

    /// How long a trip for `asked` keeps the circuit open: at most the policy's `max_trip`,
    /// lengthened but never shortened by jitter, because the dependency asked for that time.
    /// `jitter_sample` returns a number in [−1, 1].
    pub(crate) fn trip_period(&self, asked: Duration, jitter_sample: impl Fn() -> f64) -> Duration {
        let period = asked.min(self.max_trip);
        if self.jitter == 0.0 || period == Duration::MAX {
            return period;
        }
        scaled(period, 1.0 + self.jitter * (1.0 + jitter_sample()) / 2.0)
    }

    /// How long a probe holds its slot, after the k-th opening in a row. `was_open` returns how
    /// long that lasted.
    pub(crate) fn probe_time(&self, openings: u32, was_open: impl FnOnce() -> Duration) -> Duration {
        self.half_open_timeout.unwrap_or_else(|| match self.period(openings) {
            // The circuit was opened for an explicit time instead of an endless one. Never zero, so
            // that a probe that takes over another's slot is admitted later than that one.
            Duration::MAX => was_open().max(Duration::from_nanos(1)),
            period => period,
        })
    }
}

/// A duration times a factor, saturating; exact where the factor is 1.
fn scaled(duration: Duration, factor: f64) -> Duration {
    // Exactly 1 means unchanged, which an f64 of nanoseconds could not represent above 104 days.
    #[allow(clippy::float_cmp)]
    if factor == 1.0 {
        return duration;
    }
    // Rounds by half a nanosecond in a hundred days; the cast saturates at both ends.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let nanos = (nanos(duration) as f64 * factor) as u64;
    if nanos == u64::MAX { Duration::MAX } else { Duration::from_nanos(nanos) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn a_fixed_expiry_stays_the_same() {
        let policy = Policy::new().expiry(seconds(7));
        assert_eq!(policy.period(1), seconds(7));
        assert_eq!(policy.period(u32::MAX), seconds(7));
    }

    #[test]
    fn a_progressive_expiry_starts_at_the_initial_one_and_is_capped() {
        let policy = Policy::new().progressive_expiry(seconds(5), 2.0, seconds(300));
        let periods: Vec<u64> = (1..=8).map(|k| policy.period(k).as_secs()).collect();
        assert_eq!(periods, [5, 10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(policy.period(u32::MAX), seconds(300));
    }

    #[test]
    fn endless_back_off_saturates() {
        let policy = Policy::new().progressive_expiry(seconds(1), 1e300, Duration::MAX);
        assert_eq!(policy.period(1), seconds(1));
        assert_eq!(policy.period(1_100), Duration::MAX);
    }

    #[test]
    fn jitter_stretches_and_shrinks_by_its_fraction() {
        let policy = Policy::new().expiry(seconds(10)).jitter(0.25);
        assert_eq!(policy.jittered_period(1, || 1.0), Duration::from_millis(12_500));
        assert_eq!(policy.jittered_period(1, || -1.0), Duration::from_millis(7_500));
        assert_eq!(policy.jittered_period(1, || 0.0), seconds(10));
    }

    #[test]
    fn jitter_stretches_a_trip_and_never_shortens_it() {
        let policy = Policy::new().jitter(0.5);
        assert_eq!(policy.trip_period(seconds(10), || -1.0), seconds(10));
        assert_eq!(policy.trip_period(seconds(10), || 0.0), Duration::from_millis(12_500));
        assert_eq!(policy.trip_period(seconds(10), || 1.0), seconds(15));
    }

    #[test]
    fn a_trip_is_capped_before_it_is_stretched() {
        let policy = Policy::new().max_trip(seconds(60));
        assert_eq!(policy.trip_period(Duration::MAX, || 0.0), seconds(60));
        assert_eq!(policy.jitter(0.1).trip_period(seconds(600), || 1.0), seconds(66));
        assert_eq!(policy.max_trip(Duration::MAX).trip_period(Duration::MAX, || 1.0), Duration::MAX);
        assert_eq!(Policy::new().trip_period(seconds(31_536_000), || 0.0), seconds(3_600));
    }
}
