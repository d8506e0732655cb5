//! The window that the rates share.

use std::time::Duration;

/// The window that a rate is computed over: a number of calls, or a length of time.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use std::time::Duration;
/// use breaker_box::{Policy, Window};
///
/// let last_hundred = Policy::failure_rate(0.5, Window::calls(100));
/// let last_minute = Policy::failure_rate(0.5, Window::time(Duration::from_secs(60)));
/// assert!(last_hundred.validate().is_ok() && last_minute.validate().is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window(pub(crate) Extent);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Extent {
    Calls(u32),
    Time(Duration),
}

impl Window {
    /// The last `n` calls, exactly. `n` is 1 to [`Policy::MAX_COUNT`](crate::Policy::MAX_COUNT).
    #[must_use]
    pub const fn calls(n: u32) -> Self {
        Self(Extent::Calls(n))
    }

    /// The calls of the last `duration`, in ten buckets. A call leaves the window after between 0.9
    /// × `duration` and `duration`. Above zero.
    #[must_use]
    pub const fn time(duration: Duration) -> Self {
        Self(Extent::Time(duration))
    }

    /// Returns the number of calls, if this is a window of calls.
    #[must_use]
    pub const fn as_calls(self) -> Option<u32> {
        match self.0 {
            Extent::Calls(n) => Some(n),
            Extent::Time(_) => None,
        }
    }

    /// Returns the length, if this is a window of time.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use std::time::Duration;
    /// use breaker_box::Window;
    ///
    /// let minute = Duration::from_secs(60);
    /// assert_eq!(Window::time(minute).as_time(), Some(minute));
    /// assert_eq!(Window::time(minute).as_calls(), None);
    /// ```
    #[must_use]
    pub const fn as_time(self) -> Option<Duration> {
        match self.0 {
            Extent::Calls(_) => None,
            Extent::Time(duration) => Some(duration),
        }
    }

    /// Whether the window's content depends on the time.
    pub(crate) const fn is_of_time(self) -> bool {
        matches!(self.0, Extent::Time(_))
    }

    pub(super) const fn same(self, other: Self) -> bool {
        match (self.0, other.0) {
            (Extent::Calls(a), Extent::Calls(b)) => a == b,
            (Extent::Time(a), Extent::Time(b)) => a.as_nanos() == b.as_nanos(),
            _ => false,
        }
    }
}
