//! gRPC-Web over a real connection, as a proxy such as Envoy answers it: the trailers are the last
//! frame of the body.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, Version};
use axum::routing::get;
use breaker_box::{Policy, State};
use breaker_box_tower::CircuitBreakerLayer;
use bytes::Bytes;
use http_body_util::BodyExt;
use tower::{Layer, ServiceExt};

use crate::support::{BOTH_VERSIONS, ONE, breaker, client, half_open, request, serve, streamed};

const MESSAGE: &[u8] = b"\0\0\0\0\x01m";
const TRAILERS: &[u8] = b"\x80\0\0\0\x0fgrpc-status: 0\r\n";

/// `/unary`, `/text`, `/stream`: well, in either encoding; `/declined`: the status in the headers;
/// `/broken`: in the midst.
fn web() -> Router {
    const BINARY: [(HeaderName, &str); 1] = [(http::header::CONTENT_TYPE, "application/grpc-web+proto")];
    const TEXT: [(HeaderName, &str); 1] = [(http::header::CONTENT_TYPE, "application/grpc-web-text+proto")];
    Router::new()
        .route("/unary", get(async || (BINARY, [MESSAGE, TRAILERS].concat())))
        .route("/text", get(async || (TEXT, "AAAAAAFtgAAAAA9ncnBjLXN0YXR1czogMA0K")))
        .route("/stream", get(async || (BINARY, chunks([MESSAGE, MESSAGE, TRAILERS]))))
        .route("/declined", get(async || (BINARY, [("grpc-status", "14")])))
        .route("/broken", get(async || (BINARY, streamed(async |body| body.abort("reset")))))
}

/// A body frame by frame.
fn chunks<const N: usize>(frames: [&'static [u8]; N]) -> Body {
    let (mut sender, body) = http_body_util::channel::Channel::<Bytes, std::convert::Infallible>::new(1);
    tokio::spawn(async move {
        for frame in frames {
            let _ = sender.send_data(Bytes::from_static(frame)).await;
        }
    });
    Body::new(body)
}

#[tokio::test]
async fn answers_of_grpc_web_are_no_failures() {
    let address = serve(web()).await;
    for version in BOTH_VERSIONS {
        let (breaker, _) = breaker(Policy::consecutive_failures(1));
        let client = CircuitBreakerLayer::grpc(breaker.clone())
            .reject(breaker_box_tower::RejectWithBoxError)
            .layer(client(version));
        for path in ["/unary", "/text", "/stream"] {
            let answer = client.clone().oneshot(request(address, path)).await.unwrap();
            answer.into_body().collect().await.unwrap();
        }
        let totals = breaker.status().totals;
        assert_eq!((totals.successes, totals.failures, totals.cancelled), (3, 0, 0), "{version:?}");
    }
}

#[tokio::test]
async fn a_visible_grpc_web_status_is_classified() {
    let address = serve(web()).await;
    for (path, reason) in [("/declined", "grpc-status 14 UNAVAILABLE"), ("/broken", "")] {
        let (breaker, _) = breaker(ONE);
        let client = CircuitBreakerLayer::grpc(breaker.clone())
            .reject(breaker_box_tower::RejectWithBoxError)
            .layer(client(Version::HTTP_11));
        let answer = client.oneshot(request(address, path)).await.unwrap();
        let _broken = answer.into_body().collect().await;
        assert_eq!(breaker.state(), State::Open, "{path}");
        assert!(breaker.status().last_failure.unwrap().reason.unwrap().starts_with(reason), "{path}");
    }
}

#[tokio::test]
async fn around_a_server_of_grpc_web_a_probe_closes() {
    let (breaker, _) = half_open(ONE);
    let address = serve(web().layer(CircuitBreakerLayer::grpc(breaker.clone()))).await;
    let answer = client(Version::HTTP_11).request(request(address, "/stream")).await.unwrap();
    answer.into_body().collect().await.unwrap();
    crate::support::eventually(|| breaker.state() == State::Closed).await;
}
