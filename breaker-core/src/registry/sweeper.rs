//! A thread that sweeps a registry from time to time.

use std::time::Duration;

use super::Registry;
use crate::background::Periodic;

/// Sweeps a registry until it is closed or dropped; see [`Registry::spawn_sweeper`].
///
/// Dropping it does what [`close`](Self::close) does: it waits for a sweep that is under way.
#[derive(Debug)]
#[must_use = "a sweeper that is dropped ends at once"]
pub struct Sweeper {
    thread: Periodic,
}

impl Sweeper {
    /// Ends the thread, and waits for a sweep that is under way; that one's event handlers may take
    /// long. Called by one of these handlers itself, it does not wait.
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
    /// let _sweeper = registry.spawn_sweeper(Duration::from_secs(10))?;
    /// // Here the service runs. At the end of the scope the thread ends.
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn spawn_sweeper(&self, interval: Duration) -> std::io::Result<Sweeper> {
        let registry = self.clone();
        // A sweep catches the panics of handlers.
        let thread = Periodic::spawn("breaker-sweeper", interval, move || registry.sweep())?;
        Ok(Sweeper { thread })
    }
}
