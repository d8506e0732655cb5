//! In front of tonic's channel and around tonic's server, by the health service whose code is
//! generated already.

use std::future::pending;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use breaker_box::http::grpc_errors;
use breaker_box::{CircuitBreaker, Policy, Registry, State};
use breaker_box_tower::{ByPath, CircuitBreakerLayer, RejectWithGrpcStatus};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tonic::codegen::tokio_stream::Stream;
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Request, Response, Status, async_trait};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tower::{Layer, ServiceBuilder};

use crate::support::{ONE, breaker, half_open, nobody, seconds};

/// Answers with the status that it is asked for; its streams give two messages and then that
/// status.
#[derive(Clone, Default)]
pub(crate) struct Dependency {
    hits: Arc<AtomicU32>,
}

/// The number of a status code; "open" is a stream without an end, and "hangs" a call that never
/// returns.
fn status(service: &str) -> Result<(), Status> {
    match service.parse() {
        Ok(0) | Err(_) => Ok(()),
        Ok(code) => Err(Status::new(Code::from_i32(code), "as you wish")),
    }
}

#[async_trait]
impl Health for Dependency {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        self.hits.fetch_add(1, Ordering::Relaxed);
        if request.get_ref().service == "hangs" {
            pending::<()>().await;
        }
        status(&request.get_ref().service).map(|()| Response::new(HealthCheckResponse::default()))
    }

    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            let service = request.into_inner().service;
            for _ in 0..2 {
                let _ = sender.send(Ok(HealthCheckResponse::default())).await;
            }
            if let Err(status) = status(&service) {
                let _ = sender.send(Err(status)).await;
            }
            if service == "open" {
                sender.closed().await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}

pub(crate) fn ask(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

/// Serves the health service, with a circuit around it if one is given.
pub(crate) async fn serve(guard: Option<CircuitBreaker>) -> (Channel, Dependency) {
    let (address, dependency) = listen(guard).await;
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("a valid address");
    (endpoint.connect_lazy(), dependency)
}

/// The same, for clients that connect on their own terms.
pub(crate) async fn listen(guard: Option<CircuitBreaker>) -> (SocketAddr, Dependency) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address: SocketAddr = listener.local_addr().expect("an address");
    let dependency = Dependency::default();
    let service = HealthServer::new(dependency.clone());
    match guard {
        Some(guard) => tokio::spawn(
            Server::builder()
                .layer(CircuitBreakerLayer::grpc(guard))
                .add_service(service)
                .serve_with_incoming(TcpIncoming::from(listener)),
        ),
        None => tokio::spawn(Server::builder().add_service(service).serve_with_incoming(TcpIncoming::from(listener))),
    };
    (address, dependency)
}

#[tokio::test]
async fn a_unary_call_is_classified_by_its_status_and_rejected_as_unavailable() {
    let (channel, dependency) = serve(None).await;
    let (breaker, clock) = breaker(Policy::consecutive_failures(2).expiry(seconds(30)));
    let mut client = HealthClient::new(CircuitBreakerLayer::grpc(breaker.clone()).layer(channel));

    client.check(ask("0")).await.unwrap();
    assert_eq!(client.check(ask("5")).await.unwrap_err().code(), Code::NotFound);
    let totals = breaker.status().totals;
    assert_eq!((totals.successes, totals.failures, totals.cancelled), (2, 0, 0));

    assert_eq!(client.check(ask("13")).await.unwrap_err().code(), Code::Internal);
    assert_eq!(client.check(ask("14")).await.unwrap_err().message(), "as you wish");
    assert_eq!(breaker.status().last_failure.unwrap().reason.unwrap(), "grpc-status 14 UNAVAILABLE");

    let rejected = client.check(ask("0")).await.unwrap_err();
    assert_eq!(rejected.code(), Code::Unavailable);
    assert_eq!(rejected.message(), "circuit `payment_api` is open, retry after 30s");
    assert_eq!(rejected.metadata().get("grpc-retry-pushback-ms").unwrap(), "30000");
    assert_eq!(dependency.hits.load(Ordering::Relaxed), 4);

    clock.advance(seconds(30));
    client.check(ask("0")).await.unwrap();
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test]
async fn a_stream_is_classified_by_the_status_in_its_trailers() {
    for (service, code, state) in [("0", Code::Ok, State::Closed), ("13", Code::Internal, State::Open)] {
        let (channel, _) = serve(None).await;
        let (breaker, _) = half_open(ONE);
        let mut client = HealthClient::new(CircuitBreakerLayer::grpc(breaker.clone()).layer(channel));
        let mut messages = client.watch(ask(service)).await.unwrap().into_inner();
        for _ in 0..2 {
            messages.message().await.unwrap().unwrap();
            assert!(!breaker.is_available(), "the probe lasts as long as its stream");
        }
        assert_eq!(messages.message().await.map_or_else(|status| status.code(), |_end| Code::Ok), code);
        assert_eq!(breaker.state(), state, "{service}");
    }
}

#[tokio::test]
async fn a_stream_that_is_dropped_is_cancelled_and_frees_its_slot() {
    let (channel, _) = serve(None).await;
    let (breaker, _) = half_open(ONE);
    let mut client = HealthClient::new(CircuitBreakerLayer::grpc(breaker.clone()).layer(channel));
    let mut messages = client.watch(ask("open")).await.unwrap().into_inner();
    messages.message().await.unwrap().unwrap();
    assert!(!breaker.is_available());
    drop(messages);
    assert_eq!((breaker.state(), breaker.status().totals.cancelled), (State::HalfOpen, 1));
    client.check(ask("0")).await.unwrap();
    assert_eq!(breaker.state(), State::Closed);
}

#[tokio::test]
async fn an_open_stream_classified_by_its_headers_holds_no_slot() {
    let (channel, _) = serve(None).await;
    let (breaker, _) = half_open(ONE);
    let layer = CircuitBreakerLayer::new(breaker.clone()).classify(grpc_errors).reject(RejectWithGrpcStatus);
    let mut client = HealthClient::new(layer.layer(channel));
    let _messages = client.watch(ask("open")).await.unwrap();
    assert_eq!(breaker.state(), State::Closed);
    // A unary call that fails has its status in the headers.
    client.check(ask("14")).await.unwrap_err();
    assert_eq!(breaker.state(), State::Open);
    assert_eq!(client.check(ask("0")).await.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_a_failure() {
    let channel = Endpoint::from_shared(format!("http://{}", nobody())).unwrap().connect_lazy();
    let (breaker, _) = breaker(ONE);
    let mut client = HealthClient::new(CircuitBreakerLayer::grpc(breaker.clone()).layer(channel));
    assert_eq!(client.check(ask("0")).await.unwrap_err().code(), Code::Unavailable);
    assert_eq!((breaker.state(), breaker.status().totals.failures), (State::Open, 1));
    assert!(client.check(ask("0")).await.unwrap_err().message().starts_with("circuit `payment_api` is open"));
}

#[tokio::test]
async fn each_method_has_its_circuit() {
    let (channel, _) = serve(None).await;
    let registry = Registry::builder().default_policy(ONE).build().unwrap();
    let mut client = HealthClient::new(
        ServiceBuilder::new().layer(CircuitBreakerLayer::grpc(ByPath::new(&registry))).service(channel),
    );
    client.check(ask("13")).await.unwrap_err();
    assert_eq!(client.check(ask("0")).await.unwrap_err().code(), Code::Unavailable);
    client.watch(ask("0")).await.unwrap();
    assert_eq!(registry.state("/grpc.health.v1.Health/Check"), State::Open);
    assert_eq!(registry.state("/grpc.health.v1.Health/Watch"), State::Closed);
}

#[tokio::test]
async fn around_a_server_it_answers_for_the_service_and_opens_its_clients_circuit() {
    let (inner, _) = breaker(ONE.expiry(seconds(40)));
    let (channel, dependency) = serve(Some(inner.clone())).await;
    let (outer, _) = breaker(Policy::consecutive_failures(2).expiry(seconds(1)));
    let mut client = HealthClient::new(CircuitBreakerLayer::grpc(outer.clone()).layer(channel));

    client.check(ask("0")).await.unwrap();
    assert_eq!(client.check(ask("13")).await.unwrap_err().code(), Code::Internal);
    assert_eq!((inner.state(), outer.state()), (State::Open, State::Closed));
    let rejected = client.check(ask("0")).await.unwrap_err();
    assert_eq!(
        (rejected.code(), rejected.message()),
        (Code::Unavailable, "circuit `payment_api` is open, retry after 40s")
    );
    assert_eq!((outer.state(), outer.status().retry_after), (State::Open, Some(seconds(40))));
    assert_eq!(dependency.hits.load(Ordering::Relaxed), 2);
}
