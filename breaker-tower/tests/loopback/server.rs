//! As a layer of axum.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, Version};
use axum::routing::get;
use breaker_box::{Registry, State};
use breaker_tower::{BreakerLayer, Keyed};
use http_body_util::BodyExt;
use tokio::sync::Notify;
use tower::{Layer, ServiceExt};

use crate::support::{BOTH_VERSIONS, ONE, breaker, client, eventually, request, seconds, serve};

#[tokio::test]
async fn an_open_route_answers_503_with_retry_after_and_recovers() {
    for version in BOTH_VERSIONS {
        let (breaker, clock) = breaker(ONE.expiry(seconds(20)));
        let answer = Arc::new(AtomicU16::new(500));
        let says = Arc::clone(&answer);
        let route = get(async move || StatusCode::from_u16(says.load(Ordering::Relaxed)).expect("a status"));
        let router = Router::new().route("/report", route).layer(BreakerLayer::server(breaker.clone()));
        let (address, client) = (serve(router).await, client(version));

        assert_eq!(client.request(request(address, "/report")).await.unwrap().status(), 500);
        answer.store(200, Ordering::Relaxed);
        clock.advance(std::time::Duration::from_millis(1));
        let rejected = client.request(request(address, "/report")).await.unwrap();
        assert_eq!((rejected.status(), rejected.version()), (StatusCode::SERVICE_UNAVAILABLE, version));
        assert_eq!(rejected.headers()["retry-after"], "20");
        assert_eq!(rejected.headers()["content-type"], "application/problem+json");
        let problem = rejected.into_body().collect().await.unwrap().to_bytes();
        let problem = std::str::from_utf8(&problem).unwrap();
        assert!(problem.contains("circuit `payment_api` is open, retry after 19.999s"), "{problem}");

        clock.advance(seconds(20));
        assert_eq!(client.request(request(address, "/report")).await.unwrap().status(), 200);
        assert_eq!(breaker.state(), State::Closed);
    }
}

#[tokio::test]
async fn a_handler_that_panics_is_a_failure() {
    let (breaker, _) = breaker(ONE);
    let router = Router::new()
        .route("/", get(async || -> StatusCode { panic!("a bug in a handler") }))
        .layer(BreakerLayer::server(breaker.clone()));
    let (address, client) = (serve(router).await, client(Version::HTTP_11));
    // The connection goes down with the panic, as without the layer.
    client.request(request(address, "/")).await.unwrap_err();
    let status = breaker.status();
    assert_eq!((status.state, status.totals.panicked), (State::Open, 1));
    assert_eq!(status.last_failure.unwrap().reason.unwrap(), "a bug in a handler");
    assert_eq!(client.request(request(address, "/")).await.unwrap().status(), 503);
}

#[tokio::test]
async fn a_client_that_hangs_up_is_a_cancellation_of_the_server() {
    for version in BOTH_VERSIONS {
        let (breaker, _) = breaker(ONE);
        let arrived = Arc::new(Notify::new());
        let notify = Arc::clone(&arrived);
        let waits = get(async move || -> StatusCode {
            notify.notify_one();
            pending().await
        });
        let router = Router::new().route("/", waits).layer(BreakerLayer::server(breaker.clone()));
        let address = serve(router).await;
        let request = tokio::spawn(client(version).request(request(address, "/")));
        arrived.notified().await;
        request.abort();
        eventually(|| breaker.status().totals.cancelled == 1).await;
        assert_eq!((breaker.state(), breaker.status().totals.failures), (State::Closed, 0));
    }
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn each_route_has_its_circuit_whatever_its_parameters() {
    let registry = Registry::builder().default_policy(ONE).build().unwrap();
    let shops = Router::new()
        .route("/{id}", get(async |Path(_): Path<u32>| StatusCode::INTERNAL_SERVER_ERROR))
        .route("/{id}", axum::routing::post(async |Path(_): Path<u32>| StatusCode::CREATED));
    let router =
        Router::new().nest("/shops", shops).layer(BreakerLayer::server(breaker_tower::ByRoute::new(&registry)));
    let (address, client) = (serve(router).await, client(Version::HTTP_11));
    let get = |path: &str| client.request(request(address, path));

    assert_eq!(get("/shops/1").await.unwrap().status(), 500);
    assert_eq!(get("/shops/2").await.unwrap().status(), 503);
    let mut posted = request(address, "/shops/2");
    *posted.method_mut() = http::Method::POST;
    assert_eq!(client.request(posted).await.unwrap().status(), 201);
    for n in 0..10 {
        assert_eq!(get(&format!("/nothing/{n}")).await.unwrap().status(), 404);
    }
    let circuits: Vec<_> = registry.list().iter().map(|status| format!("{} {}", status.key, status.state)).collect();
    assert_eq!(circuits, ["GET /shops/{id} open", "POST /shops/{id} closed"]);
}

#[tokio::test]
async fn tenants_of_one_route_are_told_apart_by_a_header() {
    let registry = Registry::builder().default_policy(ONE).max_circuits(100).build().unwrap();
    let tenant = |request: &axum::extract::Request| {
        let name = request.headers().get("x-tenant").and_then(|name| name.to_str().ok());
        format!("tenant:{}", name.unwrap_or("nobody"))
    };
    let router = Router::new()
        .route("/{code}", get(async |Path(code): Path<u16>| StatusCode::from_u16(code).expect("a status")))
        .layer(BreakerLayer::server(Keyed::new(&registry, tenant)));
    let (address, client) = (serve(router).await, client(Version::HTTP_11));
    let ask = |tenant: &'static str, path| {
        let mut request = request(address, path);
        request.headers_mut().insert("x-tenant", http::HeaderValue::from_static(tenant));
        client.request(request)
    };
    assert_eq!(ask("a", "/500").await.unwrap().status(), 500);
    assert_eq!(ask("a", "/200").await.unwrap().status(), 503);
    assert_eq!(ask("b", "/200").await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_servers_open_circuit_opens_its_clients_circuit_for_the_same_time() {
    let (inner, _) = breaker(ONE.expiry(seconds(40)));
    let router = Router::new().route("/", get(async || "well")).layer(BreakerLayer::server(inner.clone()));
    let address = serve(router).await;
    let (outer, clock) = breaker(ONE.expiry(seconds(1)));
    let client = BreakerLayer::client(outer.clone()).layer(client(Version::HTTP_11));
    inner.open();
    assert_eq!(client.clone().oneshot(request(address, "/")).await.unwrap().status(), 503);
    assert_eq!(outer.status().retry_after, Some(seconds(40)));
    inner.close();
    clock.advance(seconds(40));
    assert_eq!(client.oneshot(request(address, "/")).await.unwrap().status(), 200);
}
