//! Settings from several sources, the later upon the earlier.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use figment::value::Dict;
use serde::de::{Deserialize, Deserializer, Error as _};

use super::document::{Document, Fault, Format, read_variables};
use super::error::{Place, SettingsError, SettingsProblem};
use super::inherit::{Resolved, resolve};
use super::layers::{ENVIRONMENT, Layers, dotted};
use super::{Settings, sections};

/// Settings in the making, from several sources; see [`Settings::builder`]. What a later source names wins, option by option.
///
/// ```
/// use breaker_core::{Policy, Settings};
///
/// let variables = [("BREAKER_CIRCUITS__PAYMENT_API__FAILURE_THRESHOLD".to_owned(), "3".to_owned())];
/// let settings = Settings::builder()
///     .toml("[circuits.payment_api]\nfailure_threshold = 10")
///     .json(r#"{ "circuits": { "payment_api": { "failure_threshold": 5 } } }"#)
///     .variables("BREAKER_", variables)
///     .build()?;
/// assert_eq!(settings.policy("payment_api"), Some(Policy::consecutive_failures(3)));
/// # Ok::<(), breaker_core::SettingsError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "nothing is checked before `build`"]
pub struct SettingsBuilder {
    layers: Layers,
    /// Texts that could not be read as what they should be.
    problems: Vec<SettingsProblem>,
    /// The first file that could not be read at all.
    unreadable: Option<(PathBuf, Arc<io::Error>)>,
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
            let fault = Fault { steps: Vec::new(), line: None, message: message.to_owned() };
            self.refuse(&name, vec![fault]);
            return self;
        };
        match fs::read_to_string(path) {
            Ok(text) => self.read(format, name, &text),
            Err(error) => {
                self.unreadable.get_or_insert((path.to_owned(), Arc::new(error)));
                self
            }
        }
    }

    /// The environment variables that begin with `prefix`, levels divided by `__`: with the prefix `BREAKER_`,
    /// `BREAKER_CIRCUITS__PAYMENT_API__EXPIRY=10s` is the `expiry` of `[circuits.payment_api]`.
    ///
    /// A name that an earlier source gives is found whatever its case, and with `_` for what a variable's name cannot hold
    /// (`payment-api`, `Payment.API`); others are taken in lower case. So the environment comes last. Values are written without
    /// quotes. A variable without `__` behind the prefix is none of ours and passed over.
    pub fn environment(self, prefix: &str) -> Self {
        // One that is no Unicode cannot be an option's name or value.
        let unicode = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        self.variables(prefix, std::env::vars_os().filter_map(unicode))
    }

    /// As [`environment`](Self::environment), with variables from somewhere else: a `.env` file, a test.
    pub fn variables(mut self, prefix: &str, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let document = read_variables(prefix, variables, &self.layers.merged());
        self.layers.add(ENVIRONMENT.to_owned(), document);
        self
    }

    fn text(self, format: Format, text: &str) -> Self {
        let name = match self.layers.len() {
            0 => format.text_name().to_owned(),
            before => format!("{} (source {})", format.text_name(), before + 1),
        };
        self.read(format, name, text)
    }

    fn read(mut self, format: Format, name: String, text: &str) -> Self {
        match format.read(text) {
            Ok(document) => self.layers.add(name, document),
            Err(faults) => self.refuse(&name, faults),
        }
        self
    }

    fn refuse(&mut self, name: &str, faults: Vec<Fault>) {
        let source = self.layers.len();
        self.problems.extend(faults.into_iter().map(|Fault { steps, line, message }| {
            let place = Place { source, key: dotted(&steps), origin: name.to_owned(), line };
            SettingsProblem::new(place, message)
        }));
        // A number of its own, so that errors stay in the order of the sources.
        self.layers.add(name.to_owned(), Document::default());
    }
}

/// # Building
impl SettingsBuilder {
    /// The settings that all sources make together.
    ///
    /// # Errors
    ///
    /// If a source cannot be read, or a key or value cannot be meant: all that is wrong, each with its place.
    pub fn build(self) -> Result<Settings, SettingsError> {
        if let Some((path, error)) = self.unreadable {
            // Shared with nobody but a clone of the builder, which keeps it.
            let error =
                Arc::try_unwrap(error).unwrap_or_else(|shared| io::Error::new(shared.kind(), shared.to_string()));
            return Err(SettingsError::Unreadable { path, error });
        }
        // What a text that cannot be read would have said is unknown, and so would be any further mistake.
        if !self.problems.is_empty() {
            return Err(SettingsError::invalid(self.problems));
        }
        let mut problems = Vec::new();
        let sections = sections::read(&self.layers, &mut problems);
        let Resolved { default_policy, circuits } = resolve(sections, &mut problems);
        if problems.is_empty() {
            Ok(Settings { builder: self, default_policy, circuits })
        } else {
            Err(SettingsError::invalid(problems))
        }
    }
}

impl<'de> Deserialize<'de> for Settings {
    /// As a part of a larger configuration, read by whatever reads that; errors then name the key, but no line.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut builder = SettingsBuilder::default();
        let document = Document { table: Dict::deserialize(deserializer)?, ..Document::default() };
        builder.layers.add(String::new(), document);
        builder.build().map_err(D::Error::custom)
    }
}
