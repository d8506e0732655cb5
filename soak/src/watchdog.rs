//! Detects deadlocks: workers that make no progress.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A worker's sign of progress.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    name: String,
    beats: AtomicU64,
    doing: Mutex<&'static str>,
}

/// The workers that are watched.
#[derive(Debug, Default)]
pub(crate) struct Watchdog(Mutex<Vec<Watched>>);

#[derive(Debug)]
struct Watched {
    heartbeat: Arc<Heartbeat>,
    beats: u64,
    since: Instant,
}

impl Heartbeat {
    pub(crate) fn beat(&self, doing: &'static str) {
        // Relaxed: only whether it moves matters.
        self.beats.fetch_add(1, Ordering::Relaxed);
        *self.doing.lock().unwrap_or_else(PoisonError::into_inner) = doing;
    }
}

impl Watchdog {
    /// Watches a worker until it drops its heartbeat.
    pub(crate) fn watch(&self, name: String) -> Arc<Heartbeat> {
        let heartbeat = Arc::new(Heartbeat { name, beats: AtomicU64::new(0), doing: Mutex::new("starting") });
        let one = Watched { heartbeat: Arc::clone(&heartbeat), beats: 0, since: Instant::now() };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(one);
        heartbeat
    }

    /// Returns whether any worker is still running.
    pub(crate) fn is_watching(&self) -> bool {
        let watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        watched.iter().any(|one| Arc::strong_count(&one.heartbeat) > 1)
    }

    /// The workers that have made no progress for longer than `limit`, and what they were doing.
    pub(crate) fn stuck(&self, limit: Duration) -> Vec<String> {
        let now = Instant::now();
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        watched.retain(|one| Arc::strong_count(&one.heartbeat) > 1);
        for one in watched.iter_mut() {
            // Relaxed: as in `beat`.
            let beats = one.heartbeat.beats.load(Ordering::Relaxed);
            if beats != one.beats {
                (one.beats, one.since) = (beats, now);
            }
        }
        let stuck = watched.iter().filter(|one| now.duration_since(one.since) > limit);
        stuck.map(|Watched { heartbeat, .. }| format!("{} is stuck: {}", heartbeat.name, heartbeat.doing())).collect()
    }
}

impl Heartbeat {
    fn doing(&self) -> &'static str {
        *self.doing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
