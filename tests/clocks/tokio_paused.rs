//! The clock that tokio pauses: tokio's timers and the breakers share their time.

use std::future::pending;
use std::thread;

use breaker_box::{CircuitOpenError, Clock, Policy, Registry, State, circuit_breaker};
use tokio::runtime::Handle;
use tokio::time::{Instant, advance, error::Elapsed, sleep, timeout};

use crate::support::seconds;

fn paused() -> Registry {
    let start = Instant::now();
    Registry::builder().clock(Clock::from_fn(move || start.elapsed())).build().unwrap()
}

#[derive(Debug, thiserror::Error)]
enum SearchError {
    #[error("no answer in time")]
    TooLate(#[from] Elapsed),
    #[error(transparent)]
    CircuitOpen(#[from] CircuitOpenError),
}

#[circuit_breaker(identifier = "search", registry = registry, failure_threshold = 2, expiry = "1m")]
async fn search(registry: &Registry, answers: bool) -> Result<u32, SearchError> {
    timeout(seconds(2), async { if answers { 7 } else { pending().await } }).await.map_err(Into::into)
}

#[tokio::test(start_paused = true)]
async fn timeouts_and_open_periods_pass_on_one_clock() {
    let registry = paused();
    let start = Instant::now();
    for _ in 0..2 {
        assert!(matches!(search(&registry, false).await, Err(SearchError::TooLate(_))));
    }
    assert_eq!(start.elapsed(), seconds(4), "both timeouts have passed");
    let Err(SearchError::CircuitOpen(open)) = search(&registry, true).await else { panic!("it is open") };
    assert_eq!(open.retry_after(), Some(seconds(60)));
    sleep(seconds(59)).await;
    assert!(search(&registry, true).await.is_err());
    sleep(seconds(1)).await;
    assert_eq!(search(&registry, true).await.unwrap(), 7);
    assert_eq!(registry.state("search"), State::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_sleeps_is_slow() {
    let registry = paused();
    let breaker = registry.register("search", Policy::consecutive_failures(1).fail_slower_than(seconds(2))).unwrap();
    let call = async |time| {
        breaker
            .call_async(async {
                sleep(time).await;
                Ok::<_, ()>(())
            })
            .await
            .unwrap();
    };
    call(seconds(2)).await;
    assert_eq!(breaker.state(), State::Closed);
    call(seconds(3)).await;
    assert_eq!(breaker.state(), State::Open);
}

/// Outside of the runtime, tokio's `Instant` is the system's. A thread that has entered the runtime
/// sees the paused time.
#[tokio::test(start_paused = true)]
async fn a_thread_outside_of_the_runtime_enters_it_to_read_the_time() {
    let (runtime, start) = (Handle::current(), Instant::now());
    let clock = Clock::from_fn(move || {
        let _entered = runtime.enter();
        start.elapsed()
    });
    let registry = Registry::builder().clock(clock).build().unwrap();
    let breaker = registry.register("search", Policy::new()).unwrap();
    breaker.open();
    advance(seconds(20)).await;
    let left = thread::spawn({
        let breaker = breaker.clone();
        move || breaker.status().retry_after
    });
    assert_eq!(left.join().unwrap(), Some(seconds(10)));
    advance(seconds(10)).await;
    assert_eq!(breaker.state(), State::HalfOpen);
}
