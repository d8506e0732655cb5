//! How long to wait before the next attempt to connect.

use std::time::Duration;

use super::random::Random;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);
/// A connection that lasts this long was a good one.
const GOOD: Duration = Duration::from_secs(5);

/// Waits that double from 100 milliseconds to 10 seconds, each a random part of that ("full
/// jitter"), so that instances which lost their server together do not come back together.
pub(super) struct Backoff {
    random: Random,
    longest: Duration,
}

impl Backoff {
    pub(super) const fn new(random: Random) -> Self {
        Self { random, longest: FIRST }
    }

    /// The wait before the next attempt.
    pub(super) fn next(&mut self) -> Duration {
        let wait = self.longest.mul_f64(self.random.share());
        self.longest = (self.longest * 2).min(LONGEST);
        wait
    }

    /// A connection lasted this long.
    pub(super) fn connected(&mut self, lasted: Duration) {
        if lasted >= GOOD {
            self.longest = FIRST;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_ten_seconds_and_no_further() {
        let mut backoff = Backoff::new(Random::seeded(7));
        let waits: Vec<Duration> = (0..1_000).map(|_| backoff.next()).collect();
        assert!(waits[0] <= FIRST);
        assert!(waits.iter().all(|wait| *wait <= LONGEST));
        assert!(waits[20..].iter().any(|wait| *wait > LONGEST / 2));
        assert!(waits[20..].iter().any(|wait| *wait < LONGEST / 2));
    }

    #[test]
    fn a_good_connection_starts_over_and_a_short_one_does_not() {
        let mut backoff = Backoff::new(Random::seeded(7));
        for _ in 0..10 {
            backoff.next();
        }
        backoff.connected(Duration::from_millis(3));
        assert_eq!(backoff.longest, LONGEST);
        backoff.connected(GOOD);
        assert_eq!(backoff.longest, FIRST);
    }
}
