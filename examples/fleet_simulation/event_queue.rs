//! A queue of future events: a list for each hundredth of a second, in the order of scheduling.

use std::time::Duration;

/// The step of the simulation.
pub(crate) const STEP: Duration = Duration::from_millis(10);

/// The events up to the end of the simulation.
pub(crate) struct EventQueue<T>(Vec<Vec<T>>);

impl<T> EventQueue<T> {
    pub(crate) fn new(end: Duration) -> Self {
        Self((0..=step_of(end)).map(|_| Vec::new()).collect())
    }

    /// Schedules an event, rounded up to the next step. An event after the end is dropped.
    pub(crate) fn schedule(&mut self, at: Duration, event: T) {
        if let Some(list) = self.0.get_mut(step_of(at)) {
            list.push(event);
        }
    }

    /// Takes the events that are due.
    pub(crate) fn take_due(&mut self, now: Duration) -> Vec<T> {
        self.0.get_mut(step_of(now)).map(std::mem::take).unwrap_or_default()
    }
}

fn step_of(at: Duration) -> usize {
    let hundredths = at.as_secs().saturating_mul(100) + u64::from(at.subsec_nanos().div_ceil(STEP.subsec_nanos()));
    usize::try_from(hundredths).unwrap_or(usize::MAX)
}
