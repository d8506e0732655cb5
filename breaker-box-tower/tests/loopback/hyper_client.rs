//! In front of hyper-util's client.

use axum::http::{StatusCode, Version};
use breaker_box::{CircuitOpenError, Policy, Registry, State};
use breaker_box_tower::{ByHost, CircuitBreakerLayer};
use hyper_util::client::legacy;
use tokio::task::JoinSet;
use tower::{Layer, ServiceBuilder, ServiceExt};

use crate::support::{
    BOTH_VERSIONS, ONE, breaker, client, dependency, eventually, half_open, nobody, request, seconds,
};

#[tokio::test]
async fn a_client_is_cut_off_from_a_failing_server_and_comes_back_when_it_recovers() {
    for version in BOTH_VERSIONS {
        let (address, backstage) = dependency().await;
        let (breaker, clock) = breaker(Policy::consecutive_failures(3).expiry(seconds(30)));
        let client = CircuitBreakerLayer::client(breaker.clone()).layer(client(version));
        let get = |path| client.clone().oneshot(request(address, path));

        assert_eq!(get("/status/404").await.unwrap().status(), StatusCode::NOT_FOUND);
        for _ in 0..3 {
            let response = get("/status/502").await.unwrap();
            assert_eq!((response.status(), response.version()), (StatusCode::BAD_GATEWAY, version));
        }
        assert_eq!(breaker.status().last_failure.unwrap().reason.unwrap(), "502 Bad Gateway");
        assert!(get("/status/200").await.unwrap_err().is::<CircuitOpenError>());
        assert_eq!(backstage.hits(), 4);
        clock.advance(seconds(30));
        assert_eq!(get("/status/200").await.unwrap().status(), StatusCode::OK);
        assert_eq!(breaker.state(), State::Closed);
    }
}

#[tokio::test]
async fn a_retry_after_of_a_minute_opens_for_a_minute() {
    let (address, backstage) = dependency().await;
    let (breaker, clock) = breaker(Policy::new());
    let client = CircuitBreakerLayer::client(breaker.clone()).layer(client(Version::HTTP_11));
    let get = |path| client.clone().oneshot(request(address, path));
    assert_eq!(get("/busy").await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    clock.advance(seconds(59));
    assert!(get("/status/200").await.unwrap_err().is::<CircuitOpenError>());
    clock.advance(seconds(1));
    get("/status/200").await.unwrap();
    assert_eq!(backstage.hits(), 2);
}

#[tokio::test]
async fn a_connection_error_is_a_failure_and_reaches_the_caller_unchanged() {
    let (breaker, _) = breaker(ONE);
    let client = CircuitBreakerLayer::client(breaker.clone()).layer(client(Version::HTTP_11));
    let error = client.oneshot(request(nobody(), "/")).await.unwrap_err();
    assert!(error.downcast_ref::<legacy::Error>().unwrap().is_connect());
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test]
async fn of_two_hundred_requests_at_a_half_open_circuit_one_reaches_the_server() {
    for version in BOTH_VERSIONS {
        let (address, backstage) = dependency().await;
        let (breaker, _) = half_open(ONE);
        let client = CircuitBreakerLayer::client(breaker.clone()).layer(client(version));
        let mut requests: JoinSet<_> = (0..200).map(|_| client.clone().oneshot(request(address, "/held"))).collect();
        for _ in 0..199 {
            assert!(requests.join_next().await.unwrap().unwrap().unwrap_err().is::<CircuitOpenError>());
        }
        assert_eq!(breaker.state(), State::HalfOpen);
        eventually(|| backstage.hits() > 0).await;
        backstage.answer.notify_one();
        assert_eq!(requests.join_next().await.unwrap().unwrap().unwrap().status(), StatusCode::OK);
        assert_eq!((breaker.state(), backstage.hits()), (State::Closed, 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_of_many_requests_at_once_is_counted_once() {
    for version in BOTH_VERSIONS {
        let (address, backstage) = dependency().await;
        let (breaker, _) = breaker(Policy::consecutive_failures(10));
        let client = CircuitBreakerLayer::client(breaker.clone()).layer(client(version));
        let requests: JoinSet<_> = (0..300).map(|_| client.clone().oneshot(request(address, "/status/500"))).collect();
        let rejected = requests.join_all().await.iter().filter(|answer| answer.is_err()).count();
        let totals = breaker.status().totals;
        assert_eq!((breaker.state(), totals.rejected), (State::Open, u64::try_from(rejected).unwrap()));
        assert_eq!(totals.failures + totals.late, u64::from(backstage.hits()));
        assert_eq!(totals.failures + totals.late + totals.rejected, 300);
        assert_eq!((totals.failures, totals.cancelled), (10, 0));
    }
}

#[tokio::test]
async fn a_request_that_is_dropped_in_flight_frees_its_slot() {
    for version in BOTH_VERSIONS {
        let (address, backstage) = dependency().await;
        let (breaker, _) = half_open(ONE);
        let client = CircuitBreakerLayer::client(breaker.clone()).layer(client(version));
        let probe = tokio::spawn(client.clone().oneshot(request(address, "/held")));
        eventually(|| backstage.hits() == 1).await;
        assert!(!breaker.is_available());
        probe.abort();
        assert!(probe.await.unwrap_err().is_cancelled());
        assert_eq!((breaker.state(), breaker.status().totals.cancelled), (State::HalfOpen, 1));
        assert_eq!(client.oneshot(request(address, "/status/200")).await.unwrap().status(), StatusCode::OK);
        assert_eq!(breaker.state(), State::Closed);
    }
}

#[tokio::test]
async fn one_client_for_many_servers_has_a_circuit_for_each() {
    let ((sound, _), (broken, backstage)) = (dependency().await, dependency().await);
    let registry = Registry::builder().default_policy(ONE).max_circuits(100).build().unwrap();
    let client = ServiceBuilder::new()
        .layer(CircuitBreakerLayer::client(ByHost::new(&registry)))
        .service(client(Version::HTTP_11));
    client.clone().oneshot(request(broken, "/status/500")).await.unwrap();
    for _ in 0..3 {
        assert!(client.clone().oneshot(request(broken, "/status/200")).await.unwrap_err().is::<CircuitOpenError>());
        assert_eq!(client.clone().oneshot(request(sound, "/status/200")).await.unwrap().status(), StatusCode::OK);
    }
    assert_eq!(backstage.hits(), 1);
    assert_eq!(registry.state(broken.to_string()), State::Open);
    assert_eq!(registry.state(sound.to_string()), State::Closed);
}
