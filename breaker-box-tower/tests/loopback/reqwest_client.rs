//! In front of reqwest's client, and inside it around its connector.

use std::error::Error;
use std::net::SocketAddr;

use breaker_box::http::transient_errors;
use breaker_box::{CallError, CircuitOpenError, Policy, Registry, State};
use breaker_box_tower::{ByHost, ByPath, CircuitBreakerLayer};
use reqwest::{Client, Method, Request, Url};
use tower::{Layer, ServiceExt};

use crate::support::{ONE, breaker, dependency, half_open, nobody, seconds};

fn client() -> Client {
    Client::builder().no_proxy().build().expect("a client")
}

fn get(address: SocketAddr, path: &str) -> Request {
    Request::new(Method::GET, format!("http://{address}{path}").parse().expect("a valid address"))
}

#[tokio::test]
async fn a_client_is_cut_off_from_a_failing_server_and_comes_back_when_it_recovers() {
    let (address, backstage) = dependency().await;
    let (breaker, clock) = breaker(Policy::consecutive_failures(2).expiry(seconds(30)));
    let client = CircuitBreakerLayer::client(breaker.clone()).layer(client());
    let ask = |path| client.clone().oneshot(get(address, path));

    assert_eq!(ask("/status/404").await.unwrap().status(), 404);
    for _ in 0..2 {
        assert_eq!(ask("/status/502").await.unwrap().status(), 502);
    }
    assert!(ask("/status/200").await.unwrap_err().is::<CircuitOpenError>());
    assert_eq!(backstage.hits(), 3);
    clock.advance(seconds(30));
    assert_eq!(ask("/status/200").await.unwrap().status(), 200);
    assert_eq!(breaker.state(), State::Closed);

    assert_eq!(ask("/busy").await.unwrap().status(), 503);
    assert_eq!(breaker.status().retry_after, Some(seconds(60)));
}

#[tokio::test]
async fn a_connection_error_is_a_failure_whose_reason_hides_the_url() {
    let (breaker, _) = breaker(ONE);
    let client = CircuitBreakerLayer::client(breaker.clone()).typed_errors().layer(client());
    let ask = || client.clone().oneshot(get(nobody(), "/?key=secret"));
    assert!(matches!(ask().await, Err(CallError::Failed(error)) if error.is_connect()));
    assert!(matches!(ask().await, Err(CallError::Open(_))));
    let reason = breaker.status().last_failure.unwrap().reason.unwrap();
    assert!(reason.starts_with("cannot connect") && !reason.contains("secret"), "{reason}");
}

#[tokio::test]
async fn a_request_that_cannot_be_sent_is_ignored() {
    let (breaker, _) = breaker(ONE);
    let client = CircuitBreakerLayer::client(breaker.clone()).layer(client());
    client.oneshot(Request::new(Method::GET, Url::parse("ftp://127.0.0.1/").unwrap())).await.unwrap_err();
    assert_eq!((breaker.state(), breaker.status().totals.ignored), (State::Closed, 1));
}

#[tokio::test]
async fn another_classifier_can_be_chosen() {
    let (address, _) = dependency().await;
    let (breaker, _) = breaker(ONE);
    let client = CircuitBreakerLayer::client(breaker.clone()).classify(transient_errors).layer(client());
    assert_eq!(client.oneshot(get(address, "/status/429")).await.unwrap().status(), 429);
    assert_eq!(breaker.state(), State::Open);
}

#[tokio::test]
async fn circuits_by_host_and_by_path() {
    let (address, _) = dependency().await;
    let registry = Registry::builder().default_policy(ONE).build().unwrap();
    let by_host = CircuitBreakerLayer::client(ByHost::new(&registry)).layer(client());
    let by_path = CircuitBreakerLayer::client(ByPath::new(&registry)).layer(client());
    by_host.clone().oneshot(get(nobody(), "/")).await.unwrap_err();
    by_host.oneshot(get(address, "/status/200")).await.unwrap();
    by_path.oneshot(get(address, "/status/500?x=1")).await.unwrap();
    assert_eq!(registry.state(address.to_string()), State::Closed);
    assert_eq!(registry.state("/status/500"), State::Open);
    assert_eq!((registry.len(), registry.list().iter().filter(|status| status.state == State::Open).count()), (3, 2));
}

#[tokio::test]
async fn a_body_can_be_awaited_to_its_end() {
    let (address, _) = dependency().await;
    let (breaker, _) = half_open(ONE);
    let client = CircuitBreakerLayer::client(breaker.clone()).until_body_ends().layer(client());
    let whole = client.clone().oneshot(get(address, "/whole")).await.unwrap();
    assert_eq!(whole.url().path(), "/whole");
    assert!(whole.remote_addr().is_some());
    assert_eq!(breaker.state(), State::HalfOpen);
    assert_eq!(whole.text().await.unwrap(), "first second ");
    assert_eq!(breaker.state(), State::Closed);

    let mut endless = client.clone().oneshot(get(address, "/endless")).await.unwrap();
    assert!(endless.chunk().await.unwrap().is_some());
    drop(endless);
    assert_eq!(breaker.status().totals.cancelled, 1);

    let broken = client.oneshot(get(address, "/broken")).await.unwrap();
    broken.bytes().await.unwrap_err();
    assert_eq!((breaker.state(), breaker.status().totals.failures), (State::Open, 1));
}

#[tokio::test]
async fn around_the_connector_only_connecting_is_classified() {
    let (address, backstage) = dependency().await;
    let (breaker, _) = breaker(ONE);
    let client = Client::builder()
        .no_proxy()
        .connector_layer(CircuitBreakerLayer::new(breaker.clone()))
        .build()
        .expect("a client");
    // A connection that is kept alive is no new one.
    for _ in 0..3 {
        assert_eq!(client.execute(get(address, "/status/500")).await.unwrap().status(), 500);
    }
    assert_eq!((breaker.state(), breaker.status().totals.successes), (State::Closed, 1));
    assert!(client.execute(get(nobody(), "/")).await.unwrap_err().is_connect());
    assert_eq!(breaker.state(), State::Open);

    let rejected = client.execute(get(nobody(), "/")).await.unwrap_err();
    let mut causes = std::iter::successors(rejected.source(), |&cause| cause.source());
    assert!(causes.any(<dyn Error>::is::<CircuitOpenError>), "{rejected:?}");
    // The connection from before still serves.
    assert_eq!(client.execute(get(address, "/status/200")).await.unwrap().status(), 200);
    assert_eq!(backstage.hits(), 4);
}
