//! Health endpoints of an axum service that stay right while its dependencies are down: an instance
//! whose circuits are open is degraded and says so, and it stays in rotation. What is claimed is
//! asserted, over HTTP, with a load balancer in front of two instances.
//!
//! Run it with `cargo run --example health`.

use std::error::Error;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::Response;
use axum::{Router, extract, routing::get};
use breaker_box::http::{server_errors, service_unavailable};
use breaker_box::{ManualClock, Policy, Registry, State, Status, circuit_breaker};
use reqwest::Client;
use tokio::net::TcpListener;

/// One instance of the shop.
#[derive(Clone)]
struct Shop {
    registry: Registry,
    is_stopping: Arc<AtomicBool>,
    /// The dependency, which all instances share. It is in the same process here.
    payments_are_down: Arc<AtomicBool>,
}

impl Shop {
    fn router(&self) -> Router {
        Router::new()
            .route("/", get(async || "cups, kettles, teapots"))
            .route("/pay", get(async |extract::State(shop): extract::State<Self>| shop.pay().await))
            .route("/live", get(live))
            .route("/ready", get(ready))
            .route("/health", get(health))
            .with_state(self.clone())
    }

    /// While its circuit is open, it answers at once, with 503 and `Retry-After`.
    #[circuit_breaker(
        identifier = "payments",
        registry = &self.registry,
        error_handler = server_errors,
        fallback = service_unavailable,
    )]
    async fn pay(&self) -> Response {
        let mut response = Response::new("paid".into());
        if self.payments_are_down.load(Ordering::Relaxed) {
            *response.status_mut() = StatusCode::BAD_GATEWAY;
        }
        response
    }
}

/// "Is the process stuck?" If so, it is restarted, and a restart mends no dependency.
async fn live() -> StatusCode {
    StatusCode::OK
}

/// "Should this instance get requests?" That depends on the instance alone. All of them see the
/// same outage, so a circuit in this answer would take the last instance out too.
async fn ready(extract::State(shop): extract::State<Shop>) -> StatusCode {
    if shop.is_stopping.load(Ordering::Relaxed) { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
}

/// "What is wrong?" For people and dashboards. It is 200 whatever it says, in case somebody points a
/// load balancer at it.
async fn health(extract::State(shop): extract::State<Shop>) -> String {
    let troubled: Vec<Status> = shop.registry.list().into_iter().filter(is_troubled).collect();
    let mut page = if troubled.is_empty() { "ok\n" } else { "degraded\n" }.to_owned();
    for status in troubled {
        // Writing to a `String` cannot fail.
        let _ = writeln!(page, "{status}");
    }
    page
}

fn is_troubled(status: &Status) -> bool {
    matches!(status.state, State::Open | State::HalfOpen | State::ForcedOpen)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let clock = ManualClock::new();
    let payments_are_down = Arc::new(AtomicBool::new(false));
    let mut shops = Vec::new();
    let mut balancer = Balancer { client: Client::builder().no_proxy().build()?, instances: Vec::new() };
    for _ in 0..2 {
        let policy = Policy::consecutive_failures(3);
        let registry = Registry::builder().clock(clock.clone()).default_policy(policy).build()?;
        let (is_stopping, payments_are_down) = (Arc::default(), Arc::clone(&payments_are_down));
        let shop = Shop { registry, is_stopping, payments_are_down };
        balancer.instances.push(serve(shop.router()).await?);
        shops.push(shop);
    }
    let [first, second] = balancer.instances[..] else { return Err("there are two instances".into()) };

    assert_eq!(balancer.get(first, "/pay").await?, (200, "paid".to_owned()));
    assert_eq!(balancer.get(first, "/health").await?, (200, "ok\n".to_owned()));
    println!("all is well");

    payments_are_down.store(true, Ordering::Relaxed);
    for instance in [first, second] {
        for _ in 0..3 {
            assert_eq!(balancer.get(instance, "/pay").await?.0, 502);
        }
    }
    assert!(shops.iter().all(|shop| shop.registry.state("payments") == State::Open));
    println!("the payments are down, and their circuit is open in both instances:");
    let (status, page) = balancer.get(second, "/health").await?;
    assert_eq!((status, page.lines().next()), (200, Some("degraded")));
    assert!(page.contains("payments"), "{page}");
    page.lines().for_each(|line| println!("    {line}"));

    assert_eq!(balancer.in_rotation().await?, [first, second]);
    for instance in [first, second] {
        assert_eq!(balancer.get(instance, "/").await?.0, 200, "what needs no payments is served");
        assert_eq!(balancer.get(instance, "/pay").await?.0, 503, "what does need them is refused at once");
        assert_eq!(balancer.get(instance, "/live").await?.0, 200, "no restart would help");
    }
    println!("both instances stay in rotation, and serve what needs no payments");

    payments_are_down.store(false, Ordering::Relaxed);
    clock.advance(Duration::from_secs(30));
    for _ in 0..100 {
        assert_eq!(balancer.get(first, "/health").await?.0, 200);
    }
    assert_eq!(shops[0].registry.state("payments"), State::HalfOpen, "a health check is no probe");
    for instance in [first, second] {
        assert_eq!(balancer.get(instance, "/pay").await?.0, 200);
        assert_eq!(balancer.get(instance, "/health").await?.1, "ok\n");
    }
    println!("the next payments have closed the circuits");

    shops[0].is_stopping.store(true, Ordering::Relaxed);
    assert_eq!(balancer.in_rotation().await?, [second]);
    assert_eq!(balancer.get(first, "/pay").await?.0, 200, "it finishes what still comes");
    println!("the first instance stops: that is a reason to leave the rotation");
    Ok(())
}

/// What stands in front of the instances, and asks each whether it is ready.
struct Balancer {
    client: Client,
    instances: Vec<SocketAddr>,
}

impl Balancer {
    async fn in_rotation(&self) -> Result<Vec<SocketAddr>, reqwest::Error> {
        let mut ready = Vec::new();
        for instance in &self.instances {
            if self.get(*instance, "/ready").await?.0 == 200 {
                ready.push(*instance);
            }
        }
        Ok(ready)
    }

    async fn get(&self, instance: SocketAddr, path: &str) -> Result<(u16, String), reqwest::Error> {
        let response = self.client.get(format!("http://{instance}{path}")).send().await?;
        Ok((response.status().as_u16(), response.text().await?))
    }
}

async fn serve(router: Router) -> Result<SocketAddr, std::io::Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async { axum::serve(listener, router).await });
    Ok(address)
}
