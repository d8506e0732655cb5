//! Collecting the sources of settings.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::environment;
use super::error::SettingsError;
use super::format::Format;
use super::recorder::{MAX_BYTES, Recorder, too_large};
use super::sources::Sources;
use crate::limits::TextLimits;
use crate::options::problem::Problems;
use crate::options::value::Entries;

/// Builds [`Settings`](crate::Settings) from several sources. A later source wins over an earlier
/// one, option by option.
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
    sources: Sources,
    /// The problems of texts that cannot be read at all.
    problems: Problems,
    /// The first file that could not be read.
    unreadable: Option<(PathBuf, Arc<io::Error>)>,
    text_limits: TextLimits,
}

/// # Sources
impl SettingsBuilder {
    /// Adds a TOML text.
    pub fn toml(self, text: &str) -> Self {
        self.text(Format::Toml, text)
    }

    /// Adds a JSON text.
    pub fn json(self, text: &str) -> Self {
        self.text(Format::Json, text)
    }

    /// Adds a YAML text, which must be a single document.
    pub fn yaml(self, text: &str) -> Self {
        self.text(Format::Yaml, text)
    }

    /// Adds a file whose extension is `toml`, `json`, `yaml` or `yml`. If it cannot be read,
    /// [`build`](Self::build) returns an error.
    pub fn file(mut self, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let name = path.display().to_string();
        let Some(format) = Format::of(path) else {
            let message = "has no extension that says its format: name it `.toml`, `.json`, `.yaml` or `.yml`";
            return self.rejected(&name, message.to_owned());
        };
        match read_file(path) {
            Ok(Some(text)) => self.read(format, &name, &text),
            Ok(None) => self.rejected(&name, too_large()),
            Err(error) => {
                self.unreadable.get_or_insert((path.to_owned(), Arc::new(error)));
                self
            }
        }
    }

    /// Adds the environment variables that start with `prefix`. Levels are separated by `__`: with
    /// the prefix `BREAKER_`, `BREAKER_CIRCUITS__PAYMENT_API__EXPIRY=10s` is the `expiry` of
    /// `[circuits.payment_api]`.
    ///
    /// Add the environment last, so that it can refer to names in earlier sources. Such a name is
    /// found regardless of case, and with `_` for characters that a variable's name cannot contain
    /// (`payment-api`, `Payment.API`). Other names are converted to lower case. Values are written
    /// without quotes. A variable without `__` after the prefix is ignored.
    ///
    /// A variable reaches a family through the name of its table. For `tenant:*`, call the table
    /// `tenants` and give it that identifier, in the file or with
    /// `BREAKER_CIRCUITS__TENANTS__IDENTIFIER=tenant:*`.
    pub fn environment(self, prefix: &str) -> Self {
        // A variable that is not Unicode cannot be an option's name or value.
        let unicode = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        self.variables(prefix, std::env::vars_os().filter_map(unicode))
    }

    /// Adds variables as [`environment`](Self::environment) does, but from another place, such as a
    /// `.env` file or a test.
    pub fn variables(mut self, prefix: &str, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let entries = environment::read(prefix, variables, self.sources.merged(), self.sources.len());
        self.sources.add("environment".into(), entries);
        self
    }

    /// Sets limits for the length of names and the metadata of a circuit. If the registry that the
    /// settings are for has its own limits, pass the same ones (see
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
        let name = match self.sources.len() {
            0 => format.text_name().to_owned(),
            before => format!("{} (source {})", format.text_name(), before + 1),
        };
        self.read(format, &name, text)
    }

    fn read(mut self, format: Format, name: &str, text: &str) -> Self {
        let name: Arc<str> = name.into();
        let (entries, problems) = format.read(text, self.sources.len(), Arc::clone(&name));
        let entries = if problems.is_empty() { entries } else { Entries::new() };
        self.problems.append(problems);
        // A rejected text is also a source, so that errors stay in the order of the sources.
        self.sources.add(name, entries);
        self
    }

    fn rejected(mut self, name: &str, message: String) -> Self {
        let name: Arc<str> = name.into();
        let mut recorder = Recorder::new(self.sources.len(), Arc::clone(&name));
        recorder.error(None, message);
        self.problems.append(recorder.into_problems());
        self.sources.add(name, Entries::new());
        self
    }
}

/// # For `Settings`
impl SettingsBuilder {
    /// A builder that continues with sources that were already read.
    pub(super) fn resume(sources: Sources, text_limits: TextLimits) -> Self {
        Self { sources, text_limits, ..Self::default() }
    }

    /// The sources and the limits, if every source could be read.
    pub(super) fn into_sources(self) -> Result<(Sources, TextLimits), SettingsError> {
        if let Some((path, error)) = self.unreadable {
            // Shared only with a clone of the builder, which keeps it.
            let error =
                Arc::try_unwrap(error).unwrap_or_else(|shared| io::Error::new(shared.kind(), shared.to_string()));
            return Err(SettingsError::Unreadable { path, error });
        }
        // The content of an unreadable text is unknown, so nothing else is checked.
        SettingsError::check(self.problems)?;
        Ok((self.sources, self.text_limits))
    }
}

/// Reads a file; `None` if it is too large. The file may be endless.
fn read_file(path: &Path) -> io::Result<Option<String>> {
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    File::open(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_BYTES {
        return Ok(None);
    }
    String::from_utf8(bytes).map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
}
