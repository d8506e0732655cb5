//! A thread that does the same from time to time, until its handle goes.

use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The thread; it ends when this is dropped.
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
    /// Does `work`, which must not panic, after each `interval` of real time (at least a
    /// millisecond).
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
    /// Ends the thread, as dropping does.
    pub(crate) fn close(self) {
        drop(self);
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

impl Drop for Periodic {
    /// Ends the thread and waits for work that is under way, unless it is that very work that drops
    /// this.
    fn drop(&mut self) {
        self.stop.ask();
        if let Some(thread) = self.thread.take() {
            if thread.thread().id() != thread::current().id() {
                // The work keeps panics of the user's code in; nothing else can end the thread
                // early.
                let _ = thread.join();
            }
        }
    }
}
