//! seatbelt 0.11: asynchronous only, and only with a window of time. While half-open it lets
//! another probe through after each `break_duration`, so that no rejection can be measured for
//! longer.

use std::sync::LazyLock;
use std::time::Duration;

use layered::{Execute, Service, Stack as _};
use seatbelt::breaker::{Breaker, BreakerId, BreakerLayer};
use seatbelt::{RecoveryInfo, ResilienceContext};
use tick::Clock;
use tokio::runtime::{Builder, Runtime};

use super::expiries::LONG_EXPIRY;
use crate::case::{
    ASYNC, ASYNC_FAIL, ASYNC_OPEN, Case, Group, KEYED, REALISTIC_ASYNC, REALISTIC_ASYNC_OPEN, Side, TASKS, TIME,
    TIME_1, TIME_25, TIME_FAIL,
};
use crate::guarded_function::{
    ChargesLater, FailsEvery, Failure as _, GuardedFunction, GuardedFuture, Immediately, Ready, Succeeds,
};
use crate::run::{AsyncSubject, Run, awaited, tasks};

const SEATBELT: (Side, &str) = (Side::Peer, "seatbelt");
const OUT_OF_REACH: &str = "sampling_duration(10 s), failure_threshold(0.5), min_throughput(u32::MAX), async";
const TEN_SECONDS: &str = "sampling_duration(10 s), failure_threshold(0.5), min_throughput(20), async";

pub(super) fn cases() -> Vec<Case> {
    vec![
        of_time::<Succeeds>(TIME, TEN_SECONDS, 20),
        of_time::<FailsEvery<100>>(TIME_1, TEN_SECONDS, 20),
        of_time::<FailsEvery<4>>(TIME_25, TEN_SECONDS, 20),
        of_time::<FailsEvery<1>>(TIME_FAIL, OUT_OF_REACH, u32::MAX),
        of_time::<FailsEvery<1>>(ASYNC_FAIL, OUT_OF_REACH, u32::MAX),
        of_time::<Succeeds>(ASYNC, TEN_SECONDS, 20),
        Case::new(ASYNC_OPEN, SEATBELT, TEN_SECONDS, open::<Ready>),
        Case::new(TASKS, SEATBELT, TEN_SECONDS, || tasks(service::<Ready>(layer::<Ready>(Result::is_err)))),
        Case::new(KEYED, SEATBELT, format!("{TEN_SECONDS}, breaker_id of 1,000 numbers"), || {
            let layer = layer::<Ready>(Result::is_err).breaker_id(|turn| BreakerId::from(turn % 1_000));
            awaited(service::<Ready>(layer))
        }),
        Case::new(REALISTIC_ASYNC, SEATBELT, TEN_SECONDS, || {
            awaited(service::<ChargesLater>(layer::<ChargesLater>(Result::is_err)))
        }),
        Case::new(REALISTIC_ASYNC_OPEN, SEATBELT, TEN_SECONDS, open::<ChargesLater>),
    ]
}

fn of_time<L: GuardedFunction>(group: &'static Group, configuration: &str, minimum: u32) -> Case {
    Case::new(group, SEATBELT, configuration, move || {
        let layer = layer::<Immediately<L>>(Result::is_err).min_throughput(minimum);
        awaited(service::<Immediately<L>>(layer))
    })
}

/// A clock wants a runtime for its timers. Breakers only ask it for the time.
static CLOCK: LazyLock<(Runtime, Clock)> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
    let clock = runtime.block_on(async { Clock::new_tokio() });
    (runtime, clock)
});

type Returned<F> = Result<<F as GuardedFuture>::Value, <F as GuardedFuture>::Error>;
type Layer<F> = BreakerLayer<u64, Returned<F>>;

fn layer<F: GuardedFuture>(fails: fn(&Returned<F>) -> bool) -> Layer<F> {
    Breaker::layer("bench", &ResilienceContext::new(&CLOCK.1))
        .recovery_with(move |result, _| if fails(result) { RecoveryInfo::retry() } else { RecoveryInfo::never() })
        .rejected_input_error(|_, _| F::Error::rejected())
        .sampling_duration(Duration::from_secs(10))
        .failure_threshold(0.5)
        .min_throughput(20)
        .break_duration(LONG_EXPIRY)
}

fn service<F: GuardedFuture>(layer: Layer<F>) -> impl AsyncSubject<F> {
    Seatbelt((layer, Execute::new(F::call)).into_service())
}

/// Opened by calls that it takes for failures: it cannot be opened by hand.
fn open<F: GuardedFuture>() -> Box<dyn Run> {
    let run = awaited(service::<F>(layer::<F>(|_| true)));
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
