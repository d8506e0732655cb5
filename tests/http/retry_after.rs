//! How long a server asks to wait: `Retry-After` in both its forms and in all the wrong ones, and in
//! milliseconds.

use std::time::{Duration, SystemTime};

use breaker_box::http::{retry_after, server_errors};
use breaker_box::{CircuitBreaker, ManualClock, Policy};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use proptest::prelude::*;

use crate::support::seconds;
use crate::{kind, response_with};

fn asks_for(value: &str) -> Option<Duration> {
    retry_after(response_with(503, "retry-after", value).headers())
}

fn dated(date: &str, until: &str) -> Option<Duration> {
    let mut response = response_with(503, "retry-after", until);
    response.headers_mut().insert("date", HeaderValue::from_str(date).expect("a header"));
    retry_after(response.headers())
}

#[test]
fn a_retry_after_in_seconds_is_read() {
    assert_eq!(asks_for("1"), Some(seconds(1)));
    assert_eq!(asks_for(" 120\t"), Some(seconds(120)));
    assert_eq!(asks_for("007"), Some(seconds(7)));
    assert_eq!(asks_for("31536000"), Some(seconds(31_536_000)));
}

#[test]
fn a_wait_with_a_fraction_is_read_exactly() {
    assert_eq!(asks_for("1.5"), Some(Duration::from_millis(1_500)));
    assert_eq!(asks_for("0.001"), Some(Duration::from_millis(1)));
    assert_eq!(asks_for("0.0"), None);
    let of_millis = |value: &str| retry_after(response_with(529, "retry-after-ms", value).headers());
    assert_eq!(of_millis("1500.25"), Some(Duration::from_micros(1_500_250)));
    assert_eq!(of_millis("1501"), Some(Duration::from_millis(1_501)));
    assert_eq!(of_millis("0.4"), Some(Duration::from_micros(400)));
    assert_eq!(of_millis(&format!("{}.5", "9".repeat(400))), Some(Duration::MAX));
}

#[test]
fn the_first_of_several_headers_of_one_name_counts() {
    let mut response = response_with(503, "retry-after", "7");
    response.headers_mut().append("retry-after", HeaderValue::from_static("3"));
    assert_eq!(retry_after(response.headers()), Some(seconds(7)));
    for millis in ["900", "100"] {
        response.headers_mut().append("retry-after-ms", HeaderValue::from_static(millis));
    }
    assert_eq!(retry_after(response.headers()), Some(Duration::from_millis(900)));
    response.headers_mut().insert("x-ms-retry-after-ms", HeaderValue::from_static("50"));
    assert_eq!(retry_after(response.headers()), Some(Duration::from_millis(900)));
}

#[test]
fn too_many_digits_are_the_longest_wait() {
    for long in ["18446744073709551615", "18446744073709551616", &"9".repeat(8_000)] {
        assert_eq!(asks_for(long), Some(Duration::MAX), "{long}");
    }
}

#[test]
fn a_hostile_retry_after_opens_for_no_longer_than_the_policy_allows() {
    let clock = ManualClock::new();
    let breaker = CircuitBreaker::with_clock("shop", Policy::new(), clock.clone()).expect("a valid policy");
    for long in ["3601", "31536000", "18446744073709551616", "Fri, 31 Dec 9999 23:59:59 GMT"] {
        let busy = Response::builder().status(503).header("Retry-After", long).body(()).expect("a response");
        breaker.call_with(|| busy, server_errors).expect("admitted");
        assert_eq!(breaker.status().retry_after, Some(seconds(3_600)), "{long}");
        breaker.reset();
    }
}

#[test]
fn an_invalid_retry_after_is_none() {
    let none = [
        "", " ", "0", "00", "-1", "+5", "1.", ".5", "1.5.2", "-1.5", "1,5", "1e3", "0x10", "5s", "5 5", "½", "soon",
        "Infinity", "٣",
    ];
    for text in none {
        assert_eq!(asks_for(text), None, "{text:?}");
    }
    assert_eq!(retry_after(&HeaderMap::new()), None);
    let mut headers = HeaderMap::new();
    headers.insert("retry-after", HeaderValue::from_bytes(b"\xff\xfe").expect("opaque bytes are a header"));
    assert_eq!(retry_after(&headers), None);
}

#[test]
fn a_date_is_read_in_its_three_forms() {
    let now = "Sun, 06 Nov 1994 08:49:07 GMT";
    for until in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
        assert_eq!(dated(now, until), Some(seconds(30)), "{until}");
    }
}

#[test]
fn a_past_or_invalid_date_is_none() {
    let now = "Sun, 06 Nov 1994 08:49:37 GMT";
    for until in [
        now,
        "Sun, 06 Nov 1994 08:49:36 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Mon, 06 Nov 1994 08:49:47 GMT",
        "Wed, 31 Feb 2024 00:00:00 GMT",
        "Sun, 06 Nov 1994 25:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:47 CET",
        "Sun, 06 Nov 1994",
        "1994-11-06T08:49:47Z",
    ] {
        assert_eq!(dated(now, until), None, "{until}");
    }
}

#[test]
fn without_the_servers_date_the_system_clock_is_used() {
    let until = SystemTime::now() + seconds(600);
    for (name, date) in [("x-none", ""), ("date", "yesterday")] {
        let mut response = response_with(503, "retry-after", &httpdate(until));
        response.headers_mut().insert(name, HeaderValue::from_static(date));
        let wait = retry_after(response.headers()).expect("a wait");
        assert!(wait <= seconds(600) && wait > seconds(500), "{wait:?}");
    }
    assert_eq!(asks_for(&httpdate(SystemTime::now() - seconds(60))), None);
}

/// The date of an instant, written here again so that writing and reading do not share a mistake.
fn httpdate(at: SystemTime) -> String {
    let seconds = at.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs();
    let days = seconds / 86_400;
    let (mut year, mut rest) = (1970, days);
    let length = |year: u64| if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) { 366 } else { 365 };
    while rest >= length(year) {
        rest -= length(year);
        year += 1;
    }
    let february = length(year) - 337;
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut month = 0;
    for days in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if rest < days {
            break;
        }
        rest -= days;
        month += 1;
    }
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][usize::try_from(days % 7).expect("below 7")];
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{weekday}, {:02} {} {year} {hour:02}:{minute:02}:{second:02} GMT", rest + 1, months[month])
}

proptest! {
    #[test]
    fn no_header_makes_the_parser_panic(
        until in proptest::collection::vec(any::<u8>(), 0..40),
        date in "[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT",
    ) {
        let mut headers = HeaderMap::new();
        headers.insert("date", HeaderValue::from_str(&date).expect("printable"));
        for value in [HeaderValue::from_bytes(&until), HeaderValue::from_str(&date)].into_iter().flatten() {
            headers.insert("retry-after", value);
            prop_assert!(retry_after(&headers).is_none_or(|wait| wait > Duration::ZERO));
        }
    }
}

#[test]
fn milliseconds_come_before_seconds_and_dates() {
    let exact = |name: &str, value: &str| {
        let mut response = response_with(503, "retry-after", "2");
        response.headers_mut().insert(HeaderName::try_from(name).unwrap(), HeaderValue::from_str(value).unwrap());
        retry_after(response.headers())
    };
    for name in ["retry-after-ms", "x-ms-retry-after-ms"] {
        assert_eq!(exact(name, "1500"), Some(Duration::from_millis(1_500)), "{name}");
        assert_eq!(exact(name, " 1 "), Some(Duration::from_millis(1)), "{name}");
        assert_eq!(exact(name, &"9".repeat(400)), Some(Duration::MAX), "{name}");
        for invalid in ["", "0", "-5", "-1.5", "soon", "Fri, 31 Dec 9999 23:59:59 GMT"] {
            assert_eq!(exact(name, invalid), Some(seconds(2)), "{name}: {invalid}");
        }
        let alone = response_with(529, name, "250");
        assert_eq!(retry_after(alone.headers()), Some(Duration::from_millis(250)));
        assert_eq!(kind(&server_errors(&alone)), "trip");
    }
}
