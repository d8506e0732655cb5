//! Reading the value of one option. An error is a sentence whose subject is the key; it ends with
//! what to write instead.

use std::time::Duration;

use humantime::DurationError;

use super::duration::parse_duration;
use super::nearest::nearest;
use super::text::{quoted, shortened};
use super::value::{Location, Node, Value};
use crate::policy::{Cancellation, Policy, Window};
#[cfg(feature = "settings")]
use crate::state::Mode;

/// A value as it was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raw<'a> {
    pub(crate) value: &'a Value,
    /// Whether it is from an environment variable, where numbers and flags are strings.
    pub(crate) is_variable: bool,
    /// A valid value of the option.
    pub(crate) example: &'static str,
}

impl<'a> Raw<'a> {
    pub(crate) fn new(node: &'a Node, example: &'static str) -> Self {
        Self { value: &node.value, is_variable: matches!(node.location, Location::Variable { .. }), example }
    }
}

enum Number {
    Whole(i128),
    Fraction(f64),
}

/// 1 to [`Policy::MAX_COUNT`].
pub(crate) fn count(raw: Raw<'_>) -> Result<u32, String> {
    match raw.number() {
        Some(Number::Whole(number)) => match u32::try_from(number) {
            Ok(count) if (1..=Policy::MAX_COUNT).contains(&count) => Ok(count),
            _ => Err(raw.wrong(&format!("must be between 1 and 10,000,000, not {number}"))),
        },
        _ => Err(raw.takes("a whole number")),
    }
}

/// A fraction above 0 and at most 1.
pub(crate) fn rate(raw: Raw<'_>) -> Result<f64, String> {
    raw.fraction("must be above 0 and at most 1", |value| value > 0.0 && value <= 1.0)
}

/// A fraction from 0 to 1, inclusive.
pub(crate) fn jitter(raw: Raw<'_>) -> Result<f64, String> {
    raw.fraction("must be between 0 and 1", |value| (0.0..=1.0).contains(&value))
}

/// The factor by which each further open period is longer.
pub(crate) fn factor(raw: Raw<'_>) -> Result<f64, String> {
    raw.fraction("must be at least 1", |value| value >= 1.0 && value.is_finite())
}

/// A duration, which may be zero.
pub(crate) fn duration(raw: Raw<'_>) -> Result<Duration, String> {
    let Value::Text(text) = raw.value else { return Err(raw.takes("a duration")) };
    parse_duration(text).map_err(|error| match error {
        DurationError::NumberOverflow => {
            raw.wrong(&format!("takes a duration, and {} is too long or finer than a nanosecond", quoted(text)))
        }
        DurationError::UnknownUnit { unit, .. } if !unit.is_empty() => {
            raw.wrong(&format!("takes a duration, and {} has the unknown unit `{}`", quoted(text), shortened(&unit)))
        }
        DurationError::UnknownUnit { value, .. } => {
            format!("takes a duration, and {} has no unit: write {}", quoted(text), raw.quoted(&format!("{value}s")))
        }
        _ => raw.takes("a duration"),
    })
}

/// A duration above zero.
pub(crate) fn period(raw: Raw<'_>) -> Result<Duration, String> {
    let period = duration(raw)?;
    if period.is_zero() { Err(raw.wrong("must be longer than zero")) } else { Ok(period) }
}

/// A number of calls, or a duration.
pub(crate) fn window(raw: Raw<'_>) -> Result<Window, String> {
    match (raw.number(), raw.value) {
        (Some(_), _) => count(raw).map(Window::calls),
        (None, Value::Text(_)) => period(raw).map(Window::time),
        _ => Err(raw.takes("a number of calls or a duration")),
    }
}

/// A flag.
pub(crate) fn flag(raw: Raw<'_>) -> Result<bool, String> {
    match raw.value {
        Value::Flag(flag) => Ok(*flag),
        Value::Text(text) if raw.is_variable => text.parse().map_err(|_| raw.takes("`true` or `false`")),
        _ => Err(raw.takes("`true` or `false`")),
    }
}

/// What a cancelled call counts as.
pub(crate) fn cancellation(raw: Raw<'_>) -> Result<Cancellation, String> {
    let Value::Text(text) = raw.value else { return Err(raw.takes(CANCELLATIONS)) };
    text.parse().map_err(|_| match nearest(text, ["failure", "slow", "ignore"]) {
        Some(meant) => format!("takes {CANCELLATIONS}; did you mean `{meant}`?"),
        None => raw.takes(CANCELLATIONS),
    })
}

const CANCELLATIONS: &str = "`failure`, `slow` or `ignore`";

/// The state in which a circuit begins.
#[cfg(feature = "settings")]
pub(crate) fn mode(raw: Raw<'_>) -> Result<Mode, String> {
    let Value::Text(text) = raw.value else { return Err(raw.takes(MODES)) };
    let name = |mode: &Mode| mode.state().as_str();
    Mode::ALL.into_iter().find(|mode| name(mode) == text).ok_or_else(|| {
        match nearest(text, Mode::ALL.iter().map(name)) {
            Some(meant) => format!("takes {MODES}; did you mean `{meant}`?"),
            None => raw.takes(MODES),
        }
    })
}

#[cfg(feature = "settings")]
const MODES: &str = "`metrics_only`, `disabled`, `forced_open` or `closed`";

/// A text that is not empty.
pub(crate) fn name(raw: Raw<'_>) -> Result<String, String> {
    match raw.value {
        Value::Text(text) if text.is_empty() => Err("must not be empty: write a name, or remove it".to_owned()),
        Value::Text(text) => Ok(text.clone()),
        _ => Err(raw.takes("a string")),
    }
}

/// Any text.
pub(crate) fn text(raw: Raw<'_>) -> Result<String, String> {
    match raw.value {
        Value::Text(text) => Ok(text.clone()),
        Value::Whole(_) | Value::Fraction(_) | Value::Flag(_) => {
            let shown = raw.shown();
            Err(format!("takes a string, not {shown}: write {}", raw.quoted(&shown)))
        }
        _ => Err(raw.takes("a string")),
    }
}

impl Raw<'_> {
    fn number(&self) -> Option<Number> {
        match self.value {
            Value::Whole(number) => Some(Number::Whole(*number)),
            Value::Fraction(number) => Some(Number::Fraction(*number)),
            Value::Text(text) if self.is_variable => {
                let whole = text.parse().ok().map(Number::Whole);
                whole.or_else(|| text.parse().ok().map(Number::Fraction))
            }
            _ => None,
        }
    }

    fn fraction(&self, rule: &str, allowed: impl Fn(f64) -> bool) -> Result<f64, String> {
        let value = match self.number() {
            Some(Number::Fraction(value)) => value,
            // Whole numbers that no `i32` holds are out of every range.
            Some(Number::Whole(value)) => i32::try_from(value).map_or(f64::INFINITY, f64::from),
            None => return Err(self.takes("a number")),
        };
        if allowed(value) {
            return Ok(value);
        }
        let shown = self.shown();
        let percent = rule.ends_with('1') && !rule.contains("least") && (2.0..=100.0).contains(&value);
        Err(if percent {
            format!("{rule}, not {shown}: for {shown} % write `{}`", value / 100.0)
        } else {
            self.wrong(&format!("{rule}, not {shown}"))
        })
    }

    pub(crate) fn takes(&self, kind: &str) -> String {
        let shown = self.shown();
        match self.value {
            // A number in quotes is shown without them.
            Value::Text(text) if kind.ends_with("number") && text.parse::<f64>().is_ok() => {
                format!("takes {kind}, not the string {shown}: write `{}`", shortened(text))
            }
            _ => self.wrong(&format!("takes {kind}, not {shown}")),
        }
    }

    fn wrong(&self, what: &str) -> String {
        let example = self.example;
        // Variables have no quotes.
        let example = if self.is_variable { example.trim_matches('"') } else { example };
        format!("{what}: write `{example}`")
    }

    fn quoted(&self, text: &str) -> String {
        if self.is_variable { format!("`{text}`") } else { format!("`{text:?}`") }
    }

    fn shown(&self) -> String {
        match self.value {
            Value::Text(text) => quoted(text),
            Value::Flag(flag) => flag.to_string(),
            Value::Whole(number) => number.to_string(),
            Value::Fraction(number) => number.to_string(),
            Value::Nothing => "nothing".to_owned(),
            Value::Table(_) => "a table".to_owned(),
            Value::List => "a list".to_owned(),
        }
    }
}
