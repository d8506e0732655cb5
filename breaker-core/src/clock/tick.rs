//! An instant as a number: nanoseconds since the origin of a clock.

use std::time::Duration;

/// A point on a clock, in nanoseconds since that clock's origin.
///
/// 64 bits last for 584 years. All arithmetic saturates, so `Duration::MAX` means "never" and
/// nothing overflows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tick(u64);

impl Tick {
    /// The end of time, which no clock reaches.
    pub(crate) const MAX: Self = Self(u64::MAX);

    pub(crate) const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    pub(crate) const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The instant `duration` later, or the end of time.
    pub(crate) const fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }

    /// The next instant, or the end of time.
    pub(crate) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Whether this instant has come at `now`. The end of time never comes, even on a clock that
    /// was advanced to it.
    pub(crate) const fn has_come(self, now: Self) -> bool {
        self.0 <= now.0 && self.0 != u64::MAX
    }

    /// How long until this instant; `None` if it never comes.
    pub(crate) fn left_at(self, now: Self) -> Option<Duration> {
        (self != Self::MAX).then(|| self.since(now))
    }

    /// How long ago `earlier` was; zero if it is later.
    pub(crate) const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// A duration in nanoseconds, saturating at 584 years.
pub(crate) const fn nanos(duration: Duration) -> u64 {
    let nanos = duration.as_nanos();
    if nanos > u64::MAX as u128 {
        u64::MAX
    } else {
        // Lossless because of the comparison above.
        #[allow(clippy::cast_possible_truncation)]
        {
            nanos as u64
        }
    }
}

/// Rounds up to whole milliseconds, so that whoever waits that long never wakes early.
pub(crate) fn readable(wait: Duration) -> Duration {
    let millis = u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
    Duration::from_millis(millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_duration_saturates_instead_of_overflowing() {
        let tick = Tick::from_nanos(5);
        assert_eq!(tick.after(Duration::MAX), Tick::MAX);
        assert_eq!(Tick::MAX.after(Duration::from_nanos(1)), Tick::MAX);
    }

    #[test]
    fn an_instant_ahead_is_no_time_ago() {
        assert_eq!(Tick::from_nanos(1).since(Tick::MAX), Duration::ZERO);
        assert_eq!(Tick::from_nanos(9).since(Tick::from_nanos(4)), Duration::from_nanos(5));
    }
}
