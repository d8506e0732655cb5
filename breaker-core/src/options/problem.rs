//! A problem in settings, and the collection of many of them.

use std::fmt;
use std::sync::Arc;

use super::text::grouped;
use crate::key::Escaped;

/// A problem in settings: the key, the place, and what to write instead.
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
    /// Creates a problem at `place`. The message is a sentence whose subject is the key.
    pub(crate) const fn new(place: Place, message: String) -> Self {
        Self { place, message }
    }

    fn order(&self) -> impl Ord + '_ {
        let Place { source, key, line, .. } = &self.place;
        (*source, *line, key)
    }

    /// Returns the dotted key, such as `circuits.payment_api.expiry`. Empty if the whole text
    /// cannot be read.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.place.key
    }

    /// Returns where the value came from: the path of a file, `TOML text`, or an environment
    /// variable.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.place.origin
    }

    /// Returns the line in the text, from 1; `None` for an environment variable.
    #[must_use]
    pub const fn line(&self) -> Option<usize> {
        self.place.line
    }

    /// Returns what is wrong, and what to write instead.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for SettingsProblem {
    /// Writes one line with the place, the key and the message, with control characters escaped.
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

/// The key of a value, and where the value was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// The number of the source, in the order in which they were added.
    pub(crate) source: usize,
    pub(crate) key: String,
    pub(crate) origin: Arc<str>,
    pub(crate) line: Option<usize>,
}

impl Place {
    /// A value that was found in no file.
    pub(crate) fn of_key(key: String) -> Self {
        Self { key, ..Self::default() }
    }
}

/// Problems as they are found. The first [`MAX_KEPT`] by place are kept, the others counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problems {
    kept: Vec<SettingsProblem>,
    omitted: usize,
}

impl Problems {
    pub(crate) fn push(&mut self, problem: SettingsProblem) {
        self.kept.push(problem);
        // Only occasionally, so that each of many problems costs little.
        if self.kept.len() >= 2 * MAX_KEPT {
            self.keep_first();
        }
    }

    pub(crate) fn extend(&mut self, problems: impl IntoIterator<Item = SettingsProblem>) {
        problems.into_iter().for_each(|problem| self.push(problem));
    }

    /// Adds what was found elsewhere.
    pub(crate) fn append(&mut self, other: Self) {
        self.extend(other.kept);
        self.omitted += other.omitted;
    }

    /// How many were found.
    pub(crate) fn len(&self) -> usize {
        self.kept.len() + self.omitted
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether there are so many that looking for more is pointless.
    pub(crate) fn are_enough(&self) -> bool {
        self.len() >= MAX_SOUGHT
    }

    /// The problems that are kept, sorted, and how many more there are.
    pub(crate) fn into_parts(mut self) -> (Vec<SettingsProblem>, usize) {
        self.keep_first();
        (self.kept, self.omitted)
    }

    fn keep_first(&mut self) {
        self.kept.sort_by(|a, b| a.order().cmp(&b.order()));
        self.kept.dedup();
        self.omitted += self.kept.len().saturating_sub(MAX_KEPT);
        self.kept.truncate(MAX_KEPT);
    }
}

/// How many problems an error keeps.
const MAX_KEPT: usize = 100;

/// How many problems are looked for, because each costs a search for the intended name.
const MAX_SOUGHT: usize = 10_000;

/// Prints the first problems, and how many more there are.
pub(crate) struct Summary<'a> {
    pub(crate) problems: &'a [SettingsProblem],
    pub(crate) omitted: usize,
    pub(crate) separator: &'static str,
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { problems, omitted, separator } = self;
        for (position, problem) in problems.iter().take(MAX_PRINTED).enumerate() {
            let before = if position == 0 { "" } else { separator };
            write!(f, "{before}{problem}")?;
        }
        match omitted + problems.len().saturating_sub(MAX_PRINTED) {
            0 => Ok(()),
            1 => write!(f, "{separator}and one more problem"),
            more => write!(f, "{separator}and {} more problems", grouped(more)),
        }
    }
}

/// How many problems an error displays: as many as fit on a screen or in a log line.
const MAX_PRINTED: usize = 20;
