//! Applying settings to a registry, and taking back what earlier settings said.

use std::fmt;
use std::sync::Arc;

use super::error::RegisterError;
use super::overrides::Overrides;
use super::registrar::Registrar;
use super::{Added, Registry};
use crate::breaker::CircuitBreaker;
use crate::circuit::overrides::Otherwise;
use crate::circuit::{Circuit, Origin};
use crate::event::EventKind;
use crate::key::{AsKey as _, Key};
use crate::limits::MetadataError;
use crate::settings::Settings;

/// What [`Registry::apply`] did. The lists are sorted by key, and each circuit is in one of them at
/// most.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{Key, Policy, Registry, Settings};
///
/// let registry = Registry::new();
/// registry.register("search", Policy::consecutive_failures(3))?;
/// let first = registry.apply(&Settings::from_toml("[circuits.ledger]\n[circuits.payment_api]\n[circuits.search]")?)?;
/// assert_eq!(first.registered, [Key::new("ledger"), Key::new("payment_api")]);
/// assert_eq!(first.configured, [Key::new("search")]);
///
/// let second = registry.apply(&Settings::from_toml("[circuits.payment_api]")?)?;
/// assert_eq!(second.unchanged, [Key::new("payment_api")]);
/// assert_eq!(second.restored, [Key::new("search")]);
/// assert_eq!(second.unregistered, [Key::new("ledger")]);
/// assert_eq!(
///     second.to_string(),
///     "registered 0 circuits, configured 0, left 1 unchanged, restored 1, unregistered 1"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// Circuits that were registered: those with a table of their own that did not exist.
    pub registered: Vec<Key>,
    /// Circuits that existed and got another policy, metadata or mode.
    pub configured: Vec<Key>,
    /// Circuits with a table of their own that already matched it. Circuits of families that
    /// matched already are in no list.
    pub unchanged: Vec<Key>,
    /// Circuits that these settings say nothing about, and that got back what they had before
    /// earlier settings.
    pub restored: Vec<Key>,
    /// Circuits that only earlier settings had asked for, and that no call had used. They left the
    /// registry.
    pub unregistered: Vec<Key>,
}

impl Applied {
    fn sort(&mut self) {
        let Self { registered, configured, unchanged, restored, unregistered } = self;
        for list in [registered, configured, unchanged, restored, unregistered] {
            list.sort_unstable();
        }
    }
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { registered, configured, unchanged, restored, unregistered } = self;
        let [registered, configured, unchanged] = [registered, configured, unchanged].map(Vec::len);
        write!(f, "registered {registered} circuits, configured {configured}, left {unchanged} unchanged")?;
        for (circuits, done) in [(restored, "restored"), (unregistered, "unregistered")] {
            if !circuits.is_empty() {
                write!(f, ", {done} {}", circuits.len())?;
            }
        }
        Ok(())
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
    /// Brings the registry to these settings: registers the circuits that are missing, configures
    /// those that differ, and takes back what earlier settings said and these do not. Calls proceed
    /// in the meantime.
    ///
    /// Settings of several sources are applied together, as one [`Settings`] from a
    /// [builder](Settings::builder): those that are applied later replace the earlier ones.
    ///
    /// A configured circuit keeps its state, its totals, and the counts that still make sense under
    /// the new policy. A circuit with a table of its own is never evicted. A family applies to the
    /// circuits that exist and to those that are created later, until other settings are applied.
    /// What settings say wins over call sites and over [`register`](Self::register); what is
    /// [configured](Self::configure) by hand holds until settings are applied again.
    ///
    /// A circuit about which settings no longer say anything gets back what it had before them: the
    /// policy with which it was registered, that of its call site, or the default policy; and its
    /// own metadata. If it was configured by hand in the meantime, that holds. A circuit that only
    /// settings had asked for is unregistered if no call has used it and nothing holds it; otherwise
    /// it gets the default policy. A `[defaults]` table replaces the default policy, which comes
    /// back in the same way.
    ///
    /// A `mode` takes effect when the circuit is created, and when applied settings are the first
    /// ones with that mode. Applying the same mode again changes nothing, so that a state that was
    /// set by hand in the meantime stays. Settings without the mode close a circuit that is still in
    /// the state that it entered because of it.
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
    ///
    /// registry.apply(&Settings::from_toml("")?)?;
    /// assert_eq!(breaker.policy(), Policy::consecutive_failures(1));
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
        let Begun { mut applied, pinned, affected } = self.begin_to_apply(settings)?;
        for circuit in affected {
            self.bring_to_settings(&circuit, &mut applied);
        }
        drop(pinned);
        applied.sort();
        Ok(applied)
    }

    /// Registers the missing circuits, and from then on creates circuits as the settings say.
    /// Either everything fits, or nothing has changed.
    fn begin_to_apply(&self, settings: &Settings) -> Result<Begun, ApplyError> {
        let overrides = Overrides::new(settings);
        let mut applied = Applied::default();
        let mut pinned = Vec::new();
        let (added, evicted, affected, earlier) = {
            let mut registrar = self.inner.registrar.lock();
            // Handles keep the existing circuits from being evicted to make room.
            let mut missing = Vec::new();
            for circuit in settings.circuits() {
                match self.get(circuit.key()) {
                    Some(breaker) => pinned.push(breaker),
                    None => missing.push(circuit.key()),
                }
            }
            let affected = self.affected(&registrar.overrides, &overrides);
            self.check_texts(settings, &overrides, &affected)?;
            let evicted = self.make_room_for(&missing)?;
            let earlier = std::mem::replace(&mut registrar.overrides, overrides);
            registrar.override_default_policy(settings.default_policy());
            applied.registered = missing.iter().copied().cloned().collect();
            let added: Vec<_> = missing.into_iter().map(|key| self.add_named(&mut registrar, key)).collect();
            (added, evicted, affected, earlier)
        };
        self.report_departed(&evicted);
        // They may be many, so they are not dropped under the lock.
        drop(earlier);
        // Includes the events of evicted circuits.
        for Added { breaker, aftermath } in added {
            self.finish(&breaker, aftermath);
        }
        Ok(Begun { applied, pinned, affected })
    }

    /// Registers a circuit that only settings ask for.
    fn add_named(&self, registrar: &mut Registrar, key: &Key) -> Added {
        let (chosen, mode) = registrar.choose_by_settings(key);
        self.add(key.clone(), chosen, Origin::Hand, mode)
    }

    /// The circuits that the settings before or now say something about, or may.
    fn affected(&self, before: &Overrides, now: &Overrides) -> Vec<Arc<Circuit>> {
        if before.have_families() || now.have_families() {
            return self.inner.circuits.all();
        }
        let mut keys: Vec<_> = before.named().chain(now.named()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.into_iter().filter_map(|key| self.inner.circuits.get(key.as_key())).collect()
    }

    /// Checks names and metadata against the limits of this registry, which may differ from the
    /// limits that the settings were read with. Circuits may already have metadata.
    fn check_texts(
        &self,
        settings: &Settings,
        overrides: &Overrides,
        affected: &[Arc<Circuit>],
    ) -> Result<(), ApplyError> {
        let limits = self.inner.environment.text_limits;
        for circuit in settings.circuits() {
            let key = circuit.key();
            if !limits.allow_name(key.as_key()) {
                return Err(RegisterError::InvalidKey { key: key.clone() }.into());
            }
            let checked = limits.check_metadata(circuit.metadata().iter().collect());
            checked.map_err(|excess| MetadataError::new(key.clone(), excess))?;
        }
        for family in settings.families() {
            let checked = limits.check_metadata(family.metadata().iter().collect());
            checked.map_err(|excess| MetadataError::new(Key::new(family.identifier()), excess))?;
        }
        for circuit in affected {
            let Some(by) = overrides.find(circuit.key()).filter(|by| !by.metadata.is_empty()) else { continue };
            let checked = circuit.check_metadata(&by.metadata);
            checked.map_err(|excess| MetadataError::new(circuit.key().clone(), excess))?;
        }
        Ok(())
    }

    /// Makes room for all of these circuits or for none, and returns what has left. The caller
    /// holds the registrar's lock, and [reports](Self::report_departed) them after releasing it.
    fn make_room_for(&self, missing: &[&Key]) -> Result<Vec<Arc<Circuit>>, RegisterError> {
        let limit = self.inner.max_circuits;
        let free = limit.saturating_sub(self.len());
        let wanted = missing.len().saturating_sub(free);
        if wanted == 0 {
            return Ok(Vec::new());
        }
        let leaving = self.retire_idle(wanted);
        if let Some(without_room) = missing.get(free + leaving.len()) {
            for circuit in &leaving {
                circuit.reinstate();
            }
            return Err(RegisterError::Full { key: (*without_room).clone(), limit });
        }
        self.take_out(&leaving);
        Ok(leaving)
    }

    /// Brings an existing circuit to the settings that are in force, which another thread may have
    /// replaced in the meantime.
    fn bring_to_settings(&self, circuit: &Arc<Circuit>, applied: &mut Applied) {
        let key = circuit.key();
        let (list, aftermath) = {
            let mut registrar = self.inner.registrar.lock();
            // Circuits leave under this lock only.
            if circuit.is_retired() {
                return;
            }
            let Registrar { overrides, default_policy, .. } = &mut *registrar;
            let by = overrides.find(key).cloned();
            let is_exact = by.as_ref().is_some_and(|by| by.is_exact);
            if !is_exact && circuit.retire_if_unasked(HOLDERS) {
                self.inner.circuits.remove(key.as_key());
                self.inner.environment.push(key, EventKind::Unregistered);
                (Some(&mut applied.unregistered), None)
            } else {
                let shared = if circuit.is_in_mode() { self.shared_state(key) } else { None };
                let otherwise = Otherwise { default: default_policy, shared };
                let (changed, aftermath) = circuit.obey(by.as_ref(), &otherwise, |chosen| overrides.share(chosen));
                let list = match (&by, changed) {
                    (Some(_), true) => Some(&mut applied.configured),
                    (Some(by), false) if by.is_exact => Some(&mut applied.unchanged),
                    (None, true) => Some(&mut applied.restored),
                    (_, false) => None,
                };
                (list, Some(aftermath))
            }
        };
        if let Some(list) = list {
            list.push(key.clone());
        }
        match aftermath {
            Some(aftermath) => circuit.finish(&aftermath),
            None => self.inner.environment.events.deliver(),
        }
    }
}

/// What is left to do once the missing circuits are registered.
struct Begun {
    applied: Applied,
    /// Circuits with a table of their own, which stay in the registry until they are configured.
    pinned: Vec<CircuitBreaker>,
    affected: Vec<Arc<Circuit>>,
}

/// Who holds a circuit that nobody uses: the map of the registry, and the list of those that
/// settings may concern.
const HOLDERS: usize = 2;
