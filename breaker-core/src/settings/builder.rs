//! Settings from several sources, the later upon the earlier.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error as _};

use super::document::{Entries, Fault, Faults, Format, read_embedded, read_variables, too_large};
use super::error::{Place, SettingsError, SettingsProblem};
use super::inherit::{Resolved, resolve};
use super::layers::Layers;
use super::problems::Problems;
use super::{Settings, sections};
use crate::limits::TextLimits;

/// Settings in the making, from several sources; see [`Settings::builder`]. What a later source
/// names wins, option by option.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::{Policy, Settings};
///
/// let variables = [("BREAKER_CIRCUITS__PAYMENT_API__FAILURE_THRESHOLD".to_owned(), "3".to_owned())];
/// let settings = Settings::builder()
///     .toml("[circuits.payment_api]\nfailure_threshold = 10")
///     .json(r#"{ "circuits": { "payment_api": { "failure_threshold": 5 } } }"#)
///     .variables("BREAKER_", variables)
///     .build()?;
/// assert_eq!(settings.policy("payment_api"), Some(Policy::consecutive_failures(3)));
/// # Ok::<(), breaker_box::SettingsError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is checked before `build`"]
pub struct SettingsBuilder {
    layers: Layers,
    /// Texts that could not be read as what they should be.
    problems: Vec<SettingsProblem>,
    /// How many more there are of them.
    omitted: usize,
    /// The first file that could not be read at all.
    unreadable: Option<(PathBuf, Arc<io::Error>)>,
    text_limits: TextLimits,
}

/// # Sources
impl SettingsBuilder {
    /// A TOML text.
    pub fn toml(self, text: &str) -> Self {
        self.text(Format::Toml, text)
    }

    /// A JSON text.
    pub fn json(self, text: &str) -> Self {
        self.text(Format::Json, text)
    }

    /// A YAML text, of one document.
    pub fn yaml(self, text: &str) -> Self {
        self.text(Format::Yaml, text)
    }

    /// A file whose extension is `toml`, `json`, `yaml` or `yml`.
    pub fn file(mut self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let name = path.display().to_string();
        let Some(format) = Format::of(path) else {
            let message = "has no extension that says its format: name it `.toml`, `.json`, `.yaml` or `.yml`";
            return self.refused(&name, Faults::of_text(None, message));
        };
        match read_file(path) {
            Ok(Some(text)) => self.read(format, &name, &text),
            Ok(None) => self.refused(&name, Faults::of_text(None, too_large())),
            Err(error) => {
                self.unreadable.get_or_insert((path.to_owned(), Arc::new(error)));
                self
            }
        }
    }

    /// The environment variables that begin with `prefix`, levels divided by `__`: with the prefix
    /// `BREAKER_`, `BREAKER_CIRCUITS__PAYMENT_API__EXPIRY=10s` is the `expiry` of
    /// `[circuits.payment_api]`.
    ///
    /// A name that an earlier source gives is found whatever its case, and with `_` for what a
    /// variable's name cannot hold (`payment-api`, `Payment.API`); others are taken in lower case.
    /// So the environment comes last. Values are written without quotes. A variable without `__`
    /// behind the prefix is none of ours and passed over.
    pub fn environment(self, prefix: &str) -> Self {
        // One that is no Unicode cannot be an option's name or value.
        let unicode = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        self.variables(prefix, std::env::vars_os().filter_map(unicode))
    }

    /// As [`environment`](Self::environment), with variables from somewhere else: a `.env` file, a
    /// test.
    pub fn variables(mut self, prefix: &str, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let entries = read_variables(prefix, variables, self.layers.merged(), self.layers.len());
        self.layers.add("environment", entries);
        self
    }

    /// How long names may be, and how much metadata a circuit may have: what the registry takes
    /// that the settings are for (see
    /// [`RegistryBuilder::text_limits`](crate::RegistryBuilder::text_limits)). [`TextLimits::new`]
    /// by default.
    ///
    /// ```
    /// # extern crate breaker_core as breaker_box;
    /// use breaker_box::{Settings, TextLimits};
    ///
    /// let limits = TextLimits::new().name_bytes(8);
    /// let error = Settings::builder().text_limits(limits).toml("[circuits.payment_api]").build().unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "TOML text:1: `circuits.payment_api` is a name of 11 bytes: write one of at most 8"
    /// );
    /// ```
    pub const fn text_limits(mut self, limits: TextLimits) -> Self {
        self.text_limits = limits;
        self
    }

    fn text(self, format: Format, text: &str) -> Self {
        let name = match self.layers.len() {
            0 => format.text_name().to_owned(),
            before => format!("{} (source {})", format.text_name(), before + 1),
        };
        self.read(format, &name, text)
    }

    fn read(mut self, format: Format, name: &str, text: &str) -> Self {
        match format.read(text, self.layers.len()) {
            Ok(entries) => {
                self.layers.add(name, entries);
                self
            }
            Err(faults) => self.refused(name, faults),
        }
    }

    fn refused(mut self, name: &str, faults: Faults) -> Self {
        let source = self.layers.len();
        self.omitted += faults.omitted;
        self.problems.extend(faults.kept.into_iter().map(|Fault { key, line, message }| {
            let place = Place { source, key, origin: name.into(), line };
            SettingsProblem::new(place, message)
        }));
        // A number of its own, so that errors stay in the order of the sources.
        self.layers.add(name, Entries::new());
        self
    }
}

/// The text of a file; nothing for one that is too large, which may be one without an end.
fn read_file(path: &Path) -> io::Result<Option<String>> {
    let limit = u64::try_from(Settings::MAX_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() > Settings::MAX_BYTES {
        return Ok(None);
    }
    String::from_utf8(bytes).map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
}

/// # Building
impl SettingsBuilder {
    /// The settings that all sources make together.
    ///
    /// # Errors
    ///
    /// If a source cannot be read, or a key or value is invalid: all that is wrong, each with its
    /// place.
    pub fn build(self) -> Result<Settings, SettingsError> {
        if let Some((path, error)) = self.unreadable {
            // Shared with nobody but a clone of the builder, which keeps it.
            let error =
                Arc::try_unwrap(error).unwrap_or_else(|shared| io::Error::new(shared.kind(), shared.to_string()));
            return Err(SettingsError::Unreadable { path, error });
        }
        let mut problems = Problems::default();
        problems.extend(self.problems);
        problems.omit(self.omitted);
        // What a text that cannot be read would have said is unknown, and so would be any further
        // mistake.
        problems.into_error()?;
        let mut problems = Problems::default();
        let sections = sections::read(&self.layers, self.text_limits, &mut problems);
        let Resolved { default_policy, circuits } = resolve(sections, &mut problems);
        problems.into_error()?;
        let builder = Self { layers: self.layers, text_limits: self.text_limits, ..Self::default() };
        Ok(Settings { builder, default_policy, circuits })
    }
}

impl<'de> Deserialize<'de> for Settings {
    /// As a part of a larger configuration, read by whatever reads that; errors then name the key,
    /// but no line.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut builder = SettingsBuilder::default();
        builder.layers.add("", read_embedded(deserializer)?);
        builder.build().map_err(D::Error::custom)
    }
}
