//! How long calls took, in fixed buckets: the data of a histogram.
//!
//! Kept only under policies with a limit for slow calls, where calls are timed anyway. As with the
//! [counters](crate::counters), each thread adds to a stripe that only it writes, so that an
//! addition is a load and a store. Threads beyond the number of stripes share stripe 0, with atomic
//! additions. Stripes are allocated when they are first needed.

use std::time::Duration;

use super::thread_slot::{self, owned_lines};
use crate::clock::tick::nanos;
use crate::primitive::{AtomicU64, OnceBox, Ordering};

/// The upper bounds of all buckets but the last, which has none, in microseconds. A bound belongs
/// to its bucket.
const ENDS: [u64; 15] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000, 30_000_000, 60_000_000,
];

/// The same in seconds.
pub(crate) const ENDS_IN_SECONDS: [f64; ENDS.len()] = {
    let mut seconds = [0.0; ENDS.len()];
    let mut index = 0;
    while index < ENDS.len() {
        seconds[index] = in_seconds(ENDS[index]);
        index += 1;
    }
    seconds
};

const BUCKETS: usize = ENDS.len() + 1;

/// The durations of one circuit.
#[derive(Debug)]
pub(crate) struct Durations(OnceBox<Box<[OnceBox<Stripe>]>>);

/// On its own cache lines, so that its writer does not disturb others.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Stripe {
    calls: [AtomicU64; BUCKETS],
    micros: [AtomicU64; BUCKETS],
}

/// How many calls took how long, since the circuit was created. Neither number ever decreases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DurationCounts {
    /// By bucket.
    pub(crate) calls: [u64; BUCKETS],
    /// The total duration of the calls of each bucket, each call rounded up to the microsecond.
    /// (Nanoseconds of a busy circuit would overflow 64 bits within months.)
    pub(crate) micros: [u64; BUCKETS],
}

impl Stripe {
    /// Adds a call. Must only be called by the one writer of this stripe.
    fn add_as_owner(&self, bucket: usize, micros: u64) {
        for (cell, n) in [(&self.calls[bucket], 1), (&self.micros[bucket], micros)] {
            // Relaxed, load and store: no other thread writes this cell. Readers want numbers that
            // were true at some moment; at worst they see a call in one of its two numbers before
            // the other.
            cell.store(cell.load(Ordering::Relaxed).wrapping_add(n), Ordering::Relaxed);
        }
    }

    /// Adds a call, even if other threads do so at the same time.
    fn add_shared(&self, bucket: usize, micros: u64) {
        // Relaxed, both: as above; the additions themselves are atomic.
        self.calls[bucket].fetch_add(1, Ordering::Relaxed);
        self.micros[bucket].fetch_add(micros, Ordering::Relaxed);
    }
}

impl Durations {
    pub(crate) fn new() -> Self {
        Self(OnceBox::new())
    }

    /// Adds a call.
    pub(crate) fn add(&self, elapsed: Duration) {
        // Rounding up keeps a call in its bucket, whose bounds are whole microseconds.
        let micros = nanos(elapsed).div_ceil(1_000);
        let bucket = ENDS.partition_point(|end| *end < micros);
        let stripes = self.0.get_or_init(|| Box::new((0..=owned_lines()).map(|_| OnceBox::new()).collect()));
        match stripes.get(thread_slot::current() as usize) {
            Some(own) => own.get_or_init(Box::default).add_as_owner(bucket, micros),
            None => stripes[0].get_or_init(Box::default).add_shared(bucket, micros),
        }
    }

    /// The sums over all threads.
    pub(crate) fn counts(&self) -> DurationCounts {
        let mut counts = DurationCounts::default();
        let made = self.0.get().into_iter().flat_map(|stripes| stripes.iter()).filter_map(OnceBox::get);
        for stripe in made {
            for bucket in 0..BUCKETS {
                // Relaxed, both: see `Stripe::add_as_owner`.
                counts.calls[bucket] += stripe.calls[bucket].load(Ordering::Relaxed);
                counts.micros[bucket] += stripe.micros[bucket].load(Ordering::Relaxed);
            }
        }
        counts
    }
}

impl DurationCounts {
    /// The number of calls.
    pub(crate) fn total(&self) -> u64 {
        self.calls.iter().sum()
    }

    /// The total duration of the calls, in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        in_seconds(self.micros.iter().sum())
    }

    /// What was added since `reported`, at most `most` calls of each bucket; brings `reported` up
    /// to date. Yields the average duration in seconds and the number of calls for each bucket. The
    /// average falls into that same bucket, so recording it that many times gives the same
    /// histogram and, except for rounding, the same sum.
    pub(crate) fn unreported(&self, reported: &mut Self, most: u64) -> impl Iterator<Item = (f64, u64)> {
        let unreported: [(f64, u64); BUCKETS] = std::array::from_fn(|bucket| {
            let all = self.calls[bucket].saturating_sub(reported.calls[bucket]);
            let calls = all.min(most);
            if calls == 0 {
                return (0.0, 0);
            }
            let micros = self.micros[bucket].saturating_sub(reported.micros[bucket]);
            let micros = if calls == all { micros } else { part(micros, calls, all) };
            reported.calls[bucket] += calls;
            reported.micros[bucket] += micros;
            // A call that is being added may be in only one of the two numbers.
            let shortest = bucket.checked_sub(1).map_or(0, |before| ENDS[before] + 1);
            let longest = ENDS.get(bucket).copied().unwrap_or(u64::MAX);
            (average(micros, calls).clamp(in_seconds(shortest), in_seconds(longest)), calls)
        });
        unreported.into_iter().filter(|(_, calls)| *calls > 0)
    }
}

const fn in_seconds(micros: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "exact up to 285 years, and then only shown")]
    let micros = micros as f64;
    micros / 1e6
}

/// `calls` ÷ `all` of `micros`.
fn part(micros: u64, calls: u64, all: u64) -> u64 {
    let part = u128::from(micros) * u128::from(calls) / u128::from(all);
    u64::try_from(part).unwrap_or(u64::MAX)
}

fn average(micros: u64, calls: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "an average is rounded anyway")]
    let (micros, calls) = (micros as f64, calls as f64);
    micros / calls / 1e6
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn counts(durations: &[Duration]) -> DurationCounts {
        let kept = Durations::new();
        for duration in durations {
            kept.add(*duration);
        }
        kept.counts()
    }

    #[test]
    fn the_end_of_a_bucket_belongs_to_it_and_the_next_nanosecond_to_the_next_one() {
        for (bucket, end) in ENDS.into_iter().enumerate() {
            let end = Duration::from_micros(end);
            assert_eq!(counts(&[end]).calls[bucket], 1);
            assert_eq!(counts(&[end + Duration::from_nanos(1)]).calls[bucket + 1], 1);
        }
        assert_eq!(counts(&[Duration::ZERO]).calls[0], 1);
        assert_eq!(counts(&[Duration::MAX]).calls[BUCKETS - 1], 1);
    }

    #[test]
    fn every_call_of_every_thread_is_in_the_sums() {
        let durations = Durations::new();
        // More threads than stripes.
        thread::scope(|scope| {
            for _ in 0..30 {
                scope.spawn(|| (0..1_000).for_each(|_| durations.add(Duration::from_millis(2))));
            }
        });
        let counts = durations.counts();
        assert_eq!((counts.total(), counts.calls[1]), (30_000, 30_000));
        assert!((counts.seconds() - 60.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_new_falls_into_the_same_buckets_and_adds_up_to_the_same_sum() {
        let durations: Vec<_> = (1..5_000_u64).map(|n| Duration::from_micros(n * n * 3)).collect();
        let counts = counts(&durations);
        let mut reported = DurationCounts::default();
        let mut calls = [0; BUCKETS];
        let mut sum = 0.0;
        for (seconds, n) in counts.unreported(&mut reported, u64::MAX) {
            calls[ENDS_IN_SECONDS.partition_point(|end| *end < seconds)] += n;
            sum += seconds * f64::from(u32::try_from(n).unwrap());
        }
        assert_eq!(calls, counts.calls);
        assert!((sum - counts.seconds()).abs() < 1e-6, "{sum}, not {}", counts.seconds());
        assert_eq!(reported, counts);
        assert_eq!(counts.unreported(&mut reported, u64::MAX).count(), 0);
    }

    #[test]
    fn what_is_too_much_for_one_time_comes_with_the_next() {
        let counts = counts(&[Duration::from_micros(7); 25]);
        let mut reported = DurationCounts::default();
        let rounds: Vec<Vec<_>> = (0..4).map(|_| counts.unreported(&mut reported, 10).collect()).collect();
        assert_eq!(rounds, [vec![(7e-6, 10)], vec![(7e-6, 10)], vec![(7e-6, 5)], vec![]]);
    }
}
