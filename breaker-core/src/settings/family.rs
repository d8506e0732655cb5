//! The settings of a family of circuits.

use std::collections::BTreeMap;

use super::pattern::Pattern;
use crate::key::{AsKey, KeyRef};
use crate::policy::Policy;
use crate::state::{Mode, State};

/// The settings of all circuits whose identifier matches, such as `tenant:*`.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{Key, Policy, Settings, State};
///
/// let settings = Settings::from_toml("[circuits.\"tenant:*\"]\nscope = \"billing\"\nmode = \"metrics_only\"")?;
/// let tenants = settings.families().next().unwrap();
/// assert_eq!((tenants.identifier(), tenants.scope(), tenants.kind()), ("tenant:*", Some("billing"), None));
/// assert_eq!((tenants.policy(), tenants.mode()), (Policy::new(), Some(State::MetricsOnly)));
/// assert!(tenants.contains(&Key::new("tenant:42").with_scope("billing")));
/// # Ok::<(), breaker_box::SettingsError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct FamilySettings {
    pub(super) members: Members,
    pub(super) identifier: String,
    pub(super) policy: Policy,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) mode: Option<Mode>,
}

/// Which circuits a family is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Members {
    pub(super) pattern: Pattern,
    /// `None` for any scope.
    pub(super) scope: Option<String>,
    /// `None` for any kind.
    pub(super) kind: Option<String>,
}

impl FamilySettings {
    /// Returns the identifier as it is written, with its `*`.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// Returns the scope of the family's circuits, or `None` if it has circuits of any scope.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.members.scope.as_deref()
    }

    /// Returns the kind of the family's circuits, or `None` if it has circuits of any kind.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.members.kind.as_deref()
    }

    /// Returns the policy of the family's circuits, with everything it inherits.
    #[must_use]
    pub const fn policy(&self) -> Policy {
        self.policy
    }

    /// Returns the metadata of the family's circuits.
    #[must_use]
    pub const fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// Returns the state in which the family's circuits begin, if the settings name one.
    #[must_use]
    pub fn mode(&self) -> Option<State> {
        self.mode.map(Mode::state)
    }

    pub(crate) const fn begins_in(&self) -> Option<Mode> {
        self.mode
    }

    /// Returns whether a circuit of that name belongs to the family. Settings for the exact name,
    /// or another family, may still win.
    #[must_use]
    pub fn contains(&self, key: impl AsKey) -> bool {
        let key = key.as_key();
        key.identifier().starts_with(self.members.pattern.prefix()) && self.contains_after_prefix(key)
    }

    /// The same, for a circuit whose identifier begins with the prefix.
    pub(super) fn contains_after_prefix(&self, key: KeyRef<'_>) -> bool {
        let Members { pattern, scope, kind } = &self.members;
        pattern.matches_after_prefix(key.identifier())
            && scope.as_deref().is_none_or(|scope| key.scope() == Some(scope))
            && kind.as_deref().is_none_or(|kind| key.kind() == Some(kind))
    }
}
