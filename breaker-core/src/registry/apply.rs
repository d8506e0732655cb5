//! Bringing a registry to what settings say, with all state kept.

use std::fmt;

use super::Registry;
use crate::breaker::CircuitBreaker;
use crate::circuit::Origin;
use crate::error::RegisterError;
use crate::key::{AsKey, Key};
use crate::settings::{CircuitSettings, Settings};

/// What [`Registry::apply`] did: each circuit of the settings is in one of the lists, sorted by key.
///
/// ```
/// use breaker_core::{Key, Registry, Settings};
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
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { registered, configured, unchanged } = self;
        let [registered, configured, unchanged] = [registered, configured, unchanged].map(Vec::len);
        write!(formatter, "registered {registered} circuits, configured {configured}, left {unchanged} unchanged")
    }
}

/// Why settings could not be applied. Nothing was changed.
///
/// ```
/// use breaker_core::{ApplyError, RegisterError, Registry, Settings};
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
    /// A circuit cannot be made: the registry is full.
    #[error(transparent)]
    Register(#[from] RegisterError),
}

/// # Settings
impl Registry {
    /// Brings the registry to what `settings` say. What they do not name is left alone.
    ///
    /// Circuits that are missing are registered; those with another policy are configured, with state, totals and the counts that
    /// still make sense kept; metadata are set. The default policy is swapped if there is a `[defaults]` table. A circuit from
    /// settings is one registered by hand: the policy of a call site does not change it. Calls may go on meanwhile.
    ///
    /// ```
    /// use breaker_core::{Policy, Registry, Settings, State};
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
    /// If the registry is full. Settings are checked when they are made, so no value can be wrong here; then nothing was changed,
    /// and circuits that had been registered are gone again.
    pub fn apply(&self, settings: &Settings) -> Result<Applied, ApplyError> {
        let circuits = self.with_missing_made(settings)?;
        if let Some(policy) = settings.default_policy() {
            let mut makers = self.inner.makers.lock();
            makers.default_policy = makers.share(&policy);
        }
        let mut applied = Applied::default();
        for Found { settings, breaker, is_new } in circuits {
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

    /// Every circuit of the settings, made where it was missing; none is made unless all can be.
    fn with_missing_made<'a>(&self, settings: &'a Settings) -> Result<Vec<Found<'a>>, RegisterError> {
        let limit = self.inner.max_circuits;
        // So many that they would push each other out are refused before any other is pushed out.
        if let Some(circuit) = settings.circuits().nth(limit) {
            return Err(RegisterError::Full { key: circuit.key().clone(), limit });
        }
        let mut circuits = Vec::new();
        let made = self.make_missing(settings, &mut circuits).and_then(|()| {
            // Idle and without failures, a circuit that was just made may itself have made room for another one.
            match circuits.iter().find(|circuit| self.get(circuit.settings.key()).is_none()) {
                Some(gone) => Err(RegisterError::Full { key: gone.settings.key().clone(), limit }),
                None => Ok(()),
            }
        });
        if let Err(error) = made {
            for made in circuits.iter().filter(|circuit| circuit.is_new) {
                // Where it is gone already, that is as good.
                let _ = self.unregister(made.settings.key());
            }
            return Err(error);
        }
        Ok(circuits)
    }

    fn make_missing<'a>(&self, settings: &'a Settings, circuits: &mut Vec<Found<'a>>) -> Result<(), RegisterError> {
        for settings in settings.circuits() {
            let (breaker, is_new) = self.make(&settings.key().as_key(), Some(&settings.policy()), Origin::Hand)?;
            circuits.push(Found { settings, breaker, is_new });
        }
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
        let metadata = breaker.metadata();
        let mut other_metadata = false;
        for (name, value) in settings.metadata() {
            if metadata.get(name) != Some(value) {
                breaker.set_metadata(name, value);
                other_metadata = true;
            }
        }
        other_policy || other_metadata
    }
}

/// A circuit of the settings in the registry.
struct Found<'a> {
    settings: &'a CircuitSettings,
    breaker: CircuitBreaker,
    is_new: bool,
}
