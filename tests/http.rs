//! The error handlers for HTTP: statuses, `Retry-After` in both its forms and in all the wrong
//! ones, and the 503 of an open circuit.

mod support;

use std::convert::Infallible;
use std::error::Error;
use std::future;
use std::io;
use std::time::{Duration, SystemTime};

use breaker_box::http::{
    Answer, Head, grpc_errors, grpc_outcome, grpc_status, retry_after, server_errors, service_unavailable,
    transient_errors,
};
use breaker_box::{
    CallError, CircuitBreaker, CircuitOpenError, Key, ManualClock, Outcome, Policy, Reason, Registry, State,
    circuit_breaker,
};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use proptest::prelude::*;

use support::{ready, registry_with, seconds};

fn response(status: u16) -> Response<&'static str> {
    Response::builder().status(status).body("").expect("a valid response")
}

fn response_with(status: u16, name: &str, value: &str) -> Response<&'static str> {
    Response::builder().status(status).header(name, value).body("").expect("a valid response")
}

fn asks_for(value: &str) -> Option<Duration> {
    retry_after(response_with(503, "retry-after", value).headers())
}

fn dated(date: &str, until: &str) -> Option<Duration> {
    let mut response = response_with(503, "retry-after", until);
    response.headers_mut().insert("date", HeaderValue::from_str(date).expect("a header"));
    retry_after(response.headers())
}

/// What an outcome is, without its reason.
fn kind(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "success",
        Outcome::Failure(_) => "failure",
        Outcome::Ignore => "ignore",
        Outcome::Trip { .. } => "trip",
        _ => "something new",
    }
}

#[test]
fn every_status_is_classified_as_in_the_table() {
    for status in 100..=999 {
        let server = match status {
            429 => "ignore",
            500..600 => "failure",
            _ => "success",
        };
        let transient = match status {
            408 => "failure",
            429 => "trip",
            _ => server,
        };
        let bare = response(status);
        assert_eq!(kind(&server_errors(&bare)), server, "{status}");
        assert_eq!(kind(&transient_errors(&bare)), transient, "{status}");

        let asking = response_with(status, "retry-after", "9");
        let server = if (500..600).contains(&status) { "trip" } else { server };
        assert_eq!(kind(&server_errors(&asking)), server, "{status} with Retry-After");
        let transient = if server == "trip" { "trip" } else { transient };
        assert_eq!(kind(&transient_errors(&asking)), transient, "{status} with Retry-After");
    }
}

#[test]
fn an_overloaded_service_of_any_status_is_heard() {
    // Anthropic's "overloaded", and what proxies send.
    for status in [529, 502, 504, 520] {
        let Outcome::Trip { open_for, .. } = server_errors(&response_with(status, "retry-after", "9")) else {
            panic!("{status} trips")
        };
        assert_eq!(open_for, Some(seconds(9)), "{status}");
    }
}

#[test]
fn a_429_without_a_time_opens_for_the_time_of_the_policy() {
    let reason = Some(Reason::from("429 Too Many Requests"));
    for bare in [response(429), response_with(429, "retry-after", "soon")] {
        assert_eq!(transient_errors(&bare), Outcome::Trip { open_for: None, reason: reason.clone() });
    }
    let breaker = CircuitBreaker::new("model", Policy::new().expiry(seconds(20))).unwrap();
    breaker.call_with(|| response(429), transient_errors).unwrap();
    assert_eq!(breaker.state(), State::Open);
    assert!(breaker.status().retry_after.is_some_and(|left| left <= seconds(20) && left > seconds(10)));
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
        assert_eq!(exact(name, "99999999999999999999"), Some(Duration::from_millis(u64::MAX)), "{name}");
        for invalid in ["", "0", "-5", "1.5", "soon"] {
            assert_eq!(exact(name, invalid), Some(seconds(2)), "{name}: {invalid}");
        }
        let alone = response_with(529, name, "250");
        assert_eq!(retry_after(alone.headers()), Some(Duration::from_millis(250)));
        assert_eq!(kind(&server_errors(&alone)), "trip");
    }
}

#[test]
fn a_reason_names_the_status() {
    assert_eq!(server_errors(&response(503)), Outcome::failure_because("503 Service Unavailable"));
    assert_eq!(
        transient_errors(&response_with(429, "retry-after", "9")),
        Outcome::Trip { open_for: Some(seconds(9)), reason: Some(Reason::from("429 Too Many Requests")) }
    );
}

#[test]
fn a_retry_after_that_cannot_be_read_is_ignored() {
    assert_eq!(kind(&server_errors(&response_with(503, "retry-after", "soon"))), "failure");
    assert_eq!(kind(&server_errors(&response_with(429, "retry-after", "soon"))), "ignore");
    assert_eq!(kind(&server_errors(&response_with(529, "retry-after", "0"))), "failure");
}

#[test]
fn whatever_carries_a_status_is_an_answer() {
    let bad = StatusCode::BAD_GATEWAY;
    let reason = Outcome::failure_because("502 Bad Gateway");
    assert_eq!(server_errors(&bad), reason);
    assert_eq!(server_errors(&(bad, "a page")), reason);
    assert_eq!(server_errors(&Head::from(bad)), reason);
    assert_eq!(server_errors(&Ok::<_, Infallible>(response(502))), reason);
    assert_eq!(server_errors(&Ok::<_, &str>(Ok::<_, io::Error>(bad))), reason);
    let boxed: &dyn Answer = &bad;
    assert_eq!(server_errors(boxed), reason);

    let refused: Result<StatusCode, _> = Err(io::Error::other("connection refused"));
    assert_eq!(server_errors(&refused), Outcome::failure_because("connection refused"));
    let inner: Result<Result<StatusCode, _>, Infallible> = Ok(refused);
    assert_eq!(transient_errors(&inner), Outcome::failure_because("connection refused"));
}

fn open() -> CircuitOpenError {
    let breaker = CircuitBreaker::new("inner", Policy::new()).unwrap();
    breaker.force_open();
    breaker.try_acquire().unwrap_err()
}

fn rejected<E>() -> Result<StatusCode, CallError<E>> {
    Err(open().into())
}

#[test]
fn an_open_circuit_further_in_is_ignored_however_it_is_wrapped() {
    let boxed: Box<dyn Error + Send + Sync> = open().into();
    assert_eq!(server_errors(&*boxed), Outcome::Ignore);
    assert_eq!(server_errors(&open()), Outcome::Ignore);
    assert_eq!(transient_errors(&Err::<StatusCode, _>(open())), Outcome::Ignore);
    assert_eq!(grpc_errors(&Err::<StatusCode, _>(boxed)), Outcome::Ignore);
    assert_eq!(server_errors(&Err::<StatusCode, _>(io::Error::from(open()))), Outcome::Ignore);
    let local: Box<dyn Error> = io::Error::from(open()).into();
    assert_eq!(server_errors(&Err::<StatusCode, _>(local)), Outcome::Ignore);
    assert_eq!(server_errors(&rejected::<io::Error>()), Outcome::Ignore);
    assert_eq!(server_errors(&rejected::<Box<dyn Error + Send + Sync>>()), Outcome::Ignore);
    assert_eq!(server_errors(&rejected::<SearchError>().map_err(Box::<dyn Error>::from)), Outcome::Ignore);
    assert_eq!(server_errors(&Err::<StatusCode, _>(CallError::Failed(io::Error::from(open())))), Outcome::Ignore);
    // Other errors are failures, in boxes too.
    let other: Box<dyn Error + Send + Sync> = "no route".into();
    assert_eq!(server_errors(&Err::<StatusCode, _>(other)), Outcome::failure_because("no route"));
}

#[test]
fn every_grpc_status_means_what_the_table_says() {
    for code in 0..=20_u8 {
        let expected = match code {
            0 | 3 | 5..=7 | 9..=11 | 16 => "success",
            1 | 8 => "ignore",
            _ => "failure",
        };
        let response = response_with(200, "grpc-status", &code.to_string());
        assert_eq!(kind(&grpc_errors(&response)), expected, "{code}");
        assert_eq!(grpc_outcome(response.headers()).as_ref().map(kind), Some(expected), "{code}");
        assert_eq!(Some(grpc_status(code, &HeaderMap::new(), None)), grpc_outcome(response.headers()), "{code}");
    }
    for strange in ["", "ok", "-1", "300", "14 "] {
        assert_eq!(kind(&grpc_errors(&response_with(200, "grpc-status", strange))), "failure", "{strange:?}");
    }
}

#[test]
fn the_code_of_a_grpc_status_is_any_number() {
    let by_code = |code: i32| grpc_status(code, &HeaderMap::new(), None);
    assert_eq!(by_code(14), Outcome::failure_because("grpc-status 14 UNAVAILABLE"));
    assert_eq!(by_code(99), Outcome::failure_because("grpc-status 99"));
    assert_eq!(by_code(270), Outcome::failure_because("grpc-status 270"), "not 14");
    assert_eq!(by_code(-1), Outcome::failure_because("grpc-status -1"));
}

#[test]
fn pushback_in_the_metadata_of_a_grpc_status_opens_for_that_time() {
    let asking = response_with(200, "grpc-retry-pushback-ms", "1500");
    let Outcome::Trip { open_for, .. } = grpc_status(14, asking.headers(), None) else { panic!("it trips") };
    assert_eq!(open_for, Some(Duration::from_millis(1_500)));
    assert_eq!(kind(&grpc_status(5, asking.headers(), None)), "success");
    assert_eq!(kind(&grpc_status(14, response_with(200, "grpc-retry-pushback-ms", "-1").headers(), None)), "failure");
}

#[test]
fn a_grpc_status_with_a_source_is_a_failure_of_this_side() {
    let with = |code: i32, source: &(dyn Error + 'static)| grpc_status(code, &HeaderMap::new(), Some(source));
    let late = io::Error::other("no answer in time");
    assert_eq!(with(1, &late), Outcome::failure_because("grpc-status 1 CANCELLED: no answer in time"));
    let wrapped = CallError::Failed(SearchError::Unreachable);
    assert_eq!(with(14, &wrapped), Outcome::failure_because("grpc-status 14 UNAVAILABLE: unreachable"));
    assert_eq!(with(2, &open()), Outcome::Ignore);
    assert_eq!(with(14, &io::Error::from(open())), Outcome::Ignore);
}

#[test]
fn without_a_grpc_status_the_http_status_counts() {
    assert_eq!(grpc_outcome(response(200).headers()), None);
    assert_eq!(grpc_errors(&response(200)), Outcome::Success);
    // Its headers are not known.
    assert_eq!(grpc_errors(&StatusCode::OK), Outcome::Success);
    assert_eq!(grpc_errors(&response(404)), Outcome::Success);
    assert_eq!(grpc_errors(&response(502)), Outcome::failure_because("502 Bad Gateway"));
    assert_eq!(kind(&grpc_errors(&response_with(503, "retry-after", "9"))), "trip");
    assert_eq!(kind(&grpc_errors(&Err::<StatusCode, _>("connection refused"))), "failure");
}

#[test]
fn an_error_that_displays_a_whole_page_is_cut() {
    let page: Result<StatusCode, String> = Err("x".repeat(1_000_000));
    let Outcome::Failure(Some(reason)) = server_errors(&page) else { panic!("a failure with a reason") };
    assert_eq!(reason.len(), Reason::MAX_LEN);
}

#[test]
fn a_retry_after_in_seconds_is_read() {
    assert_eq!(asks_for("1"), Some(seconds(1)));
    assert_eq!(asks_for(" 120\t"), Some(seconds(120)));
    assert_eq!(asks_for("007"), Some(seconds(7)));
    assert_eq!(asks_for("31536000"), Some(seconds(31_536_000)));
}

#[test]
fn too_many_digits_are_the_longest_wait() {
    for long in ["18446744073709551615", "18446744073709551616", &"9".repeat(8_000)] {
        assert_eq!(asks_for(long), Some(seconds(u64::MAX)), "{long}");
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
    let none = ["", " ", "0", "00", "-1", "+5", "1.5", "1e3", "0x10", "5s", "5 5", "½", "soon", "Infinity", "٣"];
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

#[derive(Debug, thiserror::Error)]
enum SearchError {
    #[error("unreachable")]
    Unreachable,
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpenError),
}

#[circuit_breaker(identifier = "search", registry = registry, error_handler = server_errors)]
fn search(
    registry: &Registry,
    answer: Result<Response<&'static str>, SearchError>,
) -> Result<Response<&'static str>, SearchError> {
    answer
}

#[circuit_breaker(identifier = "search", registry = registry, error_handler = server_errors)]
async fn search_async(
    registry: &Registry,
    answer: Result<Response<&'static str>, SearchError>,
) -> Result<Response<&'static str>, SearchError> {
    future::ready(answer).await
}

#[circuit_breaker(identifier = "status", registry = registry, error_handler = transient_errors, fallback = |_| StatusCode::IM_A_TEAPOT)]
fn status(registry: &Registry, status: StatusCode) -> StatusCode {
    status
}

#[circuit_breaker(identifier = "handler", registry = registry, error_handler = server_errors, fallback = service_unavailable)]
fn handler(registry: &Registry, status: u16) -> Response<String> {
    response(status).map(str::to_owned)
}

#[test]
fn an_annotated_function_is_classified_by_the_status_of_its_response() {
    let (registry, _clock) = registry_with(Policy::consecutive_failures(3));
    search(&registry, Ok(response(500))).unwrap();
    ready(search_async(&registry, Ok(response(502)))).unwrap();
    assert_eq!(registry.status("search").unwrap().failure_count, 2);
    search(&registry, Ok(response(404))).unwrap();
    assert_eq!(registry.status("search").unwrap().failure_count, 0);

    search(&registry, Err(SearchError::Unreachable)).unwrap_err();
    let status = registry.status("search").unwrap();
    assert_eq!(status.last_failure.unwrap().reason.as_deref(), Some("unreachable"));
}

#[test]
fn an_annotated_function_opens_for_the_time_that_the_service_asks_for() {
    let (registry, clock) = registry_with(Policy::new());
    search(&registry, Ok(response_with(503, "retry-after", "120"))).unwrap();
    assert!(matches!(
        search(&registry, Ok(response(200))),
        Err(SearchError::CircuitOpen(open)) if open.retry_after() == Some(seconds(120))
    ));
    clock.advance(seconds(120));
    search(&registry, Ok(response(200))).unwrap();
    assert_eq!(registry.state("search"), State::Closed);
}

#[test]
fn a_429_for_one_user_does_not_open_the_circuit_for_others() {
    let (registry, clock) = registry_with(Policy::consecutive_failures(1));
    for _ in 0..20 {
        search(&registry, Ok(response_with(429, "retry-after", "3600"))).unwrap();
        search(&registry, Ok(response(429))).unwrap();
    }
    assert_eq!(registry.status("search").unwrap().totals.ignored, 40);
    assert_eq!(registry.state("search"), State::Closed);

    // Nor does it say that a half-open one is well, and it holds no probe.
    search(&registry, Ok(response(500))).unwrap();
    clock.advance(seconds(30));
    search(&registry, Ok(response_with(429, "retry-after", "3600"))).unwrap();
    assert_eq!(registry.state("search"), State::HalfOpen);
    search(&registry, Ok(response(200))).unwrap();
    assert_eq!(registry.state("search"), State::Closed);
}

#[test]
fn an_annotated_function_may_return_a_bare_status() {
    let (registry, _clock) = registry_with(Policy::consecutive_failures(1));
    assert_eq!(status(&registry, StatusCode::TOO_MANY_REQUESTS), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(status(&registry, StatusCode::OK), StatusCode::IM_A_TEAPOT);
}

#[test]
fn the_answer_of_an_open_circuit_opens_its_callers_circuit_for_the_same_time() {
    let (registry, clock) = registry_with(Policy::consecutive_failures(1).expiry(seconds(20)));
    assert_eq!(handler(&registry, 500).status(), 500);
    clock.advance(Duration::from_millis(300));
    let answer = handler(&registry, 200);
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    // 19.7 seconds are left: a client that waits 19 still finds it open.
    assert_eq!(answer.headers()["retry-after"], "20");
    assert!(matches!(server_errors(&answer), Outcome::Trip { open_for: Some(wait), .. } if wait == seconds(20)));
}

#[test]
fn the_answer_of_an_open_circuit_is_json_whatever_its_name() {
    let breaker = CircuitBreaker::new(Key::new("a \"b\" \\ \n\u{1}c").with_scope("é"), Policy::new()).unwrap();
    breaker.force_open();
    let answer: Response<String> = service_unavailable(breaker.try_acquire().unwrap_err());
    // How long it stays open is unknown.
    assert!(!answer.headers().contains_key("retry-after"));
    let problem: serde_json::Value = serde_json::from_str(answer.body()).unwrap();
    assert_eq!(problem["status"], 503);
    assert_eq!(problem["title"], "Service Unavailable");
    assert_eq!(problem["detail"], "circuit `é/a \"b\" \\ \\n\\u{1}c` is forced open");
}
