//! Values derived from those of a policy.

use std::time::Duration;

use super::window::Extent;
use super::{Policy, Window};

impl Policy {
    /// The window that the rates share, if there is a rate.
    pub(crate) const fn window(&self) -> Option<Window> {
        match (self.failure_rate, self.slow_call_rate) {
            (Some((_, window)), _) | (None, Some((_, _, window))) => Some(window),
            (None, None) => None,
        }
    }

    /// Whether a condition is over a window.
    pub(crate) const fn has_windows(&self) -> bool {
        self.window().is_some() || self.failures_within.is_some()
    }

    /// The number of calls below which no rate is computed.
    pub(crate) const fn rate_minimum(&self) -> u32 {
        match (self.minimum_calls, self.window()) {
            (Some(n), _) | (None, Some(Window(Extent::Calls(n)))) => n,
            (None, _) => 20,
        }
    }

    /// The duration beyond which a call is slow, if slow calls are counted.
    pub(crate) const fn slow_after(&self) -> Option<Duration> {
        match self.slow_call_rate {
            Some((_, longer_than, _)) => Some(longer_than),
            None => self.fail_slower_than,
        }
    }

    /// Whether it matters how long calls take.
    pub(crate) fn times_calls(&self) -> bool {
        self.fast_until().is_some() || self.hung_calls.is_some()
    }

    /// The duration up to which a success is neither slow nor a failure, if one ever is.
    pub(crate) fn fast_until(&self) -> Option<Duration> {
        match (self.slow_after(), self.fail_slower_than) {
            (Some(slow), Some(failed)) => Some(slow.min(failed)),
            (slow, _) => slow,
        }
    }
}
