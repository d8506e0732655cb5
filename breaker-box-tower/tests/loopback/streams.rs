//! Bodies that are streamed: by default a request ends with its headers, on demand with its body.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use breaker_box::{Policy, State};
use breaker_box_tower::CircuitBreakerLayer;
use http_body_util::BodyExt;
use tower::{Layer, ServiceExt};

use crate::support::{
    BOTH_VERSIONS, ONE, breaker, client, dependency, endless, eventually, half_open, request, serve, streamed,
};

#[tokio::test]
async fn by_default_a_stream_is_a_success_with_its_headers() {
    for version in BOTH_VERSIONS {
        let (address, _) = dependency().await;
        let (breaker, _) = half_open(ONE);
        let client = CircuitBreakerLayer::client(breaker.clone()).layer(client(version));
        let response = client.oneshot(request(address, "/broken")).await.unwrap();
        assert_eq!(breaker.state(), State::Closed);
        response.into_body().collect().await.unwrap_err();
        assert_eq!((breaker.state(), breaker.status().totals.failures), (State::Closed, 0));
    }
}

#[tokio::test]
async fn a_probe_that_lasts_as_long_as_its_stream_closes_at_the_streams_end() {
    for version in BOTH_VERSIONS {
        let (address, _) = dependency().await;
        let (breaker, _) = half_open(ONE);
        let client = CircuitBreakerLayer::client(breaker.clone()).until_body_ends().layer(client(version));
        let response = client.oneshot(request(address, "/whole")).await.unwrap();
        assert_eq!(breaker.state(), State::HalfOpen);
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "first second ");
        assert_eq!((breaker.state(), breaker.status().totals.successes), (State::Closed, 1));
    }
}

#[tokio::test]
async fn a_stream_that_breaks_is_a_failure() {
    for version in BOTH_VERSIONS {
        let (address, _) = dependency().await;
        let (breaker, _) = breaker(ONE);
        let client = CircuitBreakerLayer::client(breaker.clone()).until_body_ends().layer(client(version));
        let response = client.oneshot(request(address, "/broken")).await.unwrap();
        assert_eq!((response.status(), breaker.state()), (StatusCode::OK, State::Closed));
        response.into_body().collect().await.unwrap_err();
        let status = breaker.status();
        assert_eq!((status.state, status.totals.failures, status.totals.cancelled), (State::Open, 1, 0));
    }
}

#[tokio::test]
async fn a_stream_that_the_client_drops_is_cancelled_and_frees_its_slot() {
    for version in BOTH_VERSIONS {
        let (address, _) = dependency().await;
        let (breaker, _) = half_open(ONE);
        let client = CircuitBreakerLayer::client(breaker.clone()).until_body_ends().layer(client(version));
        let mut response = client.oneshot(request(address, "/endless")).await.unwrap();
        response.body_mut().frame().await.unwrap().unwrap();
        assert!(!breaker.is_available());
        drop(response);
        assert!(breaker.is_available());
        assert_eq!((breaker.state(), breaker.status().totals.cancelled), (State::HalfOpen, 1));
    }
}

#[tokio::test]
async fn answers_without_a_body_end_with_their_headers() {
    for version in BOTH_VERSIONS {
        let (address, _) = dependency().await;
        let (breaker, _) = breaker(Policy::new());
        let client = CircuitBreakerLayer::client(breaker.clone()).until_body_ends().layer(client(version));
        for (calls, path) in (1..).zip(["/status/200", "/status/204", "/status/304"]) {
            drop(client.clone().oneshot(request(address, path)).await.unwrap());
            assert_eq!(breaker.status().totals.successes, calls, "{path} over {version:?}");
        }
    }
}

#[tokio::test]
async fn a_server_may_wait_for_the_end_of_its_own_bodies() {
    for version in BOTH_VERSIONS {
        let (breaker, _) = breaker(Policy::new());
        let router = Router::new()
            .route("/known", get(async || "a body of known length"))
            .route("/whole", get(async || streamed(async |body| drop(body))))
            .route("/broken", get(async || streamed(async |body| body.abort("disk error"))))
            .route("/endless", get(async || streamed(endless)))
            .layer(CircuitBreakerLayer::server(breaker.clone()).until_body_ends());
        let (address, client) = (serve(router).await, client(version));
        let totals = || breaker.status().totals;

        for (calls, path) in (1..).zip(["/known", "/whole"]) {
            client.request(request(address, path)).await.unwrap().into_body().collect().await.unwrap();
            eventually(|| totals().successes == calls).await;
        }
        client.request(request(address, "/broken")).await.unwrap().into_body().collect().await.unwrap_err();
        eventually(|| totals().failures == 1).await;
        assert_eq!(breaker.status().last_failure.unwrap().reason.unwrap(), "disk error");

        let mut response = client.request(request(address, "/endless")).await.unwrap();
        response.body_mut().frame().await.unwrap().unwrap();
        drop(response);
        // The server notices that its client has gone.
        eventually(|| totals().cancelled == 1).await;
        assert_eq!((totals().successes, totals().failures), (2, 1));
    }
}
