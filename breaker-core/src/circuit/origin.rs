//! Who chose a circuit's policy, and which call site's policy it was last compared with.

use crate::policy::Policy;

/// Who chose a circuit's policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Registered or configured, by hand or from settings: call sites do not dispute it, and the
    /// circuit is never evicted.
    Hand,
    /// The first call site; another may disagree, which is logged once.
    Site,
    /// A call by name, which took the default policy: call sites do not dispute it.
    Call,
}

/// What a call site's policy must be compared with: a site that was compared last need not be
/// compared again, and some circuits are compared with none.
///
/// It is the address of a site's policy, or one of the constants, which are no addresses of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Compared(pub(super) usize);

const _: () = assert!(align_of::<Policy>() > Compared::BY_CALL.0, "the constants are no addresses");

impl Compared {
    const NO_SITE: Self = Self(0);
    /// Chosen by hand: no site is compared.
    pub(super) const BY_HAND: Self = Self(1);
    /// Two sites disagreed, and that was logged.
    pub(super) const DISPUTED: Self = Self(2);
    /// The default policy of a call by name: no site is compared.
    const BY_CALL: Self = Self(3);

    /// At first, or with a new policy.
    pub(super) const fn at_first(origin: Origin) -> Self {
        match origin {
            Origin::Hand => Self::BY_HAND,
            Origin::Site => Self::NO_SITE,
            Origin::Call => Self::BY_CALL,
        }
    }

    /// After a site with this policy.
    pub(super) fn with_site(policy: &'static Policy) -> Self {
        Self(std::ptr::from_ref(policy).addr())
    }

    /// Whether no further site is compared.
    pub(super) const fn is_final(self) -> bool {
        matches!(self, Self::BY_HAND | Self::DISPUTED | Self::BY_CALL)
    }
}
