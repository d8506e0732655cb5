//! The `Status` of a real tonic client under the attribute: what the service answers, and what the
//! client makes of errors.

use std::error::Error as _;
use std::time::Duration;

use breaker_box::http::{grpc_errors, grpc_status};
use breaker_box::{Outcome, Policy, Registry, State, circuit_breaker};
use breaker_box_tower::CircuitBreakerLayer;
use tonic::client::GrpcService;
use tonic::codegen::{Body, Bytes, StdError};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status, body};
use tonic_health::pb::health_client::HealthClient;
use tower::Layer;

use crate::grpc::{ask, serve};
use crate::support::{ONE, breaker, nobody, seconds};

fn status_errors<T>(result: &Result<T, Status>) -> Outcome {
    match result {
        Ok(_) => Outcome::Success,
        Err(status) => grpc_status(status.code(), status.metadata().as_ref(), status.source()),
    }
}

#[circuit_breaker(
    identifier = "stock",
    registry = registry,
    error_handler = status_errors,
    fallback = |open| Err(Status::unavailable(open.to_string())),
)]
async fn check<C>(registry: &Registry, client: &mut HealthClient<C>, service: &str) -> Result<(), Status>
where
    C: GrpcService<
            body::Body,
            Error: Into<StdError>,
            ResponseBody: Body<Data = Bytes, Error: Into<StdError> + Send> + Send + 'static,
        >,
{
    client.check(ask(service)).await.map(drop)
}

fn registry(policy: Policy) -> Registry {
    Registry::builder().default_policy(policy).build().unwrap()
}

fn unreachable() -> Channel {
    Endpoint::from_shared(format!("http://{}", nobody())).unwrap().connect_lazy()
}

fn last_reason(registry: &Registry) -> String {
    registry.status("stock").unwrap().last_failure.unwrap().reason.unwrap().to_string()
}

#[tokio::test]
async fn each_code_of_the_service_means_what_the_table_says() {
    let (channel, _) = serve(None).await;
    let mut client = HealthClient::new(channel);
    for code in 1..=16 {
        let registry = registry(Policy::new());
        let status = check(&registry, &mut client, &code.to_string()).await.unwrap_err();
        assert_eq!(i32::from(status.code()), code);
        assert!(status.source().is_none(), "the service has sent it");
        let totals = registry.status("stock").unwrap().totals;
        let expected = match code {
            3 | 5..=7 | 9..=11 | 16 => (1, 0, 0),
            1 | 8 => (0, 0, 1),
            _ => (0, 1, 0),
        };
        assert_eq!((totals.successes, totals.failures, totals.ignored), expected, "{code}");
    }
}

#[tokio::test]
async fn an_open_circuit_answers_with_a_status_too() {
    let (channel, _) = serve(None).await;
    let (registry, mut client) = (registry(ONE), HealthClient::new(channel));
    check(&registry, &mut client, "0").await.unwrap();
    check(&registry, &mut client, "13").await.unwrap_err();
    assert_eq!(last_reason(&registry), "grpc-status 13 INTERNAL");
    let rejected = check(&registry, &mut client, "0").await.unwrap_err();
    assert_eq!(rejected.code(), Code::Unavailable);
    assert!(rejected.message().starts_with("circuit `stock` is open"), "{rejected}");
}

#[tokio::test]
async fn the_pushback_of_a_service_opens_for_that_time() {
    let (inner, _) = breaker(ONE);
    let (channel, _) = serve(Some(inner.clone())).await;
    inner.open_for(seconds(40));
    let registry = registry(Policy::new());
    let status = check(&registry, &mut HealthClient::new(channel), "0").await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    let left = registry.status("stock").unwrap().retry_after.unwrap();
    assert!(left <= seconds(40) && left > seconds(20), "{left:?}");
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_is_a_failure_with_its_cause() {
    let registry = registry(ONE);
    check(&registry, &mut HealthClient::new(unreachable()), "0").await.unwrap_err();
    assert_eq!(registry.state("stock"), State::Open);
    let reason = last_reason(&registry);
    assert!(reason.starts_with("grpc-status 14 UNAVAILABLE: Connection refused"), "{reason}");
}

#[tokio::test]
async fn a_timeout_of_the_endpoint_is_a_failure_although_it_is_called_cancelled() {
    let (address, _) = crate::grpc::listen(None).await;
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap().timeout(Duration::from_millis(20));
    let registry = registry(ONE);
    let status = check(&registry, &mut HealthClient::new(endpoint.connect_lazy()), "hangs").await.unwrap_err();
    assert_eq!(status.code(), Code::Cancelled);
    assert_eq!(registry.state("stock"), State::Open);
    assert_eq!(last_reason(&registry), "grpc-status 1 CANCELLED: Timeout expired");
}

#[tokio::test]
async fn an_open_circuit_below_the_client_is_ignored() {
    let (below, _) = breaker(ONE);
    below.open();
    let guarded = CircuitBreakerLayer::new(below).classify(grpc_errors).layer(unreachable());
    let registry = registry(ONE);
    let status = check(&registry, &mut HealthClient::new(guarded), "0").await.unwrap_err();
    assert!(status.source().is_some(), "{status}");
    assert_eq!((registry.state("stock"), registry.status("stock").unwrap().totals.ignored), (State::Closed, 1));
}
