//! What is known of a circuit that does not exist yet.

use crate::circuit::Origin;
use crate::policy::Policy;
use crate::state::Mode;

/// How a circuit is created if it is missing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Creation<'a> {
    /// `None` for the default policy.
    pub(crate) policy: Option<&'a Policy>,
    /// The state that the circuit begins in, if that is not closed.
    pub(crate) mode: Option<Mode>,
    pub(crate) origin: Origin,
}

impl<'a> Creation<'a> {
    /// By a call that only knows the name.
    pub(crate) const BY_CALL: Self = Self { policy: None, mode: None, origin: Origin::Call };

    pub(super) const fn by_hand(policy: &'a Policy) -> Self {
        Self { policy: Some(policy), mode: None, origin: Origin::Hand }
    }
}
