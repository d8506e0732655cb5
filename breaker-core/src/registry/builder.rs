//! Setting a registry up.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use super::map::Map;
use super::search_pause::SearchPause;
use super::unguarded_counts::UnguardedCounts;
use super::{Inner, Registrar, Registry};
use crate::circuit::Origin;
use crate::clock::Clock;
use crate::environment::Environment;
use crate::key::{AsKey as _, Key};
use crate::limits::TextLimits;
use crate::policy::{Policy, PolicyError};
use crate::primitive::Mutex;

/// A registry in the making; see [`Registry::builder`].
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
#[must_use = "nothing is built before `build`"]
pub struct RegistryBuilder {
    pub(super) default_policy: Policy,
    pub(super) clock: Clock,
    pub(super) max_circuits: Option<usize>,
    pub(super) idle_after: Option<Duration>,
    pub(super) text_limits: TextLimits,
    pub(super) overflow: Option<(Key, Policy)>,
}

impl RegistryBuilder {
    /// The policy of circuits that are made without one. [`Policy::new`] by default.
    pub fn default_policy(mut self, policy: Policy) -> Self {
        self.default_policy = policy;
        self
    }

    /// The clock of all its circuits. The system's by default.
    pub fn clock(mut self, clock: impl Into<Clock>) -> Self {
        self.clock = clock.into();
        self
    }

    /// How many circuits it holds at the most, at least 1. Without limit by default.
    ///
    /// When it is full, circuits make room that calls made by name, and that nobody holds: by a
    /// handle, a permit, a call in flight, or an annotated function whose identifier is a plain
    /// text. Those that were not called for the longest time go first. They have to be closed and
    /// without failures; after [`idle_after`](Self::idle_after) (10 minutes where that is not set)
    /// also those go that have failures below their threshold, are half-open, or whose open period
    /// is over. Circuits that are open before their time, forced open, disabled or in metrics-only
    /// never make room, nor does one that was registered or configured (by hand or from settings)
    /// or given metadata.
    ///
    /// If there is none, `register` refuses, and calls run unguarded, or go through the circuit of
    /// [`overflow`](Self::overflow); the next search follows a second later, or after one newcomer
    /// for 64 circuits.
    pub fn max_circuits(mut self, n: usize) -> Self {
        self.max_circuits = Some(n);
        self
    }

    /// After how long without a call [`Registry::sweep`] takes a circuit out, and a full registry
    /// forgets its failures. Above zero; by default a sweep takes out none, and a full registry
    /// waits for 10 minutes.
    ///
    /// The same circuits stay as with [`max_circuits`](Self::max_circuits): those that somebody
    /// registered, configured, described or holds, and those that are open before their time or
    /// moved by hand.
    pub fn idle_after(mut self, duration: Duration) -> Self {
        self.idle_after = Some(duration);
        self
    }

    /// Registers a circuit that calls share that find no room for one of their own, instead of
    /// running unguarded.
    ///
    /// It is a circuit like any other: listed, moved by its name, and one of
    /// [`max_circuits`](Self::max_circuits). When it opens, it rejects all calls whose names have
    /// no circuit of their own, so give it a policy that many names together do not reach while all
    /// is well: a rate rather than failures in a row. Without it, which is the default, such calls
    /// run unguarded.
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

    /// How long names may be, and how much metadata a circuit may have. [`TextLimits::new`] by
    /// default.
    pub const fn text_limits(mut self, limits: TextLimits) -> Self {
        self.text_limits = limits;
        self
    }

    /// The registry.
    ///
    /// # Errors
    ///
    /// If the default policy or that of the overflow is invalid, its name is empty or too long, or
    /// a limit is zero.
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

/// # Making one
impl Registry {
    /// The registry that annotated functions use where they name no other. Made at first use; safe
    /// to touch from anywhere.
    #[must_use]
    pub fn global() -> &'static Self {
        static GLOBAL: LazyLock<Registry> = LazyLock::new(Registry::new);
        &GLOBAL
    }

    /// An empty registry with the system's clock and [`Policy::new`] as the default.
    #[must_use]
    pub fn new() -> Self {
        Self::from_builder(RegistryBuilder::default())
    }

    /// A registry with a clock, a default policy or limits of its own.
    pub fn builder() -> RegistryBuilder {
        RegistryBuilder::default()
    }

    /// The builder has been checked.
    fn from_builder(builder: RegistryBuilder) -> Self {
        let default_policy = Arc::new(builder.default_policy);
        let inner = Inner {
            circuits: Map::new(),
            environment: Environment::new(builder.clock, builder.text_limits),
            registrar: Mutex::new(Registrar {
                policies: vec![Arc::clone(&default_policy)],
                default_policy,
                search_pause: SearchPause::default(),
            }),
            max_circuits: builder.max_circuits.unwrap_or(usize::MAX),
            idle_after: builder.idle_after,
            overflow: builder.overflow.as_ref().map(|(key, _)| key.clone()),
            unguarded: UnguardedCounts::default(),
            #[cfg(feature = "metrics")]
            recorder_state: Mutex::default(),
        };
        let registry = Self { inner: Arc::new(inner) };
        if let Some((key, policy)) = builder.overflow {
            registry.add(key, Arc::new(policy), Origin::Hand);
        }
        registry
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}
