//! Ramp-up: which share of the calls is admitted at an instant, and which calls belong to it.
//!
//! Shares are whole multiples of 2⁻³², so they add up exactly. Each call that asks adds the share
//! of its instant to a [`Credit`], and is admitted if that reaches a whole call. So the admitted
//! calls are spread evenly, and no randomness is needed.

use std::time::Duration;

use crate::clock::tick::{Tick, nanos};
use crate::policy::Policy;

/// A share of the calls, in units of 2⁻³². Never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Share(pub(crate) u64);

impl Share {
    pub(crate) const ALL: Self = Self(1 << 32);

    /// From a number in (0, 1], rounded down.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn of(share: f64) -> Self {
        // Exact, because it only changes the exponent; the cast rounds down and saturates.
        let units = (share * Self::ALL.0 as f64) as u64;
        Self(units.clamp(1, Self::ALL.0))
    }

    /// As a number in (0, 1], exactly.
    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn as_f64(self) -> f64 {
        self.0 as f64 / Self::ALL.0 as f64
    }
}

/// What the calls that have asked so far left of a whole call, in units of 2⁻³².
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Credit(pub(crate) u32);

impl Credit {
    /// That of a ramp-up that begins. Any share completes it, so the first call is admitted. After
    /// n calls at a share s, ⌈n·s⌉ were admitted.
    pub(crate) const FIRST: Self = Self(u32::MAX);

    /// Whether a call that asks now is admitted, and what is left after it.
    pub(crate) const fn ask(self, share: Share) -> (bool, Self) {
        let sum = self.0 as u64 + share.0;
        // The lower half stays; the share is at most 2³², so the carry is at most one.
        #[allow(clippy::cast_possible_truncation)]
        let left = sum as u32;
        (sum >= Share::ALL.0, Self(left))
    }
}

/// When a ramp-up began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RampStart {
    pub(crate) at: Tick,
    /// How much of it had already passed then, in other instances.
    pub(crate) past: Duration,
}

impl RampStart {
    pub(crate) const fn at(at: Tick) -> Self {
        Self { at, past: Duration::ZERO }
    }

    /// That of a ramp-up by this policy of which so much is left; all of it if that is `None`.
    pub(super) fn with_left(policy: &Policy, left: Option<Duration>, now: Tick) -> Self {
        let past = policy.ramp_up.zip(left).map_or(Duration::ZERO, |(period, left)| period.saturating_sub(left));
        Self { at: now, past }
    }
}

/// The share of the calls over time: it grows evenly, and at the end it is all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ramp {
    pub(crate) end: Tick,
    /// From the beginning to the end.
    pub(crate) period: Duration,
    pub(crate) from: Share,
}

impl Ramp {
    /// That of a policy, if it has a ramp-up.
    pub(crate) fn of(policy: &Policy, start: RampStart) -> Option<Self> {
        let RampStart { at, past } = start;
        let end = at.after(policy.ramp_up?.saturating_sub(past));
        // Up to the end of time, if it is endless.
        let period = end.since(at).saturating_add(past);
        Some(Self { end, period, from: Share::of(policy.ramp_up_from) })
    }

    /// The share of the calls that is admitted at this instant.
    pub(crate) fn share(&self, now: Tick) -> Share {
        let (left, period) = (nanos(self.end.since(now)), nanos(self.period));
        if left >= period {
            return if period == 0 { Share::ALL } else { self.from };
        }
        // What is not admitted shrinks to zero. It is rounded up, and so the share down. It cannot
        // overflow: 32 bits times 64.
        let missing = u128::from(Share::ALL.0 - self.from.0) * u128::from(left);
        let missing = missing.div_ceil(u128::from(period));
        // At most as much as at the beginning.
        Share(Share::ALL.0 - u64::try_from(missing).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn tick(second: u64) -> Tick {
        Tick::from_nanos(second * 1_000_000_000)
    }

    fn ramp(from: f64, seconds: u64) -> Ramp {
        let policy = Policy::new().ramp_up(Duration::from_secs(seconds)).ramp_up_from(from);
        Ramp::of(&policy, RampStart::at(tick(100))).unwrap()
    }

    fn admitted(credit: &mut Credit, share: Share) -> bool {
        let (admitted, left) = credit.ask(share);
        *credit = left;
        admitted
    }

    #[test]
    fn after_n_calls_at_a_share_s_the_admitted_ones_are_n_times_s_rounded() {
        let shares = (1..=1_000).map(|thousandths| f64::from(thousandths) / 1_000.0);
        for share in shares.chain([f64::MIN_POSITIVE, 1e-9, 1.0 / 3.0, 2.0 / 3.0, 1.0 - f64::EPSILON]) {
            let mut credit = Credit::FIRST;
            let mut count = 0;
            for n in 1..=1_000_u32 {
                count += u32::from(admitted(&mut credit, Share::of(share)));
                let exact = f64::from(n) * share;
                assert!((exact.floor()..=exact.ceil()).contains(&f64::from(count)), "{count} of {n} at {share}");
            }
        }
    }

    #[test]
    fn whatever_was_asked_before_n_calls_at_a_share_s_are_n_times_s_rounded() {
        for before in [0, 1, 1 << 31, u32::MAX - 1, u32::MAX] {
            for share in [Share(1), Share(1 << 29), Share(3_000_000_001), Share::ALL] {
                let mut credit = Credit(before);
                let mut count = 0;
                for n in 1..=1_000_u64 {
                    count += u64::from(admitted(&mut credit, share));
                    let (floor, ceil) = ((n * share.0) >> 32, (n * share.0).div_ceil(1 << 32));
                    assert!((floor..=ceil).contains(&count), "{count} of {n} at {share:?}");
                }
            }
        }
    }

    #[test]
    fn the_gaps_between_admitted_calls_differ_by_at_most_one() {
        for share in [0.01, 0.1, 0.3, 0.37, 0.5, 0.9] {
            let mut credit = Credit::FIRST;
            let calls: Vec<usize> = (0..10_000).filter(|_| admitted(&mut credit, Share::of(share))).collect();
            let gaps = || calls.windows(2).map(|pair| pair[1] - pair[0]);
            assert!(gaps().max().unwrap() - gaps().min().unwrap() <= 1, "{share}");
        }
    }

    #[test]
    fn the_share_grows_evenly_to_all_at_the_end() {
        let ramp = ramp(0.2, 8);
        let shares: Vec<f64> = (99..=109).map(|second| ramp.share(tick(second)).as_f64()).collect();
        let expected = [0.2, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.0];
        for (share, expected) in shares.iter().zip(expected) {
            assert!((share - expected).abs() < 1e-9, "{shares:?}");
        }
        assert_eq!(ramp.share(tick(108)), Share::ALL);
    }

    #[test]
    fn the_share_never_shrinks_and_is_all_only_at_the_end() {
        let ramp = ramp(0.000_1, 1);
        let mut last = Share(0);
        for nanos in (0..=1_000_000_000).step_by(997).chain([999_999_999]) {
            let share = ramp.share(Tick::from_nanos(tick(100).as_nanos() + nanos));
            assert!(share >= last || nanos == 999_999_999);
            assert!((1..Share::ALL.0).contains(&share.0), "{share:?} after {nanos} ns");
            last = share;
        }
        assert_eq!(ramp.share(tick(101)), Share::ALL);
    }

    #[test]
    fn the_shortest_ramp_up_has_two_instants() {
        let policy = Policy::new().ramp_up(Duration::from_nanos(1));
        let ramp = Ramp::of(&policy, RampStart::at(tick(100))).unwrap();
        assert_eq!(ramp.share(tick(100)), Share::of(0.1));
        assert_eq!(ramp.share(ramp.end), Share::ALL);
    }

    #[test]
    fn an_endless_ramp_up_begins_at_its_share_and_never_ends() {
        let policy = Policy::new().ramp_up(Duration::MAX).ramp_up_from(0.5);
        let ramp = Ramp::of(&policy, RampStart::at(tick(100))).unwrap();
        assert_eq!((ramp.share(tick(100)), ramp.end), (Share::of(0.5), Tick::MAX));
        assert!(ramp.share(tick(100 + 3_600 * 24 * 365)).as_f64() < 0.501);
        let at_the_end_of_time = Ramp::of(&policy, RampStart::at(Tick::MAX)).unwrap();
        assert_eq!(at_the_end_of_time.share(Tick::MAX), Share::ALL);
    }

    #[test]
    fn of_a_ramp_up_that_began_elsewhere_the_rest_is_left() {
        let policy = Policy::new().ramp_up(Duration::from_secs(10)).ramp_up_from(0.5);
        let ramp = |left| {
            let start = RampStart::with_left(&policy, Some(Duration::from_secs(left)), tick(2));
            let ramp = Ramp::of(&policy, start).unwrap();
            (ramp.end, ramp.share(tick(2)).as_f64())
        };
        assert_eq!(ramp(5), (tick(7), 0.75));
        // Longer than the policy's: the whole of it.
        assert_eq!(ramp(60), (tick(12), 0.5));
    }
}
