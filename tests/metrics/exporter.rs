//! A service with metrics: the exporter for Prometheus, and an HTTP server on loopback that shows
//! them in both ways.

use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use breaker_box::Metrics;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::exposition::Scrape;

/// The exporter with the buckets that circuits have.
pub(crate) fn builder() -> PrometheusBuilder {
    let histogram = Matcher::Full(Metrics::DURATION.to_owned());
    PrometheusBuilder::new().set_buckets_for_metric(histogram, &Metrics::DURATION_BUCKETS).expect("there are buckets")
}

/// A recorder of the test's own, so that tests do not meet in the global one.
pub(crate) struct Exporter {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl Exporter {
    pub(crate) fn new() -> Self {
        Self::of(builder())
    }

    pub(crate) fn of(builder: PrometheusBuilder) -> Self {
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        Self { recorder, handle }
    }

    /// Runs `work` with this exporter as the recorder.
    pub(crate) fn record<R>(&self, work: impl FnOnce() -> R) -> R {
        metrics::with_local_recorder(&self.recorder, work)
    }

    pub(crate) fn render(&self) -> String {
        self.handle.render()
    }

    /// Publishes and reads.
    pub(crate) fn scrape(&self, metrics: &Metrics) -> Scrape {
        self.record(|| metrics.publish());
        Scrape::parse(&self.render())
    }
}

/// What the text of its own says.
pub(crate) fn rendered(metrics: &Metrics) -> Scrape {
    Scrape::parse(&metrics.render())
}

/// `/metrics` through the exporter, `/circuits` as the text of its own.
pub(crate) struct Service {
    address: SocketAddr,
    _runtime: Runtime,
}

impl Service {
    pub(crate) fn start(exporter: Exporter, metrics: Metrics) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let text = metrics.clone();
        let through_exporter = move || {
            exporter.record(|| metrics.publish());
            let text = exporter.render();
            async move { ([(CONTENT_TYPE, Metrics::CONTENT_TYPE)], text) }
        };
        let of_its_own = move || {
            let text = text.render();
            async move { ([(CONTENT_TYPE, Metrics::CONTENT_TYPE)], text) }
        };
        // The handlers are cloned for each request; the exporter is not.
        let through_exporter = std::sync::Arc::new(through_exporter);
        let router =
            Router::new().route("/metrics", get(move || through_exporter())).route("/circuits", get(of_its_own));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { address, _runtime: runtime }
    }

    /// Scrapes as Prometheus does.
    pub(crate) fn get(&self, path: &str) -> Scrape {
        // Without the machine's proxy, which may not know this process, and without a limit that a
        // busy machine may reach.
        let client = reqwest::blocking::Client::builder().no_proxy().timeout(None).build().expect("a client");
        let answer = client.get(format!("http://{}{path}", self.address)).send().expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()[CONTENT_TYPE.as_str()], Metrics::CONTENT_TYPE);
        Scrape::parse(&answer.text().expect("a text"))
    }
}
