//! circuitbreaker-rs 0.1. Its rate is over the breaker's whole life, and the window of its
//! time-based policy is never fed, so that it has no time window to measure.

use std::thread;
use std::time::Duration;

use circuitbreaker_rs::{BreakerBuilder, CircuitBreaker, DefaultPolicy, State};

use super::expiries::LONG_EXPIRY;
use super::handle::LONGER_THAN_OPEN;
use crate::case::{
    ASYNC, ASYNC_FAIL, ASYNC_OPEN, CALLS, CALLS_1, CALLS_25, CALLS_FAIL, CONSECUTIVE, CONSECUTIVE_FAIL, Case, Group,
    HALF_OPEN, OPEN, PROBES, REALISTIC, REALISTIC_ASYNC, REALISTIC_ASYNC_OPEN, REALISTIC_FAIL, REALISTIC_INLINED,
    REALISTIC_OPEN, Side, TASKS,
};
use crate::guarded_function::{
    Charges, ChargesInlined, ChargesLater, Declines, FailsEvery, Failure, GuardedFunction, GuardedFuture, Immediately,
    Ready, Succeeds, SucceedsEvery,
};
use crate::run::{AsyncSubject, Run, awaited, plain, tasks};

type Breaker<E> = CircuitBreaker<DefaultPolicy, E>;

const CIRCUITBREAKER_RS: (Side, &str) = (Side::Peer, "circuitbreaker-rs");
const IN_A_ROW: &str = "consecutive_failures(5), failure_threshold(2.0): the rate cannot open";
const RATE: &str = "failure_threshold(0.5), min_throughput(100): the rate of the breaker's whole life";
const OUT_OF_REACH: &str = "consecutive_failures(u64::MAX), failure_threshold(2.0)";
const USED_UP: &str = "consecutive_failures(5), probe_interval(1), its probes used up";
const MANY_PROBES: &str = "consecutive_failures(5), probe_interval(u32::MAX), consecutive_successes(u64::MAX)";

pub(super) fn cases() -> Vec<Case> {
    vec![
        case::<Succeeds>(CONSECUTIVE, IN_A_ROW, || new(5, 2.0, LONG_EXPIRY)),
        case::<Succeeds>(CALLS, RATE, rate),
        case::<FailsEvery<100>>(CALLS_1, RATE, rate),
        case::<FailsEvery<4>>(CALLS_25, RATE, rate),
        case::<FailsEvery<1>>(CONSECUTIVE_FAIL, OUT_OF_REACH, || new(u64::MAX, 2.0, LONG_EXPIRY)),
        case::<SucceedsEvery<10>>(CALLS_FAIL, OUT_OF_REACH, || new(u64::MAX, 2.0, LONG_EXPIRY)),
        case::<Succeeds>(OPEN, IN_A_ROW, open),
        case::<Succeeds>(HALF_OPEN, USED_UP, || half_open(1)),
        Case::new(ASYNC, CIRCUITBREAKER_RS, IN_A_ROW, || awaited::<Ready>(new(5, 2.0, LONG_EXPIRY))),
        Case::new(ASYNC_OPEN, CIRCUITBREAKER_RS, IN_A_ROW, || awaited::<Ready>(open())),
        Case::new(TASKS, CIRCUITBREAKER_RS, IN_A_ROW, || tasks::<Ready>(new(5, 2.0, LONG_EXPIRY))),
        case::<Succeeds>(PROBES, MANY_PROBES, || half_open(u32::MAX)),
        Case::new(ASYNC_FAIL, CIRCUITBREAKER_RS, OUT_OF_REACH, || {
            awaited::<Immediately<FailsEvery<1>>>(new(u64::MAX, 2.0, LONG_EXPIRY))
        }),
        case::<Charges>(REALISTIC, IN_A_ROW, || new(5, 2.0, LONG_EXPIRY)),
        case::<ChargesInlined>(REALISTIC_INLINED, IN_A_ROW, || new(5, 2.0, LONG_EXPIRY)),
        case::<Declines>(REALISTIC_FAIL, OUT_OF_REACH, || new(u64::MAX, 2.0, LONG_EXPIRY)),
        case::<Charges>(REALISTIC_OPEN, IN_A_ROW, open),
        Case::new(REALISTIC_ASYNC, CIRCUITBREAKER_RS, IN_A_ROW, || awaited::<ChargesLater>(new(5, 2.0, LONG_EXPIRY))),
        Case::new(REALISTIC_ASYNC_OPEN, CIRCUITBREAKER_RS, IN_A_ROW, || awaited::<ChargesLater>(open())),
    ]
}

fn case<L: GuardedFunction>(group: &'static Group, configuration: &str, new: fn() -> Breaker<L::Error>) -> Case {
    Case::new(group, CIRCUITBREAKER_RS, configuration, move || calls::<L>(new()))
}

fn new<E: Failure>(in_a_row: u64, rate: f64, open_for: Duration) -> Breaker<E> {
    builder(in_a_row, rate, open_for).build()
}

fn builder<E: Failure>(in_a_row: u64, rate: f64, open_for: Duration) -> BreakerBuilder<DefaultPolicy, E> {
    Breaker::builder()
        .consecutive_failures(in_a_row)
        .failure_threshold(rate)
        .min_throughput(100)
        .probe_interval(1)
        .consecutive_successes(u64::MAX)
        .cooldown(open_for)
}

fn rate<E: Failure>() -> Breaker<E> {
    new(u64::MAX, 0.5, LONG_EXPIRY)
}

fn open<E: Failure>() -> Breaker<E> {
    let breaker = new(5, 2.0, LONG_EXPIRY);
    assert!(breaker.force_open(), "circuitbreaker-rs is open");
    breaker
}

fn half_open(probes: u32) -> Breaker<<Succeeds as GuardedFunction>::Error> {
    let breaker = builder(5, 2.0, Duration::from_millis(1)).probe_interval(probes).build();
    breaker.force_open();
    thread::sleep(LONGER_THAN_OPEN);
    for turn in 0..2 {
        let _ = breaker.call(|| Succeeds::call(turn));
    }
    assert_eq!(breaker.current_state(), State::HalfOpen, "circuitbreaker-rs is half-open");
    breaker
}

fn calls<L: GuardedFunction>(breaker: Breaker<L::Error>) -> Box<dyn Run> {
    plain(breaker, |breaker, turn| L::consume(breaker.call(|| L::call(turn))))
}

impl<F: GuardedFuture> AsyncSubject<F> for Breaker<F::Error> {
    async fn make_call(&mut self, turn: u64) -> bool {
        F::consume(self.call_async(|| F::call(turn)).await)
    }
}
