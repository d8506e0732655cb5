//! Which call site's policy that of a circuit was last compared with.

use super::chosen::{Chosen, Overridden};
use super::origin::Origin;
use crate::policy::Policy;

/// What a call site's policy must be compared with. The site that was compared last need not be
/// compared again, and some circuits are not compared at all.
///
/// It is the address of a site's policy, or one of the constants, which are never such an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Compared(pub(super) usize);

const _: () = assert!(
    Compared::BY_SETTINGS.0 < 2 * align_of::<Policy>() && Compared::BY_SETTINGS.0 % align_of::<Policy>() > 1,
    "the constants are no addresses"
);

impl Compared {
    const NO_SITE: Self = Self(0);
    /// Chosen by hand: no site is compared.
    pub(super) const BY_HAND: Self = Self(1);
    /// Two sites disagreed, and that was logged.
    pub(super) const CONFLICT_REPORTED: Self = Self(2);
    /// The default policy of a call by name: no site is compared.
    const BY_CALL: Self = Self(3);
    /// Settings for a family override what the circuit has without them: no site is compared.
    const BY_FAMILY: Self = Self(5);
    /// Only settings have asked for the circuit. The first site says what it has without them.
    pub(super) const BY_SETTINGS: Self = Self(6);

    /// The value for a new circuit or a new policy.
    pub(super) fn initial(chosen: &Chosen, origin: Origin) -> Self {
        match chosen.overridden() {
            Some(Overridden { before: None, .. }) => Self::BY_SETTINGS,
            Some(Overridden { by, .. }) if by.is_exact || origin == Origin::Hand => Self::BY_HAND,
            Some(_) => Self::BY_FAMILY,
            None => Self::by(origin),
        }
    }

    /// The value for a policy that settings do not override.
    pub(super) const fn by(origin: Origin) -> Self {
        match origin {
            Origin::Hand => Self::BY_HAND,
            Origin::Site => Self::NO_SITE,
            Origin::Call => Self::BY_CALL,
        }
    }

    /// The value after a site with this policy was compared.
    pub(super) fn with_site(policy: &'static Policy) -> Self {
        Self(std::ptr::from_ref(policy).addr())
    }

    /// Who chose a policy that settings do not override.
    #[cfg(feature = "settings")]
    pub(super) const fn origin(self) -> Origin {
        match self {
            Self::BY_HAND => Origin::Hand,
            Self::BY_CALL => Origin::Call,
            _ => Origin::Site,
        }
    }

    /// Whether no further site is compared.
    pub(super) const fn is_final(self) -> bool {
        matches!(self, Self::BY_HAND | Self::CONFLICT_REPORTED | Self::BY_CALL | Self::BY_FAMILY)
    }

    /// Whether the circuit stays in its registry, however long it is idle.
    pub(super) const fn is_kept(self) -> bool {
        matches!(self, Self::BY_HAND | Self::BY_SETTINGS)
    }
}
