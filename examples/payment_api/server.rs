//! The payment API: a real HTTP server on loopback that fails as the schedule says.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, Runtime};
use tokio::time::{sleep, sleep_until};

use crate::schedule::{Phase, STAGES, Schedule};
use crate::stage_counter::StageCounter;

/// How long an answer takes while the server is slow.
const SLOWNESS: Duration = Duration::from_millis(450);

/// A running server. Dropping it closes all its connections, as the end of a process does.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) counts: Arc<Counts>,
    _runtime: Runtime,
}

/// What the server has seen.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) received: StageCounter,
    /// Those that it answered with an error, garbled or late.
    pub(crate) failed: StageCounter,
}

#[derive(Clone)]
struct Fault {
    schedule: Schedule,
    counts: Arc<Counts>,
}

impl Server {
    pub(crate) fn start(schedule: Schedule) -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let counts = Arc::new(Counts::default());
        let fault = Fault { schedule, counts: Arc::clone(&counts) };
        let (address, listener) = runtime.block_on(async {
            let listener = reserve((Ipv4Addr::LOCALHOST, 0).into())?.listen(1_024)?;
            Ok::<_, std::io::Error>((listener.local_addr()?, listener))
        })?;
        runtime.spawn(serve(listener, address, fault));
        Ok(Self { address, counts, _runtime: runtime })
    }
}

/// Listens, except in the phases that refuse connections: then the listener is closed, and opened
/// again on the same port.
async fn serve(mut listener: TcpListener, address: SocketAddr, fault: Fault) {
    let schedule = fault.schedule;
    let api = Router::new()
        .route("/charges", post(charge))
        .route("/exchange-rate", get(exchange_rate))
        .route("/orders/{order}/risk", get(risk_score))
        .route("/shops/{shop}/balance", get(balance))
        .layer(middleware::from_fn_with_state(fault, inject_fault));
    while let Some((closes, opens)) = schedule.next(Phase::Refusing) {
        // Idle connections are closed too; those with a request under way get their answer first.
        let closing = sleep_until(closes.into());
        axum::serve(listener, api.clone()).with_graceful_shutdown(closing).await.expect("serving does not fail");
        // Bound but not listening: connections are refused, and nobody else gets the port.
        let socket = reserve(address).expect("the port is still ours");
        sleep_until(opens.into()).await;
        listener = socket.listen(1_024).expect("a bound socket can listen");
    }
    axum::serve(listener, api).await.expect("serving does not fail");
}

/// Binds the port without listening on it.
fn reserve(address: SocketAddr) -> std::io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // On Unix, connections of before that are still winding down keep a port otherwise; elsewhere
    // the option means something else.
    socket.set_reuseaddr(cfg!(unix))?;
    socket.bind(address)?;
    Ok(socket)
}

/// A middleware that injects the faults of the schedule.
async fn inject_fault(State(fault): State<Fault>, request: Request, next: Next) -> Response {
    let stage = fault.schedule.stage();
    fault.counts.received.add(stage);
    let count_failure = || fault.counts.failed.add(stage);
    match STAGES[stage].phase {
        Phase::OneShopFails if request.uri().path() == "/shops/13/balance" => {
            count_failure();
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Phase::Unavailable => {
            count_failure();
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")]).into_response()
        }
        Phase::Slow => {
            count_failure();
            sleep(SLOWNESS).await;
            next.run(request).await
        }
        Phase::Garbled => {
            count_failure();
            "<h1>It works!</h1>".into_response()
        }
        // A request can still come in on a connection from before the listener was closed.
        Phase::Healthy | Phase::OneShopFails | Phase::Refusing => next.run(request).await,
    }
}

/// Every tenth card is declined. That is no failure of this server.
async fn charge(order: String) -> Result<String, StatusCode> {
    if order.ends_with('7') { Err(StatusCode::PAYMENT_REQUIRED) } else { Ok(format!("receipt {order}")) }
}

async fn exchange_rate() -> &'static str {
    "rate 108"
}

async fn risk_score(Path(order): Path<u64>) -> String {
    format!("risk {}", order % 100)
}

async fn balance(Path(shop): Path<u64>) -> String {
    format!("balance {}", shop * 1_000)
}
