//! PARSE: durations, written as in settings files.

use core::time::Duration;

use humantime::DurationError;

/// Reads `"250ms"`, `"30s"`, `"1m 30s"` or `"forever"`; the error says what is wrong with the text
/// and what to write.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    if text == FOREVER {
        return Ok(Duration::MAX);
    }
    sum(text).map_err(|error| match error {
        DurationError::UnknownUnit { unit, value, .. } if unit.is_empty() => {
            format!("`{text}` has no unit; write `{value}s` for seconds, or {FORMS}")
        }
        DurationError::UnknownUnit { unit, .. } => {
            let meant = text.to_lowercase();
            let instead = match sum(&meant) {
                Ok(_) => format!("write `{meant}`"),
                Err(_) => UNITS.to_owned(),
            };
            format!("`{text}` has the unknown unit `{unit}`; {instead}")
        }
        DurationError::NumberOverflow => too_long(text),
        _ => format!("`{text}` is not a duration; write numbers with units, like {FORMS}"),
    })
}

/// The sum of the parts of `1m 30s`. The parser could add them itself, but panics on some
/// overflows.
fn sum(text: &str) -> Result<Duration, DurationError> {
    let mut total = Duration::ZERO;
    let mut rest = text;
    loop {
        let unit = rest.find(char::is_alphabetic).unwrap_or(rest.len());
        let next = rest[unit..].find(|letter: char| letter.is_ascii_digit()).map_or(rest.len(), |next| unit + next);
        let (part, others) = rest.split_at(next);
        let part = humantime::parse_duration(part)?;
        total = total.checked_add(part).ok_or(DurationError::NumberOverflow)?;
        if others.is_empty() {
            return Ok(total);
        }
        rest = others;
    }
}

fn too_long(text: &str) -> String {
    format!("`{text}` is too long, or finer than a nanosecond; write {FORMS}")
}

/// `Duration::MAX` in words, as in settings files.
const FOREVER: &str = "forever";

/// Examples of what is accepted.
const FORMS: &str = "`250ms`, `30s`, `1m 30s` or `1h`";

const UNITS: &str = "the units are `ms`, `s`, `m`, `h` and `d`";
