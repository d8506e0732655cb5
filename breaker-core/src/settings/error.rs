//! What is wrong with settings, and where. All problems are told at once.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::shown::grouped;
use crate::key::Escaped;

/// Why settings could not be made.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::Settings;
///
/// let error = Settings::from_toml(
///     r#"
///     [circuits.payment_api]
///     expirey = "10s"
///     failure_rate = 50
///     window = 100
///     "#,
/// )
/// .unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "TOML text:3: `circuits.payment_api.expirey` is no option; did you mean `expiry`?\n\
///      TOML text:4: `circuits.payment_api.failure_rate` must be above 0 and at most 1, not 50: for 50 % write `0.5`"
/// );
/// assert_eq!(error.problems()[0].key(), "circuits.payment_api.expirey");
/// assert_eq!(error.problems()[0].line(), Some(3));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A file that cannot be read.
    #[error("{} cannot be read: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why it cannot.
        error: io::Error,
    },
    /// Texts that say something wrong. It prints one problem a line, the first twenty of them.
    #[error("{}", Lines { problems, omitted: *omitted })]
    Invalid {
        /// What is wrong, in the order of the sources and their lines; at least one, at most 100.
        problems: Vec<SettingsProblem>,
        /// How many more there are. After 10,000 problems nobody looks for others.
        omitted: usize,
    },
}

impl SettingsError {
    /// What is wrong, the first 100 problems; empty where a file could not be read at all.
    #[must_use]
    pub fn problems(&self) -> &[SettingsProblem] {
        match self {
            Self::Unreadable { .. } => &[],
            Self::Invalid { problems, .. } => problems,
        }
    }
}

struct Lines<'a> {
    problems: &'a [SettingsProblem],
    omitted: usize,
}

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.problems.iter().take(SHOWN).enumerate() {
            let before = if position == 0 { "" } else { "\n" };
            write!(f, "{before}{problem}")?;
        }
        match self.omitted + self.problems.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            1 => write!(f, "\nand one more problem"),
            more => write!(f, "\nand {} more problems", grouped(more)),
        }
    }
}

/// How many problems an error prints: as many as fit on a screen, and into a line of a log.
const SHOWN: usize = 20;

/// One thing that is wrong: the key, the place, and what to write.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use breaker_box::Settings;
///
/// let error = Settings::from_json(r#"{ "defaults": { "expiry": 30 } }"#).unwrap_err();
/// let problem = &error.problems()[0];
/// assert_eq!((problem.key(), problem.origin(), problem.line()), ("defaults.expiry", "JSON text", Some(1)));
/// assert_eq!(problem.message(), "takes a duration, not 30: write `\"30s\"`");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsProblem {
    place: Place,
    message: String,
}

impl SettingsProblem {
    /// What is wrong at `place`; a sentence whose subject is the key.
    pub(super) const fn new(place: Place, message: String) -> Self {
        Self { place, message }
    }

    pub(super) fn order(&self) -> impl Ord + '_ {
        let Place { source, key, line, .. } = &self.place;
        (*source, *line, key)
    }

    /// The key, dotted: `circuits.payment_api.expiry`. Empty where the text as such cannot be read.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.place.key
    }

    /// Where the value came from: a file's path, `TOML text`, or an environment variable.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.place.origin
    }

    /// The line in the text, from 1; none for an environment variable.
    #[must_use]
    pub const fn line(&self) -> Option<usize> {
        self.place.line
    }

    /// What is wrong, and what to write.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for SettingsProblem {
    /// One line: place, key, message; control characters escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { key, origin, line, .. } = &self.place;
        match line {
            Some(line) => write!(f, "{}:{line}: ", Escaped(origin))?,
            None if origin.is_empty() => {}
            None => write!(f, "{}: ", Escaped(origin))?,
        }
        if !key.is_empty() {
            write!(f, "`{}` ", Escaped(key))?;
        }
        write!(f, "{}", Escaped(&self.message))
    }
}

/// Where a value stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The number of the source, in the order they were added.
    pub(super) source: usize,
    pub(super) key: String,
    pub(super) origin: Arc<str>,
    pub(super) line: Option<usize>,
}
