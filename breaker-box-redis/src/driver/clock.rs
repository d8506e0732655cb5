//! The process's monotonic clock as the link reads it.

use std::time::Instant;

use crate::link::Time;

/// Starts when the registry joins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> Time {
        Time(u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// The instant at which it will be this time; `None` if that is too far away.
    pub(super) fn instant(self, time: Time) -> Option<Instant> {
        self.0.checked_add(std::time::Duration::from_micros(time.0))
    }
}
