//! A server whose answers the request asks for, clients for both versions of HTTP, and waiting for
//! the other side.

#[path = "../shared/breakers.rs"]
mod breakers;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Request, StatusCode, Version};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use http_body_util::channel::{Channel, Sender};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

pub(crate) use breakers::{ONE, breaker, half_open, seconds};

pub(crate) const BOTH_VERSIONS: [Version; 2] = [Version::HTTP_11, Version::HTTP_2];

/// Waits until it is so. Only something that hangs needs the two minutes, however busy the machine.
#[track_caller]
pub(crate) fn eventually(mut is_so: impl FnMut() -> bool) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let asking = async {
            while !is_so() {
                sleep(Duration::from_millis(2)).await;
            }
        };
        assert!(timeout(seconds(120), asking).await.is_ok(), "it never came true: {caller}");
    }
}

/// Serves the router, over both versions of HTTP, as long as the test's runtime lives.
pub(crate) async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async { axum::serve(listener, router).await });
    address
}

/// An address where nothing listens. It stays taken, so that no server of another test gets it.
pub(crate) fn nobody() -> SocketAddr {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let address = socket.local_addr().expect("an address");
    std::mem::forget(socket);
    address
}

/// What the test and the handlers of [`dependency`] share.
#[derive(Clone, Default)]
pub(crate) struct Backstage {
    /// Requests that have come in.
    pub(crate) hits: Arc<AtomicU32>,
    /// Lets those of `/held` answer.
    pub(crate) answer: Arc<Notify>,
}

impl Backstage {
    pub(crate) fn hits(&self) -> u32 {
        self.hits.load(Ordering::Relaxed)
    }
}

/// A server that does what it is asked for:
///
/// - `/status/{code}`: that status
/// - `/busy`: 503 with `Retry-After: 60`
/// - `/held`: 200 once the test says so
/// - `/whole`, `/broken`, `/endless`: a stream that ends, breaks in its midst, or goes on
pub(crate) async fn dependency() -> (SocketAddr, Backstage) {
    let backstage = Backstage::default();
    let router = Router::new()
        .route("/status/{code}", get(async |Path(code): Path<u16>| StatusCode::from_u16(code).expect("a status")))
        .route("/busy", get(async || (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "60")])))
        .route("/held", get(held))
        .route("/whole", get(async || streamed(async |body| drop(body))))
        .route("/broken", get(async || streamed(async |body| body.abort("disk error"))))
        .route("/endless", get(async || streamed(endless)))
        .layer(axum::middleware::map_request_with_state(backstage.clone(), count))
        .with_state(backstage.clone());
    (serve(router).await, backstage)
}

async fn count(State(backstage): State<Backstage>, request: Request<Body>) -> Request<Body> {
    backstage.hits.fetch_add(1, Ordering::Relaxed);
    request
}

async fn held(State(backstage): State<Backstage>) -> StatusCode {
    backstage.answer.notified().await;
    StatusCode::OK
}

type Chunks = Sender<Bytes, &'static str>;

/// Two chunks, and then what `end` does.
pub(crate) fn streamed<F>(end: impl FnOnce(Chunks) -> F + Send + 'static) -> Response
where
    F: Future<Output = ()> + Send,
{
    let (mut sender, body) = Channel::new(1);
    tokio::spawn(async move {
        for chunk in ["first ", "second "] {
            if sender.send_data(Bytes::from_static(chunk.as_bytes())).await.is_err() {
                return;
            }
        }
        end(sender).await;
    });
    Response::new(Body::new(body))
}

/// Sends chunk after chunk until the other side stops reading.
pub(crate) async fn endless(mut body: Chunks) {
    while body.send_data(Bytes::from_static(b"and another ")).await.is_ok() {}
}

/// A client of that version.
pub(crate) fn client(version: Version) -> Client<HttpConnector, String> {
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .http2_only(version == Version::HTTP_2)
        .build_http()
}

pub(crate) fn request(address: SocketAddr, path: &str) -> Request<String> {
    Request::get(format!("http://{address}{path}")).body(String::new()).expect("a valid request")
}
