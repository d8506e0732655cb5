//! Durations as they are written in the attribute.

use core::time::Duration;

use crate::duration::parse;

#[test]
fn durations_are_read_as_in_settings_files() {
    let cases = [
        ("0ms", 0),
        ("250ms", 250),
        ("30s", 30_000),
        ("30 s", 30_000),
        ("007s", 7_000),
        ("5m", 300_000),
        ("5min", 300_000),
        ("1h", 3_600_000),
        ("2 hours", 7_200_000),
        ("1m 30s", 90_000),
        ("1m30s", 90_000),
        ("1.5s", 1_500),
        ("1d", 86_400_000),
    ];
    for (text, milliseconds) in cases {
        assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)), "{text}");
    }
    assert_eq!(parse("250us"), Ok(Duration::from_micros(250)));
    assert_eq!(parse("forever"), Ok(Duration::MAX));
}

#[test]
fn anything_else_is_refused_with_what_to_write() {
    let forms = "`250ms`, `30s`, `1m 30s` or `1h`";
    for text in ["", "soon", "-5s", "PT30S", "1:30", "1..5s", "３０秒"] {
        let message = format!("`{text}` is not a duration; write numbers with units, like {forms}");
        assert_eq!(parse(text), Err(message), "{text}");
    }
    for text in ["18446744073709551616ms", "18446744073709551615h", "18446744073709551615s 1000ms", "0.1ns"] {
        let message = format!("`{text}` is too long, or finer than a nanosecond; write {forms}");
        assert_eq!(parse(text), Err(message), "{text}");
    }
    let cases = [
        ("30", "`30` has no unit; write `30s` for seconds, or `250ms`, `30s`, `1m 30s` or `1h`"),
        ("1m 30", "`1m 30` has no unit; write `30s` for seconds, or `250ms`, `30s`, `1m 30s` or `1h`"),
        ("30S", "`30S` has the unknown unit `S`; write `30s`"),
        ("5Minutes", "`5Minutes` has the unknown unit `Minutes`; write `5minutes`"),
        ("5x", "`5x` has the unknown unit `x`; the units are `ms`, `s`, `m`, `h` and `d`"),
    ];
    for (text, message) in cases {
        assert_eq!(parse(text), Err(message.to_owned()), "{text}");
    }
}
