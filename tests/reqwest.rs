//! The error handlers for reqwest, against a real server that answers in every way: asynchronous,
//! blocking, and not at all.

use std::error::Error;
use std::future::Future;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use breaker_box::http::{Head, server_errors, transient_errors};
use breaker_box::{
    CallError, CircuitBreaker, CircuitOpenError, ManualClock, Outcome, Policy, Registry, ToOutcome, circuit_breaker,
};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

/// The query of all requests here: none of it may come into a reason.
const SECRET: &str = "key=4711";

/// A server whose answer is in the path. It lives as long as the process.
fn server() -> SocketAddr {
    static ADDRESS: LazyLock<SocketAddr> = LazyLock::new(start);
    *ADDRESS
}

fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            // An error says that the client has gone again.
            thread::spawn(|| serve(stream?));
        }
    });
    address
}

fn serve(mut stream: TcpStream) -> io::Result<()> {
    let mut request = Vec::new();
    let mut part = [0; 1_024];
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read(&mut part)? {
            0 => return Ok(()),
            read => request.extend(&part[..read]),
        }
    }
    let request = String::from_utf8_lossy(&request);
    let target = request.split(' ').nth(1).unwrap_or_default();
    match answer(target.split('?').next().unwrap_or_default()) {
        Some(answer) => stream.write_all(answer.as_bytes()),
        // Until the client gives up.
        None => stream.read(&mut part).map(drop),
    }
}

fn answer(path: &str) -> Option<String> {
    let whole = |head: &str, body: &str| {
        Some(format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()))
    };
    match path {
        "/silence" => None,
        "/broken" => Some("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf".to_owned()),
        "/garbled" => whole("200 OK", "<h1>It works!</h1>"),
        "/no-http" => Some("SSH-2.0-OpenSSH_9.6\r\n\r\n".to_owned()),
        "/loop" => whole("302 Found\r\nLocation: /loop", ""),
        "/busy-seconds" => whole("503 Service Unavailable\r\nRetry-After: 7", ""),
        "/limited" => whole("429 Too Many Requests\r\nRetry-After: 7", ""),
        "/busy-date" => {
            let dates = "Date: Wed, 21 Oct 2026 07:27:30 GMT\r\nRetry-After: Wed, 21 Oct 2026 07:28:00 GMT";
            whole(&format!("503 Service Unavailable\r\n{dates}"), "")
        }
        // The client goes by the number.
        _ => whole(&format!("{} Status", &path[1..]), "42"),
    }
}

/// An address where nothing listens. It stays taken, so that no server of another test gets it.
fn nobody() -> SocketAddr {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let address = socket.local_addr().unwrap();
    std::mem::forget(socket);
    address
}

fn url(address: SocketAddr, path: &str) -> String {
    format!("http://{address}{path}?{SECRET}")
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

fn blocking_client() -> reqwest::blocking::Client {
    reqwest::blocking::Client::builder().no_proxy().build().unwrap()
}

async fn get(path: &str) -> Result<reqwest::Response, reqwest::Error> {
    client().get(url(server(), path)).send().await
}

/// What a call means whose value is a success, whatever it is.
async fn meant<T>(call: impl Future<Output = Result<T, reqwest::Error>>) -> Outcome {
    let outcome = call.await.as_ref().map_or_else(server_errors, |_| Outcome::Success);
    if let Outcome::Failure(Some(reason)) = &outcome {
        assert!(!reason.contains(SECRET), "{reason}");
    }
    outcome
}

#[track_caller]
fn assert_failure(outcome: &Outcome, reason: &str) {
    let Outcome::Failure(Some(given)) = outcome else { panic!("{outcome:?} is no failure with a reason") };
    assert!(given.starts_with(reason), "{given:?} does not begin with {reason:?}");
}

#[tokio::test]
async fn a_response_is_classified_by_its_status() {
    for (path, transient) in [("/200", true), ("/304", true), ("/404", true), ("/408", false), ("/429", false)] {
        let answer = get(path).await;
        let server = if path == "/429" { Outcome::Ignore } else { Outcome::Success };
        assert_eq!(server_errors(&answer), server, "{path}");
        assert_eq!(transient_errors(&answer) == Outcome::Success, transient, "{path}");
        assert_eq!(server_errors(&answer.unwrap()), server, "{path}, without its result");
    }
    for path in ["/500", "/502", "/503", "/599"] {
        let answer = get(path).await;
        assert_failure(&server_errors(&answer), &path[1..]);
        assert_failure(&transient_errors(&answer), &path[1..]);
    }
}

#[tokio::test]
async fn a_response_with_retry_after_trips() {
    for (path, seconds) in [("/busy-seconds", 7), ("/busy-date", 30)] {
        let outcome = server_errors(&get(path).await);
        let wait = Some(Duration::from_secs(seconds));
        assert!(matches!(&outcome, Outcome::Trip { open_for, .. } if *open_for == wait), "{path}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_429_is_ignored() {
    let limited = get("/limited").await;
    assert_eq!(server_errors(&limited), Outcome::Ignore);
    let wait = Some(Duration::from_secs(7));
    assert!(matches!(transient_errors(&limited), Outcome::Trip { open_for, .. } if open_for == wait));
    let blocking = tokio::task::spawn_blocking(|| {
        let limited = blocking_client().get(url(server(), "/limited")).send();
        (server_errors(&limited), transient_errors(&limited))
    });
    let (server, transient) = blocking.await.unwrap();
    assert_eq!(server, Outcome::Ignore);
    assert!(matches!(transient, Outcome::Trip { open_for, .. } if open_for == wait));
}

#[test]
fn a_blocking_response_is_classified_like_any_other() {
    let get = |path| blocking_client().get(url(server(), path)).send();
    assert_eq!(server_errors(&get("/404")), Outcome::Success);
    assert_failure(&server_errors(&get("/502")), "502 Bad Gateway");
    assert_failure(&server_errors(&get("/502").unwrap()), "502 Bad Gateway");
    let Outcome::Trip { open_for, .. } = server_errors(&get("/busy-seconds")) else { panic!("it asks for a pause") };
    assert_eq!(open_for, Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn a_connection_error_is_a_failure_with_its_cause() {
    let refused = client().get(url(nobody(), "/")).send();
    assert_failure(&meant(refused).await, "cannot connect: ");

    let late = client().get(url(server(), "/silence")).timeout(Duration::from_millis(20)).send();
    assert_failure(&meant(late).await, "timed out");

    assert_failure(&meant(get("/no-http")).await, "request failed: ");
}

#[test]
fn a_blocking_connection_error_is_a_failure_with_its_cause() {
    let refused = blocking_client().get(url(nobody(), "/")).send();
    assert_failure(&server_errors(&refused), "cannot connect: ");
    let late = blocking_client().get(url(server(), "/silence")).timeout(Duration::from_millis(20)).send();
    assert_failure(&server_errors(&late), "timed out");
}

#[tokio::test]
async fn an_invalid_response_is_a_failure() {
    let broken = async { get("/broken").await?.text().await };
    assert_failure(&meant(broken).await, "cannot read the answer: ");
    let garbled = async { get("/garbled").await?.json::<u32>().await };
    assert_failure(&meant(garbled).await, "cannot read the answer: expected value at line 1");
    assert_failure(&meant(get("/loop")).await, "cannot follow the redirect: too many redirects");
}

fn wraps() -> [fn(reqwest::Error) -> Box<dyn Error + Send + Sync>; 5] {
    [
        |error| error.into(),
        |error| io::Error::other(error).into(),
        |error| io::Error::other(io::Error::other(error)).into(),
        |error| CallError::Failed(error).into(),
        |error| io::Error::other(CallError::Failed(error)).into(),
    ]
}

#[tokio::test]
async fn a_wrapped_error_is_classified_as_what_it_holds() {
    for wrap in wraps() {
        let not_found = wrap(get("/404").await.unwrap().error_for_status().unwrap_err());
        assert_eq!(server_errors(&Err::<StatusCode, _>(not_found)), Outcome::Success);
        let unreachable = wrap(client().get(url(nobody(), "/")).send().await.unwrap_err());
        let outcome = server_errors(&Err::<StatusCode, _>(CallError::Failed(unreachable)));
        assert_failure(&outcome, "cannot connect: ");
        assert!(!format!("{outcome:?}").contains(SECRET), "{outcome:?}");
    }
    let unreachable = io::Error::other(client().get(url(nobody(), "/")).send().await.unwrap_err());
    assert_failure(&server_errors(&Err::<StatusCode, _>(unreachable)), "cannot connect: ");
}

#[tokio::test]
async fn a_request_that_was_never_sent_is_ignored() {
    for address in ["no address", "mailto:nobody", "http://"] {
        assert_eq!(meant(client().get(address).send()).await, Outcome::Ignore, "{address}");
    }
    let header = client().get(url(server(), "/500")).header("name", "a\nb").send();
    assert_eq!(meant(header).await, Outcome::Ignore);
}

#[tokio::test]
async fn the_error_of_a_status_is_classified_as_that_status() {
    let checked = async |path| get(path).await?.error_for_status()?.json::<u32>().await;
    assert_eq!(checked("/200").await.unwrap(), 42);
    assert_eq!(meant(checked("/200")).await, Outcome::Success);
    assert_eq!(meant(checked("/404")).await, Outcome::Success);
    assert_failure(&meant(checked("/502")).await, "502 Bad Gateway");
    // Its headers are lost.
    assert_eq!(meant(checked("/limited")).await, Outcome::Ignore);
    assert_failure(&meant(checked("/busy-date")).await, "503 Service Unavailable");
    let limited = transient_errors(&checked("/limited").await.unwrap_err());
    assert!(matches!(limited, Outcome::Trip { open_for: None, .. }), "{limited:?}");
}

#[derive(Debug, thiserror::Error)]
enum ShopError {
    #[error("the shop says {status}")]
    Refused { status: StatusCode, headers: HeaderMap },
    #[error("no answer")]
    Lost(#[from] reqwest::Error),
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpenError),
}

impl ToOutcome for ShopError {
    fn to_outcome(&self) -> Outcome {
        match self {
            Self::Refused { status, headers } => transient_errors(&Head::new(*status, headers)),
            Self::Lost(error) => transient_errors(error),
            Self::CircuitOpen(open) => open.to_outcome(),
        }
    }
}

fn open() -> CircuitOpenError {
    let breaker = CircuitBreaker::new("inner", Policy::new()).unwrap();
    breaker.force_open();
    breaker.try_acquire().unwrap_err()
}

#[tokio::test]
async fn a_custom_error_delegates_to_the_error_it_wraps() {
    let lost: Result<u32, ShopError> = Err(client().get(url(nobody(), "/")).send().await.unwrap_err().into());
    assert_failure(&lost.to_outcome(), "cannot connect: ");
    let never_sent: Result<u32, ShopError> = Err(client().get("no address").send().await.unwrap_err().into());
    assert_eq!(never_sent.to_outcome(), Outcome::Ignore);

    let headers = get("/limited").await.unwrap().headers().clone();
    let refused: Result<u32, _> = Err(ShopError::Refused { status: StatusCode::TOO_MANY_REQUESTS, headers });
    assert!(matches!(refused.to_outcome(), Outcome::Trip { .. }));
    let rejected: Result<u32, _> = Err(ShopError::from(open()));
    assert_eq!(rejected.to_outcome(), Outcome::Ignore);
}

#[tokio::test]
async fn errors_behind_dyn_are_found_among_the_sources() {
    async fn boxed(path: &str) -> Result<StatusCode, Box<dyn Error + Send + Sync>> {
        let response = get(path).await?.error_for_status()?;
        response.json::<u32>().await?;
        Ok(StatusCode::OK)
    }

    async fn with_anyhow(path: &str) -> anyhow::Result<u32> {
        let response = get(path).await?.error_for_status()?;
        anyhow::Context::context(response.json().await, "no number")
    }

    let of_anyhow = |result: &anyhow::Result<u32>| match result {
        Ok(_) => Outcome::Success,
        Err(error) => server_errors(&**error),
    };
    assert_eq!(server_errors(&boxed("/404").await), Outcome::Success);
    assert_failure(&server_errors(&boxed("/502").await), "502 Bad Gateway");
    assert_eq!(of_anyhow(&with_anyhow("/404").await), Outcome::Success);
    assert_failure(&of_anyhow(&with_anyhow("/garbled").await), "cannot read the answer: expected value");

    let source: Box<dyn Error> = ShopError::Lost(get("/404").await.unwrap().error_for_status().unwrap_err()).into();
    assert_eq!(server_errors(&*source), Outcome::Success, "the error of reqwest is the source of the other");
}

#[tokio::test]
async fn the_error_of_another_breaker_is_classified_by_its_cause() {
    let inner = CircuitBreaker::new("inner", Policy::consecutive_failures(1)).unwrap();
    let call = async || inner.call_async_with(get("/502"), server_errors).await;
    let answer: Result<_, CircuitOpenError> = call().await;
    assert_failure(&server_errors(&answer.unwrap()), "502 Bad Gateway");
    assert_eq!(server_errors(&call().await), Outcome::Ignore);
    let failed: Result<StatusCode, _> = Err(CallError::Failed(get("/loop").await.unwrap_err()));
    assert_failure(&server_errors(&failed), "cannot follow the redirect");
    assert_eq!(server_errors(&Err::<StatusCode, _>(CallError::<reqwest::Error>::from(open()))), Outcome::Ignore);
}

/// Returns the response, and an error of its own in which nothing but a failure is seen.
#[circuit_breaker(identifier = "raw", registry = registry, error_handler = server_errors)]
async fn raw(registry: &Registry, path: &str) -> Result<reqwest::Response, ShopError> {
    Ok(get(path).await?)
}

/// Returns what it has read, and an error of reqwest.
#[circuit_breaker(
    identifier = "number",
    registry = registry,
    error_handler = |result| result.as_ref().map_or_else(server_errors, |_| Outcome::Success),
    fallback = |_| Ok(0),
)]
async fn number(registry: &Registry, path: &str) -> Result<u32, reqwest::Error> {
    get(path).await?.error_for_status()?.json().await
}

/// Returns what it has read, and an error of its own.
#[circuit_breaker(identifier = "price", registry = registry, error_handler = ToOutcome::to_outcome)]
async fn price(registry: &Registry, path: &str) -> Result<u32, ShopError> {
    let response = get(path).await?;
    if !response.status().is_success() {
        return Err(ShopError::Refused { status: response.status(), headers: response.headers().clone() });
    }
    Ok(response.json().await?)
}

#[circuit_breaker(identifier = "blocking", registry = registry, error_handler = server_errors)]
fn blocking(registry: &Registry, path: &str) -> Result<reqwest::blocking::Response, ShopError> {
    Ok(blocking_client().get(url(server(), path)).send()?)
}

fn registry_and_clock() -> (Registry, ManualClock) {
    let clock = ManualClock::new();
    let policy = Policy::consecutive_failures(2);
    (Registry::builder().clock(&clock).default_policy(policy).build().unwrap(), clock)
}

#[tokio::test]
async fn annotated_functions_open_and_recover() {
    let (registry, clock) = registry_and_clock();
    raw(&registry, "/502").await.unwrap();
    raw(&registry, "/404").await.unwrap();
    assert_eq!(registry.status("raw").unwrap().failure_count, 0, "the 404 was an answer");
    raw(&registry, "/busy-seconds").await.unwrap();
    let Err(ShopError::CircuitOpen(open)) = raw(&registry, "/200").await else { panic!("it is open") };
    assert_eq!(open.retry_after(), Some(Duration::from_secs(7)));
    clock.advance(Duration::from_secs(7));
    assert_eq!(raw(&registry, "/200").await.unwrap().text().await.unwrap(), "42");

    for path in ["/broken", "/garbled"] {
        number(&registry, path).await.unwrap_err();
    }
    assert_eq!(number(&registry, "/200").await.unwrap(), 0, "the fallback answers");
    assert_eq!(registry.status("number").unwrap().totals.rejected, 1);
}

#[test]
fn annotated_blocking_functions_open() {
    let (registry, _clock) = registry_and_clock();
    for _ in 0..2 {
        assert_eq!(blocking(&registry, "/502").unwrap().status(), 502);
    }
    assert!(matches!(blocking(&registry, "/200"), Err(ShopError::CircuitOpen(_))));
}

#[tokio::test]
async fn a_function_that_reads_the_response_opens_for_the_time_that_its_error_keeps() {
    let (registry, clock) = registry_and_clock();
    for path in ["/200", "/404"] {
        let _ = price(&registry, path).await;
    }
    assert_eq!(registry.status("price").unwrap().totals.successes, 2, "the 404 was an answer");
    price(&registry, "/busy-seconds").await.unwrap_err();
    let Err(ShopError::CircuitOpen(open)) = price(&registry, "/200").await else { panic!("it is open") };
    assert_eq!(open.retry_after(), Some(Duration::from_secs(7)));
    clock.advance(Duration::from_secs(7));
    assert_eq!(price(&registry, "/200").await.unwrap(), 42);
}
