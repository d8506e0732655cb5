//! The payment service that the instances call, on a port of its own: it takes 40 ms, fails when
//! told to, and counts.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

pub(crate) struct Service {
    address: SocketAddr,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    fails: AtomicBool,
    requests: AtomicU32,
    running: AtomicU32,
    most_running: AtomicU32,
}

impl Service {
    pub(crate) fn start(runtime: &Runtime) -> Result<Self, Box<dyn Error>> {
        let counts = Arc::<Counts>::default();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        let router = Router::new().route(
            "/pay",
            get({
                let counts = Arc::clone(&counts);
                async move || counts.answer().await
            }),
        );
        runtime.spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, counts })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/pay", self.address)
    }

    /// Fails, or works again, from now on; and counts from zero.
    pub(crate) fn fails(&self, fails: bool) {
        // SeqCst, here and below: counters of an example, where speed does not matter.
        self.counts.fails.store(fails, Ordering::SeqCst);
        self.counts.requests.store(0, Ordering::SeqCst);
    }

    /// The requests since the last change.
    pub(crate) fn requests(&self) -> u32 {
        self.counts.requests.load(Ordering::SeqCst)
    }

    /// The most requests that ran at the same time since this was last asked.
    pub(crate) fn most_at_once(&self) -> u32 {
        self.counts.most_running.swap(0, Ordering::SeqCst)
    }
}

impl Counts {
    async fn answer(&self) -> StatusCode {
        self.requests.fetch_add(1, Ordering::SeqCst);
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_running.fetch_max(running, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(40)).await;
        self.running.fetch_sub(1, Ordering::SeqCst);
        if self.fails.load(Ordering::SeqCst) { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
    }
}
