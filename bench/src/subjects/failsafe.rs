//! failsafe 1.3.

use std::sync::Arc;
use std::time::Duration;

use failsafe::failure_policy::{consecutive_failures, success_rate_over_time_window};
use failsafe::{Config, FailurePolicy, StateMachine, backoff};

use super::expiries::{LONG_EXPIRY, SHORT_EXPIRY};
use crate::case::{
    ASYNC, ASYNC_FAIL, ASYNC_OPEN, CONSECUTIVE, CONSECUTIVE_FAIL, Case, Group, OPEN, OPENING, PERMIT, REALISTIC,
    REALISTIC_ASYNC, REALISTIC_ASYNC_OPEN, REALISTIC_FAIL, REALISTIC_INLINED, REALISTIC_OPEN, Side, TASKS, TIME,
    TIME_1, TIME_25, TIME_FAIL,
};
use crate::guarded_function::{
    Charges, ChargesInlined, ChargesLater, Declines, FailsEvery, GuardedFunction, GuardedFuture, Immediately, Ready,
    Succeeds, SucceedsEvery,
};
use crate::run::{AsyncSubject, Run, awaited, plain, tasks};

const FAILSAFE: (Side, &str) = (Side::Peer, "failsafe");
const IN_A_ROW: &str = "consecutive_failures(5, constant(1 h))";
const OUT_OF_REACH: &str = "consecutive_failures(u32::MAX, constant(1 h))";
const OVER_TIME: &str =
    "success_rate_over_time_window(0.0, 20, 10 s, constant(1 h)): a moving average that cannot open";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(CONSECUTIVE, FAILSAFE, IN_A_ROW, || calls::<Succeeds, _>(in_a_row(5))),
        over_time::<Succeeds>(TIME),
        over_time::<FailsEvery<100>>(TIME_1),
        over_time::<FailsEvery<4>>(TIME_25),
        over_time::<FailsEvery<1>>(TIME_FAIL),
        Case::new(CONSECUTIVE_FAIL, FAILSAFE, OUT_OF_REACH, || calls::<FailsEvery<1>, _>(in_a_row(u32::MAX))),
        Case::new(OPENING, FAILSAFE, "consecutive_failures(5, constant(1 ns))", || {
            let policy = consecutive_failures(5, backoff::constant(SHORT_EXPIRY));
            calls::<SucceedsEvery<6>, _>(Config::new().failure_policy(policy).build())
        }),
        Case::new(OPEN, FAILSAFE, IN_A_ROW, || calls::<Succeeds, _>(open())),
        Case::new(ASYNC, FAILSAFE, IN_A_ROW, || awaited::<Ready>(subject(in_a_row(5)))),
        Case::new(ASYNC_OPEN, FAILSAFE, IN_A_ROW, || awaited::<Ready>(subject(open()))),
        Case::new(TASKS, FAILSAFE, IN_A_ROW, || tasks::<Ready>(subject(in_a_row(5)))),
        Case::new(PERMIT, FAILSAFE, format!("{IN_A_ROW}, is_call_permitted and on_success"), || permits(in_a_row(5))),
        Case::new(ASYNC_FAIL, FAILSAFE, OUT_OF_REACH, || {
            awaited::<Immediately<FailsEvery<1>>>(subject(in_a_row(u32::MAX)))
        }),
        Case::new(REALISTIC, FAILSAFE, IN_A_ROW, || calls::<Charges, _>(in_a_row(5))),
        Case::new(REALISTIC_INLINED, FAILSAFE, IN_A_ROW, || calls::<ChargesInlined, _>(in_a_row(5))),
        Case::new(REALISTIC_FAIL, FAILSAFE, OUT_OF_REACH, || calls::<Declines, _>(in_a_row(u32::MAX))),
        Case::new(REALISTIC_OPEN, FAILSAFE, IN_A_ROW, || calls::<Charges, _>(open())),
        Case::new(REALISTIC_ASYNC, FAILSAFE, IN_A_ROW, || awaited::<ChargesLater>(subject(in_a_row(5)))),
        Case::new(REALISTIC_ASYNC_OPEN, FAILSAFE, IN_A_ROW, || awaited::<ChargesLater>(subject(open()))),
    ]
}

fn over_time<L: GuardedFunction>(group: &'static Group) -> Case {
    Case::new(group, FAILSAFE, OVER_TIME, || {
        let policy = success_rate_over_time_window(0.0, 20, Duration::from_secs(10), backoff::constant(LONG_EXPIRY));
        calls::<L, _>(Config::new().failure_policy(policy).build())
    })
}

fn calls<L: GuardedFunction, P: FailurePolicy + Send + Sync + 'static>(breaker: StateMachine<P, ()>) -> Box<dyn Run> {
    plain(breaker, |breaker, turn| L::consume(failsafe::CircuitBreaker::call(breaker, || L::call(turn))))
}

fn permits(breaker: StateMachine<impl FailurePolicy + Send + Sync + 'static, ()>) -> Box<dyn Run> {
    plain(breaker, |breaker, turn| {
        if !breaker.is_call_permitted() {
            return false;
        }
        let result = Succeeds::call(turn);
        if result.is_ok() {
            breaker.on_success();
        } else {
            breaker.on_error();
        }
        result.is_ok()
    })
}

fn in_a_row(limit: u32) -> StateMachine<impl FailurePolicy + Send + Sync + 'static, ()> {
    Config::new().failure_policy(consecutive_failures(limit, backoff::constant(LONG_EXPIRY))).build()
}

fn open() -> StateMachine<impl FailurePolicy + Send + Sync + 'static, ()> {
    let breaker = in_a_row(5);
    for turn in 0..5 {
        let _ = failsafe::CircuitBreaker::call(&breaker, || FailsEvery::<1>::call(turn));
    }
    assert!(!failsafe::CircuitBreaker::is_call_permitted(&breaker), "failsafe is open");
    breaker
}

fn subject<P: FailurePolicy + Send + Sync + 'static>(breaker: StateMachine<P, ()>) -> Shared<P> {
    Shared(Arc::new(breaker))
}

struct Shared<P>(Arc<StateMachine<P, ()>>);

impl<P> Clone for Shared<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P: FailurePolicy + Send + Sync + 'static, F: GuardedFuture> AsyncSubject<F> for Shared<P> {
    async fn make_call(&mut self, turn: u64) -> bool {
        F::consume(failsafe::futures::CircuitBreaker::call(&*self.0, F::call(turn)).await)
    }
}
