//! Bringing a registry to what settings say, with all state kept.

use std::fmt;

use super::Registry;
use super::error::RegisterError;
use crate::breaker::CircuitBreaker;
use crate::circuit::Origin;
use crate::key::{AsKey as _, Key};
use crate::limits::MetadataError;
use crate::settings::{CircuitSettings, Settings};

/// What [`Registry::apply`] did: each circuit of the settings is in one of the lists, sorted by
/// key.
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
    /// Circuits that were not there.
    pub registered: Vec<Key>,
    /// Circuits that were there with another policy or other metadata.
    pub configured: Vec<Key>,
    /// Circuits that were as the settings have them.
    pub unchanged: Vec<Key>,
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { registered, configured, unchanged } = self;
        let [registered, configured, unchanged] = [registered, configured, unchanged].map(Vec::len);
        write!(f, "registered {registered} circuits, configured {configured}, left {unchanged} unchanged")
    }
}

/// Why settings could not be applied. Nothing was changed.
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
    /// A circuit cannot be made: the registry is full, or takes no name so long.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// A circuit would have more metadata than the registry's limits allow.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
}

/// # Settings
impl Registry {
    /// Brings the registry to what `settings` say. What they do not name is left alone.
    ///
    /// Circuits that are missing are registered; those with another policy are configured, with
    /// state, totals and the counts that still make sense kept; metadata are set. The default
    /// policy is swapped if there is a `[defaults]` table. A circuit from settings is one
    /// registered by hand: the policy of a call site does not change it, and it never makes room
    /// for another. Calls may go on meanwhile.
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
    /// If the registry has no room for all of them, or one has a longer name or more metadata than
    /// the registry's [`TextLimits`](crate::TextLimits) allow. Then nothing was changed: no circuit
    /// was made, moved or evicted. Settings are checked when they are made, so no other value can
    /// be wrong here.
    pub fn apply(&self, settings: &Settings) -> Result<Applied, ApplyError> {
        let circuits = self.with_missing_made(settings)?;
        if let Some(policy) = settings.default_policy() {
            let mut registrar = self.inner.registrar.lock();
            registrar.default_policy = registrar.share(&policy);
        }
        let mut applied = Applied::default();
        for Target { settings, breaker, is_new } in circuits {
            let changed = Self::adjust(&breaker, settings);
            let list = match (is_new, changed) {
                (true, _) => &mut applied.registered,
                (false, true) => &mut applied.configured,
                (false, false) => &mut applied.unchanged,
            };
            list.push(settings.key().clone());
        }
        Ok(applied)
    }

    /// Every circuit of the settings, made where it was missing; none is made, and none leaves,
    /// unless all have room.
    fn with_missing_made<'a>(&self, settings: &'a Settings) -> Result<Vec<Target<'a>>, ApplyError> {
        let made = {
            let mut registrar = self.inner.registrar.lock();
            // Those that are there are held from now on, so that they are not what makes room.
            let known: Vec<_> = settings.circuits().map(|circuit| (circuit, self.get(circuit.key()))).collect();
            for (circuit, known) in &known {
                self.check_texts(circuit, known.as_ref())?;
            }
            let missing: Vec<_> =
                known.iter().filter(|(_, known)| known.is_none()).map(|(circuit, _)| *circuit).collect();
            self.make_room_for(&missing)?;
            let made = known.into_iter().map(|(settings, known)| {
                let is_new = known.is_none();
                let make = || self.add(settings.key().clone(), registrar.share(&settings.policy()), Origin::Hand);
                Target { settings, breaker: known.unwrap_or_else(make), is_new }
            });
            made.collect()
        };
        // Also what was evicted to make room.
        self.inner.environment.events.deliver();
        Ok(made)
    }

    /// Whether this registry takes the name and the metadata: its limits may be others than those
    /// that the settings were read by, and the circuit may have metadata already.
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

    /// Makes room for these, or for none of them. The lock of the registrar is held.
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

    /// Whether anything had to be changed.
    fn adjust(breaker: &CircuitBreaker, settings: &CircuitSettings) -> bool {
        let other_policy = breaker.policy() != settings.policy();
        if other_policy {
            // Settings hold no policy that could be refused.
            let _ = breaker.configure(settings.policy());
        } else {
            breaker.circuit().adopt();
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
}
