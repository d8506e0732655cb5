//! What the windows remember: bits, buckets and instants. Thresholds are in
//! [`conditions`](crate::machine::conditions).
//!
//! Successes are not recorded here. The circuit's counters count them, and a window derives from
//! their sum how many calls lie between two failures. That makes a success free.

mod buckets;
mod calls;
mod failures;
mod record;
mod ring;

use std::time::Duration;

use crate::clock::tick::Tick;
use crate::machine::conditions::Tally;
use crate::policy::{Extent, Window};
use buckets::Buckets;
use calls::CallWindow;
use failures::FailuresWithin;

pub(crate) use record::Record;

/// The windows that a policy needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// The window of the rates.
    pub(crate) rate: Option<Window>,
    /// The duration beyond which a call is slow, if the slow-call rate matters.
    pub(crate) slow_after: Option<Duration>,
    /// How many failures to remember at most, and for how long.
    pub(crate) within: Option<(u32, Duration)>,
}

/// The windows of one policy.
#[derive(Debug)]
pub(crate) struct Windows {
    rate: Option<RateWindow>,
    within: Option<Box<FailuresWithin>>,
}

#[derive(Debug)]
enum RateWindow {
    Calls(CallWindow),
    /// Boxed, because it is three times the size of the other.
    Time(Box<Buckets>),
}

impl Windows {
    /// Creates the windows of this shape, if there are any, empty as of `successes`.
    pub(crate) fn new(shape: &Shape, successes: u64, now: Tick) -> Option<Self> {
        let rate = shape.rate.map(|window| match window.0 {
            Extent::Calls(n) => RateWindow::Calls(CallWindow::new(n, shape.slow_after.is_some(), successes)),
            Extent::Time(duration) => RateWindow::Time(Box::new(Buckets::new(duration, successes, now))),
        });
        let within = shape.within.map(|(n, window)| Box::new(FailuresWithin::new(n, window, now)));
        (rate.is_some() || within.is_some()).then_some(Self { rate, within })
    }

    /// Converts to the windows of another shape, keeping everything that still makes sense there.
    pub(crate) fn reshaped(mut self, before: &Shape, shape: &Shape, successes: u64, now: Tick) -> Option<Self> {
        let mut after = Self::new(shape, successes, now)?;
        if before.rate == shape.rate {
            if before.slow_after == shape.slow_after {
                after.rate = self.rate.take();
            } else if let (Some(old), Some(new)) = (&mut self.rate, &mut after.rate) {
                // A call that was slow under another limit would be counted wrongly; whether it
                // failed still holds.
                new.take_over_failures(old, successes, now);
            }
        }
        if let (Some(old), Some(new)) = (&mut self.within, &mut after.within) {
            // What is already too old must not come back in a longer window.
            old.count(now);
            new.take_over(old, now);
        }
        Some(after)
    }

    /// Records a failure or a slow call. For a plain success it only brings the window up to date.
    pub(crate) fn record(&mut self, record: Record) {
        self.record_rate(record);
        if record.failure {
            if let Some(within) = &mut self.within {
                within.record(record.now);
            }
        }
    }

    /// The same as [`record`](Self::record), but only in the window of the rates: for a debounced
    /// failure.
    pub(crate) fn record_rate(&mut self, record: Record) {
        match &mut self.rate {
            Some(RateWindow::Calls(window)) => window.record(record),
            Some(RateWindow::Time(buckets)) => buckets.record(record),
            None => {}
        }
    }

    /// Records a failure that was not slow. Returns the content of the windows after it.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "in two places only: failures with a reason, and the others")]
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

    /// Skips a counted success that does not belong in this window: that of a probe, or one
    /// reported to an open circuit.
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

    /// The current content of the windows.
    pub(crate) fn tally(&mut self, successes: u64, now: Tick) -> Tally {
        let (calls, failures, slow) = match &mut self.rate {
            Some(RateWindow::Calls(window)) => window.counts(successes),
            Some(RateWindow::Time(buckets)) => buckets.counts(successes, now),
            None => (0, 0, 0),
        };
        let failures_within = self.within.as_mut().map_or(0, |within| within.count(now));
        Tally { calls, failures, slow, failures_within }
    }

    /// Until when it makes no difference at what time a failure comes, because it comes in the
    /// current buckets, or because only the order matters.
    #[inline]
    pub(crate) fn end(&self) -> Tick {
        let within = self.within.as_ref().map_or(Tick::MAX, |within| within.end());
        self.bucket_end().map_or(within, |end| end.min(within))
    }

    /// When the current bucket of time ends, if successes belong to buckets.
    #[inline]
    pub(crate) fn bucket_end(&self) -> Option<Tick> {
        match &self.rate {
            Some(RateWindow::Time(buckets)) => Some(buckets.end()),
            _ => None,
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
