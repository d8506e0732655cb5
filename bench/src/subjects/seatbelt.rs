//! seatbelt 0.11: asynchronous only, and only with a window of time.

use std::sync::LazyLock;
use std::time::Duration;

use layered::{Execute, Service, Stack as _};
use seatbelt::breaker::Breaker;
use seatbelt::{RecoveryInfo, ResilienceContext};
use tick::Clock;
use tokio::runtime::{Builder, Runtime};

use super::expiries::LONG_EXPIRY;
use crate::case::{ASYNC, ASYNC_OPEN, Case, REALISTIC_ASYNC, REALISTIC_ASYNC_OPEN, Side, TASKS, TIME};
use crate::guarded_function::{ChargesLater, Failure as _, GuardedFuture, Ready};
use crate::run::{AsyncSubject, Run, awaited, tasks};

const SEATBELT: (Side, &str) = (Side::Peer, "seatbelt");
const TEN_SECONDS: &str = "sampling_duration(10 s), failure_threshold(0.5), min_throughput(20), async";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(TIME, SEATBELT, TEN_SECONDS, || awaited::<Ready>(closed::<Ready>())),
        Case::new(ASYNC, SEATBELT, TEN_SECONDS, || awaited::<Ready>(closed::<Ready>())),
        Case::new(ASYNC_OPEN, SEATBELT, TEN_SECONDS, open::<Ready>),
        Case::new(TASKS, SEATBELT, TEN_SECONDS, || tasks::<Ready>(closed::<Ready>())),
        Case::new(REALISTIC_ASYNC, SEATBELT, TEN_SECONDS, || awaited::<ChargesLater>(closed::<ChargesLater>())),
        Case::new(REALISTIC_ASYNC_OPEN, SEATBELT, TEN_SECONDS, open::<ChargesLater>),
    ]
}

/// A clock wants a runtime for its timers. Breakers only ask it for the time.
static CLOCK: LazyLock<(Runtime, Clock)> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    let clock = runtime.block_on(async { Clock::new_tokio() });
    (runtime, clock)
});

fn new<F: GuardedFuture>(fails: bool) -> impl AsyncSubject<F> {
    let context = ResilienceContext::new(&CLOCK.1);
    let layer = Breaker::layer("bench", &context)
        .recovery_with(
            move |result: &Result<F::Value, F::Error>, _| {
                if fails || result.is_err() { RecoveryInfo::retry() } else { RecoveryInfo::never() }
            },
        )
        .rejected_input_error(|_, _| F::Error::rejected())
        .sampling_duration(Duration::from_secs(10))
        .failure_threshold(0.5)
        .min_throughput(20)
        .break_duration(LONG_EXPIRY);
    Seatbelt((layer, Execute::new(F::call)).into_service())
}

fn closed<F: GuardedFuture>() -> impl AsyncSubject<F> {
    new::<F>(false)
}

/// Opened by calls that it takes for failures: it cannot be opened by hand.
fn open<F: GuardedFuture>() -> Box<dyn Run> {
    let run = awaited::<F>(new::<F>(true));
    run.run(&mut 0, 30);
    run
}

#[derive(Clone)]
struct Seatbelt<S>(S);

impl<F, S> AsyncSubject<F> for Seatbelt<S>
where
    F: GuardedFuture,
    S: Service<u64, Out = Result<F::Value, F::Error>> + Clone + Send + 'static,
{
    async fn make_call(&mut self, turn: u64) -> bool {
        F::consume(self.0.execute(turn).await)
    }
}
