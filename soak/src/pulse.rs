//! Whether everybody is still moving: what stands still for long is a deadlock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Whoever works shows so now and then.
#[derive(Debug)]
pub(crate) struct Pulse {
    name: String,
    beats: AtomicU64,
    doing: Mutex<&'static str>,
}

/// The workers under watch.
#[derive(Debug, Default)]
pub(crate) struct Ward(Mutex<Vec<Patient>>);

#[derive(Debug)]
struct Patient {
    pulse: Arc<Pulse>,
    beats: u64,
    since: Instant,
}

impl Pulse {
    pub(crate) fn beat(&self, doing: &'static str) {
        // Relaxed: only whether it moves matters.
        self.beats.fetch_add(1, Ordering::Relaxed);
        *self.doing.lock().unwrap_or_else(PoisonError::into_inner) = doing;
    }
}

impl Ward {
    /// A worker comes. It is watched until it drops its pulse.
    pub(crate) fn admit(&self, name: String) -> Arc<Pulse> {
        let pulse = Arc::new(Pulse { name, beats: AtomicU64::new(0), doing: Mutex::new("starting") });
        let patient = Patient { pulse: Arc::clone(&pulse), beats: 0, since: Instant::now() };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(patient);
        pulse
    }

    /// Whether anybody is still at work.
    pub(crate) fn is_occupied(&self) -> bool {
        let patients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        patients.iter().any(|patient| Arc::strong_count(&patient.pulse) > 1)
    }

    /// The workers that have not moved for so long, and what they were at.
    pub(crate) fn stuck(&self, limit: Duration) -> Vec<String> {
        let now = Instant::now();
        let mut patients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        patients.retain(|patient| Arc::strong_count(&patient.pulse) > 1);
        for patient in patients.iter_mut() {
            // Relaxed: as in `beat`.
            let beats = patient.pulse.beats.load(Ordering::Relaxed);
            if beats != patient.beats {
                (patient.beats, patient.since) = (beats, now);
            }
        }
        let stuck = patients.iter().filter(|patient| now.duration_since(patient.since) > limit);
        stuck.map(|Patient { pulse, .. }| format!("{} has stood still: {}", pulse.name, pulse.doing())).collect()
    }
}

impl Pulse {
    fn doing(&self) -> &'static str {
        *self.doing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
