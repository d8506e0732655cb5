//! Prometheus metrics of a service: its own and those of its circuits on one page, read by a real
//! scrape.
//!
//! Nothing is done for the metrics while calls run: a scrape reads the totals that circuits keep
//! anyway.
//!
//! Run it with `cargo run --example metrics --features metrics`.

use std::error::Error;
use std::net::Ipv4Addr;
use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use breaker_box::{CircuitOpenError, Key, Metrics, Registry, circuit_breaker};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use metrics_util::MetricKindMask;
use tokio::net::TcpListener;

#[derive(Debug, thiserror::Error)]
enum SearchError {
    #[error("the search service is down")]
    Down,
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpenError),
}

#[circuit_breaker(
    identifier = "search",
    scope = "shop",
    kind = "http",
    failure_threshold = 3,
    slow_call_rate = 0.8,
    slow_call = "2s",
    window = 100,
    minimum_calls = 5
)]
async fn search(works: bool) -> Result<u32, SearchError> {
    metrics::counter!("shop_searches_total").increment(1);
    if works { Ok(42) } else { Err(SearchError::Down) }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    // The service's usual exporter, with the buckets for the circuits' histogram. The idle timeout
    // drops the gauges of circuits that have left the registry, and any other gauge that has not
    // been set for a minute.
    let exporter = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(Metrics::DURATION.to_owned()), &Metrics::DURATION_BUCKETS)?
        .idle_timeout(MetricKindMask::GAUGE, Some(Duration::from_secs(60)))
        .install_recorder()?;

    // The circuits need one object, and one call before the page is rendered.
    let circuits = Metrics::new(Registry::global());
    let page = {
        let circuits = circuits.clone();
        move || {
            circuits.publish();
            let page = exporter.render();
            async { ([(CONTENT_TYPE, Metrics::CONTENT_TYPE)], page) }
        }
    };
    // Without an exporter, or beside one: the circuits alone, where what has left is gone at once.
    let circuits_alone = move || {
        let page = circuits.render();
        async { ([(CONTENT_TYPE, Metrics::CONTENT_TYPE)], page) }
    };

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let router = Router::new().route("/metrics", get(page)).route("/circuits", get(circuits_alone));
    tokio::spawn(async move { axum::serve(listener, router).await });
    // No proxy, for there is none between a program and itself.
    let client = reqwest::Client::builder().no_proxy().build()?;
    let scrape = async |path: &str| client.get(format!("http://{address}{path}")).send().await?.text().await;

    for works in [true, true, false, false, false, true, true] {
        match search(works).await {
            Ok(found) => println!("found {found}"),
            Err(error) => println!("{error}"),
        }
    }

    let page = scrape("/metrics").await?;
    println!("\n{page}");
    let shows = |page: &str, name: &str, label: &str, value: &str| {
        let labels = r#"identifier="search",scope="shop",kind="http""#;
        let comma = if label.is_empty() { "" } else { "," };
        let line = format!("{name}{{{labels}{comma}{label}}} {value}");
        page.lines().any(|found| found == line)
    };
    assert!(page.lines().any(|line| line == "shop_searches_total 5"), "two calls did not run");
    for page in [&page, &scrape("/circuits").await?] {
        assert!(shows(page, "breaker_box_calls_total", r#"outcome="success""#, "2"));
        assert!(shows(page, "breaker_box_calls_total", r#"outcome="failure""#, "3"));
        assert!(shows(page, "breaker_box_rejected_calls_total", "", "2"));
        assert!(shows(page, "breaker_box_openings_total", "", "1"));
        assert!(shows(page, "breaker_box_state", r#"state="open""#, "1"));
        assert!(shows(page, "breaker_box_state", r#"state="closed""#, "0"));
        assert!(shows(page, "breaker_box_slow_call_ratio", "", "0"));
        assert!(shows(page, "breaker_box_call_duration_seconds_count", "", "5"));
        assert!(!page.contains("breaker_box_failure_ratio"), "no policy asks for it");
    }

    // A circuit that leaves is open no more. In the text of the circuits alone nothing is left of
    // it.
    Registry::global().unregister(Key::new("search").with_scope("shop").with_kind("http"))?;
    assert!(shows(&scrape("/metrics").await?, "breaker_box_state", r#"state="open""#, "0"));
    assert_eq!(scrape("/circuits").await?, "");
    println!("the circuit has left");
    Ok(())
}
