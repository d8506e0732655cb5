//! A shop that calls a warehouse, protected both ways: its calls by a circuit for each host, its
//! own routes by a circuit for each route; and a page of metrics that says so to Prometheus.
//! Servers and clients are real: axum and reqwest over TCP. What is claimed is asserted.
//!
//! What it takes: `cargo add breaker-box --features metrics`,
//! `cargo add breaker-box-tower --features axum,reqwest`, and `shop` below.
//!
//! Run it with `cargo run -p breaker-box-tower --all-features --example both_ways`.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::time::Duration;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::{Router, routing::get};
use breaker_box::{ManualClock, Metrics, Policy, Registry, State};
use breaker_box_tower::{BoxError, ByHost, ByRoute, CircuitBreakerLayer};
use reqwest::Client;
use tokio::net::TcpListener;
use tower::{Layer, ServiceExt};

/// All that it takes.
fn shop(registry: &Registry, http: Client, warehouse: SocketAddr) -> Router {
    let guarded = CircuitBreakerLayer::client(ByHost::new(registry)).layer(http.clone());
    let stock = async move |Path(item): Path<u32>| {
        let ask = async || {
            let request = http.get(format!("http://{warehouse}/items/{item}")).build()?;
            Ok::<_, BoxError>(guarded.clone().oneshot(request).await?.error_for_status()?.text().await?)
        };
        ask().await.map_err(|error| (StatusCode::BAD_GATEWAY, error.to_string()))
    };
    let metrics = Metrics::new(registry);
    Router::new()
        .route("/stock/{item}", get(stock))
        .layer(CircuitBreakerLayer::server(ByRoute::new(registry)))
        .route("/metrics", get(async move || ([(CONTENT_TYPE, Metrics::CONTENT_TYPE)], metrics.render())))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let clock = ManualClock::new();
    let registry = Registry::builder().clock(clock.clone()).build()?;
    let http = Client::builder().no_proxy().build()?;
    let warehouse = Warehouse::default();
    let address = serve(warehouse.router()).await?;
    // A policy of its own; the routes have the default one, which takes five failures.
    registry.register(address.to_string(), Policy::consecutive_failures(2))?;
    let shop = serve(shop(&registry, http.clone(), address)).await?;
    let ask = async || get_text(&http, format!("http://{shop}/stock/3")).await;
    let print = |what: &str| {
        println!("{what}");
        registry.list().iter().for_each(|status| println!("    {status}"));
    };

    assert_eq!(ask().await?, (200, "7 of item 3".to_owned()));
    print("all is well:");

    warehouse.answers_with(500);
    for _ in 0..2 {
        assert_eq!(ask().await?.0, 502);
    }
    let (status, text) = ask().await?;
    assert_eq!(status, 502);
    assert!(text.starts_with(&format!("circuit `{address}` is open")), "{text}");
    assert_eq!(warehouse.asked(), 3, "the third failure never left the shop");
    print("the warehouse is down, and no longer asked:");

    for _ in 0..2 {
        assert_eq!(ask().await?.0, 502);
    }
    let (status, text) = ask().await?;
    assert_eq!(status, 503);
    assert!(text.contains("circuit `GET /stock/{item}` is open, retry after 30s"), "{text}");
    print("the shop has failed its own callers five times, and says so at once:");

    let (_, page) = get_text(&http, format!("http://{shop}/metrics")).await?;
    let shows = |line: String| assert!(page.lines().any(|found| found == line), "{line}\n{page}");
    shows(format!(r#"breaker_box_state{{identifier="{address}",state="open"}} 1"#));
    shows(format!(r#"breaker_box_calls_total{{identifier="{address}",outcome="failure"}} 2"#));
    shows(r#"breaker_box_rejected_calls_total{identifier="GET /stock/{item}"} 1"#.to_owned());

    warehouse.answers_with(200);
    clock.advance(Duration::from_secs(30));
    assert_eq!(ask().await?.0, 200);
    print("half a minute later all is well again:");
    assert!(registry.list().iter().all(|status| status.state == State::Closed));
    Ok(())
}

/// What the shop's callers do, without any circuit.
async fn get_text(http: &Client, url: String) -> Result<(u16, String), reqwest::Error> {
    let response = http.get(url).send().await?;
    Ok((response.status().as_u16(), response.text().await?))
}

async fn serve(router: Router) -> Result<SocketAddr, std::io::Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async { axum::serve(listener, router).await });
    Ok(address)
}

/// A service that succeeds until `status` is set.
#[derive(Clone, Default)]
struct Warehouse {
    /// The status to answer with, or zero for success.
    status: Arc<AtomicU16>,
    asked: Arc<AtomicU32>,
}

impl Warehouse {
    fn router(&self) -> Router {
        let warehouse = self.clone();
        let item = async move |Path(item): Path<u32>| {
            warehouse.asked.fetch_add(1, Ordering::Relaxed);
            let status = StatusCode::from_u16(warehouse.status.load(Ordering::Relaxed)).unwrap_or_default();
            (status, format!("7 of item {item}"))
        };
        Router::new().route("/items/{item}", get(item))
    }

    fn answers_with(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}
