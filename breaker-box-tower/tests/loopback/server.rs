//! As a layer of axum.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, Version};
use axum::routing::get;
use breaker_box::{Registry, State};
use breaker_box_tower::{CircuitBreakerLayer, Keyed};
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
        let router = Router::new().route("/report", route).layer(CircuitBreakerLayer::server(breaker.clone()));
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
        .layer(CircuitBreakerLayer::server(breaker.clone()));
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
        let router = Router::new().route("/", waits).layer(CircuitBreakerLayer::server(breaker.clone()));
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
    let router = Router::new()
        .nest("/shops", shops)
        .layer(CircuitBreakerLayer::server(breaker_box_tower::ByRoute::new(&registry)));
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

/// Writes requests onto one connection, and gives the first line of each answer.
#[cfg(feature = "axum")]
async fn raw(address: std::net::SocketAddr, requests: impl IntoIterator<Item = String>) -> Vec<String> {
    use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
    let (reader, mut writer) = tokio::net::TcpStream::connect(address).await.unwrap().into_split();
    let mut reader = BufReader::new(reader);
    let mut answers = Vec::new();
    for request in requests {
        writer.write_all(request.as_bytes()).await.unwrap();
        let (mut first, mut length) = (String::new(), 0);
        reader.read_line(&mut first).await.unwrap();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).await.unwrap();
            match line.to_lowercase().split_once(':') {
                Some(("content-length", value)) => length = value.trim().parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        reader.read_exact(&mut vec![0; length]).await.unwrap();
        answers.push(first.trim_end().to_owned());
    }
    answers
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn unknown_methods_and_paths_create_no_circuits() {
    let registry = Registry::builder().default_policy(ONE).build().unwrap();
    let router = Router::new()
        .route("/shops/{id}", get(async || StatusCode::OK))
        .route("/any/{*rest}", axum::routing::any(async || StatusCode::OK))
        .layer(CircuitBreakerLayer::server(breaker_box_tower::ByRoute::new(&registry)));
    let address = serve(router).await;
    let made_up = (0..1_000).map(|n| format!("M{n} /shops/{n} HTTP/1.1\r\nHost: h{n}\r\n\r\n"));
    for answer in raw(address, made_up).await {
        assert_eq!(answer, "HTTP/1.1 405 Method Not Allowed");
    }
    let more = ["get", "Get", "PROPFIND", "GETX", "X-!#$%&'*+.^_`|~", &"M".repeat(6_000)];
    raw(address, more.map(|method| format!("{method} /any/x HTTP/1.1\r\nHost: x\r\n\r\n"))).await;
    let nowhere = (0..1_000).map(|n| format!("GET /nothing/{n} HTTP/1.1\r\nHost: x\r\n\r\n"));
    raw(address, nowhere).await;
    let absolute = (0..100).map(|n| format!("GET http://h{n}.example/shops/{n}?q={n} HTTP/1.1\r\nHost: x{n}\r\n\r\n"));
    raw(address, absolute).await;
    let names: Vec<_> = registry.list().iter().map(|status| status.key.to_string()).collect();
    assert_eq!(names, ["GET /shops/{id}", "_OTHER /any/{*rest}", "_OTHER /shops/{id}"]);
}

#[tokio::test]
async fn tenants_of_one_route_are_distinguished_by_a_header() {
    let registry = Registry::builder().default_policy(ONE).max_circuits(100).build().unwrap();
    let tenant = |request: &axum::extract::Request| {
        let name = request.headers().get("x-tenant").and_then(|name| name.to_str().ok());
        format!("tenant:{}", name.unwrap_or("nobody"))
    };
    let router = Router::new()
        .route("/{code}", get(async |Path(code): Path<u16>| StatusCode::from_u16(code).expect("a status")))
        .layer(CircuitBreakerLayer::server(Keyed::new(&registry, tenant)));
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
    let router = Router::new().route("/", get(async || "well")).layer(CircuitBreakerLayer::server(inner.clone()));
    let address = serve(router).await;
    let (outer, clock) = breaker(ONE.expiry(seconds(1)));
    let client = CircuitBreakerLayer::client(outer.clone()).layer(client(Version::HTTP_11));
    inner.open();
    assert_eq!(client.clone().oneshot(request(address, "/")).await.unwrap().status(), 503);
    assert_eq!(outer.status().retry_after, Some(seconds(40)));
    inner.close();
    clock.advance(seconds(40));
    assert_eq!(client.oneshot(request(address, "/")).await.unwrap().status(), 200);
}
