//! Who chose a circuit's policy, and which call site's policy it was last compared with.

use crate::policy::Policy;

/// Who chose a circuit's policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// It was registered or configured, by hand or from settings. Call sites are not compared, and
    /// the circuit is never evicted.
    Hand,
    /// The first call site chose it. If another disagrees, that is logged once.
    Site,
    /// A call by name created the circuit with the default policy. Call sites are not compared.
    Call,
}

/// What a call site's policy must be compared with. The site that was compared last need not be
/// compared again, and some circuits are not compared at all.
///
/// It is the address of a site's policy, or one of the constants, which are never such an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Compared(pub(super) usize);

const _: () = assert!(align_of::<Policy>() > Compared::BY_CALL.0, "the constants are no addresses");

impl Compared {
    const NO_SITE: Self = Self(0);
    /// Chosen by hand: no site is compared.
    pub(super) const BY_HAND: Self = Self(1);
    /// Two sites disagreed, and that was logged.
    pub(super) const CONFLICT_REPORTED: Self = Self(2);
    /// The default policy of a call by name: no site is compared.
    const BY_CALL: Self = Self(3);

    /// The value for a new circuit or a new policy.
    pub(super) const fn initial(origin: Origin) -> Self {
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

    /// Whether no further site is compared.
    pub(super) const fn is_final(self) -> bool {
        matches!(self, Self::BY_HAND | Self::CONFLICT_REPORTED | Self::BY_CALL)
    }
}
