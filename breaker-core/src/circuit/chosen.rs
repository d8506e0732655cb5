//! The policy of a circuit, what settings say about it, and what the circuit has without them.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use super::origin::Origin;
use crate::policy::Policy;
use crate::state::Mode;

/// A policy, and why a circuit has it. Circuits that have the same one for the same reason share
/// it.
#[derive(Debug)]
pub(crate) struct Chosen {
    policy: Policy,
    overridden: Option<Overridden>,
}

/// What a table of settings says about its circuits, which share it.
#[derive(Debug)]
pub(crate) struct Override {
    pub(crate) policy: Policy,
    pub(crate) mode: Option<Mode>,
    pub(crate) metadata: BTreeMap<String, String>,
    /// Whether the table is for one circuit, which then stays in its registry, and not for a
    /// family.
    pub(crate) is_exact: bool,
}

/// That settings say something about a circuit.
#[derive(Clone, Debug)]
pub(crate) struct Overridden {
    pub(crate) by: Arc<Override>,
    /// `None` as long as only settings have asked for the circuit.
    pub(crate) before: Option<Before>,
}

/// What a circuit has without settings.
#[derive(Clone, Debug)]
pub(crate) struct Before {
    pub(crate) chosen: Arc<Chosen>,
    pub(crate) origin: Origin,
    /// The state that its call site lets it begin in.
    pub(crate) mode: Option<Mode>,
}

impl Chosen {
    /// A policy that settings do not override.
    pub(crate) const fn new(policy: Policy) -> Self {
        Self { policy, overridden: None }
    }

    /// The policy of a circuit that settings say something about.
    pub(crate) fn by_settings(overridden: Overridden) -> Self {
        Self { policy: overridden.by.policy, overridden: Some(overridden) }
    }

    /// The same circuit with a policy that was chosen by hand. Settings override it when they are
    /// applied again.
    pub(super) fn configured(&self, policy: Policy) -> Self {
        let by_hand = |overridden: &Overridden| Overridden {
            by: Arc::clone(&overridden.by),
            before: Some(Before {
                chosen: Arc::new(Self::new(policy)),
                origin: Origin::Hand,
                mode: overridden.before.as_ref().and_then(|before| before.mode),
            }),
        };
        Self { policy, overridden: self.overridden.as_ref().map(by_hand) }
    }

    pub(crate) const fn policy(&self) -> &Policy {
        &self.policy
    }

    pub(crate) const fn overridden(&self) -> Option<&Overridden> {
        self.overridden.as_ref()
    }

    /// Whether this is the same for all circuits.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let is_same = |a: &Overridden, b: &Overridden| Arc::ptr_eq(&a.by, &b.by) && Before::are_same(a, b);
        self.policy == other.policy
            && match (&self.overridden, &other.overridden) {
                (None, None) => true,
                (Some(a), Some(b)) => is_same(a, b),
                _ => false,
            }
    }
}

impl Deref for Chosen {
    type Target = Policy;

    #[inline]
    fn deref(&self) -> &Policy {
        &self.policy
    }
}

impl Before {
    fn are_same(a: &Overridden, b: &Overridden) -> bool {
        match (&a.before, &b.before) {
            (None, None) => true,
            (Some(a), Some(b)) => Arc::ptr_eq(&a.chosen, &b.chosen) && (a.origin, a.mode) == (b.origin, b.mode),
            _ => false,
        }
    }
}

impl Overridden {
    /// The state that the circuit begins in, if anything says so.
    pub(crate) fn mode(&self) -> Option<Mode> {
        self.by.mode.or(self.before.as_ref().and_then(|before| before.mode))
    }
}
