//! breaker 2.0. Its `call` is asynchronous only; the plain cases use its manual interface, as a
//! synchronous user would.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use breaker::{BackoffStrategy, CircuitBreaker, CircuitBreakerConfig, CircuitBreakerConfigBuilder};

use super::expiries::{LONG_EXPIRY, SHORT_EXPIRY};
use super::handle::LONGER_THAN_OPEN;
use crate::case::{
    ASYNC, ASYNC_FAIL, ASYNC_OPEN, CALLS, CALLS_1, CALLS_25, CALLS_FAIL, CONSECUTIVE, CONSECUTIVE_FAIL, Case, Group,
    HALF_OPEN, OPEN, OPENING, PERMIT, PROBES, REALISTIC, REALISTIC_ASYNC, REALISTIC_ASYNC_OPEN, REALISTIC_FAIL,
    REALISTIC_INLINED, REALISTIC_OPEN, Side, TASKS,
};
use crate::guarded_function::{
    Broken, Charges, ChargesInlined, ChargesLater, Declines, FailsEvery, GuardedFunction, GuardedFuture, Immediately,
    Ready, Succeeds, SucceedsEvery,
};
use crate::run::{AsyncSubject, Run, awaited, keeping, plain, tasks};

const BREAKER: (Side, &str) = (Side::Peer, "breaker");
const HALF_OPEN_CONFIGURATION: &str = "half_open_max_calls(1), its async `call`, one probe in flight";

/// Its settings that differ between cases.
#[derive(Clone, Copy)]
struct Settings {
    in_a_row: u32,
    /// Zero switches the rate off.
    rate: f32,
    window: u32,
    open_for: Duration,
}

const FIVE: Settings = Settings { in_a_row: 5, rate: 0.0, window: 5, open_for: LONG_EXPIRY };
const OUT_OF_REACH: Settings = Settings { in_a_row: u32::MAX, ..FIVE };
const HUNDRED: Settings = Settings { in_a_row: u32::MAX, rate: 0.5, window: 100, open_for: LONG_EXPIRY };

pub(super) fn cases() -> Vec<Case> {
    let shown = configuration(FIVE);
    vec![
        case::<Succeeds>(CONSECUTIVE, FIVE),
        case::<Succeeds>(CALLS, HUNDRED),
        case::<FailsEvery<100>>(CALLS_1, HUNDRED),
        case::<FailsEvery<4>>(CALLS_25, HUNDRED),
        case::<FailsEvery<1>>(CONSECUTIVE_FAIL, OUT_OF_REACH),
        case::<SucceedsEvery<10>>(CALLS_FAIL, Settings { rate: 1.0, ..HUNDRED }),
        Case::new(OPENING, BREAKER, configuration(FIVE) + ", backoff(Fixed(1 ns))", || {
            calls::<SucceedsEvery<6>>(new(Settings { open_for: SHORT_EXPIRY, ..FIVE }))
        }),
        Case::new(OPEN, BREAKER, &*shown, || calls::<Succeeds>(open())),
        Case::new(HALF_OPEN, BREAKER, HALF_OPEN_CONFIGURATION, half_open),
        Case::new(ASYNC, BREAKER, &*shown, || awaited::<Ready>(Shared(Arc::new(new(FIVE))))),
        Case::new(ASYNC_OPEN, BREAKER, &*shown, || awaited::<Ready>(Shared(Arc::new(open())))),
        Case::new(TASKS, BREAKER, &*shown, || tasks::<Ready>(Shared(Arc::new(new(FIVE))))),
        case::<Succeeds>(PERMIT, FIVE),
        Case::new(PROBES, BREAKER, "half_open_max_calls(u32::MAX), success_threshold(u32::MAX), async", probed),
        Case::new(ASYNC_FAIL, BREAKER, configuration(OUT_OF_REACH), || {
            awaited::<Immediately<FailsEvery<1>>>(Shared(Arc::new(new(OUT_OF_REACH))))
        }),
        case::<Charges>(REALISTIC, FIVE),
        case::<ChargesInlined>(REALISTIC_INLINED, FIVE),
        case::<Declines>(REALISTIC_FAIL, OUT_OF_REACH),
        Case::new(REALISTIC_OPEN, BREAKER, &*shown, || calls::<Charges>(open())),
        Case::new(REALISTIC_ASYNC, BREAKER, &*shown, || awaited::<ChargesLater>(Shared(Arc::new(new(FIVE))))),
        Case::new(REALISTIC_ASYNC_OPEN, BREAKER, shown, || awaited::<ChargesLater>(Shared(Arc::new(open())))),
    ]
}

fn configuration(settings: Settings) -> String {
    let Settings { in_a_row, rate, window, .. } = settings;
    let in_a_row = if in_a_row == u32::MAX { "u32::MAX".to_owned() } else { in_a_row.to_string() };
    format!("consecutive_failures({in_a_row}), failure_rate_threshold({rate:.1}), sliding_window_size({window})")
}

fn case<L: GuardedFunction>(group: &'static Group, settings: Settings) -> Case {
    Case::new(group, BREAKER, configuration(settings), move || calls::<L>(new(settings)))
}

fn new(settings: Settings) -> CircuitBreaker {
    CircuitBreaker::new(builder(settings).build())
}

fn builder(settings: Settings) -> CircuitBreakerConfigBuilder {
    CircuitBreakerConfig::builder()
        .consecutive_failures(settings.in_a_row)
        .failure_rate_threshold(settings.rate)
        .sliding_window_size(settings.window)
        .minimum_calls(settings.window)
        .half_open_max_calls(1)
        .backoff(BackoffStrategy::Fixed(settings.open_for))
}

/// Half-open, with room for probes.
fn probed() -> Box<dyn Run> {
    let settings = Settings { open_for: Duration::from_millis(1), ..FIVE };
    let configuration = builder(settings).half_open_max_calls(u32::MAX).success_threshold(u32::MAX).build();
    let breaker = Arc::new(CircuitBreaker::new(configuration));
    breaker.trip();
    thread::sleep(LONGER_THAN_OPEN);
    let run = awaited::<Ready>(Shared(Arc::clone(&breaker)));
    run.run(&mut 0, 1);
    assert!(breaker.is_half_open(), "breaker is half-open");
    run
}

fn open() -> CircuitBreaker {
    let breaker = new(FIVE);
    breaker.trip();
    assert!(breaker.is_open(), "breaker is open");
    breaker
}

fn calls<L: GuardedFunction>(breaker: CircuitBreaker) -> Box<dyn Run> {
    plain(breaker, |breaker, turn| {
        if breaker.is_open() {
            return false;
        }
        let result = L::call(turn);
        if result.is_ok() {
            breaker.record_success();
        } else {
            breaker.record_failure();
        }
        L::consume(result)
    })
}

/// With a probe that never ends.
fn half_open() -> Box<dyn Run> {
    let breaker = Arc::new(new(Settings { open_for: Duration::from_millis(1), ..FIVE }));
    breaker.trip();
    thread::sleep(LONGER_THAN_OPEN);
    let probed = Arc::clone(&breaker);
    let mut probe: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
        drop(probed.call(pending::<Result<u64, Broken>>).await);
    });
    assert!(probe.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending(), "the probe is in flight");
    keeping(probe, awaited::<Ready>(Shared(breaker)))
}

#[derive(Clone)]
struct Shared(Arc<CircuitBreaker>);

impl<F: GuardedFuture> AsyncSubject<F> for Shared {
    async fn make_call(&mut self, turn: u64) -> bool {
        F::consume(self.0.call(|| F::call(turn)).await)
    }
}
