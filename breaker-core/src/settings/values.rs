//! Reading one value. What is wrong with it is said as a sentence whose subject is the key, and
//! ends in what to write.

use std::time::Duration;

use super::document::Value;
use super::nearest::nearest;
use super::shown::{quoted, shortened};
use crate::policy::{Cancellation, Policy, Window};

/// A value as it was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw<'a> {
    pub(super) value: &'a Value,
    /// From an environment variable: numbers and flags come as texts.
    pub(super) is_variable: bool,
    /// A right value for the option.
    pub(super) example: &'static str,
}

enum Number {
    Whole(i128),
    Fraction(f64),
}

/// 1 to [`Policy::MAX_COUNT`].
pub(super) fn count(raw: Raw<'_>) -> Result<u32, String> {
    match raw.number() {
        Some(Number::Whole(number)) => match u32::try_from(number) {
            Ok(count) if (1..=Policy::MAX_COUNT).contains(&count) => Ok(count),
            _ => Err(raw.wrong(&format!("must lie between 1 and 10,000,000, not {number}"))),
        },
        _ => Err(raw.takes("a whole number")),
    }
}

/// A share: above 0 and at most 1.
pub(super) fn rate(raw: Raw<'_>) -> Result<f64, String> {
    raw.fraction("must be above 0 and at most 1", |value| value > 0.0 && value <= 1.0)
}

/// A share of which none is a share as well.
pub(super) fn jitter(raw: Raw<'_>) -> Result<f64, String> {
    raw.fraction("must lie between 0 and 1", |value| (0.0..=1.0).contains(&value))
}

/// What each further open period is multiplied with.
pub(super) fn factor(raw: Raw<'_>) -> Result<f64, String> {
    raw.fraction("must be a number of at least 1", |value| value >= 1.0 && value.is_finite())
}

/// A duration, which may be zero.
pub(super) fn duration(raw: Raw<'_>) -> Result<Duration, String> {
    let Value::Text(text) = raw.value else { return Err(raw.takes("a duration")) };
    if text == FOREVER {
        return Ok(Duration::MAX);
    }
    sum(text).map_err(|error| match error {
        humantime::DurationError::NumberOverflow => {
            raw.wrong(&format!("takes a shorter or less exact duration than {}", quoted(text)))
        }
        humantime::DurationError::UnknownUnit { unit, .. } if !unit.is_empty() => {
            raw.wrong(&format!("takes a duration, and {} has the unknown unit `{}`", quoted(text), shortened(&unit)))
        }
        humantime::DurationError::UnknownUnit { value, .. } => {
            format!("takes a duration, and {} has no unit: write {}", quoted(text), raw.quoted(&format!("{value}s")))
        }
        _ => raw.takes("a duration"),
    })
}

/// The sum of the parts of `1m 30s`. The parser would add them itself, but panics where that just
/// fails.
fn sum(text: &str) -> Result<Duration, humantime::DurationError> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    loop {
        let unit = rest.find(char::is_alphabetic).unwrap_or(rest.len());
        let next = rest[unit..].find(|letter: char| letter.is_ascii_digit()).map_or(rest.len(), |next| unit + next);
        let (part, others) = rest.split_at(next);
        let part = humantime::parse_duration(part)?;
        total = total.checked_add(part).ok_or(humantime::DurationError::NumberOverflow)?;
        if others.is_empty() {
            return Ok(total);
        }
        rest = others;
    }
}

/// A duration of more than nothing.
pub(super) fn period(raw: Raw<'_>) -> Result<Duration, String> {
    let period = duration(raw)?;
    if period.is_zero() { Err(raw.wrong("must be longer than nothing")) } else { Ok(period) }
}

/// A number of calls, or a duration.
pub(super) fn window(raw: Raw<'_>) -> Result<Window, String> {
    match (raw.number(), raw.value) {
        (Some(_), _) => count(raw).map(Window::calls),
        (None, Value::Text(_)) => period(raw).map(Window::time),
        _ => Err(raw.takes("a number of calls or a duration")),
    }
}

/// Yes or no.
pub(super) fn flag(raw: Raw<'_>) -> Result<bool, String> {
    match raw.value {
        Value::Flag(flag) => Ok(*flag),
        Value::Text(text) if raw.is_variable => text.parse().map_err(|_| raw.takes("`true` or `false`")),
        _ => Err(raw.takes("`true` or `false`")),
    }
}

/// What a cancelled call counts as.
pub(super) fn cancellation(raw: Raw<'_>) -> Result<Cancellation, String> {
    match raw.value {
        Value::Text(text) if text == "ignore" => Ok(Cancellation::Ignore),
        Value::Text(text) if text == "failure" => Ok(Cancellation::Failure),
        Value::Text(text) => match nearest(text, ["failure", "ignore"]) {
            Some(meant) => Err(format!("takes `failure` or `ignore`; did you mean `{meant}`?")),
            None => Err(raw.takes("`failure` or `ignore`")),
        },
        _ => Err(raw.takes("`failure` or `ignore`")),
    }
}

/// A text with something in it.
pub(super) fn name(raw: Raw<'_>) -> Result<String, String> {
    match raw.value {
        Value::Text(text) if text.is_empty() => Err("must not be empty: write a name, or remove it".to_owned()),
        Value::Text(text) => Ok(text.clone()),
        _ => Err(raw.takes("a text")),
    }
}

/// Any text.
pub(super) fn text(raw: Raw<'_>) -> Result<String, String> {
    match raw.value {
        Value::Text(text) => Ok(text.clone()),
        Value::Whole(_) | Value::Fraction(_) | Value::Flag(_) => {
            let shown = raw.shown();
            Err(format!("takes a text, not {shown}: write {}", raw.quoted(&shown)))
        }
        _ => Err(raw.takes("a text")),
    }
}

/// `Duration::MAX` in words: within it a failure is never forgotten, an expiry of it never ends.
pub(super) const FOREVER: &str = "forever";

/// A duration as it is written.
pub(super) fn written(duration: Duration) -> String {
    if duration == Duration::MAX { FOREVER.to_owned() } else { humantime::format_duration(duration).to_string() }
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

    pub(super) fn takes(&self, kind: &str) -> String {
        let shown = self.shown();
        match self.value {
            // A number in quotes is shown without them.
            Value::Text(text) if kind.ends_with("number") && text.parse::<f64>().is_ok() => {
                format!("takes {kind}, not the text {shown}: write `{}`", shortened(text))
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
