//! Async functions: annotated like any other, on any runtime (here tokio).
//!
//! A call is admitted when its future is polled for the first time, so one that is never awaited
//! counts as nothing. A future that is dropped halfway, as by a timeout around it, counts as
//! `on_cancel` says.
//!
//! Run it with `cargo run --example async_calls`.

use std::future;
use std::time::Duration;

use breaker_box::{CircuitOpenError, Registry, State, circuit_breaker};
use tokio::time::timeout;

#[derive(Debug, thiserror::Error)]
enum SearchError {
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpenError),
}

/// Hangs if `hangs` is set, like a connection whose peer has gone away.
#[circuit_breaker(identifier = "search", failure_threshold = 3, on_cancel = "failure")]
async fn search(words: &str, hangs: bool) -> Result<String, SearchError> {
    if hangs {
        future::pending::<()>().await;
    }
    tokio::task::yield_now().await;
    Ok(format!("results for {words}"))
}

/// An `async` fallback is awaited: it may ask another service, which may have a circuit of its own.
#[circuit_breaker(identifier = "search", fallback = async |_open| old_search(words).await)]
async fn search_somewhere(words: &str) -> Result<String, SearchError> {
    Ok(format!("results for {words}"))
}

#[circuit_breaker(identifier = "old_search")]
async fn old_search(words: &str) -> Result<String, SearchError> {
    Ok(format!("older results for {words}"))
}

#[tokio::main]
async fn main() {
    let registry = Registry::global();

    let never_awaited = search("cups", false);
    drop(never_awaited);
    assert!(registry.is_empty(), "what is not polled is no call");

    // The future is `Send`: it goes to any thread of the runtime. A hundred calls share the
    // circuit.
    let tasks: Vec<_> = (0..100).map(|_| tokio::spawn(search("kettles", false))).collect();
    for task in tasks {
        assert_eq!(task.await.expect("no panics here").expect("and no failures"), "results for kettles");
    }
    let status = registry.status("search").expect("the first call has made it");
    assert_eq!((status.totals.successes, status.totals.failures), (100, 0));
    println!("a hundred tasks: {status}");

    for _ in 0..3 {
        // Real time, but little of it: the caller's patience is what drops the future.
        let impatient = timeout(Duration::from_millis(10), search("spoons", true)).await;
        assert!(impatient.is_err());
    }
    let status = registry.status("search").expect("it is still there");
    assert_eq!((status.state, status.totals.cancelled), (State::Open, 3));
    println!("three timeouts:  {status}");

    let rejected = search("forks", false).await.expect_err("the circuit is open");
    println!("without fallback: {rejected}");
    let answer = search_somewhere("forks").await.expect("the fallback answers");
    println!("with a fallback:  {answer}");
    assert_eq!(answer, "older results for forks");
}
