//! Policies and circuits from files and environment variables.
//!
//! A builder collects the `sources`: texts are read with their line numbers (`format`), variables
//! by their names (`environment`), and all are merged. Then the tables are read (`sections`), and
//! each circuit's policy is built from what it inherits (`inherit`). All of that is linear in the
//! size of the texts, and recurses at most sixteen levels deep.

mod builder;
mod circuit;
mod environment;
mod error;
mod format;
mod inherit;
mod recorder;
mod sections;
mod sources;

use std::collections::BTreeMap;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, Error as _};

pub use builder::SettingsBuilder;
pub use circuit::CircuitSettings;
pub use error::SettingsError;
use inherit::{Resolved, resolve};
use sources::Sources;

use crate::key::{AsKey, Key};
use crate::limits::TextLimits;
use crate::options::problem::Problems;
use crate::options::value::read_table;
use crate::policy::Policy;

/// Policies and circuits from TOML, JSON, YAML and environment variables, checked as a whole.
///
/// [`Registry::apply`](crate::Registry::apply) applies them to a registry, again after each
/// change. The circuits keep their states.
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
/// | `circuits.NAME` | one circuit |
///
/// # Options of a policy
///
/// They are the options of the attribute. Durations are strings such as `"250ms"`, `"30s"`, `"5m"`,
/// `"1h"`, `"1h 30m"` or `"forever"`.
///
/// | option | value |
/// |---|---|
/// | `failure_threshold` | failures in a row that open: 1 to 10,000,000 |
/// | `failures` and `within` | failures within a duration that open |
/// | `failure_rate` and `window` | the failure rate that opens: above 0, at most 1 |
/// | `slow_call_rate`, `slow_call` and `window` | the rate of calls slower than a duration that opens |
/// | `window` | the window that a rate is computed over: a number of calls, or a duration |
/// | `minimum_calls` | with fewer calls, no rate is judged |
/// | `debounce` | failures closer together than this duration count once |
/// | `expiry` | how long the circuit stays open |
/// | `backoff_factor` and `max_expiry` | the factor by which each further opening is longer, and the longest; the first lasts `expiry` |
/// | `jitter` | the fraction by which an open period varies: 0 to 1 |
/// | `half_open_max_calls`, `success_threshold`, `half_open_failure_threshold` | concurrent probes, successes that close, failures that open again |
/// | `half_open_timeout` | the longest that a probe may take; then it counts as failed |
/// | `fail_slower_than` | a success that took longer counts as a failure |
/// | `max_trip` | the longest time that a trip (`Retry-After`) may ask for |
/// | `close_on_expiry` | `true`: no half-open |
/// | `on_cancel` | `"ignore"` or `"failure"` |
///
/// A circuit may also have `template`, `scope`, `kind`, `metadata` (a table of strings), and
/// `identifier` if that is not the name of its table. A template may have a `template`.
///
/// # Inheritance
///
/// A circuit inherits from its template, and that from the defaults. The nearer value wins, option
/// by option. Only the conditions form a group: a table with one of them (`failure_threshold`,
/// `failures`, `failure_rate`, `slow_call_rate`) inherits none of them. The partners of a condition
/// (`within`, `slow_call`, `window`, `minimum_calls`) can still be inherited, or be changed alone.
/// A circuit that has only an `expiry` of its own keeps the back-off that it inherits, which then
/// begins with that expiry; `backoff_factor = 1` turns it off. A template may lack a partner that
/// its circuits have.
///
/// # Several sources
///
/// [`builder`](Self::builder) takes several sources. A later one wins, option by option.
/// Between sources, conditions are not a group: an environment variable that changes `failures`
/// keeps the `within` of the file.
///
/// # Limits
///
/// Any text is either read or rejected; none panics or exhausts the memory. A text may have at most
/// 64 MiB ([`MAX_BYTES`](Self::MAX_BYTES)) and 16 nested levels, of which settings need four. The
/// aliases of YAML may expand to at most 256 MiB. Time and memory are linear in the size of the
/// text: reading a circuit takes two or three kilobytes. An error keeps the first 100 problems, and
/// prints 20.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Kept for the environment, which may be merged later.
    sources: Sources,
    text_limits: TextLimits,
    default_policy: Option<Policy>,
    circuits: BTreeMap<Key, CircuitSettings>,
}

/// # Reading
impl Settings {
    /// The size of the longest text or file that is read: 64 MiB, enough for half a million
    /// circuits. Each of several files may be that long.
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
    /// If the text is not TOML, is larger than [`MAX_BYTES`](Self::MAX_BYTES), nests more than 16
    /// levels, or has an invalid key or value. All problems are reported, with their lines.
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
    /// As [`from_toml`](Self::from_toml).
    pub fn from_json(text: &str) -> Result<Self, SettingsError> {
        Self::builder().json(text).build()
    }

    /// Reads settings from YAML 1.2: one document.
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
    /// As [`from_toml`](Self::from_toml).
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
    /// As [`from_toml`](Self::from_toml), and if the file cannot be read or has another extension.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, SettingsError> {
        Self::builder().file(path).build()
    }

    /// Begins settings from several sources.
    pub fn builder() -> SettingsBuilder {
        SettingsBuilder::default()
    }

    /// Merges the environment variables that begin with `prefix` into these settings; see
    /// [`SettingsBuilder::environment`].
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{Policy, Settings};
    ///
    /// // Nothing of that name is set here, so nothing changes.
    /// let settings = Settings::from_toml("[circuits.payment_api]")?.merge_environment("UNUSED_PREFIX_")?;
    /// assert_eq!(settings.policy("payment_api"), Some(Policy::new()));
    /// # Ok::<(), breaker_box::SettingsError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If a variable names an unknown option, or has an invalid value.
    pub fn merge_environment(self, prefix: &str) -> Result<Self, SettingsError> {
        SettingsBuilder::resume(self.sources, self.text_limits).environment(prefix).build()
    }
}

/// # Building
impl SettingsBuilder {
    /// Checks all sources, and builds the settings.
    ///
    /// # Errors
    ///
    /// If a source cannot be read, or a key or value is invalid. All problems are reported, each
    /// with its place.
    pub fn build(self) -> Result<Settings, SettingsError> {
        let (sources, text_limits) = self.into_sources()?;
        let mut problems = Problems::default();
        let tables = sections::read(&sources, text_limits, &mut problems);
        let Resolved { default_policy, circuits } = resolve(tables, &mut problems);
        SettingsError::check(problems)?;
        Ok(Settings { sources, text_limits, default_policy, circuits })
    }
}

impl<'de> Deserialize<'de> for Settings {
    /// Reads settings as a part of a larger configuration in any self-describing format. Errors
    /// name the key, but no line.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut sources = Sources::default();
        sources.add("".into(), read_table(deserializer)?);
        SettingsBuilder::resume(sources, TextLimits::new()).build().map_err(D::Error::custom)
    }
}

/// # Contents
impl Settings {
    /// The policy of `[defaults]`, if that table exists.
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

    /// The policy of a circuit, with all that it inherits; `None` for a circuit without a table.
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
        self.circuits.get(&key.as_key().to_key()).map(CircuitSettings::policy)
    }

    /// The circuits, sorted by key.
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
