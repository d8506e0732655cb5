//! Retries: `#[backon]` above and below, and backon's methods around an annotated function and
//! inside one.

use std::cell::Cell;
use std::future::{Ready, ready};
use std::time::Duration;

use backon::{BlockingRetryable as _, ConstantBuilder, Retryable as _};
use backon_macros::backon;
use breaker_box::{ManualClock, Policy, Registry, State, circuit_breaker};

use super::RemoteError;
use crate::support::{now, status};

/// Two retries after the first attempt, a second apart.
fn twice() -> ConstantBuilder {
    ConstantBuilder::new().with_delay(Duration::from_secs(1)).with_max_times(2)
}

fn without_waiting(_: Duration) -> Ready<()> {
    ready(())
}

fn without_sleeping(_: Duration) {}

/// What a retry around a breaker should ask.
fn is_no_rejection(error: &RemoteError) -> bool {
    !matches!(error, RemoteError::CircuitOpen(_))
}

/// A dependency that is down, and how often it was asked.
struct Remote {
    registry: Registry,
    clock: ManualClock,
    asked: Cell<u32>,
}

impl Remote {
    fn opening_at(failures: u32) -> Self {
        let clock = ManualClock::new();
        let policy = Policy::consecutive_failures(failures).expiry(Duration::from_secs(30));
        let registry = Registry::builder().default_policy(policy).clock(&clock).build().unwrap();
        Self { registry, clock, asked: Cell::new(0) }
    }

    fn ask(&self) -> Result<u32, RemoteError> {
        self.asked.set(self.asked.get() + 1);
        Err(RemoteError::Down)
    }

    /// A wait that passes on this remote's clock.
    fn waiting(&self) -> impl Fn(Duration) -> Ready<()> + use<> {
        let clock = self.clock.clone();
        move |time| {
            clock.advance(time);
            ready(())
        }
    }

    /// How often the dependency was asked, then the failures and rejections of the circuit.
    fn counts(&self) -> (u32, u64, u64) {
        let totals = status(&self.registry, "remote").totals;
        (self.asked.get(), totals.failures, totals.rejected)
    }

    fn state(&self) -> State {
        self.registry.state("remote")
    }
}

#[circuit_breaker(identifier = "remote", registry = &remote.registry)]
async fn guarded(remote: &Remote) -> Result<u32, RemoteError> {
    remote.ask()
}

#[circuit_breaker(identifier = "remote", registry = &remote.registry)]
fn guarded_blocking(remote: &Remote) -> Result<u32, RemoteError> {
    remote.ask()
}

/// | `#[backon]` above, or `….retry(…)` in the body | all attempts are one call: the last result counts, once |
#[test]
fn a_retry_above_is_inside() {
    #[backon(backoff = twice, sleep = without_waiting)]
    #[circuit_breaker(identifier = "remote", registry = &remote.registry)]
    async fn above(remote: &Remote) -> Result<u32, RemoteError> {
        remote.ask()
    }

    #[circuit_breaker(identifier = "remote", registry = &remote.registry)]
    async fn in_the_body(remote: &Remote) -> Result<u32, RemoteError> {
        (async || remote.ask()).retry(twice()).sleep(without_waiting).await
    }

    #[backon(backoff = twice, sleep = without_sleeping)]
    #[circuit_breaker(identifier = "remote", registry = &remote.registry)]
    fn above_blocking(remote: &Remote) -> Result<u32, RemoteError> {
        remote.ask()
    }

    let remotes = [(); 3].map(|()| Remote::opening_at(2));
    now(above(&remotes[0])).unwrap_err();
    now(in_the_body(&remotes[1])).unwrap_err();
    above_blocking(&remotes[2]).unwrap_err();
    for remote in remotes {
        assert_eq!((remote.counts(), remote.state()), ((3, 1, 0), State::Closed));
    }
}

/// | the same, with `slow_call_rate` | the call lasts as long as all attempts and the waits between them |
#[test]
fn a_call_with_retries_inside_takes_as_long_as_all_of_them() {
    #[circuit_breaker(
        identifier = "remote",
        registry = &remote.registry,
        slow_call_rate = 1.0,
        slow_call = "1500ms",
        window = 10
    )]
    async fn call(remote: &Remote) -> Result<u32, RemoteError> {
        (async || remote.ask()).retry(twice()).sleep(remote.waiting()).await
    }

    let remote = Remote::opening_at(2);
    now(call(&remote)).unwrap_err();
    assert_eq!(status(&remote.registry, "remote").totals.slow, 1, "two waits of a second are longer than 1.5 s");
}

/// | the same, circuit open | one rejection, no attempt |
#[test]
fn an_open_circuit_around_retries_rejects_once() {
    #[backon(backoff = twice, sleep = without_waiting)]
    #[circuit_breaker(identifier = "remote", registry = &remote.registry)]
    async fn call(remote: &Remote) -> Result<u32, RemoteError> {
        remote.ask()
    }

    let remote = Remote::opening_at(1);
    now(call(&remote)).unwrap_err();
    now(call(&remote)).unwrap_err();
    assert_eq!(remote.counts(), (3, 1, 1));
}

/// | `#[backon]` below, or `call.retry(…)` | each attempt is a call: each failure counts, and once the circuit is open each further attempt is rejected |
#[test]
fn a_retry_below_is_outside() {
    #[circuit_breaker(identifier = "remote", registry = &remote.registry)]
    #[backon(backoff = twice, sleep = without_waiting)]
    async fn below(remote: &Remote) -> Result<u32, RemoteError> {
        remote.ask()
    }

    #[circuit_breaker(identifier = "remote", registry = &remote.registry)]
    #[backon(backoff = twice, sleep = without_sleeping)]
    fn below_blocking(remote: &Remote) -> Result<u32, RemoteError> {
        remote.ask()
    }

    let remotes = [(); 4].map(|()| Remote::opening_at(2));
    now(below(&remotes[0])).unwrap_err();
    below_blocking(&remotes[1]).unwrap_err();
    now((|| guarded(&remotes[2])).retry(twice()).sleep(without_waiting).into_future()).unwrap_err();
    (|| guarded_blocking(&remotes[3])).retry(twice()).sleep(without_sleeping).call().unwrap_err();
    for remote in remotes {
        assert_eq!((remote.counts(), remote.state()), ((2, 2, 1), State::Open));
    }
}

/// | the same, with `when = …` that excludes `CircuitOpen` | the first rejection ends the retries |
#[test]
fn a_retry_that_knows_rejections_ends_at_the_first() {
    #[circuit_breaker(identifier = "remote", registry = &remote.registry)]
    #[backon(backoff = twice, sleep = without_waiting, when = is_no_rejection)]
    async fn below(remote: &Remote) -> Result<u32, RemoteError> {
        remote.ask()
    }

    let remotes = [(); 2].map(|()| Remote::opening_at(1));
    let around = (|| guarded(&remotes[0])).retry(twice()).sleep(without_waiting).when(is_no_rejection);
    let errors = [now(around.into_future()).unwrap_err(), now(below(&remotes[1])).unwrap_err()];
    assert!(errors.iter().all(|error| matches!(error, RemoteError::CircuitOpen(_))), "{errors:?}");
    for remote in remotes {
        assert_eq!(remote.counts(), (1, 1, 1), "one attempt, which opened, and one rejection, which ended it");
    }
}

/// | the same, with `adjust = …` that returns `retry_after()` | the retry waits exactly until the circuit lets a probe through |
#[test]
fn a_retry_can_wait_as_long_as_the_circuit_says() {
    fn as_the_circuit_says(error: &RemoteError, planned: Option<Duration>) -> Option<Duration> {
        match error {
            RemoteError::CircuitOpen(open) => planned.and(open.retry_after()),
            RemoteError::Down => planned,
        }
    }

    let remote = Remote::opening_at(1);
    let call = (|| guarded(&remote)).retry(twice()).adjust(as_the_circuit_says).sleep(remote.waiting());
    let error = now(call.into_future()).unwrap_err();
    assert!(matches!(error, RemoteError::Down), "the third attempt was let through: {error:?}");
    assert_eq!(remote.clock.elapsed(), Duration::from_secs(30), "a planned second, then the 29 that were left");
    assert_eq!(remote.counts(), (2, 2, 1));
}

impl Remote {
    #[backon(backoff = twice, sleep = without_waiting)]
    #[circuit_breaker(identifier = "remote", registry = &self.registry)]
    async fn retried_above(&self) -> Result<u32, RemoteError> {
        self.ask()
    }

    #[circuit_breaker(identifier = "remote", registry = &self.registry)]
    #[backon(backoff = twice, sleep = without_waiting)]
    async fn retried_below(&self) -> Result<u32, RemoteError> {
        self.ask()
    }
}

/// | `#[backon]` above, on a method with `self` | **not what you want**: `#[backon]` turns your method into two and both are guarded, so each attempt counts, and all of them together count once more |
#[test]
fn a_retry_above_a_method_guards_twice() {
    let remote = Remote::opening_at(5);
    now(remote.retried_above()).unwrap_err();
    assert_eq!(remote.counts(), (3, 4, 0), "three attempts and their sum");
}

/// | `#[backon]` below, on a method with `self` | the same as on a function |
#[test]
fn a_retry_below_a_method_is_outside() {
    let remote = Remote::opening_at(2);
    now(remote.retried_below()).unwrap_err();
    assert_eq!(remote.counts(), (2, 2, 1));
}
