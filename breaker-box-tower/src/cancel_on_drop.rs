//! A permit that belongs to a future or a body.

use std::any::Any;

use breaker_core::Permit;

/// Cancels its call when it is dropped before the call was settled. A bare permit takes a panic
/// that drops it for a panic of the call, which is wrong in a task where something else panicked.
#[derive(Debug)]
pub(crate) struct CancelOnDrop(Option<Permit>);

impl CancelOnDrop {
    pub(crate) const fn new(permit: Option<Permit>) -> Self {
        Self(permit)
    }

    /// Runs a part of the call. If the call is a probe, calls of the same circuit inside belong to
    /// it.
    #[inline]
    pub(crate) fn scope<R>(&self, work: impl FnOnce() -> R) -> R {
        match &self.0 {
            Some(permit) => permit.scope(work),
            None => work(),
        }
    }

    #[inline]
    pub(crate) const fn take(&mut self) -> Option<Permit> {
        self.0.take()
    }

    /// Settles the call as panicked, with what was caught.
    #[cold]
    #[inline(never)]
    pub(crate) fn panicked(mut self, payload: &(dyn Any + Send)) {
        if let Some(permit) = self.take() {
            permit.panicked(payload);
        }
    }
}

impl Drop for CancelOnDrop {
    #[inline]
    fn drop(&mut self) {
        if let Some(permit) = self.take() {
            cancel(permit);
        }
    }
}

#[cold]
#[inline(never)]
fn cancel(permit: Permit) {
    permit.cancel();
}
