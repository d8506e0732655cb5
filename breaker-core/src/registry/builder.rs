//! Building a registry.

use std::sync::Arc;
use std::time::Duration;

use super::map::Map;
use super::registrar::Registrar;
use super::unguarded_counts::UnguardedCounts;
use super::{Inner, Registry};
use crate::circuit::Origin;
use crate::circuit::chosen::Chosen;
use crate::clock::Clock;
use crate::environment::Environment;
use crate::key::{AsKey as _, Key};
use crate::limits::TextLimits;
use crate::policy::{Policy, PolicyError};
use crate::primitive::Mutex;

/// Builds a registry; see [`Registry::builder`]. [`install_global`](Self::install_global) makes it
/// the one that annotated functions use.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use std::time::Duration;
/// use breaker_box::{ManualClock, Policy, Registry};
///
/// let registry = Registry::builder()
///     .default_policy(Policy::consecutive_failures(3))
///     .clock(ManualClock::new())
///     .max_circuits(10_000)
///     .idle_after(Duration::from_secs(3_600))
///     .build()?;
/// assert!(registry.is_empty());
/// # Ok::<(), breaker_box::PolicyError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is built before `build` or `install_global`"]
pub struct RegistryBuilder {
    pub(super) default_policy: Policy,
    pub(super) clock: Clock,
    pub(super) max_circuits: Option<usize>,
    pub(super) idle_after: Option<Duration>,
    pub(super) text_limits: TextLimits,
    pub(super) overflow: Option<(Key, Policy)>,
}

impl RegistryBuilder {
    /// Sets the policy of circuits that are created without one. [`Policy::new`] by default.
    pub fn default_policy(mut self, policy: Policy) -> Self {
        self.default_policy = policy;
        self
    }

    /// Sets the clock of all circuits. The system clock by default.
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }

    /// Sets the maximum number of circuits, at least 1. Unlimited by default.
    ///
    /// A full registry evicts circuits to make room. It evicts only circuits that calls created by
    /// name and that nothing holds: no handle, no permit, no call in flight, and no annotated
    /// function whose identifier is a plain string. The circuits that have been idle longest go
    /// first.
    ///
    /// At first only closed circuits without failures qualify. Once a circuit has been idle for
    /// [`idle_after`](Self::idle_after) (10 minutes if that is not set), it also qualifies if it
    /// has failures below its threshold, is half-open, or is open and its open period is over.
    ///
    /// A circuit is never evicted while its open period lasts, while it is forced open, disabled or
    /// in metrics-only by hand, or if it was registered, configured or given metadata by hand, or
    /// has a table of its own in applied settings.
    ///
    /// If no circuit can be evicted, `register` returns an error, and calls run unguarded or go
    /// through the [`overflow`](Self::overflow) circuit. The next search for room follows after one
    /// second, or after one new name per 64 circuits, whichever comes first.
    pub fn max_circuits(mut self, n: usize) -> Self {
        self.max_circuits = Some(n);
        self
    }

    /// Sets how long a circuit must have been idle before [`Registry::sweep`] evicts it, and before
    /// a full registry may disregard its failures. Above zero. By default a sweep evicts nothing,
    /// and a full registry uses 10 minutes.
    ///
    /// The same circuits stay as with [`max_circuits`](Self::max_circuits): circuits that are
    /// registered, configured, held or have metadata, and circuits whose open period lasts or whose
    /// state was set by hand.
    pub fn idle_after(mut self, duration: Duration) -> Self {
        self.idle_after = Some(duration);
        self
    }

    /// Registers a circuit that is shared by all calls whose own circuit does not fit into the
    /// registry. Without it, which is the default, such calls run unguarded.
    ///
    /// It is an ordinary circuit: it is listed, can be controlled by its name, and counts towards
    /// [`max_circuits`](Self::max_circuits). When it opens, it rejects all calls whose names have
    /// no circuit of their own. So give it a policy that many names together do not reach under
    /// normal conditions: a rate rather than failures in a row.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use std::time::Duration;
    /// use breaker_box::{Policy, Registry, Window};
    ///
    /// let policy = Policy::failure_rate(0.8, Window::time(Duration::from_secs(10)));
    /// let registry = Registry::builder().max_circuits(2).overflow("all others", policy).build()?;
    /// registry.register("payment_api", Policy::new())?;
    /// registry.call("made up", || Ok::<_, std::io::Error>(()))?;
    /// assert!(registry.get("made up").is_none());
    /// assert_eq!(registry.status("all others")?.totals.successes, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn overflow(mut self, key: impl Into<Key>, policy: Policy) -> Self {
        self.overflow = Some((key.into(), policy));
        self
    }

    /// Sets how long names may be, and how much metadata a circuit may have. [`TextLimits::new`] by
    /// default.
    pub const fn text_limits(mut self, limits: TextLimits) -> Self {
        self.text_limits = limits;
        self
    }

    /// Builds the registry.
    ///
    /// # Errors
    ///
    /// Returns an error if the default policy or the overflow policy is invalid, if the overflow's
    /// name is empty or too long, or if a limit is zero.
    pub fn build(self) -> Result<Registry, PolicyError> {
        self.default_policy.validate()?;
        if self.text_limits.name_bytes == 0 {
            return Err(PolicyError::Count { setter: "name_bytes", value: 0 });
        }
        if let Some((key, policy)) = &self.overflow {
            policy.validate()?;
            if !self.text_limits.allow_name(key.as_key()) {
                return Err(PolicyError::InvalidKey { setter: "overflow" });
            }
        }
        if self.max_circuits == Some(0) {
            return Err(PolicyError::Count { setter: "max_circuits", value: 0 });
        }
        if self.idle_after.is_some_and(|duration| duration.is_zero()) {
            return Err(PolicyError::ZeroDuration { setter: "idle_after" });
        }
        Ok(Registry::from_builder(self))
    }
}

/// # Creating a registry
impl Registry {
    /// Creates an empty registry with the system clock and [`Policy::new`] as the default policy.
    #[must_use]
    pub fn new() -> Self {
        Self::from_builder(RegistryBuilder::default())
    }

    /// Returns a builder for a registry with its own clock, default policy or limits.
    pub fn builder() -> RegistryBuilder {
        RegistryBuilder::default()
    }

    /// The builder has been checked.
    fn from_builder(builder: RegistryBuilder) -> Self {
        let inner = Inner {
            circuits: Map::new(),
            environment: Environment::new(builder.clock, builder.text_limits),
            registrar: Mutex::new(Registrar::new(builder.default_policy)),
            max_circuits: builder.max_circuits.unwrap_or(usize::MAX),
            idle_after: builder.idle_after,
            overflow: builder.overflow.as_ref().map(|(key, _)| key.clone()),
            unguarded: UnguardedCounts::default(),
            #[cfg(feature = "metrics")]
            recorder_state: Mutex::default(),
            #[cfg(feature = "metrics")]
            departures: super::departures::Keepers::default(),
        };
        let registry = Self { inner: Arc::new(inner) };
        if let Some((key, policy)) = builder.overflow {
            registry.add(key, Arc::new(Chosen::new(policy)), Origin::Hand, None);
        }
        registry
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}
