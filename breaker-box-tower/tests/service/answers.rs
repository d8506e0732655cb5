//! What callers get: the service's answers as they are, and one of several answers of an open
//! circuit.

use std::convert::Infallible;
use std::future::{self, Ready};

use breaker_box::http::{server_errors, transient_errors};
use breaker_box::{CallError, CircuitBreaker, CircuitOpenError, Outcome, State};
use breaker_box_tower::{BoxError, CircuitBreakerLayer, RejectWith503};
use http::{Request, Response, StatusCode};
use tower::{Layer, Service, service_fn};

use crate::support::{ONE, Waits, answered, breaker, half_open, ready, seconds};

#[test]
fn answers_and_errors_reach_the_caller_as_they_are() {
    let (breaker, _) = breaker(ONE);
    let mut service = CircuitBreakerLayer::new(breaker.clone()).layer(Waits);
    assert_eq!(ready(service.call(answered(Ok("up")))).unwrap(), "up");
    assert_eq!(ready(service.call(answered(Err("declined")))).unwrap_err().to_string(), "declined");
    let status = breaker.status();
    assert_eq!((status.totals.successes, status.totals.failures), (1, 1));
    assert_eq!(status.last_failure.unwrap().reason.unwrap(), "declined");
}

#[test]
fn an_open_circuit_is_an_error_that_says_how_long() {
    let (breaker, clock) = breaker(ONE.expiry(seconds(30)));
    breaker.open();
    clock.advance(seconds(10));
    let error = ready(CircuitBreakerLayer::new(breaker).layer(Waits).call(answered(Ok("unheard")))).unwrap_err();
    let open = error.downcast_ref::<CircuitOpenError>().unwrap();
    assert_eq!((open.identifier(), open.retry_after()), ("payment_api", Some(seconds(20))));
}

#[test]
fn typed_errors_tell_an_open_circuit_from_a_failed_call() {
    let (breaker, _) = breaker(ONE);
    let mut service = CircuitBreakerLayer::new(breaker).typed_errors().layer(Waits);
    assert!(matches!(ready(service.call(answered(Err("down")))), Err(CallError::Failed("down"))));
    assert!(matches!(ready(service.call(answered(Ok("unheard")))), Err(CallError::Open(_))));
}

#[test]
fn a_fallback_answers_with_a_response_or_with_an_error_of_the_service() {
    let (breaker, _) = breaker(ONE);
    breaker.open();
    let layer = CircuitBreakerLayer::new(breaker.clone());
    let mut kind = layer.clone().fallback(|_| Ok("yesterday's")).layer(Waits);
    assert_eq!(ready(kind.call(answered(Ok("unheard")))), Ok("yesterday's"));
    let blunt = layer.fallback(|open: CircuitOpenError| {
        assert_eq!(open.identifier(), "payment_api");
        Err("come back later")
    });
    assert_eq!(ready(blunt.layer(Waits).call(answered(Ok("unheard")))), Err("come back later"));
    // A fallback's answer says nothing about the service.
    let totals = breaker.status().totals;
    assert_eq!((totals.successes, totals.failures, totals.rejected), (0, 0, 2));
}

#[test]
fn a_fallback_runs_only_if_it_is_awaited() {
    let (breaker, _) = breaker(ONE);
    breaker.open();
    let layer = CircuitBreakerLayer::new(breaker).fallback(|_| -> Result<&str, &str> { panic!("nobody asked") });
    drop(layer.layer(Waits).call(answered(Ok("unheard"))));
}

fn page(status: u16) -> Ready<Result<Response<String>, Infallible>> {
    let page = Response::builder().status(status).body(String::from("a page"));
    future::ready(Ok(page.expect("a valid status")))
}

#[test]
fn a_server_answers_503_for_its_open_circuit_and_still_cannot_fail() {
    let (breaker, clock) = breaker(ONE.expiry(seconds(20)));
    let mut service =
        CircuitBreakerLayer::server(breaker.clone()).layer(service_fn(|request: Request<u16>| page(*request.body())));
    let mut ask = |status| -> Result<Response<String>, Infallible> { ready(service.call(Request::new(status))) };
    assert_eq!(ask(404).unwrap().status(), StatusCode::NOT_FOUND);
    assert_eq!(ask(500).unwrap().body(), "a page");
    clock.advance(std::time::Duration::from_millis(1));
    let answer = ask(200).unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["retry-after"], "20");
    assert!(answer.body().contains("circuit `payment_api` is open"), "{}", answer.body());
    breaker.force_open();
    assert!(!ask(200).unwrap().headers().contains_key("retry-after"));
}

#[test]
fn a_client_is_classified_by_status_and_opens_for_the_time_that_it_is_asked_for() {
    let (breaker, clock) = breaker(ONE.expiry(seconds(5)));
    let busy = service_fn(|()| {
        let response = Response::builder().status(503).header("retry-after", "60").body(());
        future::ready(Ok::<_, BoxError>(response.expect("a valid response")))
    });
    let mut service = CircuitBreakerLayer::client(breaker.clone()).layer(busy);
    assert_eq!(ready(service.call(())).unwrap().status(), 503);
    clock.advance(seconds(59));
    assert!(ready(service.call(())).unwrap_err().is::<CircuitOpenError>());
    clock.advance(seconds(1));
    assert_eq!(ready(service.call(())).unwrap().status(), 503);
}

#[test]
fn a_429_for_one_user_does_not_open_the_circuit_for_others() {
    let (breaker, _) = breaker(ONE);
    let limited = || {
        service_fn(|()| {
            let response = Response::builder().status(429).header("retry-after", "3600").body(String::new());
            future::ready(Ok::<_, Infallible>(response.expect("a valid response")))
        })
    };
    for _ in 0..20 {
        ready(CircuitBreakerLayer::client(breaker.clone()).layer(limited()).call(())).unwrap();
        ready(CircuitBreakerLayer::server(breaker.clone()).layer(limited()).call(())).unwrap();
        ready(CircuitBreakerLayer::client(breaker.clone()).until_body_ends().layer(limited()).call(())).unwrap();
        ready(CircuitBreakerLayer::grpc(breaker.clone()).layer(limited()).call(())).unwrap();
    }
    assert_eq!((breaker.state(), breaker.status().totals.ignored), (State::Closed, 80));
    // Where the limit applies to all calls alike, it is meant to open.
    ready(CircuitBreakerLayer::client(breaker.clone()).classify(transient_errors).layer(limited()).call(())).unwrap();
    assert_eq!(breaker.status().retry_after.map(|wait| wait.as_secs()), Some(3_600));
}

#[test]
fn a_classifier_is_a_closure_or_a_function() {
    fn ignore_all(_: &Result<Response<String>, Infallible>) -> Outcome {
        Outcome::Ignore
    }
    let teapot = || service_fn(|()| page(418));
    let busy = || service_fn(|()| page(429));
    let (breaker, _) = breaker(ONE);
    let layer = || CircuitBreakerLayer::server(breaker.clone());

    ready(layer().classify(ignore_all).layer(teapot()).call(())).unwrap();
    assert_eq!(breaker.status().totals.ignored, 1);
    ready(layer().classify(server_errors).layer(busy()).call(())).unwrap();
    assert_eq!(breaker.status().totals.ignored, 2);
    ready(layer().classify(transient_errors).layer(busy()).call(())).unwrap();
    assert_eq!(breaker.state(), State::Open);
    breaker.reset();
    let status_of =
        |result: &Result<Response<String>, Infallible>| result.as_ref().is_ok_and(|page| page.status() != 418);
    ready(layer().classify(status_of).reject(RejectWith503).layer(teapot()).call(())).unwrap();
    assert_eq!(breaker.state(), State::Open);
}

#[test]
fn an_open_circuit_further_in_is_ignored_however_its_error_is_wrapped() {
    let open = || {
        let inner = CircuitBreaker::new("inner", ONE).unwrap();
        inner.force_open();
        inner.try_acquire().unwrap_err()
    };
    let (breaker, _) = breaker(ONE);
    let call = |layer: CircuitBreakerLayer<_, _>, error: BoxError| {
        let mut error = Some(error);
        let service = service_fn(move |()| future::ready(Err::<(), _>(error.take().unwrap())));
        ready(layer.layer(service).call(())).unwrap_err();
    };
    call(CircuitBreakerLayer::new(breaker.clone()), open().into());
    call(CircuitBreakerLayer::new(breaker.clone()), std::io::Error::from(open()).into());
    assert_eq!(breaker.status().totals.ignored, 2);
    call(CircuitBreakerLayer::new(breaker.clone()), "no route".into());
    assert_eq!(breaker.status().last_failure.unwrap().reason.unwrap(), "no route");
}

#[test]
fn a_circuit_that_ramps_up_rejects_like_an_open_one_but_knows_no_time() {
    let (breaker, _) = half_open(ONE.ramp_up(seconds(60)).ramp_up_from(0.5));
    let teapot = service_fn(|()| future::ready(Ok::<_, Infallible>(Response::new(String::from("short and stout")))));
    let mut service = CircuitBreakerLayer::new(breaker.clone()).reject(RejectWith503).layer(teapot);
    assert_eq!(ready(service.call(())).unwrap().status(), 200);
    assert_eq!(breaker.state(), State::RampingUp);
    let answers: Vec<_> = (0..4).map(|_| ready(service.call(())).unwrap()).collect();
    let codes: Vec<_> = answers.iter().map(|answer| answer.status().as_u16()).collect();
    assert_eq!(codes, [200, 503, 200, 503]);
    assert_eq!(answers[1].headers().get("retry-after"), None);
    assert!(answers[1].body().contains("ramping up"), "{}", answers[1].body());
}
