//! What the windows remember. They know bits, buckets and instants; thresholds are only kept beside
//! them.
//!
//! Successes are not written here: they are counted in the totals, and a window works out from
//! their sum how many calls lie between two failures. That is what keeps a success free.

mod buckets;
mod calls;
mod failures;
mod record;
mod ring;

use crate::clock::tick::Tick;
use crate::machine::conditions::{Limits, Tally};
use crate::policy::{Extent, Policy};
use buckets::Buckets;
use calls::CallWindow;
use failures::FailuresWithin;

pub(crate) use record::Record;

/// The windows of one policy.
#[derive(Debug)]
pub(crate) struct Windows {
    rate: Option<RateWindow>,
    within: Option<Box<FailuresWithin>>,
    /// The policy's, kept beside what they are compared with; the windows themselves do not look at
    /// them.
    limits: Limits,
}

#[derive(Debug)]
enum RateWindow {
    Calls(CallWindow),
    /// Boxed, for it is three times the size of the other.
    Time(Box<Buckets>),
}

impl Windows {
    /// The windows that a policy asks for, if any, empty as of `successes`.
    pub(crate) fn new(policy: &Policy, successes: u64, now: Tick) -> Option<Box<Self>> {
        let rate = policy.window().map(|window| match window.0 {
            Extent::Calls(n) => RateWindow::Calls(CallWindow::new(n, policy.slow_call_rate.is_some(), successes)),
            Extent::Time(duration) => RateWindow::Time(Box::new(Buckets::new(duration, successes, now))),
        });
        let within = policy.failures_within.map(|(n, window)| Box::new(FailuresWithin::new(n, window, now)));
        (rate.is_some() || within.is_some()).then(|| Box::new(Self { rate, within, limits: Limits::of(policy) }))
    }

    /// The windows of `policy`, with all that still makes sense of what `self` knew under `before`.
    pub(crate) fn reconfigured(
        mut self,
        before: &Policy,
        policy: &Policy,
        successes: u64,
        now: Tick,
    ) -> Option<Box<Self>> {
        let mut after = Self::new(policy, successes, now)?;
        if before.window() == policy.window() {
            let slow_after = |policy: &Policy| policy.slow_call_rate.map(|(_, longer_than, _)| longer_than);
            if slow_after(before) == slow_after(policy) {
                after.rate = self.rate.take();
            } else if let (Some(old), Some(new)) = (&mut self.rate, &mut after.rate) {
                // A call that was slow under another limit would be counted wrongly; whether it
                // failed still holds.
                new.take_over_failures(old, successes, now);
            }
        }
        if let (Some(old), Some(new)) = (&mut self.within, &mut after.within) {
            // What is too old already must not come back in a longer window.
            old.count(now);
            new.take_over(old, now);
        }
        Some(after)
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Remembers a failure or a slow call; for a plain success it only brings the window up to
    /// date.
    pub(crate) fn record(&mut self, record: Record) {
        self.record_rate(record);
        if record.failure {
            if let Some(within) = &mut self.within {
                within.record(record.now);
            }
        }
    }

    /// The same in the window of the rates alone, for a failure that is debounced.
    pub(crate) fn record_rate(&mut self, record: Record) {
        match &mut self.rate {
            Some(RateWindow::Calls(window)) => window.record(record),
            Some(RateWindow::Time(buckets)) => buckets.record(record),
            None => {}
        }
    }

    /// Remembers a failure that was not slow, and says what lies in the windows then.
    #[inline]
    pub(crate) fn fail(&mut self, successes: u64, now: Tick) -> Tally {
        let (calls, failures, slow) = match &mut self.rate {
            Some(RateWindow::Calls(window)) => {
                window.fail(successes);
                window.caught_up()
            }
            Some(RateWindow::Time(buckets)) => {
                buckets.record(Record { failure: true, slow: false, successes, now });
                buckets.counts(successes, now)
            }
            None => (0, 0, 0),
        };
        let failures_within = self.within.as_mut().map_or(0, |within| {
            within.record(now);
            within.count(now)
        });
        Tally { calls, failures, slow, failures_within }
    }

    /// A success went into the totals that is not for this window (a probe, a report to an open
    /// circuit).
    pub(crate) fn skip_success(&mut self) {
        match &mut self.rate {
            Some(RateWindow::Calls(window)) => window.skip_success(),
            Some(RateWindow::Time(buckets)) => buckets.skip_success(),
            None => {}
        }
    }

    pub(crate) fn clear(&mut self, successes: u64, now: Tick) {
        match &mut self.rate {
            Some(RateWindow::Calls(window)) => window.clear(successes),
            Some(RateWindow::Time(buckets)) => buckets.clear(successes, now),
            None => {}
        }
        if let Some(within) = &mut self.within {
            within.clear(now);
        }
    }

    /// What lies in the windows now.
    pub(crate) fn tally(&mut self, successes: u64, now: Tick) -> Tally {
        let (calls, failures, slow) = match &mut self.rate {
            Some(RateWindow::Calls(window)) => window.counts(successes),
            Some(RateWindow::Time(buckets)) => buckets.counts(successes, now),
            None => (0, 0, 0),
        };
        let failures_within = self.within.as_mut().map_or(0, |within| within.count(now));
        Tally { calls, failures, slow, failures_within }
    }

    /// When the current bucket of time ends, where there are buckets that successes belong to.
    pub(crate) fn bucket_end(&self) -> Tick {
        match &self.rate {
            Some(RateWindow::Time(buckets)) => buckets.end(),
            _ => Tick::MAX,
        }
    }
}

impl RateWindow {
    /// Takes over calls and failures, but not which calls were slow. Both have the same extent.
    fn take_over_failures(&mut self, old: &mut Self, successes: u64, now: Tick) {
        match (self, old) {
            (Self::Calls(new), Self::Calls(old)) => new.take_over_failures(old, successes),
            (Self::Time(new), Self::Time(old)) => new.take_over_failures(old, successes, now),
            _ => {}
        }
    }
}
