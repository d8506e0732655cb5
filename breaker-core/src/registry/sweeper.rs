//! A thread that sweeps a registry periodically.

use std::time::Duration;

use super::Registry;
use crate::background::Periodic;

/// Sweeps a registry until it is closed or dropped; see [`Registry::spawn_sweeper`].
///
/// Dropping it is the same as [`close`](Self::close): it waits for a sweep in progress.
#[derive(Debug)]
#[must_use = "a sweeper that is dropped ends at once"]
pub struct Sweeper {
    thread: Periodic,
}

impl Sweeper {
    /// Stops the thread and waits for a sweep in progress, including the event handlers that it
    /// runs. It does not wait if it is called from one of these handlers.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use std::time::Duration;
    /// use breaker_box::Registry;
    ///
    /// let registry = Registry::new();
    /// let sweeper = registry.spawn_sweeper(Duration::from_secs(10))?;
    /// sweeper.close();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn close(self) {
        self.thread.close();
    }
}

impl Registry {
    /// Spawns a thread that sweeps this registry every `interval` of real time, at least one
    /// millisecond. The thread ends when the returned handle is closed or dropped.
    ///
    /// # Errors
    ///
    /// Returns an error if the thread cannot be spawned.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use std::time::Duration;
    /// use breaker_box::Registry;
    ///
    /// let registry = Registry::new();
    /// let _sweeper = registry.spawn_sweeper(Duration::from_secs(10))?;
    /// // The service runs here. The thread ends at the end of the scope.
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn spawn_sweeper(&self, interval: Duration) -> std::io::Result<Sweeper> {
        let registry = self.clone();
        // A sweep catches the panics of handlers.
        let thread = Periodic::spawn("breaker-sweeper", interval, move || registry.sweep())?;
        Ok(Sweeper { thread })
    }
}
