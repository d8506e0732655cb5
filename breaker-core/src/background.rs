//! A thread that repeats some work periodically until its handle is dropped.

use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The handle of the thread, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Periodic {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Stop {
    asked: Mutex<bool>,
    changed: Condvar,
}

impl Periodic {
    /// Spawns a thread that runs `work`, which must not panic, after each `interval` of real time,
    /// at least one millisecond.
    pub(crate) fn spawn(name: &str, interval: Duration, work: impl Fn() + Send + 'static) -> io::Result<Self> {
        let interval = interval.max(Duration::from_millis(1));
        let stop = Arc::new(Stop::default());
        let seen = Arc::clone(&stop);
        let body = move || {
            while !seen.wait(interval) {
                work();
            }
        };
        let thread = thread::Builder::new().name(name.to_owned()).spawn(body)?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Periodic {
    /// Stops the thread, as dropping does.
    pub(crate) fn close(self) {
        drop(self);
    }
}

impl Stop {
    /// Waits for `interval` or until asked to stop; returns whether it was asked.
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

impl Drop for Periodic {
    /// Stops the thread and waits for work in progress, unless it is dropped by that work itself.
    fn drop(&mut self) {
        self.stop.ask();
        if let Some(thread) = self.thread.take() {
            if thread.thread().id() != thread::current().id() {
                // The work contains panics of user code; nothing else can end the thread early.
                let _ = thread.join();
            }
        }
    }
}
