//! The error handlers for HTTP: statuses, what asks to wait, gRPC, and the 503 of an open circuit.

#[path = "../support/mod.rs"]
mod support;

mod grpc;
mod retry_after;

use std::convert::Infallible;
use std::error::Error;
use std::future;
use std::io;
use std::time::Duration;

use breaker_box::http::{Answer, Head, grpc_errors, server_errors, service_unavailable, transient_errors};
use breaker_box::{
    CallError, CircuitBreaker, CircuitOpenError, Key, Outcome, Policy, Reason, Registry, State, circuit_breaker,
};
use http::{Response, StatusCode};

use support::{ready, registry_with, seconds};

fn response(status: u16) -> Response<&'static str> {
    Response::builder().status(status).body("").expect("a valid response")
}

fn response_with(status: u16, name: &str, value: &str) -> Response<&'static str> {
    Response::builder().status(status).header(name, value).body("").expect("a valid response")
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
fn an_error_that_displays_a_whole_page_is_cut() {
    let page: Result<StatusCode, String> = Err("x".repeat(1_000_000));
    let Outcome::Failure(Some(reason)) = server_errors(&page) else { panic!("a failure with a reason") };
    assert_eq!(reason.len(), Reason::MAX_LEN);
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
