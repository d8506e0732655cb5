//! A permit that belongs to a future or a body.

use breaker_core::Permit;

/// Dropped with its permit, the call was given up. A bare permit would take a panic that drops it
/// for the call's own: in a task whose other half panics, that is wrong.
#[derive(Debug)]
pub(crate) struct Held(Option<Permit>);

impl Held {
    pub(crate) const fn new(permit: Option<Permit>) -> Self {
        Self(permit)
    }

    /// Runs a part of the call: calls of the same circuit inside are part of it, where it is a
    /// probe.
    pub(crate) fn scope<R>(&self, work: impl FnOnce() -> R) -> R {
        match &self.0 {
            Some(permit) => permit.scope(work),
            None => work(),
        }
    }

    pub(crate) const fn take(&mut self) -> Option<Permit> {
        self.0.take()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(permit) = self.take() {
            permit.cancel();
        }
    }
}
