//! A thread that sweeps a registry from time to time.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::Registry;

/// Sweeps a registry until it is dropped; see [`Registry::spawn_sweeper`].
#[derive(Debug)]
#[must_use = "a sweeper that is dropped ends at once"]
pub struct Sweeper {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Stop {
    asked: Mutex<bool>,
    changed: Condvar,
}

impl Registry {
    /// Sweeps this registry every `interval` of real time (at least a millisecond), on a thread of its own that ends with the
    /// handle.
    ///
    /// # Errors
    ///
    /// If the system gives no thread.
    ///
    /// ```
    /// use std::time::Duration;
    /// use breaker_core::Registry;
    ///
    /// let registry = Registry::new();
    /// let sweeper = registry.spawn_sweeper(Duration::from_secs(10))?;
    /// drop(sweeper);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn spawn_sweeper(&self, interval: Duration) -> std::io::Result<Sweeper> {
        let interval = interval.max(Duration::from_millis(1));
        let stop = Arc::new(Stop::default());
        let registry = self.clone();
        let seen = Arc::clone(&stop);
        let body = move || {
            while !seen.wait(interval) {
                registry.sweep();
            }
        };
        let thread = thread::Builder::new().name("breaker-sweeper".to_owned()).spawn(body)?;
        Ok(Sweeper { stop, thread: Some(thread) })
    }
}

impl Stop {
    /// Waits for `interval`, or until asked to stop; whether it was.
    fn wait(&self, interval: Duration) -> bool {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(asked, interval, |asked| !*asked);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn ask(&self) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }
}

impl Drop for Sweeper {
    /// Ends the thread and waits for a sweep that is under way, unless it is that sweep's own event handler that drops this.
    fn drop(&mut self) {
        self.stop.ask();
        if let Some(thread) = self.thread.take() {
            if thread.thread().id() != thread::current().id() {
                // The sweep catches panics of handlers; nothing else can end the thread early.
                let _ = thread.join();
            }
        }
    }
}
