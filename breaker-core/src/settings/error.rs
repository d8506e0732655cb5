//! Errors of reading settings. All problems are reported at once.

use std::io;
use std::path::PathBuf;

use crate::options::problem::{Problems, SettingsProblem, Summary};

/// Why settings could not be read: a file that cannot be opened, or all problems in the sources.
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
///     "TOML text:3: `circuits.payment_api.expirey` is not an option; did you mean `expiry`?\n\
///      TOML text:4: `circuits.payment_api.failure_rate` must be above 0 and at most 1, not 50: for 50 % write `0.5`"
/// );
/// assert_eq!(error.problems()[0].key(), "circuits.payment_api.expirey");
/// assert_eq!(error.problems()[0].line(), Some(3));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A file cannot be read.
    #[error("{} cannot be read: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The underlying error.
        error: io::Error,
    },
    /// The sources are invalid. Displays one problem per line, up to twenty.
    #[error("{}", Summary { problems, omitted: *omitted, separator: "\n" })]
    Invalid {
        /// The problems, sorted by source and line; 1 to 100 of them.
        problems: Vec<SettingsProblem>,
        /// How many more problems were found. The search stops at about 10,000.
        omitted: usize,
    },
}

impl SettingsError {
    /// Returns an error with these problems, if there are any.
    pub(super) fn check(problems: Problems) -> Result<(), Self> {
        if problems.is_empty() {
            return Ok(());
        }
        let (problems, omitted) = problems.into_parts();
        Err(Self::Invalid { problems, omitted })
    }

    /// Returns the problems, up to 100; empty if a file could not be read at all.
    #[must_use]
    pub fn problems(&self) -> &[SettingsProblem] {
        match self {
            Self::Unreadable { .. } => &[],
            Self::Invalid { problems, .. } => problems,
        }
    }
}
