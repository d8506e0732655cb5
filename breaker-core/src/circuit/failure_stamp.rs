//! When the last failure was.

use crate::clock::tick::Tick;

/// The time of the last failure in the upper 63 bits, and in the lowest bit whether the reason kept
/// under the lock belongs to it. Zero means that there was no failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FailureStamp(pub(super) u64);

impl FailureStamp {
    pub(super) const NEVER: Self = Self(0);

    #[inline]
    pub(super) fn new(at: Tick, has_reason: bool) -> Self {
        Self((at.as_nanos().min((u64::MAX >> 1) - 1) + 1) << 1 | u64::from(has_reason))
    }

    /// When it was, if there was a failure.
    pub(super) fn at(self) -> Option<Tick> {
        (self != Self::NEVER).then(|| Tick::from_nanos((self.0 >> 1) - 1))
    }

    pub(super) const fn has_reason(self) -> bool {
        self.0 & 1 == 1
    }
}
