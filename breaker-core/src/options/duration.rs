//! Durations as people write them: `250ms`, `1m 30s`, `forever`.

use std::time::Duration;

use humantime::DurationError;

/// `Duration::MAX` in words: such a window never forgets a failure, and such an expiry never ends.
pub(crate) const FOREVER: &str = "forever";

/// Formats a duration as settings write it.
pub(crate) fn format_duration(duration: Duration) -> String {
    if duration == Duration::MAX { FOREVER.to_owned() } else { humantime::format_duration(duration).to_string() }
}

/// Reads a duration. The attribute has the same grammar; `tests/same_options.rs` compares the two.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    if text == FOREVER { Ok(Duration::MAX) } else { sum(text) }
}

/// The sum of the parts of `1m 30s`. `humantime` would add them itself, but panics where the sum
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
