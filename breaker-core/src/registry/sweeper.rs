//! A thread that sweeps a registry from time to time.

use std::time::Duration;

use super::Registry;
use crate::background::Periodic;

/// Sweeps a registry until it is dropped; see [`Registry::spawn_sweeper`].
///
/// Dropping it waits for a sweep that is under way, unless it is that sweep's own event handler
/// that drops it.
#[derive(Debug)]
#[must_use = "a sweeper that is dropped ends at once"]
pub struct Sweeper {
    _thread: Periodic,
}

impl Registry {
    /// Sweeps this registry every `interval` of real time (at least a millisecond), on a thread of
    /// its own that ends with the handle.
    ///
    /// # Errors
    ///
    /// If the system gives no thread.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use std::time::Duration;
    /// use breaker_box::Registry;
    ///
    /// let registry = Registry::new();
    /// let sweeper = registry.spawn_sweeper(Duration::from_secs(10))?;
    /// drop(sweeper);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn spawn_sweeper(&self, interval: Duration) -> std::io::Result<Sweeper> {
        let registry = self.clone();
        // A sweep catches the panics of handlers.
        let thread = Periodic::spawn("breaker-sweeper", interval, move || registry.sweep())?;
        Ok(Sweeper { _thread: thread })
    }
}
