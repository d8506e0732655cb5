//! Durations as they are written in the attribute.

use core::time::Duration;

use crate::duration::parse;

#[test]
fn each_unit_is_read() {
    let cases = [
        ("0ms", 0),
        ("250ms", 250),
        ("30s", 30_000),
        ("007s", 7_000),
        ("5m", 300_000),
        ("1h", 3_600_000),
        ("18446744073709551615ms", u64::MAX),
    ];
    for (text, milliseconds) in cases {
        assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)), "{text}");
    }
}

#[test]
fn anything_else_is_refused_with_what_to_write() {
    let cases = [
        ("", "`` is not a duration; write a whole number and a unit, like `250ms`, `30s`, `5m` or `1h`"),
        ("soon", "`soon` is not a duration; write a whole number and a unit, like `250ms`, `30s`, `5m` or `1h`"),
        ("-5s", "`-5s` is not a duration; write a whole number and a unit, like `250ms`, `30s`, `5m` or `1h`"),
        ("30", "`30` has no unit; write `30s` for seconds, or `250ms`, `30s`, `5m` or `1h`"),
        ("30 s", "unknown unit ` s`; write `30s`"),
        ("30S", "unknown unit `S`; write `30s`"),
        ("5min", "unknown unit `min`; write `5m`"),
        ("2 hours", "unknown unit ` hours`; write `2h`"),
        ("1.5s", "`1.5s` is not a duration; write one whole number and one unit, like `250ms`, `30s`, `5m` or `1h`"),
        ("1m30s", "`1m30s` is not a duration; write one whole number and one unit, like `250ms`, `30s`, `5m` or `1h`"),
        (
            "18446744073709551616ms",
            "`18446744073709551616ms` is longer than any clock can tell; write a smaller number",
        ),
        ("18446744073709551615h", "`18446744073709551615h` is longer than any clock can tell; write a smaller number"),
    ];
    for (text, message) in cases {
        assert_eq!(parse(text), Err(message.to_owned()), "{text}");
    }
}
