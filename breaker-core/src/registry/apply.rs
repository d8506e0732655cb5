//! Applying settings to a registry. Circuits keep their states.

use std::fmt;

use super::error::RegisterError;
use super::{Added, Registry};
use crate::breaker::CircuitBreaker;
use crate::circuit::{Aftermath, Origin};
use crate::key::{AsKey as _, Key};
use crate::limits::MetadataError;
use crate::settings::{CircuitSettings, Settings};

/// What [`Registry::apply`] did. Each circuit of the settings is in one of the lists, which are
/// sorted by key.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{Key, Registry, Settings};
///
/// let registry = Registry::new();
/// let first = registry.apply(&Settings::from_toml("[circuits.ledger]\n[circuits.payment_api]")?)?;
/// assert_eq!(first.registered, [Key::new("ledger"), Key::new("payment_api")]);
///
/// let second = registry.apply(&Settings::from_toml("[circuits.ledger]\nexpiry = \"5s\"\n[circuits.payment_api]")?)?;
/// assert_eq!(second.configured, [Key::new("ledger")]);
/// assert_eq!(second.unchanged, [Key::new("payment_api")]);
/// assert_eq!(second.to_string(), "registered 0 circuits, configured 1, left 1 unchanged");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// Circuits that were registered.
    pub registered: Vec<Key>,
    /// Circuits that existed and got a new policy or new metadata.
    pub configured: Vec<Key>,
    /// Circuits that already matched the settings.
    pub unchanged: Vec<Key>,
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { registered, configured, unchanged } = self;
        let [registered, configured, unchanged] = [registered, configured, unchanged].map(Vec::len);
        write!(f, "registered {registered} circuits, configured {configured}, left {unchanged} unchanged")
    }
}

/// Why settings could not be applied. The registry is unchanged.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{ApplyError, RegisterError, Registry, Settings};
///
/// let registry = Registry::builder().max_circuits(1).build()?;
/// let error = registry.apply(&Settings::from_toml("[circuits.a]\n[circuits.b]")?).unwrap_err();
/// assert!(matches!(error, ApplyError::Register(RegisterError::Full { .. })));
/// assert!(registry.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// A circuit cannot be registered, because the registry is full or the name is too long for it.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// A circuit would have more metadata than the registry's limits allow.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
}

/// # Settings
impl Registry {
    /// Applies settings: registers missing circuits, configures circuits whose policy differs, and
    /// sets metadata. Circuits without a table in the settings are left alone. Calls proceed in the
    /// meantime.
    ///
    /// A configured circuit keeps its state, its totals, and the counts that still make sense under
    /// the new policy. A `[defaults]` table replaces the default policy. A circuit from settings
    /// counts as registered by hand: call sites do not change its policy, and it is never evicted.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{Policy, Registry, Settings, State};
    ///
    /// let registry = Registry::new();
    /// let breaker = registry.register("payment_api", Policy::consecutive_failures(1))?;
    /// breaker.record_failure("timed out");
    ///
    /// let settings = Settings::from_toml("[circuits.payment_api]\nfailure_threshold = 3")?;
    /// let applied = registry.apply(&settings)?;
    /// assert_eq!(applied.configured.len(), 1);
    /// assert_eq!(breaker.policy(), Policy::consecutive_failures(3));
    /// assert_eq!(breaker.state(), State::Open, "its state is kept");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the registry has no room for all the circuits, or if a circuit's name or
    /// metadata is longer than the registry's [`TextLimits`](crate::TextLimits) allow. Nothing has
    /// changed then: no circuit was registered, configured or evicted. Nothing else can fail,
    /// because settings are validated when they are read.
    pub fn apply(&self, settings: &Settings) -> Result<Applied, ApplyError> {
        let circuits = self.register_missing(settings)?;
        if let Some(policy) = settings.default_policy() {
            let mut registrar = self.inner.registrar.lock();
            registrar.default_policy = registrar.share(&policy);
        }
        let mut applied = Applied::default();
        for Target { settings, breaker, is_new, .. } in circuits {
            let changed = Self::configure_by(&breaker, settings);
            let list = match (is_new, changed) {
                (true, _) => &mut applied.registered,
                (false, true) => &mut applied.configured,
                (false, false) => &mut applied.unchanged,
            };
            list.push(settings.key().clone());
        }
        Ok(applied)
    }

    /// Returns every circuit of the settings, registered if it was missing. If they do not all fit,
    /// none is registered and none is evicted.
    fn register_missing<'a>(&self, settings: &'a Settings) -> Result<Vec<Target<'a>>, ApplyError> {
        let mut circuits: Vec<_> = {
            let mut registrar = self.inner.registrar.lock();
            // Handles keep the existing circuits from being evicted to make room.
            let known: Vec<_> = settings.circuits().map(|circuit| (circuit, self.get(circuit.key()))).collect();
            for (circuit, known) in &known {
                self.check_texts(circuit, known.as_ref())?;
            }
            let missing: Vec<_> =
                known.iter().filter(|(_, known)| known.is_none()).map(|(circuit, _)| *circuit).collect();
            self.make_room_for(&missing)?;
            let circuits = known.into_iter().map(|(settings, known)| {
                let is_new = known.is_none();
                let register =
                    || self.add(settings.key().clone(), registrar.share(&settings.policy()), Origin::Hand, None);
                let known = known.map(|breaker| Added { breaker, aftermath: None });
                let Added { breaker, aftermath } = known.unwrap_or_else(register);
                Target { settings, breaker, is_new, aftermath }
            });
            circuits.collect()
        };
        // Includes the events of evicted circuits.
        for target in &mut circuits {
            self.finish(&target.breaker, target.aftermath.take());
        }
        Ok(circuits)
    }

    /// Checks the name and the metadata against the limits of this registry, which may differ from
    /// the limits that the settings were read with. The circuit may already have metadata.
    fn check_texts(&self, circuit: &CircuitSettings, known: Option<&CircuitBreaker>) -> Result<(), ApplyError> {
        let (key, limits) = (circuit.key(), self.inner.environment.text_limits);
        if !limits.allow_name(key.as_key()) {
            return Err(RegisterError::InvalidKey { key: key.clone() }.into());
        }
        let metadata = circuit.metadata();
        let checked = match known {
            Some(known) => known.circuit().check_metadata(metadata),
            None => limits.check_metadata(metadata.iter().collect()),
        };
        checked.map_err(|excess| MetadataError::new(key.clone(), excess).into())
    }

    /// Makes room for all of these circuits or for none. The caller holds the registrar's lock.
    fn make_room_for(&self, missing: &[&CircuitSettings]) -> Result<(), RegisterError> {
        let limit = self.inner.max_circuits;
        let free = limit.saturating_sub(self.len());
        let wanted = missing.len().saturating_sub(free);
        if wanted == 0 {
            return Ok(());
        }
        let leaving = self.retire_idle(wanted);
        if let Some(without_room) = missing.get(free + leaving.len()) {
            for circuit in &leaving {
                circuit.reinstate();
            }
            return Err(RegisterError::Full { key: without_room.key().clone(), limit });
        }
        self.take_out(&leaving);
        Ok(())
    }

    /// Sets the policy and the metadata; returns whether anything was changed.
    fn configure_by(breaker: &CircuitBreaker, settings: &CircuitSettings) -> bool {
        let other_policy = breaker.policy() != settings.policy();
        if other_policy {
            // Settings hold valid policies only.
            let _ = breaker.configure(settings.policy());
        } else {
            breaker.circuit().mark_chosen_by_hand();
        }
        let other_metadata = breaker.circuit().add_metadata(settings.metadata());
        other_policy || other_metadata
    }
}

/// A circuit of the settings in the registry.
struct Target<'a> {
    settings: &'a CircuitSettings,
    breaker: CircuitBreaker,
    is_new: bool,
    /// If it began in a state of a fleet.
    aftermath: Option<Aftermath>,
}
