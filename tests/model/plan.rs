//! A policy as plain data, so that the model can read it: `Policy` keeps its fields to itself.

use std::time::Duration;

use breaker_box::{Cancellation, Policy, Window};

/// Nanoseconds since the clock's origin, or between two such instants.
pub(crate) type Nanos = u64;

/// An instant that no clock reaches: all arithmetic saturates here.
pub(crate) const NEVER: Nanos = Nanos::MAX;

/// Up to this number the failures of `failures_within` are counted by their instants, above in
/// buckets.
pub(crate) const EXACT: u32 = 1_024;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) consecutive_failures: Option<u32>,
    pub(crate) failures_within: Option<(u32, Duration)>,
    pub(crate) failure_rate: Option<f64>,
    /// The rate, and beyond which duration a call is slow.
    pub(crate) slow_call_rate: Option<(f64, Duration)>,
    /// How many calls in flight open, and after which duration each of them is hung.
    pub(crate) hung_calls: Option<(u32, Duration)>,
    /// What both rates are rates of; of no meaning without one.
    pub(crate) extent: Extent,
    pub(crate) minimum_calls: Option<u32>,
    pub(crate) debounce: Duration,
    pub(crate) expiry: Duration,
    /// The factor and the maximum.
    pub(crate) progressive: Option<(f64, Duration)>,
    pub(crate) half_open_max_calls: u32,
    pub(crate) success_threshold: u32,
    pub(crate) half_open_failure_threshold: u32,
    pub(crate) half_open_timeout: Option<Duration>,
    pub(crate) close_on_expiry: bool,
    /// For how long a recovery ramps up.
    pub(crate) ramp_up: Option<Duration>,
    /// The share with which that begins.
    pub(crate) ramp_up_from: f64,
    pub(crate) on_cancel: Cancellation,
    /// Beyond which duration a success is a failure.
    pub(crate) fail_slower_than: Option<Duration>,
    pub(crate) max_trip: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Extent {
    Calls(u32),
    Time(Duration),
}

/// How the failures of `failures_within` are kept.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Keeping {
    Not,
    SinceReset,
    Exactly,
    InBuckets,
}

impl Plan {
    /// Five failures in a row, and the defaults of DESIGN.md.
    pub(crate) const DEFAULT: Self = Self {
        consecutive_failures: Some(5),
        failures_within: None,
        failure_rate: None,
        slow_call_rate: None,
        hung_calls: None,
        extent: Extent::Calls(1),
        minimum_calls: None,
        debounce: Duration::ZERO,
        expiry: Duration::from_secs(30),
        progressive: None,
        half_open_max_calls: 1,
        success_threshold: 1,
        half_open_failure_threshold: 1,
        half_open_timeout: None,
        close_on_expiry: false,
        ramp_up: None,
        ramp_up_from: 0.1,
        on_cancel: Cancellation::Ignore,
        fail_slower_than: None,
        max_trip: Duration::from_secs(3_600),
    };

    /// The same without any condition, for tests that set their own.
    pub(crate) const BARE: Self = Self { consecutive_failures: None, ..Self::DEFAULT };

    pub(crate) fn policy(&self) -> Policy {
        let mut policy = self.conditions();
        if let (Some(minimum), true) = (self.minimum_calls, self.has_rate()) {
            policy = policy.minimum_calls(minimum);
        }
        policy = match self.progressive {
            Some((factor, max)) => policy.progressive_expiry(self.expiry, factor, max),
            None => policy.expiry(self.expiry),
        };
        if let Some(limit) = self.half_open_timeout {
            policy = policy.half_open_timeout(limit);
        }
        if let Some(limit) = self.fail_slower_than {
            policy = policy.fail_slower_than(limit);
        }
        if self.close_on_expiry {
            policy = policy.close_on_expiry();
        }
        if let Some(period) = self.ramp_up {
            policy = policy.ramp_up(period);
        }
        policy
            .ramp_up_from(self.ramp_up_from)
            .debounce(self.debounce)
            .max_trip(self.max_trip)
            .half_open_max_calls(self.half_open_max_calls)
            .success_threshold(self.success_threshold)
            .half_open_failure_threshold(self.half_open_failure_threshold)
            .on_cancel(self.on_cancel)
    }

    fn conditions(&self) -> Policy {
        let window = match self.extent {
            Extent::Calls(n) => Window::calls(n),
            Extent::Time(duration) => Window::time(duration),
        };
        let mut policy: Option<Policy> = None;
        if let Some(n) = self.consecutive_failures {
            policy = Some(Policy::consecutive_failures(n));
        }
        if let Some((n, within)) = self.failures_within {
            policy = Some(match policy {
                Some(policy) => policy.or_failures_within(n, within),
                None => Policy::failures_within(n, within),
            });
        }
        if let Some(rate) = self.failure_rate {
            policy = Some(match policy {
                Some(policy) => policy.or_failure_rate(rate, window),
                None => Policy::failure_rate(rate, window),
            });
        }
        if let Some((rate, longer_than)) = self.slow_call_rate {
            policy = Some(match policy {
                Some(policy) => policy.or_slow_call_rate(rate, longer_than, window),
                None => Policy::slow_call_rate(rate, longer_than, window),
            });
        }
        if let Some((n, longer_than)) = self.hung_calls {
            policy = Some(match policy {
                Some(policy) => policy.or_hung_calls(n, longer_than),
                None => Policy::hung_calls(n, longer_than),
            });
        }
        policy.expect("a plan with a condition")
    }

    pub(crate) const fn has_rate(&self) -> bool {
        self.failure_rate.is_some() || self.slow_call_rate.is_some()
    }

    /// The calls below which no rate is judged, or known.
    pub(crate) fn minimum(&self) -> u64 {
        let default = match self.extent {
            Extent::Calls(n) => n,
            Extent::Time(_) => 20,
        };
        self.minimum_calls.unwrap_or(default).into()
    }

    /// Beyond how long a call is slow, where that is judged.
    pub(crate) fn slow_after(&self) -> Option<Duration> {
        self.slow_call_rate.map(|(_, longer_than)| longer_than).or(self.fail_slower_than)
    }

    /// How long a trip opens: what it asks for, up to the longest time.
    pub(crate) fn trip_period(&self, asked: Option<Duration>) -> Option<Duration> {
        asked.map(|asked| asked.min(self.max_trip))
    }

    /// How long the k-th opening in a row lasts: min(max, initial × factor^(k−1)), saturating.
    pub(crate) fn period(&self, openings: u32) -> Duration {
        match self.progressive {
            None | Some((1.0, _)) => self.expiry,
            // Multiplied with nothing, and so to the nanosecond, which an `f64` does not hold
            // beyond a hundred days.
            Some(_) if openings <= 1 => self.expiry,
            Some((factor, max)) => {
                let power = i32::try_from(openings.saturating_sub(1)).unwrap_or(i32::MAX);
                #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                let period = (nanos(self.expiry) as f64 * factor.powi(power)) as Nanos;
                if period == NEVER { max } else { max.min(Duration::from_nanos(period)) }
            }
        }
    }

    pub(crate) fn keeping(&self) -> Keeping {
        match self.failures_within {
            None => Keeping::Not,
            Some((_, Duration::MAX)) => Keeping::SinceReset,
            Some((n, _)) if n <= EXACT => Keeping::Exactly,
            Some(_) => Keeping::InBuckets,
        }
    }
}

pub(crate) fn nanos(duration: Duration) -> Nanos {
    Nanos::try_from(duration.as_nanos()).unwrap_or(NEVER)
}

/// The instant `duration` later, or never.
pub(crate) fn later(instant: Nanos, duration: Duration) -> Nanos {
    instant.saturating_add(nanos(duration))
}
