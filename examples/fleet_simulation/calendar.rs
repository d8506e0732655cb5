//! What happens when: a list for each hundredth of a second, in the order in which it was entered.

use std::time::Duration;

/// The step of the simulation.
pub(crate) const STEP: Duration = Duration::from_millis(10);

/// Things that will happen, up to an end.
pub(crate) struct Calendar<T>(Vec<Vec<T>>);

impl<T> Calendar<T> {
    pub(crate) fn new(end: Duration) -> Self {
        Self((0..=step_of(end)).map(|_| Vec::new()).collect())
    }

    /// Enters something at an instant, rounded up to the next step; after the end it is forgotten.
    pub(crate) fn enter(&mut self, at: Duration, thing: T) {
        if let Some(list) = self.0.get_mut(step_of(at)) {
            list.push(thing);
        }
    }

    /// Takes what happens now.
    pub(crate) fn take(&mut self, now: Duration) -> Vec<T> {
        self.0.get_mut(step_of(now)).map(std::mem::take).unwrap_or_default()
    }
}

fn step_of(at: Duration) -> usize {
    let hundredths = at.as_secs().saturating_mul(100) + u64::from(at.subsec_nanos().div_ceil(STEP.subsec_nanos()));
    usize::try_from(hundredths).unwrap_or(usize::MAX)
}
