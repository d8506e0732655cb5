//! Policies and circuits from files and environment variables.
//!
//! A builder collects the `sources`: texts are read with their line numbers (`format`), variables
//! by their names (`environment`), and all are merged. Then the tables are read (`sections`), and
//! each circuit's policy is built from what it inherits (`inherit`). All steps are linear in the
//! size of the texts and recurse at most sixteen levels deep.

mod builder;
mod circuit;
mod environment;
mod error;
mod families;
mod family;
mod format;
mod inherit;
mod pattern;
mod recorder;
mod sections;
mod sources;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error as _};

pub use builder::SettingsBuilder;
pub use circuit::CircuitSettings;
pub use error::SettingsError;
pub(crate) use families::Families;
pub use family::FamilySettings;
use inherit::{Resolved, resolve};
use sources::Sources;

use crate::key::{AsKey, Key};
use crate::limits::TextLimits;
use crate::options::problem::Problems;
use crate::options::value::read_table;
use crate::policy::Policy;

/// Policies and circuits from TOML, JSON, YAML and environment variables, validated as a whole.
///
/// [`Registry::apply`](crate::Registry::apply) applies them to a registry. Apply changed settings
/// the same way; the circuits keep their states.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use std::time::Duration;
/// use breaker_box::{Key, Policy, Registry, Settings};
///
/// let settings = Settings::from_toml(
///     r#"
///     [defaults]                      # for circuits without a table, and inherited by all others
///     expiry = "10s"
///
///     [templates.http]
///     failure_rate = 0.5
///     window = 100
///
///     [circuits.payment_api]
///     template = "http"
///     minimum_calls = 20
///     scope = "payments"
///     metadata = { team = "checkout" }
///
///     [circuits.ledger]
///     failure_threshold = 3
///     expiry = "1m"
///     "#,
/// )?;
/// assert_eq!(settings.default_policy(), Some(Policy::new().expiry(Duration::from_secs(10))));
/// assert_eq!(settings.policy("ledger"), Some(Policy::consecutive_failures(3).expiry(Duration::from_secs(60))));
///
/// let registry = Registry::new();
/// registry.apply(&settings)?;
/// assert_eq!(registry.status(Key::new("payment_api").with_scope("payments"))?.metadata["team"], "checkout");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Tables
///
/// | table | contains |
/// |---|---|
/// | `defaults` | the registry's default policy, which every circuit here inherits; by default [`Policy::new`] |
/// | `templates.NAME` | options that circuits, and other templates, inherit with `template = "NAME"` |
/// | `circuits.NAME` | one circuit, or a [family](#families) of circuits |
///
/// # Options of a policy
///
/// They are the options of the attribute. Durations are strings such as `"250ms"`, `"30s"`, `"5m"`,
/// `"1h"`, `"1h 30m"` or `"forever"`.
///
/// | option | value |
/// |---|---|
/// | `failure_threshold` | the number of failures in a row that opens the circuit: 1 to 10,000,000 |
/// | `failures` and `within` | the number of failures within a duration that opens the circuit |
/// | `failure_rate` and `window` | the failure rate that opens the circuit: above 0, at most 1 |
/// | `slow_call_rate`, `slow_call` and `window` | the rate of calls slower than a duration that opens the circuit |
/// | `window` | the window that a rate is computed over: a number of calls, or a duration |
/// | `minimum_calls` | the number of calls in the window below which no rate is computed |
/// | `hung_calls` and `hung_after` | the number of calls in flight for that duration that opens the circuit, although none of them has returned |
/// | `debounce` | the time within which a further failure is not counted again |
/// | `expiry` | how long the circuit stays open |
/// | `backoff_factor` and `max_expiry` | the factor by which the open period grows with each opening in a row, and its maximum; the first lasts `expiry` |
/// | `jitter` | the fraction by which an open period varies at random: 0 to 1 |
/// | `half_open_max_calls`, `success_threshold`, `half_open_failure_threshold` | the number of concurrent probes, of successes that close the circuit, and of failures that reopen it |
/// | `half_open_timeout` | how long a probe may take before it counts as failed |
/// | `fail_slower_than` | the duration beyond which a success counts as a failure |
/// | `max_trip` | the longest time for which a trip (`Retry-After`) may open the circuit |
/// | `close_on_expiry` | `true` closes the circuit at the end of the open period, without probes |
/// | `ramp_up` | how long the circuit, instead of closing, ramps up: it admits a share of the calls that grows to all of them |
/// | `ramp_up_from` | the share with which a ramp-up begins: above 0, at most 1; 0.1 by default |
/// | `on_cancel` | what a cancelled call counts as: `"ignore"`, `"failure"`, or `"slow"`: a failure if it had run for longer than `slow_call`, or else `fail_slower_than` |
///
/// A circuit may also have `template`, [`mode`](#modes), `scope`, `kind`, `metadata` (a table of
/// strings), and `identifier` if that differs from the name of its table. A template may have a
/// `template` and a `mode`.
///
/// # Families
///
/// A `*` in an identifier stands for any number of characters, or none. `[circuits."tenant:*"]` is
/// for the circuits of all tenants: for those that exist, and for those that calls create later. A
/// family creates no circuits, and its circuits can be evicted as before.
///
/// The exact name wins over a family, and a family with more characters beside its `*` wins over
/// one with fewer. Of families with equally many, the one with a scope and a kind wins, then the
/// one with a scope, then the one with a kind; then the one with more characters before its first
/// `*`; then the first one in alphabetical order. The table that wins is the only one that applies.
/// It inherits from its template and the defaults, not from other families.
///
/// A family without a `scope` is for circuits of any scope, and one without a `kind` for circuits
/// of any kind. (The table of a single circuit is for the circuit without one.) For a literal `*`
/// write `\*`, and in an identifier with a `*` write `\\` for a backslash.
///
/// # Modes
///
/// `mode` is the state that a circuit begins in: `"metrics_only"`, to try a policy without effect,
/// `"disabled"`, `"forced_open"` or `"closed"`, which takes back the mode of a template or an
/// earlier source. [`Registry::apply`](crate::Registry::apply) says what it means for circuits that
/// exist. It is for this instance only: a fleet does not spread it, and what the fleet decides
/// about the circuit later holds here too.
///
/// # Inheritance
///
/// A circuit inherits from its template, and a template from its own template or the defaults. The
/// nearer value wins, option by option. Only the conditions form a group: a table with one of them
/// (`failure_threshold`, `failures`, `failure_rate`, `slow_call_rate`, `hung_calls`) inherits none
/// of them. The options that belong to a condition (`within`, `slow_call`, `window`,
/// `minimum_calls`, `hung_after`) can still be inherited, or changed alone. An inherited
/// `on_cancel = "slow"` has no effect on a circuit without a limit for slow calls. A circuit with
/// only its own `expiry` keeps an inherited back-off, which then starts from that expiry;
/// `backoff_factor = 1` turns it off. `ramp_up_from = 1` does the same to an inherited ramp-up,
/// which then admits every call. A template may leave out an option that its circuits set.
///
/// # Several sources
///
/// [`builder`](Self::builder) takes several sources. A later source wins, option by option. Across
/// sources, conditions do not form a group: an environment variable that changes `failures` keeps
/// the `within` of the file.
///
/// # Limits
///
/// Any text is either read or rejected; no text causes a panic or exhausts memory. A text may be at
/// most 64 MiB long ([`MAX_BYTES`](Self::MAX_BYTES)) and nest 16 levels deep; settings need four.
/// YAML aliases may expand to at most 256 MiB. Time and memory are linear in the size of the text:
/// a circuit takes two or three kilobytes. An error keeps the first 100 problems and prints 20.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Kept so that the environment can be merged later.
    sources: Sources,
    text_limits: TextLimits,
    default_policy: Option<Policy>,
    circuits: BTreeMap<Key, CircuitSettings>,
    /// Shared with the registries that the settings are applied to.
    families: Arc<Families>,
}

/// # Reading
impl Settings {
    /// The maximum size of a text or file: 64 MiB, enough for half a million circuits. Each of
    /// several files may be that long.
    pub const MAX_BYTES: usize = recorder::MAX_BYTES;

    /// Reads settings from TOML.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{Policy, Settings};
    ///
    /// let settings = Settings::from_toml("[circuits.payment_api]\nfailure_threshold = 3")?;
    /// assert_eq!(settings.policy("payment_api"), Some(Policy::consecutive_failures(3)));
    /// # Ok::<(), breaker_box::SettingsError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the text is not TOML, is larger than [`MAX_BYTES`](Self::MAX_BYTES),
    /// nests more than 16 levels deep, or has an invalid key or value. The error reports all
    /// problems with their lines.
    pub fn from_toml(text: &str) -> Result<Self, SettingsError> {
        Self::builder().toml(text).build()
    }

    /// Reads settings from JSON.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{Policy, Settings};
    ///
    /// let settings = Settings::from_json(r#"{ "circuits": { "payment_api": { "failure_threshold": 3 } } }"#)?;
    /// assert_eq!(settings.policy("payment_api"), Some(Policy::consecutive_failures(3)));
    /// # Ok::<(), breaker_box::SettingsError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same as for [`from_toml`](Self::from_toml).
    pub fn from_json(text: &str) -> Result<Self, SettingsError> {
        Self::builder().json(text).build()
    }

    /// Reads settings from YAML 1.2. The text must be a single document.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{Policy, Settings};
    ///
    /// let settings = Settings::from_yaml("circuits:\n  payment_api:\n    failure_threshold: 3\n")?;
    /// assert_eq!(settings.policy("payment_api"), Some(Policy::consecutive_failures(3)));
    /// # Ok::<(), breaker_box::SettingsError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same as for [`from_toml`](Self::from_toml).
    pub fn from_yaml(text: &str) -> Result<Self, SettingsError> {
        Self::builder().yaml(text).build()
    }

    /// Reads settings from a file whose extension is `toml`, `json`, `yaml` or `yml`.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{Settings, SettingsError};
    ///
    /// let missing = Settings::from_file("no/such/breaker.toml");
    /// assert!(matches!(missing, Err(SettingsError::Unreadable { .. })));
    /// ```
    ///
    /// # Errors
    ///
    /// The same as for [`from_toml`](Self::from_toml). Also returns an error if the file cannot be
    /// read or has another extension.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, SettingsError> {
        Self::builder().file(path).build()
    }

    /// Returns a builder for settings from several sources.
    pub fn builder() -> SettingsBuilder {
        SettingsBuilder::default()
    }

    /// Merges the environment variables that start with `prefix` into these settings; see
    /// [`SettingsBuilder::environment`].
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{Policy, Settings};
    ///
    /// // No such variable is set here, so nothing changes.
    /// let settings = Settings::from_toml("[circuits.payment_api]")?.merge_environment("UNUSED_PREFIX_")?;
    /// assert_eq!(settings.policy("payment_api"), Some(Policy::new()));
    /// # Ok::<(), breaker_box::SettingsError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if a variable names an unknown option or has an invalid value.
    pub fn merge_environment(self, prefix: &str) -> Result<Self, SettingsError> {
        SettingsBuilder::resume(self.sources, self.text_limits).environment(prefix).build()
    }
}

/// # Building
impl SettingsBuilder {
    /// Validates all sources and builds the settings.
    ///
    /// # Errors
    ///
    /// Returns an error if a source cannot be read, or if a key or value is invalid. The error
    /// reports all problems, each with its place.
    pub fn build(self) -> Result<Settings, SettingsError> {
        let (sources, text_limits) = self.into_sources()?;
        let mut problems = Problems::default();
        let tables = sections::read(&sources, text_limits, &mut problems);
        let Resolved { default_policy, circuits, families } = resolve(tables, &mut problems);
        SettingsError::check(problems)?;
        Ok(Settings { sources, text_limits, default_policy, circuits, families: Arc::new(Families::new(families)) })
    }
}

impl<'de> Deserialize<'de> for Settings {
    /// Deserializes settings as part of a larger configuration in any self-describing format.
    /// Errors name the key but no line.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut sources = Sources::default();
        sources.add("".into(), read_table(deserializer)?);
        SettingsBuilder::resume(sources, TextLimits::new()).build().map_err(D::Error::custom)
    }
}

/// # Contents
impl Settings {
    /// Returns the policy of `[defaults]`, if that table exists.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{Policy, Settings};
    ///
    /// let settings = Settings::from_toml("[defaults]\nfailure_threshold = 3")?;
    /// assert_eq!(settings.default_policy(), Some(Policy::consecutive_failures(3)));
    /// assert_eq!(Settings::from_toml("")?.default_policy(), None);
    /// # Ok::<(), breaker_box::SettingsError>(())
    /// ```
    #[must_use]
    pub const fn default_policy(&self) -> Option<Policy> {
        self.default_policy
    }

    /// Returns the policy of a circuit, with everything it inherits: that of its own table, or else
    /// that of its family. `None` if the settings say nothing about the circuit.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{Policy, Settings};
    ///
    /// let settings = Settings::from_toml("[defaults]\nfailure_threshold = 3\n[circuits.payment_api]")?;
    /// assert_eq!(settings.policy("payment_api"), Some(Policy::consecutive_failures(3)));
    /// assert_eq!(settings.policy("ledger"), None);
    /// # Ok::<(), breaker_box::SettingsError>(())
    /// ```
    #[must_use]
    pub fn policy(&self, key: impl AsKey) -> Option<Policy> {
        let key = key.as_key();
        let of_family = || self.families.ranked().get(self.families.find(key)?).map(FamilySettings::policy);
        self.circuits.get(&key.to_key()).map(CircuitSettings::policy).or_else(of_family)
    }

    /// Returns the families. Of two families that a circuit belongs to, the earlier one wins.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{Policy, Settings};
    ///
    /// let text = "[circuits.\"tenant:*\"]\n[circuits.\"tenant:eu:*\"]\nfailure_threshold = 3";
    /// let settings = Settings::from_toml(text)?;
    /// let names: Vec<_> = settings.families().map(|family| family.identifier()).collect();
    /// assert_eq!(names, ["tenant:eu:*", "tenant:*"]);
    /// assert_eq!(settings.policy("tenant:eu:7"), Some(Policy::consecutive_failures(3)));
    /// # Ok::<(), breaker_box::SettingsError>(())
    /// ```
    pub fn families(&self) -> impl Iterator<Item = &FamilySettings> {
        self.families.ranked().iter()
    }

    pub(crate) const fn shared_families(&self) -> &Arc<Families> {
        &self.families
    }

    /// Returns the circuits with a table of their own, sorted by key.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::Settings;
    ///
    /// let settings = Settings::from_toml("[circuits.payment_api]\n[circuits.ledger]\nscope = \"books\"")?;
    /// let names: Vec<_> = settings.circuits().map(|circuit| circuit.key().to_string()).collect();
    /// assert_eq!(names, ["payment_api", "books/ledger"]);
    /// # Ok::<(), breaker_box::SettingsError>(())
    /// ```
    pub fn circuits(&self) -> impl Iterator<Item = &CircuitSettings> {
        self.circuits.values()
    }
}
