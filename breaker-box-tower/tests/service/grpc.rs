//! gRPC by its headers and trailers alone; over a real connection in `loopback/grpc.rs`.

use std::convert::Infallible;
use std::future;

use breaker_box::http::grpc_errors;
use breaker_box::{CircuitBreaker, Key, Outcome, Policy, State};
use breaker_box_tower::CircuitBreakerLayer;
use http::{HeaderMap, HeaderValue, Response};
use http_body_util::BodyExt;
use tower::{Layer, Service, service_fn};

use crate::bodies::{Script, Step};
use crate::support::{ONE, breaker, half_open, ready};

fn status(code: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(http::HeaderName::from_static("grpc-status"), HeaderValue::from_static(code))])
}

/// A response whose status is in its headers, as of a call that failed before its first message.
fn headers_only(headers: HeaderMap) -> Response<Script> {
    let mut response = Response::new(Script::new([]));
    *response.headers_mut() = headers;
    response
}

/// A response with a message and its status in the trailers.
fn with_trailers(trailers: HeaderMap) -> Response<Script> {
    Response::new(Script::new([Step::Data("a message"), Step::Trailers(trailers)]))
}

/// Makes the call and reads the response to its end.
fn call(breaker: &CircuitBreaker, response: Response<Script>) {
    let mut response = Some(response);
    let service = service_fn(move |()| future::ready(Ok::<_, Infallible>(response.take().expect("one request"))));
    let answer = ready(
        CircuitBreakerLayer::grpc(breaker.clone())
            .reject(breaker_box_tower::RejectWithBoxError)
            .layer(service)
            .call(()),
    );
    let _whole = ready(answer.expect("an answer").into_body().collect());
}

/// The outcomes of 0 to 17: an unknown code has one too.
const EXPECTED: [(&str, &str); 18] = [
    ("0", "success"),
    ("1", "ignored"),
    ("2", "failure"),
    ("3", "success"),
    ("4", "failure"),
    ("5", "success"),
    ("6", "success"),
    ("7", "success"),
    ("8", "ignored"),
    ("9", "success"),
    ("10", "success"),
    ("11", "success"),
    ("12", "failure"),
    ("13", "failure"),
    ("14", "failure"),
    ("15", "failure"),
    ("16", "success"),
    ("17", "failure"),
];

fn told(breaker: &CircuitBreaker) -> &'static str {
    let totals = breaker.status().totals;
    match (totals.successes, totals.failures, totals.ignored, totals.cancelled) {
        (1, 0, 0, 0) => "success",
        (0, 1, 0, 0) => "failure",
        (0, 0, 1, 0) => "ignored",
        _ => panic!("one call, one outcome: {totals:?}"),
    }
}

#[test]
fn every_code_counts_the_same_in_headers_and_in_trailers() {
    for (code, expected) in EXPECTED {
        let (in_headers, _) = breaker(Policy::new());
        call(&in_headers, headers_only(status(code)));
        assert_eq!(told(&in_headers), expected, "{code} in headers");
        let (in_trailers, _) = breaker(Policy::new());
        call(&in_trailers, with_trailers(status(code)));
        assert_eq!(told(&in_trailers), expected, "{code} in trailers");
    }
}

#[test]
fn a_reason_names_the_code() {
    for (code, reason) in [("14", "grpc-status 14 UNAVAILABLE"), ("17", "grpc-status 17"), ("x", "grpc-status x")] {
        let (breaker, _) = breaker(ONE);
        call(&breaker, with_trailers(status(code)));
        assert_eq!(breaker.status().last_failure.unwrap().reason.unwrap(), reason);
    }
}

#[test]
fn a_response_that_ends_without_a_status_is_a_failure() {
    for response in [Response::new(Script::new([Step::Data("a message")])), with_trailers(HeaderMap::new())] {
        let (breaker, _) = breaker(ONE);
        call(&breaker, response);
        assert_eq!(breaker.status().last_failure.unwrap().reason.unwrap(), "the response ended without a grpc-status");
    }
}

#[test]
fn an_error_between_the_messages_is_a_failure() {
    let (breaker, _) = breaker(ONE);
    call(&breaker, Response::new(Script::new([Step::Data("a message"), Step::Break("reset")])));
    assert_eq!(breaker.status().last_failure.unwrap().reason.unwrap(), "reset");
}

#[test]
fn the_http_status_of_a_proxy_counts_where_it_is_not_200() {
    for (http, expected) in [(404, "success"), (502, "failure")] {
        let (breaker, _) = breaker(Policy::new());
        let mut response = headers_only(HeaderMap::new());
        *response.status_mut() = http::StatusCode::from_u16(http).unwrap();
        call(&breaker, response);
        assert_eq!(told(&breaker), expected, "{http}");
    }
}

#[test]
fn a_probe_lasts_until_the_trailers() {
    let (breaker, _) = half_open(ONE);
    let service = service_fn(|()| future::ready(Ok::<_, Infallible>(with_trailers(status("0")))));
    let layer = CircuitBreakerLayer::grpc(breaker.clone()).reject(breaker_box_tower::RejectWithBoxError);
    let mut body = ready(layer.layer(service).call(())).unwrap().into_body();
    ready(body.frame()).unwrap().unwrap();
    assert!(!breaker.is_available());
    ready(body.frame()).unwrap().unwrap();
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_stream_classified_by_its_headers_holds_no_slot() {
    let (breaker, _) = half_open(ONE);
    let service = service_fn(|()| future::ready(Ok::<_, Infallible>(with_trailers(status("14")))));
    let layer = CircuitBreakerLayer::new(breaker.clone()).classify(grpc_errors);
    let _stream = ready(layer.layer(service).call(())).unwrap();
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn a_pushback_opens_for_its_time() {
    let pause = |code, pushback| {
        let mut headers = status(code);
        headers.insert("grpc-retry-pushback-ms", HeaderValue::from_static(pushback));
        match grpc_errors(&Ok::<_, Infallible>(headers_only(headers))) {
            Outcome::Trip { open_for, .. } => open_for,
            _ => None,
        }
    };
    let millis = std::time::Duration::from_millis;
    assert_eq!(pause("14", "1500"), Some(millis(1_500)));
    assert_eq!(pause("14", "1"), Some(millis(1)));
    assert_eq!(pause("14", "18446744073709551615"), Some(millis(u64::MAX)));
    for (code, pushback) in
        [("0", "1500"), ("13", "1500"), ("14", "-1"), ("14", "0"), ("14", "soon"), ("14", ""), ("8", "1")]
    {
        assert_eq!(pause(code, pushback), None, "{code} {pushback}");
    }
}

#[test]
fn an_open_circuit_answers_unavailable_with_a_message_that_fits_into_a_header() {
    let breaker = CircuitBreaker::new(Key::new("100 % é"), Policy::new()).unwrap();
    breaker.open();
    let service = service_fn(|()| future::ready(Ok::<_, Infallible>(Response::new(String::new()))));
    let mut service = CircuitBreakerLayer::grpc(breaker.clone()).layer(service);
    let answer = ready(service.call(())).unwrap();
    assert_eq!(
        (answer.status(), &answer.headers()["grpc-status"]),
        (http::StatusCode::OK, &HeaderValue::from_static("14"))
    );
    assert_eq!(answer.headers()["content-type"], "application/grpc");
    let message = answer.headers()["grpc-message"].to_str().unwrap();
    assert!(message.starts_with("circuit `100 %25 %C3%A9` is open, retry after "), "{message}");
    let pushback: u64 = answer.headers()["grpc-retry-pushback-ms"].to_str().unwrap().parse().unwrap();
    assert!((29_000..=30_000).contains(&pushback), "{pushback}");
    // A caller with a circuit of its own opens it for that time.
    assert!(matches!(grpc_errors(&Ok::<_, Infallible>(answer)), Outcome::Trip { open_for: Some(_), .. }));
    breaker.force_open();
    assert!(!ready(service.call(())).unwrap().headers().contains_key("grpc-retry-pushback-ms"));
    assert_eq!(breaker.status().totals.cancelled, 0);
}

const WEB: [&str; 6] = [
    "application/grpc-web",
    "application/grpc-web+proto",
    "application/grpc-web-text",
    "application/grpc-web-text+proto",
    "Application/GRPC-Web+json; charset=utf-8",
    "application/grpc-web-text; charset=utf-8",
];

fn of_type(content_type: &'static str, mut response: Response<Script>) -> Response<Script> {
    response.headers_mut().insert("content-type", HeaderValue::from_static(content_type));
    response
}

#[test]
fn an_answer_of_grpc_web_has_its_status_in_its_body_and_is_no_failure() {
    for content_type in WEB {
        let (breaker, _) = breaker(ONE);
        let unary = || Script::new([Step::Data("\0\0\0\0\x01m\x7f\0\0\0\x0fgrpc-status: 0\r\n")]);
        call(&breaker, of_type(content_type, Response::new(unary())));
        let streamed = [Step::Data("AAAAAAFt"), Step::Data("AAAAAAFt"), Step::Data("gAAAAA9ncnBjLXN0YXR1czogMA0K")];
        call(&breaker, of_type(content_type, Response::new(Script::new(streamed))));
        call(&breaker, of_type(content_type, Response::new(Script::new([]))));
        call(&breaker, of_type(content_type, with_trailers(HeaderMap::new())));
        let totals = breaker.status().totals;
        assert_eq!((totals.successes, totals.failures), (4, 0), "{content_type}");
    }
    for content_type in ["application/grpc", "application/grpc+proto", "text/html", "application/grp"] {
        let (breaker, _) = breaker(ONE);
        let response = of_type(content_type, Response::new(Script::new([Step::Data("a message")])));
        call(&breaker, response);
        assert_eq!(breaker.status().totals.failures, 1, "{content_type}");
    }
}

#[test]
fn the_visible_status_of_a_grpc_web_response_is_classified() {
    for content_type in WEB {
        for (code, expected) in EXPECTED {
            let (in_headers, _) = breaker(Policy::new());
            call(&in_headers, of_type(content_type, headers_only(status(code))));
            assert_eq!(told(&in_headers), expected, "{code} in headers");
            let (in_trailers, _) = breaker(Policy::new());
            call(&in_trailers, of_type(content_type, with_trailers(status(code))));
            assert_eq!(told(&in_trailers), expected, "{code} in trailers that a proxy made");
        }
        let (breaker, _) = breaker(ONE);
        let broken = Script::new([Step::Data("a message"), Step::Break("reset")]);
        call(&breaker, of_type(content_type, Response::new(broken)));
        assert_eq!(breaker.status().last_failure.unwrap().reason.unwrap(), "reset");
    }
}

#[test]
fn a_probe_by_grpc_web_closes_its_circuit() {
    let (breaker, _) = half_open(ONE);
    call(&breaker, of_type(WEB[0], Response::new(Script::new([Step::Data("a message")]))));
    assert_eq!(breaker.state(), State::Closed);
}

#[test]
fn one_user_over_the_quota_does_not_open_the_circuit_for_the_others() {
    let (breaker, _) = breaker(ONE);
    for _ in 0..20 {
        let mut exhausted = status("8");
        exhausted.insert("grpc-retry-pushback-ms", HeaderValue::from_static("3600000"));
        call(&breaker, headers_only(exhausted.clone()));
        call(&breaker, with_trailers(exhausted));
    }
    assert_eq!((breaker.state(), breaker.status().totals.ignored), (State::Closed, 40));
}
