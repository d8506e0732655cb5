//! PARSE: durations as they are written in the attribute: a whole number and a unit.

use core::time::Duration;

/// Reads `"250ms"`, `"30s"`, `"5m"` or `"1h"`; the error says what is wrong with the text and what to write.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(format!("`{text}` is not a duration; write a whole number and a unit, like {FORMS}"));
    }
    let Ok(count) = number.parse::<u64>() else {
        return Err(format!("`{text}` is longer than any clock can tell; write a smaller number"));
    };
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(wrong_unit(text, number, unit)),
    };
    match count.checked_mul(milliseconds) {
        Some(total) => Ok(Duration::from_millis(total)),
        None => Err(format!("`{text}` is longer than any clock can tell; write a smaller number")),
    }
}

fn wrong_unit(text: &str, number: &str, unit: &str) -> String {
    let meant = match unit.trim().to_ascii_lowercase().as_str() {
        "" => return format!("`{text}` has no unit; write `{number}s` for seconds, or {FORMS}"),
        "ms" | "msec" | "millis" | "millisecond" | "milliseconds" => "ms",
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "m" | "min" | "mins" | "minute" | "minutes" => "m",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        _ => return format!("`{text}` is not a duration; write one whole number and one unit, like {FORMS}"),
    };
    format!("unknown unit `{unit}`; write `{number}{meant}`")
}

/// One example of each unit.
const FORMS: &str = "`250ms`, `30s`, `5m` or `1h`";
