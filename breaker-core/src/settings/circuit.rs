//! The settings of one circuit.

use std::collections::BTreeMap;

use crate::key::Key;
use crate::policy::Policy;
use crate::state::{Mode, State};

/// The settings of one circuit.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{Key, Policy, Settings};
///
/// let settings = Settings::from_toml("[circuits.ledger]\nkind = \"database\"\nmetadata = { team = \"books\" }")?;
/// let ledger = settings.circuits().next().unwrap();
/// assert_eq!(ledger.key(), &Key::new("ledger").with_kind("database"));
/// assert_eq!(ledger.policy(), Policy::new());
/// assert_eq!(ledger.metadata()["team"], "books");
/// # Ok::<(), breaker_box::SettingsError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CircuitSettings {
    pub(super) key: Key,
    pub(super) policy: Policy,
    pub(super) metadata: BTreeMap<String, String>,
    pub(super) mode: Option<Mode>,
}

impl CircuitSettings {
    /// Returns the circuit's key.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// Returns the circuit's policy, with everything it inherits.
    #[must_use]
    pub const fn policy(&self) -> Policy {
        self.policy
    }

    /// Returns the state in which the circuit begins, if the settings name one.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{Settings, State};
    ///
    /// let settings = Settings::from_toml("[circuits.ledger]\nmode = \"metrics_only\"\n[circuits.orders]")?;
    /// let modes: Vec<_> = settings.circuits().map(|circuit| circuit.mode()).collect();
    /// assert_eq!(modes, [Some(State::MetricsOnly), None]);
    /// # Ok::<(), breaker_box::SettingsError>(())
    /// ```
    #[must_use]
    pub fn mode(&self) -> Option<State> {
        self.mode.map(Mode::state)
    }

    pub(crate) const fn begins_in(&self) -> Option<Mode> {
        self.mode
    }

    /// Returns the metadata that [`Registry::apply`](crate::Registry::apply) sets.
    #[must_use]
    pub const fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }
}
